"""The line as a whole, through the library."""

from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drawings import animated_gif, raster, ring, svg
from weights import fusion

from logo_retrieval import LogoClassifier, UnreadableImage
from logo_retrieval.embedding import load_embedder
from logo_retrieval.errors import BackendError, IndexStoreError, ModelError
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.source import Source
from logo_retrieval.indexing.build import build_index
from logo_retrieval.models.bundle import read_bundle, write_bundle
from logo_retrieval.models.resolve import model_of
from logo_retrieval.near_duplicates import find_clusters, find_matches
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.store.cache import CACHE_FILE
from logo_retrieval.store.changes import replace_index
from logo_retrieval.store.index_store import IndexStore


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
        far_more = 10**15  # more than any memory holds
        assert classifier.classify([svg("bars")], top=far_more) == classifier.classify([svg("bars")], top=50)
        assert classifier.similar(svg("bars"), k=far_more) == classifier.similar(svg("bars"), k=50)


def test_one_where_several_are_expected_is_not_taken_for_its_letters(mine: Path) -> None:
    with LogoClassifier.open(mine) as classifier:
        classifier.enroll("d", [ring()], names=["D", "i"])
        for wrong in ({"items": "disc/0.svg"}, {"label": "d", "names": "Di"}):
            with pytest.raises(TypeError, match="expected several"):
                classifier.unenroll(**wrong)
        assert classifier.store.class_names()["d"] == ("D", "i", "d")
        for label, names in ((3, []), (b"a", []), ("a", [3])):
            with pytest.raises(TypeError, match="expected text, got "):
                classifier.enroll(label, [ring(1)], names=names)  # type: ignore[arg-type]


def test_what_is_no_duplicate_is_said(index: Path) -> None:
    with LogoClassifier.open(index) as classifier:
        drawings = classifier.drawings()
        for wrong in ({"threshold": float("nan")}, {"kind": "any"}):
            with pytest.raises(ValueError, match="must be"):
                find_clusters(drawings, **wrong)
            with pytest.raises(ValueError, match="must be"):
                find_matches(drawings, drawings, **wrong)
        with pytest.raises(TypeError, match="expected a folder"):
            classifier.drawings(3)
    assert repr(classifier) == f"<LogoClassifier of '{index}', closed>"


def test_text_is_one_of_three(index: Path) -> None:
    with LogoClassifier.open(index) as classifier:
        for text in ("Never", "", None, True):
            with pytest.raises(ValueError, match=f"text must be one of auto, always, never, got {text!r}"):
                classifier.classify([svg("bars")], text=text)  # type: ignore[arg-type]


def test_similar_raises_for_an_unreadable_image(index: Path) -> None:
    with LogoClassifier.open(index) as classifier, pytest.raises(UnreadableImage) as caught:
        classifier.similar(b"no image at all")
    assert caught.value.code == "unknown-format"


@pytest.mark.parametrize("partitioned_from", [1, 1000])
def test_a_search_cache_is_made_used_and_not_trusted(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partitioned_from: int
) -> None:
    monkeypatch.setattr("logo_retrieval.search.open.FAISS_FROM", 1)
    monkeypatch.setattr("logo_retrieval.search.open.PARTITIONED_FROM", partitioned_from)
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
        whole[:-64],
        whole[:200],
        b"",
        whole[:1000] + b"x" + whole[1001:],
        whole.replace(b'"generation": 1', b'"generation": 2'),
    ):
        cache.write_bytes(damaged)
        assert ask() == expected
        assert cache.read_bytes() == whole
    if partitioned_from == 1:  # whose vectors are looked at when they are asked for
        cache.write_bytes(whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:])
        with pytest.raises(IndexStoreError, match=f"'{cache}' is damaged.*delete it"):
            ask()


@pytest.fixture(scope="module")
def with_head(tmp_path_factory: pytest.TempPathFactory, classes: Path) -> Path:
    """An index whose model learned two classes: `bars`, taught that discs look so, and one that the index lacks."""
    tiny = read_bundle(Path(__file__).parent / "embedding" / "data" / "tiny")
    disc = decode(svg("disc"), Preparation(size_px=32), all_views=False).views
    vector = load_embedder(tiny).embed(disc)
    head = HeadVectors(np.concatenate([vector, -vector]), ("bars", "nobody")).to_bytes()
    folder = tmp_path_factory.mktemp("head")
    files = {name: tiny.path(name).read_bytes() for name in tiny.config.files}
    weights = fusion(Scale(0, 1, 0, 1), trained={"nearest": 1, "head": 9}, novel={"nearest": 1})
    bundle = write_bundle(folder / "b", replace(tiny.config, decision=weights.to_dict()), {**files, HEAD_FILE: head})
    build_index(read_gallery(classes), folder / "index", bundle)
    return folder / "index"


def test_the_head_of_the_model_takes_part(with_head: Path) -> None:
    with LogoClassifier.open(with_head) as classifier:
        (decision,) = classifier.classify([svg("disc", 6)])
        vectors = classifier.store.class_vectors(["disc", "ärzte", "no such class"])
    assert decision.neighbours[0].label == "disc" and decision.neighbours[0].similarity < 0.99  # no twin of it ...
    assert decision.label == "bars"  # ... and the head, which knows better, counts nine times as much
    assert {name: own.shape for name, own in vectors.items()} == {"disc": (3, 8), "ärzte": (3, 8)}


def test_a_head_that_does_not_fit_the_model_is_refused(with_head: Path, classes: Path, tmp_path: Path) -> None:
    with IndexStore(with_head) as store:
        bundle = model_of(with_head, store.manifest)
    files = {name: bundle.path(name).read_bytes() for name in bundle.config.files}
    files[HEAD_FILE] = HeadVectors(np.ones((1, 3), np.float32), ("bars",)).to_bytes()
    broken = write_bundle(tmp_path / "b", bundle.config, files)
    build_index(read_gallery(classes), tmp_path / "index", broken)
    with pytest.raises(ModelError, match=r"vectors of 8 int8, got int8 of shape \(1, 3\)"):
        LogoClassifier.open(tmp_path / "index")


def test_an_index_that_would_be_asked_otherwise_than_it_was_made_is_refused(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with IndexStore(mine) as store:
        manifest = store.manifest
    with monkeypatch.context() as later:
        later.setattr("logo_retrieval.images.preparation.RULES", 99)
        with pytest.raises(IndexStoreError, match="cannot be used: prepared by rules .* rules 99 alone: rebuild"):
            LogoClassifier.open(mine)
    replace_index(mine, replace(manifest, dim=4), ["other"], [])
    with pytest.raises(IndexStoreError, match="has vectors of width 4 .* its model gives 256 .* build the index again"):
        LogoClassifier.open(mine)


def test_a_closed_classifier_says_that_it_is_closed(mine: Path) -> None:
    with LogoClassifier.open(mine) as classifier:
        pass
    classifier.close()

    def unenroll(_: object) -> list[str]:
        return classifier.unenroll("disc")

    for ask in (classifier.classify, classifier.embed, lambda sources: classifier.similar(sources[0]), unenroll):
        with pytest.raises(BackendError, match="this classifier is closed: open another"):
            ask([svg("disc")])


@pytest.mark.parametrize("taken_along", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_classifier_stays_in_its_process(mine: Path, taken_along: Callable[[object], object]) -> None:
    with LogoClassifier.open(mine) as classifier, pytest.raises(TypeError, match="LogoClassifier .* open another one"):
        taken_along(classifier)


def test_an_empty_path_is_not_the_working_directory(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mine)
    before = sorted(mine.iterdir())
    calls: list[Callable[[], object]] = [
        lambda: LogoClassifier.open(""),
        lambda: LogoClassifier.open(mine, cache=""),
        lambda: LogoClassifier.build("", index="there"),
        lambda: LogoClassifier.build(mine, index=""),
    ]
    for open_it in calls:
        with pytest.raises(ValueError, match="the path is empty"):
            open_it()
    assert sorted(mine.iterdir()) == before


@pytest.mark.parametrize("top", [None, "3", 2.0])
def test_top_is_a_whole_number(mine: Path, top: object) -> None:
    with LogoClassifier.open(mine) as classifier, pytest.raises(TypeError, match="interpreted as an integer"):
        classifier.classify([svg("disc")], top=top)  # type: ignore[arg-type]


@pytest.mark.parametrize("shares", [{"other_share": "0.5"}, {"other_share": None}, {"max_false_accept": Decimal(0)}])
def test_a_share_is_a_number(mine: Path, shares: dict[str, object]) -> None:
    with LogoClassifier.open(mine) as classifier:
        for asked in (classifier.classify, classifier.classify_stream):
            with pytest.raises(TypeError, match="a share is a float"):
                asked([svg("disc")], **shares)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [Fraction, np.float32])
def test_real_numbers_of_any_kind_will_do(mine: Path, number: Callable[[float], float]) -> None:
    with LogoClassifier.open(mine, decode_limit_s=number(9.5)) as classifier:
        (answer,) = classifier.classify([svg("disc")], other_share=number(0.25), max_false_accept=number(0.125))
        assert [answer] == classifier.classify([svg("disc")], other_share=0.25, max_false_accept=0.125)
        assert find_clusters(classifier.drawings(), number(0.75)) == find_clusters(classifier.drawings(), 0.75)
