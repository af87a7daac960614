"""The same content is answered once, in a run and, with a cache, in later ones; a changed index asks anew."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Run
from drawings import lay_queries, ring, svg

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.inference.engine import BATCH
from logo_retrieval.inference.stream import Answers
from logo_retrieval.store.answers import CACHE_FILE


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the decoders were given."""
    given: list[object] = []
    decode = DecoderPool.decode_one

    def noted(self: DecoderPool, source: bytes | Path, **options: bool) -> object:
        given.append(source)
        return decode(self, source, **options)

    monkeypatch.setattr(DecoderPool, "decode_one", noted)
    return given


def test_the_same_content_is_decoded_once_a_run(index: Path, decoded: list[object]) -> None:
    mark, other = svg("disc"), svg("bars")
    sources = [mark] * 40 + [other, mark, b"broken"] * 40
    with LogoClassifier.open(index) as classifier:
        answers = classifier.classify(sources)
        alone = [classifier.classify([source])[0] for source in (mark, other, b"broken")]
    assert answers == [alone[0]] * 40 + [alone[1], alone[0], alone[2]] * 40
    first_batches = 2 * 40  # copies that are under way side by side are decoded each
    assert len(decoded) < first_batches + 10


def test_a_run_that_is_left_early_holds_up_no_other(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, numbers, decode = threading.Event(), itertools.count(1), DecoderPool.decode_one

    def held_up(self: DecoderPool, source: bytes | Path, **options: bool) -> object:
        if next(numbers) > BATCH:
            left.wait(60)
        return decode(self, source, **options)

    monkeypatch.setattr(DecoderPool, "decode_one", held_up)
    with LogoClassifier.open(index) as classifier:
        answers = classifier.classify_stream(svg("disc", place) for place in range(500))
        next(answers)
        answers.close()  # type: ignore[attr-defined]
        left.set()
        classifier.classify([svg("bars")])  # comes behind what is left to be decoded
    assert next(numbers) - 2 <= BATCH + classifier.engine.pool.processes


def test_what_changes_the_index_is_in_the_next_answer_of_a_run(mine: Path) -> None:
    with LogoClassifier.open(mine) as classifier, LogoClassifier.open(mine) as other:

        def sources() -> Iterator[bytes]:
            for place in range(200):
                if place == 120:
                    other.enroll("ring", [ring(0)])
                yield ring(1)

        labels = [answer.label for answer in classifier.classify_stream(sources())]
    assert "ring" not in labels[:80] and labels[121:] == ["ring"] * 79


def test_a_later_run_decodes_nothing_that_was_answered(
    index: Path, tmp_path: Path, decoded: list[object], run: Run
) -> None:
    queries = lay_queries(tmp_path / "queries")
    files = sorted(queries.iterdir())
    cache = tmp_path / "deep" / "cache"
    with LogoClassifier.open(index, cache=cache) as classifier:
        first = classifier.classify(files)
    n_decoded = len(decoded)
    with LogoClassifier.open(index, cache=cache) as classifier:
        assert classifier.classify(files) == first
        assert len(decoded) == n_decoded
        classifier.classify(files, other_share=0.9)
        assert len(decoded) == 2 * n_decoded
    plain = run("classify", queries, "--index", index, "--format", "jsonl").out
    kept = run("classify", queries, "--index", index, "--format", "jsonl", "--cache", cache).out
    assert kept == plain


def test_a_page_of_answers_from_the_cache_is_whole(index: Path, tmp_path: Path, run: Run) -> None:
    queries = lay_queries(tmp_path / "queries")
    pages = []
    for name in ("first.html", "second.html"):
        run("classify", queries, "--index", index, "--cache", tmp_path / "cache", "--explain", tmp_path / name)
        pages.append((tmp_path / name).read_text())
    assert pages[0] == pages[1]


def test_a_changed_index_answers_anew(mine: Path, tmp_path: Path) -> None:
    with LogoClassifier.open(mine, cache=tmp_path / "cache") as classifier:
        assert classifier.classify([ring(1)])[0].label != "ring"
        classifier.enroll("ring", [ring(0)])
        assert classifier.classify([ring(1)])[0].label == "ring"
        classifier.unenroll("ring")
        assert classifier.classify([ring(1)])[0].label != "ring"


@pytest.mark.parametrize("top", [5, 20_000])
def test_answers_that_list_much_are_remembered_for_less_long(index: Path, decoded: list[object], top: int) -> None:
    sources = [svg("disc"), *(b"broken %d" % place for place in range(120)), svg("disc")]
    with LogoClassifier.open(index) as classifier:
        first, *_, last = classifier.classify(sources, top=top)
    assert first == last
    assert decoded.count(svg("disc")) == (1 if top == 5 else 2)


def test_no_answer_stands_beside_a_later_state_than_its_own(mine: Path) -> None:
    seen: list[tuple[object, int]] = []

    class Watched(Answers):
        """Says what a decoder thread may find between any two steps."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if "_known" in vars(self):
                seen.append((self._state, len(self._known)))

    with LogoClassifier.open(mine) as classifier, LogoClassifier.open(mine) as other:
        policy = classifier.engine.policy(top=5, max_false_accept=None, other_share=0.5, text="never")
        answers = Watched(classifier.engine, policy)
        list(answers.to([svg("disc")]))
        other.enroll("ring", [ring(0)])
        list(answers.to([svg("bars")]))
    (first, _), (last, _) = seen[0], seen[-1]
    assert first != last
    assert [known for state, known in seen if state == last][0] == 0


def test_other_libraries_answer_anew(
    index: Path, tmp_path: Path, decoded: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for pillow, n_decoded in (("12.2", 1), ("12.2", 1), ("99.0", 2)):
        monkeypatch.setattr("logo_retrieval.store.answers.library_versions", lambda pillow=pillow: {"pillow": pillow})
        with LogoClassifier.open(index, cache=tmp_path / "answers") as classifier:
            classifier.classify([svg("disc")])
        assert len(decoded) == n_decoded


def test_what_may_pass_is_not_kept(index: Path, tmp_path: Path, decoded: list[object]) -> None:
    slow = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h4v4h-7z"/></svg>'
    for count in (1, 2):
        with LogoClassifier.open(index, cache=tmp_path / "cache", decode_limit_s=1e-6) as classifier:
            (answer,) = classifier.classify([slow])
        assert answer.reason is not None and answer.reason.startswith("timeout")
        assert len(decoded) == count


def test_a_damaged_cache_only_costs_time(index: Path, tmp_path: Path) -> None:
    with LogoClassifier.open(index, cache=tmp_path) as classifier:
        expected = classifier.classify([svg("disc")])
    for text in ("[]", "{}", "nonsense", '{"status": 1}', "[" * 100_000):
        connection = sqlite3.connect(tmp_path / CACHE_FILE)
        connection.execute("UPDATE answers SET answer = ?", (text,))
        connection.commit()
        connection.close()
        with LogoClassifier.open(index, cache=tmp_path) as classifier:
            assert classifier.classify([svg("disc")]) == expected


def test_another_file_is_no_cache(index: Path, tmp_path: Path, run: Run) -> None:
    drawing = tmp_path / "a.svg"
    drawing.write_bytes(svg("disc"))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / CACHE_FILE).write_bytes(b"something else" * 1000)
    with pytest.raises(IndexStoreError, match="damaged"):
        LogoClassifier.open(index, cache=tmp_path / "a")
    (tmp_path / "b").mkdir()
    connection = sqlite3.connect(tmp_path / "b" / CACHE_FILE)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    said = run("classify", drawing, "--index", index, "--cache", tmp_path / "b")
    assert said.code == 1 and "is no cache of answers" in said.err
    (tmp_path / "c").write_bytes(b"a file")
    assert run("classify", drawing, "--index", index, "--cache", tmp_path / "c").code == 2
