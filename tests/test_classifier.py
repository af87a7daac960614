"""The line as a whole, through the library."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from drawings import animated_gif, raster, svg

from logo_retrieval import LogoClassifier, UnreadableImage
from logo_retrieval.classifier import Source
from logo_retrieval.store.cache import CACHE_FILE


def test_paths_and_bytes_in_any_format(index: Path, queries: Path) -> None:
    sources: list[Source] = [queries / "a.svg", str(queries / "b.png"), raster("ICO"), animated_gif(), b"", queries]
    with LogoClassifier.open(index) as classifier:
        decisions = classifier.classify(sources, top=2)
        assert [decision.label for decision in decisions] == ["disc"] * 4 + [None] * 2
        assert [decision.status for decision in decisions[4:]] == ["unreadable"] * 2
        assert all(len(decision.top) == len(decision.neighbours) == 2 for decision in decisions[:4])
        assert classifier.classify([]) == []


def test_a_batch_is_its_images_one_by_one(index: Path) -> None:
    sources = [svg(shape, place) for shape in ("disc", "bars", "ärzte", "other") for place in range(10)]
    with LogoClassifier.open(index) as classifier:
        together = classifier.classify(sources)
        assert len(together) == 40
        for place in (0, 17, 39):
            (alone,) = classifier.classify([sources[place]])
            assert alone.label == together[place].label
            assert alone.probability == pytest.approx(together[place].probability, abs=1e-4)


def test_top_may_exceed_classes_and_items(index: Path) -> None:
    with LogoClassifier.open(index) as classifier:
        (decision,) = classifier.classify([svg("bars")], top=50)
        assert len(decision.top) == 4 and len(decision.neighbours) == 12
        assert sum(each.probability for each in decision.top) == pytest.approx(1)
        with pytest.raises(ValueError, match="top must be at least 1, got 0"):
            classifier.classify([svg("bars")], top=0)


def test_similar_raises_for_an_unreadable_image(index: Path) -> None:
    with LogoClassifier.open(index) as classifier, pytest.raises(UnreadableImage) as caught:
        classifier.similar(b"no image at all")
    assert caught.value.code == "unknown-format"


def test_a_search_cache_is_made_used_and_not_trusted(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logo_retrieval.classifier._CACHED_FROM_ROWS", 1)
    mine = Path(shutil.copytree(index, tmp_path / "mine"))
    query = svg("ärzte", 1)

    def ask() -> object:
        with LogoClassifier.open(mine) as classifier:
            return classifier.similar(query, k=12)

    expected = ask()
    cache = mine / CACHE_FILE
    whole = cache.read_bytes()
    assert ask() == expected and cache.read_bytes() == whole
    for damaged in (
        whole[:-5],
        whole[:200],
        b"",
        whole[:-1] + b"x",
        whole.replace(b'"generation": 1', b'"generation": 2'),
    ):
        cache.write_bytes(damaged)
        assert ask() == expected
        assert cache.read_bytes() == whole
