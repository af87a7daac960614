"""Which constants are chosen."""

from __future__ import annotations

import numpy as np
import pytest

from logo_retrieval.decide.decision import class_probabilities
from logo_retrieval.evaluation.fitting import HEAD_WEIGHTS, Witnesses, expected_macro_f2, fit_decision
from logo_retrieval.values import Float32Array, Int64Array

CLASSES, OTHER = 5, 4


def evidence(true: Int64Array, rng: np.random.Generator, clear: float) -> Float32Array:
    """Noise, with the true class ahead of it by `clear`; of `other` nothing is alike."""
    scores = rng.normal(0.3, 0.1, (len(true), CLASSES))
    scores[np.arange(len(true)), true] += np.where(true == OTHER, 0.0, clear)
    return scores.astype(np.float32)


@pytest.fixture
def true(rng: np.random.Generator) -> Int64Array:
    return rng.integers(0, CLASSES, 400)


def test_the_better_witness_is_heard(true: Int64Array, rng: np.random.Generator) -> None:
    clear, blurred = evidence(true, rng, 0.5), evidence(true, rng, 0.05)
    assert fit_decision([Witnesses(blurred, clear, true)], OTHER).head_weight == max(HEAD_WEIGHTS)
    assert fit_decision([Witnesses(clear, blurred, true)], OTHER).head_weight == min(HEAD_WEIGHTS)


def test_what_is_like_nothing_becomes_other(true: Int64Array, rng: np.random.Generator) -> None:
    asked = Witnesses(evidence(true, rng, 0.5), None, true)
    config = fit_decision([asked], OTHER)
    assert config.head_weight == 0
    answers = class_probabilities(asked.nearest, None, OTHER, config).argmax(axis=1)
    assert (answers == true).mean() > 0.95 and (answers[true == OTHER] == OTHER).mean() > 0.9


def test_sets_of_queries_count_alike(true: Int64Array, rng: np.random.Generator) -> None:
    """A hundred copies of the same set change nothing, whatever the order."""
    one, two = (Witnesses(evidence(true, rng, clear), evidence(true, rng, clear), true) for clear in (0.2, 0.4))
    assert fit_decision([one, two, two, one], OTHER) == fit_decision([one, two], OTHER)


def test_the_expectation_of_certain_answers_is_macro_f2() -> None:
    from logo_retrieval.evaluation.metrics import macro_f_beta

    true, predicted = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 0])
    assert expected_macro_f2(np.eye(3)[predicted], true) == pytest.approx(
        macro_f_beta(true, predicted, np.unique(true))
    )
