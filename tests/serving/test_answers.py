"""What the service answers: the rows of the command line, changes that take part at once, evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Run
from drawings import lay_queries, raster, ring, svg
from served import Served, served

from logo_retrieval import LogoClassifier


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(index, tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


@pytest.fixture
def changed(mine: Path, tmp_path: Path) -> Iterator[Served]:
    """A service whose index may be changed."""
    with served(mine, tmp_path) as service:
        yield service


def files_of(folder: Path) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (file.name, file.read_bytes())) for file in sorted(folder.iterdir())]


def test_rows_are_those_of_the_command_line(client: httpx.Client, run: Run, index: Path, tmp_path: Path) -> None:
    queries = lay_queries(tmp_path / "queries")
    (queries / "ü ر\u202e.svg").write_bytes(svg("bars"))
    cases: tuple[tuple[list[object], dict[str, int | float | str]], ...] = (
        ([], {}),
        (["--top", 2, "--other-share", 0.9, "--text", "never"], {"top": 2, "other_share": 0.9, "text": "never"}),
        (["--other-share", "auto"], {"other_share": "auto"}),
    )
    for options, parameters in cases:
        said = run("classify", queries, "--index", index, "--format", "jsonl", *options)
        lines = [json.loads(line) for line in said.out.splitlines()]
        rows = client.post("/v1/classify", files=files_of(queries), params=parameters).json()
        for line in lines:
            line["path"] = Path(line["path"]).name
        assert rows == lines
        assert [row["status"] for row in rows].count("unreadable") == 2


def test_lines_come_in_the_order_sent(client: httpx.Client, tmp_path: Path) -> None:
    files = [("files", (f"{place}.svg", svg("disc", place % 3))) for place in range(60)]
    accept = {"Accept": "application/x-ndjson"}
    with client.stream("POST", "/v1/classify", files=files, headers=accept) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        rows = [json.loads(line) for line in answer.iter_lines()]
    assert [row["path"] for row in rows] == [name for _, (name, _) in files]
    assert rows == client.post("/v1/classify", files=files).json()
    with client.stream("POST", "/v1/classify", files=files, headers=accept, params={"other_share": "auto"}) as answer:
        rows = [json.loads(line) for line in answer.iter_lines()]
    assert rows == client.post("/v1/classify", files=files, params={"other_share": "auto"}).json()


def test_one_picture_as_the_body(client: httpx.Client) -> None:
    for kind in ("image/svg+xml", "application/octet-stream", "image/png; charset=x"):
        headers = {"Content-Type": kind, "Content-Disposition": 'attachment; filename="mark.svg"'}
        (row,) = client.post("/v1/classify", content=svg("disc"), headers=headers).json()
        assert (row["path"], row["status"], row["label"]) == ("mark.svg", "ok", "disc")
    (row,) = client.post("/v1/classify", content=b"", headers={"Content-Type": "image/png"}).json()
    assert (row["path"], row["status"]) == ("picture", "unreadable")


def test_many_at_once_get_the_same_answers_and_share_batches(service: Served, index: Path) -> None:
    pictures = [svg(shape, place) for shape in ("disc", "bars", "ärzte", "other") for place in range(3)]
    with LogoClassifier.open(index) as classifier:
        expected = {
            picture: decision.to_dict()
            for picture, decision in zip(pictures, classifier.classify(pictures), strict=True)
        }

    def ask(place: int) -> bool:
        chosen = [pictures[(place + step) % len(pictures)] for step in range(1 + place % 5)]
        with service.client() as client:
            rows = client.post("/v1/classify", files=[("files", picture) for picture in chosen]).json()
        answers = [{key: row[key] for key in expected[pictures[0]]} for row in rows]
        return answers == [expected[picture] for picture in chosen]

    before = service.metric("logo_batch_pictures_count"), service.metric("logo_batch_pictures_sum")
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(60)))
    batches = service.metric("logo_batch_pictures_count") - before[0]
    assert service.metric("logo_batch_pictures_sum") - before[1] == 180 > batches


def test_look_alikes_and_thumbnails(client: httpx.Client) -> None:
    headers = {"Content-Type": "image/svg+xml"}
    found = client.post("/v1/similar", params={"top": 4}, content=svg("disc"), headers=headers).json()
    assert [neighbour["label"] for neighbour in found][:3] == ["disc"] * 3 and len(found) == 4
    picture = client.get(f"/v1/items/{found[0]['item']}/thumbnail")
    assert picture.headers["content-type"] == "image/webp" and picture.content[8:12] == b"WEBP"
    broken = client.post("/v1/similar", content=b"no picture", headers=headers)
    assert broken.status_code == 422 and broken.json()["reason"].startswith("unknown-format: ")


def test_duplicates_among_pictures_and_in_the_index(client: httpx.Client) -> None:
    files = [
        ("files", (name, data))
        for name, data in (
            ("a.svg", ring()),
            ("b.svg", ring() + b"<!-- again -->"),
            ("a.svg", ring()),
            ("c.svg", svg("disc")),
            ("d.svg", b"nothing"),
        )
    ]
    found = client.post("/v1/duplicates", files=files).json()
    (cluster,) = found["clusters"]
    assert (cluster["first"], [other["name"] for other in cluster["others"]]) == ("a.svg", ["b.svg", "a.svg#2"])
    assert [row["path"] for row in found["unreadable"]] == ["d.svg"]
    matches = client.post("/v1/duplicates", params={"against_index": True}, files=files).json()["matches"]
    assert [(match["name"], match["of"], match["kind"]) for match in matches] == [("c.svg", "disc/0.svg", "bytes")]


def test_enrolled_corrected_and_removed(changed: Served, mine: Path) -> None:
    with changed.client() as client:

        def label(picture: bytes) -> str:
            return str(client.post("/v1/classify", files=[("files", picture)]).json()[0]["label"])

        drawings = [("files", ("first.svg", ring(0))), ("files", ("second.svg", ring(1)))]
        created = client.post("/v1/classes/Ring & Söhne/Co", files=drawings, data={"names": ["Ring", "Der Ring"]})
        assert created.status_code == 201, created.text
        assert [added["item"] for added in created.json()["added"]] == [
            "Ring & Söhne/Co/first.svg",
            "Ring & Söhne/Co/second.svg",
        ]
        assert label(ring(2)) == "Ring & Söhne/Co"
        listed = {row["name"]: row for row in client.get("/v1/classes").json()}["Ring & Söhne/Co"]
        assert listed["items"] == 2 and set(listed["names"]) >= {"Ring", "Der Ring"}
        assert client.get("/v1/classes/Ring & Söhne/Co").json()["items"][0] == "Ring & Söhne/Co/first.svg"
        assert client.post("/v1/classes/Ring & Söhne/Co", files=drawings).status_code == 200
        gone = client.delete("/v1/items/Ring & Söhne/Co/first.svg").json()
        assert gone == {"removed_item": "Ring & Söhne/Co/first.svg", "removed_classes": []}
        assert client.delete("/v1/classes/Ring & Söhne/Co").json() == {"removed_classes": ["Ring & Söhne/Co"]}
        assert label(ring(2)) != "Ring & Söhne/Co"
        for gone_for_good in ("/v1/classes/Ring & Söhne/Co", "/v1/items/Ring & Söhne/Co/first.svg"):
            assert client.delete(gone_for_good).status_code == 404
        log = client.get("/v1/log").json()
        assert [(change["action"], "by a client of the service" in change["detail"]) for change in log[1:]] == [
            ("enroll", True),
            ("enroll", True),
            ("unenroll", True),
            ("unenroll", True),
        ]


def test_names_alone_and_clashes(changed: Served) -> None:
    with changed.client() as client:
        assert client.post("/v1/classes/newco", params={"names": ["New Co"]}).status_code == 201
        assert client.post("/v1/classes/newco", data={"names": ["N C"], "force": "false"}).status_code == 201, "a form"
        gone = client.delete("/v1/classes/newco", params={"names": ["N  C"]})
        assert gone.json() == {"removed_names": ["N  C"], "removed_classes": []}
        assert client.get("/v1/classes/newco").json()["names"] == ["New Co", "newco"]
        assert client.delete("/v1/classes/newco", params={"names": ["N C"]}).status_code == 404
        assert client.delete("/v1/classes/newco", params={"name": "New Co"}).status_code == 422
        assert [change["action"] for change in client.get("/v1/log").json()[1:]] == ["enroll", "enroll", "unenroll"]
        clash = client.post("/v1/classes/newco", files=[("files", ("mine.svg", svg("disc")))])
        assert clash.status_code == 409 and "'disc/0.svg' of class 'disc'" in clash.json()["faults"][0]
        assert clash.json()["remedy"] == "force"
        forced = client.post("/v1/classes/newco", files=[("files", ("mine.svg", svg("disc")))], data={"force": "true"})
        assert forced.status_code == 201 and forced.json()["overruled"]
        spelt = client.post("/v1/classes/NEWCO", files=[("files", ring())])
        assert spelt.status_code == 409 and "differ only in case" in spelt.json()["detail"]
        assert "remedy" not in spelt.json()
        mixed = [("files", ("a.svg", ring())), ("files", ("b.svg", b"no picture"))]
        unreadable = client.post("/v1/classes/ring", files=mixed)
        assert unreadable.status_code == 422 and "'b.svg' is unreadable" in unreadable.json()["detail"]
        assert unreadable.json()["remedy"] == "skip_unreadable"
        assert "remedy" not in client.post("/v1/classes/ring", files=mixed[1:]).json()
        skipped = client.post("/v1/classes/ring", files=mixed, params={"skip_unreadable": True}).json()
        assert [row["path"] for row in skipped["unreadable"]] == ["b.svg"] and len(skipped["added"]) == 1
        assert client.post("/v1/classes/none").status_code == 422
        assert client.delete("/v1/classes/other").status_code == 409
        assert client.delete("/v1/classes/other%20").status_code == 409


def test_a_drawing_without_a_type_is_not_passed_over(changed: Served) -> None:
    """As clients send bytes that are told nothing else; the names beside it would be enrolled alone."""
    with changed.client() as client:
        refused = client.post("/v1/classes/newco", params={"names": ["New Co"]}, content=ring())
        assert refused.status_code == 415 and "no type" in refused.json()["detail"]
        assert client.get("/v1/classes/newco").status_code == 404


def test_a_class_is_the_same_in_every_form_of_its_accents(changed: Served) -> None:
    """Composed or not, as some systems write them."""
    with changed.client() as client:
        assert client.post("/v1/classes/cafe\u0301", params={"names": ["C"]}).status_code == 201
        for name in ("cafe\u0301", "caf\u00e9"):
            assert client.get(f"/v1/classes/{name}").json()["name"] == "caf\u00e9"
        assert client.delete("/v1/classes/cafe\u0301").json() == {"removed_classes": ["caf\u00e9"]}


def test_what_others_change_is_in_the_next_answer(changed: Served, mine: Path, tmp_path: Path) -> None:
    with changed.client() as client, served(mine, tmp_path) as second, second.client() as other:

        def labels() -> list[str]:
            return [
                str(one.post("/v1/classify", files=[("files", ring())]).json()[0]["label"]) for one in (client, other)
            ]

        assert "ring" not in labels()
        with LogoClassifier.open(mine) as classifier:
            classifier.enroll("ring", [ring(1), ring(2)])
        assert labels() == ["ring", "ring"]
        assert other.delete("/v1/classes/ring").status_code == 200
        assert "ring" not in labels()


def test_the_shipped_index_is_copied_when_it_shall_change(tmp_path: Path) -> None:
    with served(None, tmp_path) as service, service.client() as client:
        assert client.get("/readyz").json()["index"] == "starter"
        assert client.delete("/v1/classes/nobody").status_code == 404
        assert not (tmp_path / "indexes").exists()
        assert client.post("/v1/classes/ring", files=[("files", ring())]).status_code == 201
        (row,) = client.post("/v1/classify", files=[("files", ring(1))]).json()
        assert (row["label"], row["index"]) == ("ring", str(tmp_path / "indexes/default"))


def test_two_services_share_the_copy_of_the_shipped_index(tmp_path: Path) -> None:
    with served(None, tmp_path) as one, served(None, tmp_path) as two, one.client() as first, two.client() as second:
        assert first.post("/v1/classes/ring", files=[("files", ring())]).status_code == 201
        assert second.post("/v1/classes/ring", params={"names": ["The Ring"]}).status_code == 201
        assert first.get("/v1/classes/ring").json() == second.get("/v1/classes/ring").json()
        assert second.delete("/v1/classes/ring").status_code == 200
        assert first.get("/v1/classes/ring").status_code == 404


def test_info_is_that_of_the_command_line(client: httpx.Client, run: Run, index: Path) -> None:
    said: dict[str, Any] = json.loads(run("info", "--index", index, "--format", "json").out)
    served_facts = client.get("/v1/info").json()
    assert {key: served_facts[key] for key in said} == said
    assert served_facts["limits"]["files"] == 1000


def test_raster_formats_and_wrong_types_are_told_by_content(client: httpx.Client) -> None:
    for kind in ("PNG", "GIF", "WEBP", "ICO", "BMP"):
        (row,) = client.post("/v1/classify", files=[("files", ("x.svg", raster(kind, "RGB"), "text/html"))]).json()
        assert row["status"] == "ok"
