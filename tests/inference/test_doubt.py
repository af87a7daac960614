"""A first look by quick vectors: what it leaves in doubt is looked at again, and what it settles is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from weights import fusion

from logo_retrieval import LogoClassifier
from logo_retrieval.inference.doubt import in_doubt
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import Policy, Query, decide, score
from logo_retrieval.inference.snapshot import IndexSnapshot, snapshot_of
from logo_retrieval.open_set.evidence import Scale
from logo_retrieval.packed import unit
from logo_retrieval.types import OTHER, Float32Array, Int64Array

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "benchmarks" / "samples").glob("*.*"))
CLASSES = ("acme", "bolt", OTHER)
FAR = [0.3, 0.3, 0.3]


@pytest.mark.parametrize(
    ("log_odds", "nearest", "doubtful"),
    [
        ([-5.0, -9.0, 0.0], FAR, False),
        ([5.0, -9.0, 0.0], FAR, False),
        ([-0.9, -9.0, 0.0], FAR, True),  # nearly named
        ([0.9, -9.0, 0.0], FAR, True),  # hardly named
        ([5.0, 4.5, 0.0], FAR, True),  # which of two
        ([-4.5, -4.0, 0.0], FAR, False),  # neither of two
        ([5.0, -9.0, 0.0], [0.985, 0.3, 0.3], True),  # the very drawing: 1 like itself
        ([5.0, -9.0, 0.0], [0.3, 0.96, 0.3], True),  # the very drawing, perhaps, of another company
        ([5.0, -9.0, 0.0], [0.3, 0.3, 0.96], True),  # and of `other`
        ([5.0, -9.0, 0.0], [0.96, 0.3, 0.3], False),
        ([-5.0, -9.0, 0.0], [0.3, 0.3, 0.96], False),
        ([-np.inf, -np.inf, 0.0], FAR, False),  # no company has a drawing
    ],
)
def test_doubt(log_odds: list[float], nearest: list[float], doubtful: bool) -> None:
    found = in_doubt(np.array([log_odds]), np.array([nearest], np.float32), 2, np.zeros(3))
    assert found.tolist() == [0] * doubtful


def test_a_threshold_of_its_own_is_what_a_company_is_held_against() -> None:
    odds, near = np.array([[5.0, -9.0, 0.0]]), np.array([FAR], np.float32)
    assert len(in_doubt(odds, near, 2, np.array([5.5, 0.0, 0.0]))) == 1
    assert len(in_doubt(odds, near, 2, np.array([9.0, 0.0, 0.0]))) == 0


def gallery() -> tuple[Knowledge, IndexSnapshot, Float32Array]:
    vectors = unit(np.random.default_rng(1).normal(size=(120, 16)).astype(np.float32))
    labels = np.array([0] * 10 + [1] * 10 + [2] * 100)
    knowledge = Knowledge(None, None, fusion(Scale(0.2, 0.6, 0.2, 0.6)), "made up")
    return knowledge, snapshot_of(CLASSES, labels, vectors, np.arange(120), knowledge), vectors


def test_answers_in_doubt_are_those_of_the_exact_vectors() -> None:
    knowledge, held, vectors = gallery()
    exact = np.concatenate([vectors[::6], unit(vectors[:20] + vectors[40:60]), -vectors[:20]])
    quick = unit(exact + np.random.default_rng(2).normal(0, 0.02, exact.shape).astype(np.float32))
    owners = np.arange(len(exact))
    policy = Policy()
    asked: list[Int64Array] = []

    def look_again(places: Int64Array) -> Query:
        asked.append(places)
        return Query(exact[places], np.arange(len(places)), len(places))

    def names(items: object) -> dict[int, str]:
        return {}

    def answers(vectors: Float32Array, **further: object) -> list[object]:
        query = Query(vectors, owners, len(owners))
        return [*decide(query, held, knowledge, policy, names, None, **further)]  # type: ignore[arg-type]

    by_exact, by_quick, by_both = answers(exact), answers(quick), answers(quick, look_again=look_again)
    (places,) = asked
    scores = score(Query(quick, owners, len(owners)), held, knowledge.fusion)
    expected = in_doubt(scores.log_odds, scores.features.nearest, held.other, np.zeros(3))
    assert places.tolist() == expected.tolist() and 0 < len(places) < len(owners)
    for row in range(len(owners)):
        assert by_both[row] == (by_exact if row in places else by_quick)[row]


def test_the_starter_looks_once_in_integers_and_names_as_by_exact_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    with LogoClassifier.open() as classifier:
        quick = classifier.classify(SAMPLES)
        assert classifier.engine.model.has_quick_graph
    monkeypatch.setattr("logo_retrieval.models.bundle.ModelBundle.has_quick_graph", False)
    with LogoClassifier.open() as classifier:
        exact = classifier.classify(SAMPLES)
    assert [each.label for each in quick] == [each.label for each in exact]
    shown = [
        (one.neighbours[0], other.neighbours[0]) for one, other in zip(quick, exact, strict=True) if one.neighbours
    ]
    assert shown and any(one.similarity != other.similarity for one, other in shown)
    assert all(abs(one.similarity - other.similarity) < 0.02 for one, other in shown)
