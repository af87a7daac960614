"""How the service begins, goes on and ends, whatever happens to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Run
from drawings import lay_classes, ring, svg
from served import served, wait_for

from logo_retrieval import LogoClassifier
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.indexing.build import build_index
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.store.schema import INDEX_FILE

TINY = Path(__file__).parents[1] / "embedding/data/tiny"
LAYERED = svg("bars").replace(b"</svg>", b'<circle cx="50" cy="50" r="40" opacity=".01"/>' * 300 + b"</svg>")
COSTLY = [("files", (f"{place}.svg", LAYERED + b" " * place)) for place in range(900)]


def test_an_index_that_cannot_be_opened_is_said_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with served(folder, tmp_path, ready=False) as service, service.client() as client:
        assert client.get("/healthz").status_code == 200
        wait_for(lambda: "cannot be opened" in client.get("/readyz").json()["detail"])
        refused = client.post("/v1/classify", files=[("files", svg("disc"))])
        assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1
        build_index(read_gallery(lay_classes(tmp_path / "classes")), folder, starter_model())
        wait_for(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/v1/classify", files=[("files", svg("disc"))]).json()[0]["label"] == "disc"


def test_a_fault_while_it_opens_is_said(tmp_path: Path) -> None:
    """As of a name that no file can have; else it would be "being loaded" for ever."""
    with served(tmp_path / ("a" * 5000), tmp_path, ready=False) as service, service.client() as client:
        wait_for(lambda: "File name too long" in client.get("/readyz").json()["detail"])
        assert service.end() == 0


def test_what_is_under_way_is_ended_before_it_ends(index: Path, tmp_path: Path) -> None:
    pictures = [("files", (f"{place}.svg", svg("bars", place % 3) + b" " * place)) for place in range(100)]
    with served(index, tmp_path) as service, ThreadPoolExecutor(1) as thread:

        def ask() -> int:
            with service.client() as client:
                return len(client.post("/v1/classify", files=pictures).json())

        asking = thread.submit(ask)
        wait_for(lambda: service.metric("logo_waiting_pictures") > 10)
        decoders = service.decoders()
        assert service.end() == 0
        assert asking.result() == 100
        wait_for(lambda: not any(Path(f"/proc/{decoder}").exists() for decoder in decoders))


def test_decoders_that_are_killed_cost_their_picture_alone(index: Path, tmp_path: Path) -> None:
    pictures = [("files", (f"{place}.svg", svg("bars", place % 3) + b" " * place)) for place in range(200)]
    with served(index, tmp_path) as service, ThreadPoolExecutor(1) as thread, service.client() as client:
        client.post("/v1/classify", files=pictures[:20])  # then every decoder has started
        asking = thread.submit(lambda: client.post("/v1/classify", files=pictures).json())
        wait_for(lambda: service.metric("logo_waiting_pictures") > 10)
        killed = service.decoders()
        for decoder in killed:
            os.kill(decoder, signal.SIGKILL)
        rows = asking.result()
        assert set(service.decoders()).isdisjoint(killed)
        lost = [row["reason"].split(":")[0] for row in rows if row["status"] != "ok"]
        assert len(rows) == 200 and len(lost) <= 2 and set(lost) <= {"crashed"}
        assert client.post("/v1/classify", files=[("files", svg("disc"))]).json()[0]["label"] == "disc"


def test_who_goes_away_is_not_worked_for(index: Path, tmp_path: Path) -> None:
    with served(index, tmp_path) as service:
        for headers in ({}, {"Accept": "application/x-ndjson"}):
            try:
                with service.client() as client:
                    client.post("/v1/classify", files=COSTLY, headers=headers, timeout=0.3)
            except httpx.TimeoutException:
                pass
            wait_for(lambda: service.metric("logo_waiting_pictures") == 0, seconds=20)
        assert service.metric("logo_batch_pictures_sum") < 1000


def test_comparisons_hold_nobody_up(index: Path, tmp_path: Path) -> None:
    """As many as the threads for them; each would go on for a long time after it was answered that it was too late."""
    with served(index, tmp_path, "--request-timeout", 4) as service, ThreadPoolExecutor(4) as threads:

        def compare(_: int) -> int:
            with service.client() as client:
                return client.post("/v1/duplicates", files=COSTLY).status_code

        comparing = [threads.submit(compare, turn) for turn in range(4)]
        time.sleep(1)
        with service.client() as client:
            assert client.get("/v1/classes").status_code == 200
            assert client.post("/v1/similar", files=[("files", svg("disc"))]).status_code == 200
            assert not any(each.done() for each in comparing)
            assert [each.result() for each in comparing] == [503] * 4
            assert client.post("/v1/duplicates", files=COSTLY[:2]).status_code == 200


def test_a_slow_sender_is_given_up(index: Path, tmp_path: Path) -> None:
    def slowly() -> object:
        yield b"<svg"
        time.sleep(5)
        yield b"/>"

    with served(index, tmp_path, "--request-timeout", 1) as service, service.client() as client:
        answer = client.post("/v1/classify", content=slowly(), headers={"Content-Type": "image/svg+xml"})  # type: ignore[arg-type]
        assert answer.status_code == 408 and answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_an_index_built_anew_is_opened_anew(mine: Path, tmp_path: Path, kind: str) -> None:
    with served(mine, tmp_path) as service, service.client() as client:

        def ask() -> httpx.Response:
            return client.post("/v1/classify", files=[("files", svg("disc"))], headers={"Accept": kind})

        def row() -> dict[str, Any]:
            found: dict[str, Any] = json.loads(ask().text.strip("[]"))  # as the one line, or in a list
            return found

        assert row()["label"] == "disc"
        classes = lay_classes(tmp_path / "other classes", per_class=2)
        (classes / "disc").rename(classes / "circle")
        build_index(read_gallery(classes), mine, read_bundle(TINY))
        refused = ask()
        assert refused.status_code == 503 and "built anew" in refused.json()["detail"]
        wait_for(lambda: ask().status_code == 200)
        assert row()["neighbours"][0]["label"] == "circle"


def test_rows_name_the_index_that_answered(tmp_path: Path) -> None:
    """Though a copy that another one changes is served before all of them are answered."""
    with served(None, tmp_path) as service, service.client() as client, ThreadPoolExecutor(1) as thread:
        auto = {"other_share": "auto"}
        asking = thread.submit(lambda: client.post("/v1/classify", files=COSTLY[:200], params=auto).json())
        wait_for(lambda: service.metric("logo_waiting_pictures") > 0)
        with service.client() as other:
            assert other.post("/v1/classes/ring", params={"names": ["The Ring"]}).status_code == 201
        assert not asking.done()
        assert {row["index"] for row in asking.result()} == {"starter"}


def test_an_index_that_is_gone_and_one_in_its_place(mine: Path, tmp_path: Path, index: Path) -> None:
    """Questions are answered from what is open; a change waits for an index, and is not tried for ever."""
    enrolment = [("files", ring(1))]
    with served(mine, tmp_path) as service, service.client() as client:

        def ask() -> httpx.Response:
            return client.post("/v1/classify", files=[("files", ring(2))])

        assert client.post("/v1/classes/ring", files=[("files", ring())]).status_code == 201
        mine.rename(tmp_path / "gone")
        assert ask().json()[0]["label"] == "ring"
        for refused in (client.get("/v1/classes"), client.post("/v1/classes/ring", files=enrolment)):
            assert refused.status_code == 503 and "there is no index" in refused.json()["detail"]
        shutil.copytree(index, mine)
        refused = client.post("/v1/classes/circle", files=enrolment)
        assert refused.status_code == 503 and "replaced" in refused.json()["detail"]
        wait_for(lambda: ask().status_code == 200)
        assert ask().json()[0]["label"] != "ring"
        assert client.post("/v1/classes/circle", files=enrolment).status_code == 201
        assert ask().json()[0]["label"] == "circle"


def test_a_damaged_index_is_logged(mine: Path, tmp_path: Path) -> None:
    with served(mine, tmp_path) as service, service.client() as client:
        (mine / INDEX_FILE).write_bytes(b"no database")
        answer = client.get("/v1/classes")
        assert answer.status_code == 500
        (line,) = [line for line in service.log() if line["level"] == "error"]
        assert "it is damaged" in line["message"] and line["request"] == answer.headers["x-request-id"]


def test_enrolments_and_removals_under_load(mine: Path, tmp_path: Path, run: Run) -> None:
    """No request fails, and each answer is that of the index with the class or without it."""
    with served(mine, tmp_path) as service:
        drawing = [("files", ("ring.svg", ring(0)))]
        with service.client() as client:

            def asked() -> dict[str, object]:
                row: dict[str, object] = client.post("/v1/classify", files=[("files", ring(2))]).json()[0]
                return row

            without = asked()
            client.post("/v1/classes/ring", files=drawing)
            within = asked()
            client.delete("/v1/classes/ring")
            assert (within["label"], asked()) == ("ring", without)
        ended = threading.Event()

        def ask(_: int) -> list[tuple[int, bool]]:
            seen = []
            with service.client() as client:
                while not ended.is_set():
                    answer = client.post("/v1/classify", files=[("files", ring(2))])
                    row = answer.json()[0] if answer.status_code == 200 else {}
                    seen.append((answer.status_code, row in (within, without)))
            return seen

        with ThreadPoolExecutor(4) as threads:
            asking = [threads.submit(ask, place) for place in range(4)]
            try:
                with service.client() as client:
                    for _ in range(20):
                        enrolled = client.post("/v1/classes/ring", files=drawing)
                        assert enrolled.status_code == 201, enrolled.text
                        removed = client.delete("/v1/classes/ring")
                        assert removed.status_code == 200, removed.text
            finally:
                ended.set()
            seen = [one for future in asking for one in future.result()]
        assert len(seen) > 20 and set(seen) == {(200, True)}
    assert run("verify", "--index", mine).code == 0


def test_a_large_enrolment_holds_nobody_up(mine: Path, tmp_path: Path) -> None:
    """Answers come all the time that it takes, each of the index before it or after it."""
    many = [("files", (f"{place}.svg", ring(place % 5) + b" " * place)) for place in range(320)]
    with served(mine, tmp_path) as service, ThreadPoolExecutor(1) as thread, service.client() as client:

        def ask() -> dict[str, object]:
            row: dict[str, object] = client.post("/v1/classify", files=[("files", ring(2))]).json()[0]
            return row

        def enrol() -> httpx.Response:
            with service.client() as other:
                return other.post("/v1/classes/ring", files=many)

        before = ask()
        enrolling = thread.submit(enrol)
        seen = []
        while not enrolling.done():
            seen.append(ask())
        assert enrolling.result().status_code == 201 and len(enrolling.result().json()["added"]) == len(many)
        after = ask()
        n_before = sum(row == before for row in seen)
        assert before["label"] != after["label"] == "ring"
        assert n_before >= 20 and seen == [before] * n_before + [after] * (len(seen) - n_before)


def test_killed_it_loses_no_enrolment_that_it_acknowledged(mine: Path, tmp_path: Path, run: Run) -> None:
    for attempt in range(3):
        acknowledged = []
        with served(mine, tmp_path) as service:
            killing = threading.Timer(0.4 + 0.3 * attempt, service.process.kill)
            killing.start()
            try:
                with service.client() as client:
                    for number in range(100):
                        name = f"newco {attempt} {number}"
                        if client.post(f"/v1/classes/{name}", params={"names": [name]}).status_code == 201:
                            acknowledged.append(name)
            except httpx.HTTPError:
                pass
            killing.join()
        with LogoClassifier.open(mine) as classifier:
            assert set(acknowledged) <= set(classifier.classes)
        assert run("verify", "--index", mine).code == 0


def test_the_log_tells_of_requests_and_holds_no_picture(index: Path, tmp_path: Path) -> None:
    with served(index, tmp_path) as service, service.client() as client:
        asked = client.post("/v1/classify", files=[("files", ("secret-name.svg", svg("disc")))])
        wait_for(lambda: any(line.get("path") == "/v1/classify" for line in service.log()))
        (line,) = [line for line in service.log() if line.get("path") == "/v1/classify"]
        assert line["request"] == asked.headers["x-request-id"]
        assert (line["method"], line["status"], line["level"]) == ("POST", 200, "info") and line["ms"] > 0
        text = service.log_file.read_text()
        assert "secret-name" not in text and "<svg" not in text and "circle" not in text
