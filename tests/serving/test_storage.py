"""What the service does where the index cannot be written, as on a full disk, or cannot be opened."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Run, without_root
from drawings import ring, svg
from fastapi import FastAPI
from served import Served, served, wait_for

from logo_retrieval import LogoClassifier
from logo_retrieval.indexing.report import EnrolmentReport
from logo_retrieval.models.resolve import copy_starter, starter_index
from logo_retrieval.serving.app import create_app
from logo_retrieval.serving.service import Service
from logo_retrieval.serving.settings import Settings
from logo_retrieval.store.schema import INDEX_FILE

Asked = tuple[str, str, dict[str, Any]]

RING = [("files", ("ring.svg", ring()))]
CHANGES: Sequence[Asked] = (
    ("POST", "/v1/classes/ring", {"files": RING}),
    ("POST", "/v1/classes/disc", {"params": {"names": ["The Disc"]}}),
    ("DELETE", "/v1/classes/bars", {}),
    ("DELETE", "/v1/items/disc/1.svg", {}),
)
READING: Sequence[Asked] = (
    ("POST", "/v1/classify", {"files": [("files", svg("disc"))]}),
    *(("GET", f"/v1/{path}", {}) for path in ("classes", "classes/disc", "info", "log", "items/disc/0.svg/thumbnail")),
)


def asked(client: httpx.Client, requests: Sequence[Asked]) -> list[httpx.Response]:
    return [client.request(method, path, **sent) for method, path, sent in requests]


def check_refused(answers: Sequence[httpx.Response], status: int, words: str) -> None:
    for answer in answers:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json" and words in answer.json()["detail"]


def check_read(answers: Sequence[httpx.Response]) -> None:
    assert [answer.status_code for answer in answers] == [200] * len(READING)
    assert answers[0].json()[0]["label"] == "disc"


@contextmanager
def full(service: Served, room: int) -> Iterator[None]:
    """Files of the service may have so many bytes: what is beyond fails as under a quota."""
    _, hard = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_an_index_that_may_only_be_read(mine: Path, open_folder: Path) -> None:
    """The application runs in this process, which gives its rights up when the index is open."""
    folder = mine.rename(open_folder / "mine")
    gate = create_app(Settings(folder))
    app: FastAPI = gate._app  # type: ignore[attr-defined]

    async def check() -> None:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost")
        async with app.router.lifespan_context(app), client:
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
            for writable in ((), (INDEX_FILE,), (".",)):
                for file in (folder, *folder.rglob("*")):
                    file.chmod(0o555 if file.is_dir() else 0o444)
                for name in writable:
                    (folder / name).chmod(0o777)
                with without_root():
                    changes = [await client.request(method, path, **sent) for method, path, sent in CHANGES]
                    check_refused(changes, 403, "may only be read")
                    check_read([await client.request(method, path, **sent) for method, path, sent in READING])
            folder.chmod(0o755)

    asyncio.run(check())


def test_the_copy_of_the_shipped_index_cannot_be_written(tmp_path: Path) -> None:
    """A file lies where its folder has to be."""
    (tmp_path / "indexes").write_bytes(b"")
    with served(None, tmp_path) as service, service.client() as client:
        check_refused(asked(client, CHANGES[:1]), 403, "move it away, or use another folder")
        assert asked(client, READING[:1])[0].status_code == 200


def test_a_full_disk_refuses_a_change_and_loses_none(mine: Path, tmp_path: Path, run: Run) -> None:
    with served(mine, tmp_path) as service, service.client() as client:
        assert client.post("/v1/classes/before", params={"names": ["Before"]}).status_code == 201
        for room in (0, 20_000):
            with full(service, room):
                check_refused(asked(client, CHANGES), 507, "full")
                check_read(asked(client, READING))
        known = [row["name"] for row in client.get("/v1/classes").json()]
        assert known == ["bars", "disc", "ärzte", "other", "before"]
        assert [answer.status_code for answer in asked(client, CHANGES)] == [201, 201, 200, 200]
    assert run("verify", "--index", mine).code == 0


@contextmanager
def hardly_any_files(service: Served, room: int) -> Iterator[None]:
    """The service may have so many files open more than it has."""
    highest = max(int(each.name) for each in Path(f"/proc/{service.process.pid}/fd").iterdir())
    soft, hard = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (highest + 1 + room, hard))
    try:
        yield
    finally:
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (soft, hard))


def test_no_more_open_files_are_told_as_that(mine: Path, tmp_path: Path) -> None:
    with served(mine, tmp_path) as service, service.client() as client:
        assert client.post("/v1/classes/before", files=RING).status_code == 201  # what it imports late is there
        assert client.delete("/v1/classes/before").status_code == 200
        with hardly_any_files(service, 0):
            refused = asked(client, (*CHANGES, *READING[1:]))
            check_refused(refused, 503, "raise its limit with `ulimit -n`")
            assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
            assert asked(client, READING[:1])[0].status_code == 200
        assert [answer.status_code for answer in asked(client, CHANGES)] == [201, 201, 200, 200]


def test_an_index_in_the_place_of_another_that_cannot_be_opened(mine: Path, tmp_path: Path) -> None:
    """That is said, once in the log, and until the place has one that can be."""
    broken = Path(shutil.copytree(mine, tmp_path / "broken"))
    (model,) = broken.glob("models/*/model.onnx")
    model.write_bytes(b"no model")
    with served(mine, tmp_path) as service, service.client() as client:
        mine.rename(tmp_path / "gone")
        broken.rename(mine)
        wait_for(lambda: "must have SHA-256" in asked(client, READING[:1])[0].json()["detail"])
        for _ in range(5):
            check_refused([*asked(client, READING[:1]), client.get("/readyz")], 503, "the index cannot be opened")
        assert len([line for line in service.log() if line["level"] == "error"]) == 1
        mine.rename(broken)
        (tmp_path / "gone").rename(mine)
        wait_for(lambda: client.get("/readyz").status_code == 200)
        check_read(asked(client, READING))


def test_an_index_in_a_folder_whose_name_is_no_text(index: Path, tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9"
    shutil.copytree(index, odd)
    with served(odd, tmp_path) as service, service.client() as client:
        (row,) = client.post("/v1/classify", files=[("files", svg("disc"))]).json()
        assert row["index"] == client.get("/v1/info").json()["path"] == str(tmp_path / r"caf\xe9")


@pytest.mark.large  # SQLite waits for ten seconds
def test_an_index_that_another_process_writes_is_busy(mine: Path, tmp_path: Path) -> None:
    with served(mine, tmp_path) as service, service.client() as client:
        with closing(sqlite3.connect(mine / INDEX_FILE)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = asked(client, CHANGES[:1])
            check_refused(refused, 503, "another process is using it")
            assert int(refused[0].headers["retry-after"]) >= 1
            check_read(asked(client, READING))
        assert asked(client, CHANGES[:1])[0].status_code == 201


def test_a_copy_of_the_shipped_index_that_another_makes_meanwhile_is_changed(tmp_path: Path) -> None:
    folder, made = tmp_path / "indexes" / "default", list[Path]()

    def enrol(classifier: LogoClassifier) -> EnrolmentReport:
        if not made:
            copy_starter(folder)
        made.append(classifier.store.folder)
        return classifier.enroll("ring", [ring()])

    async def scene() -> None:
        service = Service(Settings(starter_index(), folder))
        await service.open()
        report = await service.change("enroll", "somebody", enrol)
        assert made[1:] == [folder] and service.classifier.store.items_of("ring") == [report.added[0][0]]
        await service.close()

    asyncio.run(scene())
