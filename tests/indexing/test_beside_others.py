"""Enrolments beside those who are answered, and beside each other."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from drawings import lay_classes, ring, svg

from logo_retrieval import LogoClassifier
from logo_retrieval.embedding import Embedder
from logo_retrieval.errors import BackendError, EnrolmentError, IndexRebuilt
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.indexing.build import build_index
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.types import Float32Array, LogoImage, UInt8Array

BATCHES = 5
TURNS = 4 * BATCHES
"""A batch is embedded in so many."""


def rings(n: int, mark: str = "") -> list[bytes]:
    """Drawings that differ in their bytes alone."""
    return [ring(place % 5) + f"<!-- {mark}{place} -->".encode() for place in range(n)]


def laid(folder: Path) -> Path:
    folder.mkdir()
    for place, drawing in enumerate(rings(32 * BATCHES)):
        (folder / f"{place}.svg").write_bytes(drawing)
    return folder


class Watched:
    """An embedder that counts the batches of some threads, and tells when the first has begun."""

    def __init__(self, embedder: Embedder, thread: str) -> None:
        self._embedder = embedder
        self._thread = thread
        self.batches = 0
        self.begun = threading.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._embedder, name)

    def embed(self, views: UInt8Array) -> Float32Array:
        if threading.current_thread().name.startswith(self._thread):
            self.begun.set()
            self.batches += 1
        return self._embedder.embed(views)

    def wait_for(self, batches: int) -> None:
        """Until so many have begun."""
        self.begun.wait(60)
        while self.batches < batches:
            time.sleep(0.001)


def watch(classifier: LogoClassifier, thread: str = "enrolling") -> Watched:
    """Counts what threads of this name embed from now on."""
    classifier.engine.embedder = watched = Watched(classifier.engine.embedder, thread)  # type: ignore[assignment]
    return watched


@pytest.fixture
def watched(classifier: LogoClassifier) -> Watched:
    return watch(classifier)


@pytest.fixture
def enrolling() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1, thread_name_prefix="enrolling") as thread:
        yield thread


def test_others_are_answered_between_its_batches(
    classifier: LogoClassifier, watched: Watched, enrolling: ThreadPoolExecutor
) -> None:
    asked = [ring(1), svg("disc")]
    before = classifier.classify(asked)
    ended = threading.Event()

    def ask() -> list[tuple[int, object]]:
        """For each answer the batches of the enrolment that it waited for."""
        seen: list[tuple[int, object]] = []
        while not ended.is_set():
            start = watched.batches
            answer = classifier.classify(asked)
            seen.append((watched.batches - start, answer))
        return seen

    with ThreadPoolExecutor(2) as threads:
        try:
            running = enrolling.submit(classifier.enroll, "ring", rings(32 * BATCHES))
            asking = [threads.submit(ask) for _ in range(2)]
            report = running.result()
        finally:
            ended.set()
        seen = [future.result() for future in asking]
    after = classifier.classify(asked)
    assert (len(report.added), watched.batches, after[0].label) == (32 * BATCHES, TURNS, "ring") and before != after
    for of_thread in seen:
        waited, answers = zip(*of_thread, strict=True)
        assert len(answers) >= BATCHES and max(waited) <= 8
        n_before = sum(answer == before for answer in answers)
        assert n_before >= BATCHES and list(answers) == [before] * n_before + [after] * (len(answers) - n_before)


def test_duplicates_of_many_files_hold_nobody_up(
    classifier: LogoClassifier, watched: Watched, enrolling: ThreadPoolExecutor, tmp_path: Path
) -> None:
    running = enrolling.submit(classifier.drawings, laid(tmp_path / "many"))
    waited = []
    while not running.done():
        start = watched.batches
        classifier.classify([svg("disc")])
        waited.append(watched.batches - start)
    assert len(running.result()) == 32 * BATCHES and len(waited) >= BATCHES and max(waited) <= 8
    assert len(classifier.drawings()) == 12


def test_so_do_several_of_them(
    classifier: LogoClassifier, watched: Watched, enrolling: ThreadPoolExecutor, tmp_path: Path
) -> None:
    """They embed few pictures a turn, and one of them at a time."""
    many, (image,) = laid(tmp_path / "many"), next(classifier.engine.decoded([svg("disc")]))
    policy = classifier.engine.policy(top=5, max_false_accept=None, other_share=0.5, text="never")
    assert isinstance(image, LogoImage)
    with ThreadPoolExecutor(4, thread_name_prefix="enrolling") as threads:
        running = [threads.submit(classifier.drawings, many) for _ in range(4)]
        watched.begun.wait(60)
        waited = []
        while not any(one.done() for one in running):
            start = watched.batches
            classifier.engine.decide([image], policy)
            waited.append(watched.batches - start)
    assert len(waited) > TURNS and sorted(waited)[len(waited) // 2] <= 1


def test_the_wait_for_a_busy_index_holds_nobody_up(
    mine: Path, classifier: LogoClassifier, enrolling: ThreadPoolExecutor, watched: Watched
) -> None:
    before = classifier.classify([ring()])
    with closing(sqlite3.connect(mine / INDEX_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        running = enrolling.submit(classifier.enroll, "ring", [ring()])
        watched.begun.wait(60)
        for _ in range(10):
            assert classifier.classify([ring()]) == before and not running.done()
        other.execute("ROLLBACK")
        assert len(running.result().added) == 1


def test_several_at_once_take_what_the_others_have_left(mine: Path, classifier: LogoClassifier) -> None:
    """Of the same class, with the same file names and partly the same contents, beside a removal."""
    drawings = rings(12)
    folders = [mine.parent / f"from {place}" for place in range(4)]
    for place, folder in enumerate(folders):
        (folder / "ring").mkdir(parents=True)
        for number, drawing in enumerate((*drawings, *rings(6, f"own {place} "))):
            (folder / "ring" / f"{number}.svg").write_bytes(drawing)
    with ThreadPoolExecutor(5) as threads:
        reports = [threads.submit(classifier.enroll_gallery, folder) for folder in folders]
        removal = threads.submit(classifier.unenroll, "bars")
        added = [item for report in reports for item, _ in report.result().added]
        assert removal.result() == ["bars"]
        duplicates = [len(report.result().duplicates) for report in reports]
    assert len(added) == len(set(added)) == 12 + 4 * 6 and sum(duplicates) == 3 * 12
    assert set(classifier.store.items_of("ring")) == set(added)
    assert sum(bool(report.result().new_classes) for report in reports) == 1
    with IndexStore(mine) as store:
        assert store.faults() == [] and "bars" not in store.class_sizes()


def test_small_ones_do_not_have_a_large_one_checked_for_ever(
    classifier: LogoClassifier, enrolling: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[int] = []
    held = IndexStore.held

    def counted(store: IndexStore, digests: Collection[bytes]) -> dict[bytes, list[tuple[str, str]]]:
        checked.append(len(digests))
        return held(store, digests)

    monkeypatch.setattr(IndexStore, "held", counted)
    running = enrolling.submit(classifier.enroll, "ring", rings(100))
    while not running.done():
        classifier.enroll("disc", names=[f"Disc {len(checked)}"])
    assert len(running.result().added) == 100 and checked.count(100) == 1 and checked.count(0) >= BATCHES


def test_an_index_that_is_replaced_meanwhile_is_told_at_the_next_batch(
    mine: Path, classifier: LogoClassifier, enrolling: ThreadPoolExecutor, watched: Watched, tmp_path: Path
) -> None:
    running = enrolling.submit(classifier.enroll, "ring", rings(32 * BATCHES))
    watched.begun.wait(60)
    mine.rename(tmp_path / "gone")
    build_index(read_gallery(lay_classes(tmp_path / "others")), mine, starter_model())
    with pytest.raises(IndexRebuilt, match="another index has taken the place"):
        running.result()
    for folder in (mine, tmp_path / "gone"):
        with IndexStore(folder) as store:
            assert "ring" not in store.class_sizes() and store.faults() == []


@pytest.mark.parametrize("act", ["enroll", "enroll what can be read", "classify", "embed", "drawings"])
def test_a_classifier_that_is_closed_meanwhile_says_so_and_adds_nothing(
    mine: Path, enrolling: ThreadPoolExecutor, act: str, tmp_path: Path
) -> None:
    many = laid(tmp_path / "many")
    for batches in (1, 2, 4) if act.startswith("enroll") else (1, 1, 1):
        classifier = LogoClassifier.open(mine)
        watched = watch(classifier)
        if act.startswith("enroll"):
            drawings = rings(32 * BATCHES)
            running = enrolling.submit(classifier.enroll, "ring", drawings, skip_unreadable=act != "enroll")
        else:
            asked = many if act == "drawings" else sorted(many.iterdir())
            running = enrolling.submit(getattr(classifier, act), asked)
        watched.wait_for(batches)
        classifier.close()
        with pytest.raises(BackendError, match="this classifier is closed"):
            running.result()
    with IndexStore(mine) as store:
        assert "ring" not in store.class_sizes() and store.faults() == []


@pytest.mark.parametrize("batches", [1, 2, 4])
def test_an_interrupt_adds_nothing_and_leaves_the_turn_to_others(
    classifier: LogoClassifier, enrolling: ThreadPoolExecutor, batches: int
) -> None:
    watched = watch(classifier, threading.current_thread().name)

    def interrupt() -> None:
        watched.wait_for(batches)
        signal.raise_signal(signal.SIGINT)  # which the main thread gets

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has it ignored
    try:
        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            classifier.enroll("ring", rings(32 * BATCHES))
        interrupting.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert enrolling.submit(classifier.classify, [ring()]).result(60)[0].label != "ring"
    assert len(enrolling.submit(classifier.enroll, "ring", [ring()]).result(60).added) == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_forked_in_the_middle_is_told_and_leaves_it_alone(
    mine: Path, classifier: LogoClassifier, enrolling: ThreadPoolExecutor, watched: Watched
) -> None:
    running = enrolling.submit(classifier.enroll, "ring", rings(32 * BATCHES))
    watched.begun.wait(60)
    child = os.fork()
    if child == 0:
        try:
            classifier.enroll("ring", [ring()])
        except BackendError as fault:
            os._exit(0 if "before the process forked" in str(fault) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert len(running.result().added) == 32 * BATCHES
    with IndexStore(mine) as store:
        assert store.faults() == []


def test_a_refusal_calls_drawings_by_names_that_they_have_now(
    mine: Path, classifier: LogoClassifier, enrolling: ThreadPoolExecutor
) -> None:
    """One that was removed between the search and the look for its name is no clash."""
    nearly = svg("disc").replace(b'r="30"', b'r="30.2"')
    copy = Path(shutil.copytree(mine, mine.parent / "copy"))
    with LogoClassifier.open(copy) as other, pytest.raises(EnrolmentError) as caught:
        other.enroll("ring", [nearly])
    assert "looks like 'disc/" in str(caught.value)
    names = classifier.store.item_names

    def removed_first(item_ids: Iterable[int]) -> dict[int, str]:
        classifier.store.item_names = names  # type: ignore[method-assign]
        enrolling.submit(classifier.unenroll, "disc").result()
        return names(item_ids)

    classifier.store.item_names = removed_first  # type: ignore[method-assign]
    assert len(classifier.enroll("ring", [nearly]).added) == 1
