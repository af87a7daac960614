"""What follows from the contents of an index: claims, scale, answers as the odds say."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from drawings import ring
from weights import fusion

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.inference.contents import FALLBACK_SCALE, Contents
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import Policy, Query, score
from logo_retrieval.inference.snapshot import IndexSnapshot, read_snapshot, snapshot_of
from logo_retrieval.models.resolve import copy_starter, starter_model
from logo_retrieval.open_set.evidence import COMPANY_FEATURES, ClassProfile
from logo_retrieval.open_set.fusion import best_company, named, probabilities
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.packed import unit
from logo_retrieval.types import HUES, OTHER, TRAITS, Float32Array, Int64Array

SAMPLES = Path(__file__).resolve().parents[2] / "benchmarks" / "samples"
LETTERS = "".join(f'<path d="M{x} 20h12v60h-12z"/>' for x in range(140, 400, 30))
SCALE = Scale(0.2, 0.6, 0.2, 0.6)
DIM = 16


def lockup() -> bytes:
    mark = ring().split(b">", 1)[1].removesuffix(b"</svg>").decode()
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">{mark}{LETTERS}</svg>'.encode()


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter") / "copy"
    copy_starter(folder)
    with LogoClassifier.open(folder) as classifier:
        classifier.enroll("ring", [ring(0), lockup()])
    return folder


def drawn(n: int, seed: int = 0) -> Float32Array:
    return unit(np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32))


def known(
    impostors: Impostors | None = None, head: HeadVectors | None = None, scale: Scale | None = SCALE
) -> Knowledge:
    return Knowledge(head, impostors, fusion(scale), "made up")


def held(knowledge: Knowledge, classes: tuple[str, ...], labels: list[str], vectors: Float32Array) -> IndexSnapshot:
    places = np.array([classes.index(label) for label in labels], np.int64)
    return snapshot_of(classes, places, vectors, np.arange(len(labels)), knowledge)


def test_an_enrolled_company_is_none_that_training_knew(enrolled: Path) -> None:
    with LogoClassifier.open(enrolled) as classifier:
        now = classifier.engine.current()
    place = now.classes.index("ring")
    assert now.profile.counts[place] == 2 and now.profile.novel[place] and not now.profile.trained[place]
    assert now.profile.trained.sum() == 160 and now.profile.novel.sum() == 1


def test_what_training_knew_under_another_name_speaks_for_who_enrols_it() -> None:
    targets = drawn(5)
    head = HeadVectors(targets, ("one", "two", OTHER, OTHER, "elsewhere"))
    near = unit(targets[4:5] + 0.05 * drawn(1, 2))
    now = held(
        known(head=head),
        ("one", "acme", OTHER),
        ["one", "acme", OTHER],
        np.concatenate([targets[:1], near, drawn(1, 3)]),
    )
    assert now.head is not None
    (scores,) = now.head.scores(targets[4:5], np.zeros(1, np.int64), 1)
    assert scores[1] == pytest.approx(1) and scores[2] < 0.9
    assert now.profile.trained.tolist() == [True, False, False]


def test_an_unknown_network_shows_its_scale_in_the_index() -> None:
    vectors, labels = drawn(60), ["one", "two", OTHER] * 20
    now = held(known(scale=None), ("one", "two", OTHER), labels, vectors)
    cosines = vectors @ vectors.T
    kinds = np.array(labels)
    best = np.array([cosines[row][(kinds != kinds[row]) & (kinds != OTHER)].max() for row in range(60)])
    assert now.scale.nearest_low == pytest.approx(np.median(best), abs=1e-6)
    assert now.scale.nearest_high == pytest.approx(np.quantile(best, 0.98), abs=1e-6)
    strange = HeadVectors(vectors[:3], ("else", "elsewhere", OTHER))  # trained for none of these companies
    asked = held(known(head=strange, scale=None), ("one", "two", OTHER), labels, vectors)
    assert asked.scale == replace(now.scale, head_low=FALLBACK_SCALE.head_low, head_high=FALLBACK_SCALE.head_high)
    own = HeadVectors(drawn(3, 1), ("one", "two", OTHER))
    asked = held(known(head=own, scale=None), ("one", "two", OTHER), labels, vectors)
    cosines = vectors @ own.vectors.T
    best = np.array(
        [cosines[row, [name not in (OTHER, kinds[row]) for name in own.classes]].max() for row in range(60)]
    )
    assert asked.scale.head_low == pytest.approx(np.median(best), abs=1e-6)
    assert asked.scale.head_high == pytest.approx(np.quantile(best, 0.98), abs=1e-6)


def test_where_an_index_cannot_show_the_scale_it_is_a_usual_one() -> None:
    alone = held(known(scale=None), ("one",), ["one"] * 60, drawn(60))
    few = held(known(scale=None), ("one", "two", OTHER), ["one", "two", OTHER] * 3, drawn(9))
    alike = held(
        known(scale=None), ("one", "two", OTHER), ["one", "two"] * 10, np.eye(1, DIM, dtype=np.float32).repeat(20, 0)
    )
    assert alone.scale == few.scale == alike.scale == FALLBACK_SCALE
    assert alone.classes == ("one", OTHER)


def test_a_large_index_shows_the_scale_some_vectors_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = drawn(60)
    now = held(known(scale=None), ("one", "two", OTHER), ["one", "two", OTHER] * 20, vectors)
    asked: list[int] = []

    def vectors_at(rows: Int64Array) -> Float32Array:
        asked.append(len(rows))
        return vectors[rows]

    monkeypatch.setattr("logo_retrieval.inference.contents._ROWS_AT_ONCE", 7)
    scale = Contents(now.classes, now.stored, vectors_at).scale(None)
    assert astuple(scale) == pytest.approx(astuple(now.scale), abs=1e-6)
    assert asked == [60, *[7] * 8, 4]  # the drawings that are compared, of which there are a few hundred at most


def test_means_of_many_drawings_are_taken_some_classes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    classes, vectors = ("one", "two", "few", OTHER), drawn(14)
    now = held(known(), classes, ["one"] * 9 + ["two"] * 3 + ["few"] * 2, vectors)
    asked: list[int] = []

    def vectors_at(rows: Int64Array) -> Float32Array:
        asked.append(len(rows))
        return vectors[rows]

    monkeypatch.setattr("logo_retrieval.inference.contents._ROWS_AT_ONCE", 5)
    means = Contents(classes, now.stored, vectors_at).means(np.arange(3))
    expected = unit(np.stack([vectors[:9].sum(axis=0), vectors[9:12].sum(axis=0), vectors[12:].sum(axis=0)]))
    np.testing.assert_allclose(means, expected, atol=1e-6)
    assert asked == [9, 5]  # a class of more than there is room for comes alone


def test_who_is_named() -> None:
    log_odds = np.array([[2.0, 1.0, 0.0], [0.5, 0.4, 0.0], [-1.0, -2.0, 0.0]])
    assert named(log_odds, 2, 0.0).tolist() == [0, 0, 2]
    assert named(log_odds, 2, 1.0).tolist() == [0, 2, 2]
    assert named(log_odds, 2, -1.5).tolist() == [0, 0, 0]
    assert named(log_odds, 2, np.array([3.0, 0.0, 0.0])).tolist() == [2, 2, 2]  # the second is not the likeliest
    best, company = best_company(log_odds, 2)
    assert best.tolist() == [2.0, 0.5, -1.0] and company.tolist() == [0, 0, 0]
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            Policy(other_share=share)


@pytest.mark.parametrize("share", [None, 0.05, 0.3])
def test_an_answer_says_what_it_lacks_and_what_speaks_for_it(enrolled: Path, share: float | None) -> None:
    near = [ring(1).replace(b"a20 20", size) for size in (b"a14 14", b"a8 8", b"a4 4", b"a2 2")]
    with LogoClassifier.open(enrolled) as classifier:
        knowledge = Knowledge.read(classifier.model, classifier.store.manifest.decision)
        now = read_snapshot(classifier.store, knowledge, cached=False)
        thresholds = knowledge.thresholds(knowledge.share(share), now.profile)
        decisions = classifier.classify([*near, ring(3)], top=200, max_false_accept=share)
    assert thresholds is not None
    for decision in decisions:
        company = next(each for each in decision.top if each.label != OTHER)
        odds, threshold = sum(company.contributions.values()), thresholds[now.classes.index(company.label)]
        chances = {each.label: each.probability for each in decision.top}
        assert odds == pytest.approx(np.log(company.probability / chances[OTHER]), abs=1e-3)
        assert (decision.label != OTHER) == (odds > threshold)
        if decision.missed_by is not None:
            assert decision.missed_by == pytest.approx(threshold - odds, abs=1e-6)


def test_the_share_of_unknown_logos_moves_probabilities_by_bayes_rule_and_no_label(enrolled: Path) -> None:
    icon = SAMPLES / "favicon.ico"
    with LogoClassifier.open(enrolled) as classifier:
        (even,), (rare,) = (classifier.classify([icon], other_share=share, top=200) for share in (0.5, 0.99))
    assert even.label == rare.label == "firefox"
    odds = [
        np.log(decision.probability / next(each.probability for each in decision.top if each.label == OTHER))
        for decision in (even, rare)
        if decision.probability is not None
    ]
    assert odds[0] - odds[1] == pytest.approx(np.log(99), abs=1e-3)
    assert probabilities(np.array([[0.0, 0.0]]), 1, 0.99)[0, 1] == pytest.approx(0.99)


def test_the_more_companies_are_enrolled_the_more_each_must_exceed() -> None:
    tail = -np.sort(-np.random.default_rng(0).normal(0, 3, 5000)).astype(np.float32)
    impostors = Impostors(np.full(200, 0.5, np.float32), tail, 1_000_000)
    found = []
    for n in (0, 1, 30, 300):
        place = np.arange(n + 2)
        profile = ClassProfile(np.ones(n + 2, np.int64), place == 0, place > 1)
        thresholds = known(impostors).thresholds(0.02, profile)
        assert thresholds is not None and thresholds[0] == 0.5
        found.append(thresholds[-1])
    assert found[1] == 0.5 < found[2] < found[3]
    assert (tail > found[3]).sum() * 300 / 1_000_000 <= 0.02


def test_what_a_model_can_vouch_for() -> None:
    alone = ClassProfile(np.ones(2, np.int64), np.zeros(2, bool), np.arange(2) == 0)
    vouching = Impostors(np.arange(200, dtype=np.float32))
    assert known(vouching).share(None) == 0.02 and known(vouching).share(0.3) == 0.3
    assert known().share(None) is None and known().thresholds(None, alone) is None
    few = Impostors(np.arange(20, dtype=np.float32))
    assert known(few).share(None) is None and known(few).share(0.1) == 0.1
    with pytest.raises(ValueError, match="less than the 20 unknown logos"):
        known(few).share(0.01)
    with pytest.raises(ModelError, match="no unknown logos to vouch"):
        known().share(0.1)


def test_a_model_of_an_earlier_release_is_told() -> None:
    bundle = starter_model()
    before = {name: value for name, value in bundle.config.decision.items() if not name.endswith(".shape")}
    with pytest.raises(ModelError, match="of an earlier release, whose models are to be trained or exported again"):
        Knowledge.read(bundle, before)


def test_the_view_that_fits_best_tells_the_shape_and_the_whole_the_hues() -> None:
    red, blue = (np.eye(HUES, dtype=np.uint8)[hue] * 255 for hue in (0, 8))
    shape, another = np.random.default_rng(0).integers(1, 120, (2, TRAITS - HUES)).astype(np.uint8)
    held = snapshot_of(
        ("acme", OTHER), np.zeros(1, np.int64), drawn(1), np.zeros(1, np.int64), known(), (), np.r_[red, shape][None]
    )
    views = np.stack([np.r_[red, another], np.r_[blue, shape]])
    for order, agrees in (([0, 1], 1.0), ([1, 0], 0.0)):
        query = Query(np.repeat(drawn(1), 2, axis=0), np.zeros(2, np.int64), 1, views[order])
        found = dict(zip(COMPANY_FEATURES, score(query, held, known().fusion).features.company[0, 0], strict=True))
        assert (found["shape"], found["colours_agree"]) == pytest.approx((1.0, agrees))
