"""The decision, by hand."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.decide.decision import (
    DecisionConfig,
    cautious,
    class_logits,
    class_probabilities,
    nearest_of_classes,
)
from logo_retrieval.decide.untrained import Untrained

OTHER = 2


def test_each_class_has_its_nearest_drawing_and_the_absent_the_last_similarity() -> None:
    found = nearest_of_classes(np.array([[0.9, 0.8, 0.7]], np.float32), np.array([[1, 1, 0]]), 4)
    np.testing.assert_allclose(found, [[0.7, 0.9, 0.7, 0.7]])


def test_where_all_drawings_were_seen_the_absent_have_no_evidence() -> None:
    found = nearest_of_classes(np.array([[0.9, -np.inf]], np.float32), np.array([[1, -1]]), 3)
    np.testing.assert_allclose(found, [[-1, 0.9, -1]])
    empty = nearest_of_classes(np.full((1, 2), -np.inf, np.float32), np.full((1, 2), -1), 3)
    np.testing.assert_allclose(empty, [[-1, -1, -1]])


def test_the_sum_worked_by_hand() -> None:
    config = DecisionConfig(head_weight=0.25, temperature=0.1, margin=0.05, background=0.6)
    nearest, head = np.array([[0.9, 0.8, 0.7]], np.float32), np.array([[0.5, 0.8, 0.3]], np.float32)
    found = class_probabilities(nearest, head, OTHER, config)
    weights = [exp(8), exp(8), exp(6.5) + exp(6)]
    expected = [0.99 * weight / sum(weights) + 0.01 / 3 for weight in weights]
    np.testing.assert_allclose(found, [expected], rtol=1e-5)


CASES = [
    # nearest of two companies and other, margin, winner
    ([0.9, 0.2, 0.1], 0.0, 0),
    ([0.3, 0.2, 0.1], 0.0, OTHER),  # all far: nobody that the index knows
    ([0.8, 0.1, 0.79], 0.0, 0),  # a company just before other
    ([0.8, 0.1, 0.79], 0.1, OTHER),  # ... but not by the margin
    ([-1.0, -1.0, -1.0], 0.0, OTHER),  # an empty gallery
]


@pytest.mark.parametrize(("nearest", "margin", "winner"), CASES)
def test_who_wins(nearest: list[float], margin: float, winner: int) -> None:
    config = DecisionConfig(temperature=0.02, margin=margin, background=0.5)
    assert class_probabilities(np.array([nearest], np.float32), None, OTHER, config).argmax() == winner


def test_the_head_decides_between_equals_as_far_as_it_counts() -> None:
    nearest, head = np.array([[0.9, 0.88, 0.1]], np.float32), np.array([[0.1, 0.9, 0.1]], np.float32)
    winners = [
        class_probabilities(nearest, head, OTHER, DecisionConfig(head_weight=weight, background=0.1)).argmax()
        for weight in (0.0, 0.5)
    ]
    assert winners == [0, 1]
    assert class_probabilities(nearest, None, OTHER, DecisionConfig(head_weight=0.5)).argmax() == 0


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 3)), min_size=1, max_size=12),
    st.floats(0.001, 2),
    st.floats(-1, 1),
    st.floats(0, 1),
)
def test_rows_are_probabilities_whatever_comes(
    pairs: list[tuple[float, int]], temperature: float, margin: float, weight: float
) -> None:
    similarities = np.array([sorted((s for s, _ in pairs), reverse=True)], np.float32)
    nearest = nearest_of_classes(similarities, np.array([[c for _, c in pairs]]), 4)
    config = DecisionConfig(temperature=temperature, margin=margin, head_weight=weight)
    found = class_probabilities(nearest, -nearest, 3, config)
    assert np.all(found > 0) and abs(found.sum() - 1) < 1e-9


def enrolled(*counts: int, met: int | None = None, reach: tuple[int, float] | None = None) -> Untrained:
    """Classes with so many drawings and no target; one may have been met, one have strangers that come near."""
    found = Untrained.none_of(len(counts))
    found.counts[:] = counts
    if met is not None:
        found.met[met] = True
    if reach is not None:
        found.reach[reach[0]] = reach[1]
    return found


def test_the_head_weighs_less_for_a_class_that_training_never_saw() -> None:
    config = DecisionConfig(
        head_weight=0.8,
        untrained_share=0.25,
        untrained_slope=0.5,
        untrained_reach=0.25,
        untrained_margin=0.1,
        temperature=0.001,
        margin=0.0,
        background=0.4,
    )
    near, head = np.array([[0.9, 0.9, 0.0]], np.float32), np.array([[0.4, 0.4, 0.0]], np.float32)
    counted = [class_logits(near, head, OTHER, config, enrolled(0, n, 0)) for n in (1, 5)]
    one, five = (0.001 * logits for logits in counted)
    by_training, by_few = 0.2 * 0.9 + 0.8 * 0.4, 0.8 * 0.9 + 0.2 * 0.4
    np.testing.assert_allclose(one[0, :2], [by_training, 0.4 + 0.5 * (by_few - 0.4)], rtol=1e-6)
    np.testing.assert_allclose(one - five, [[0, 0.1 * np.log(5), 0]], atol=1e-12)
    trained = class_logits(near, head, OTHER, config)
    np.testing.assert_array_equal(trained[0, :1], counted[0][0, :1])
    np.testing.assert_array_equal(class_logits(near, head, OTHER, config, enrolled(0, 5, 0, met=1)), trained)


def test_the_nearer_strangers_come_the_less_a_class_counts() -> None:
    config = DecisionConfig(untrained_reach=0.5, temperature=1.0, background=0.4)
    near = np.array([[0.9, 0.9, 0.0]], np.float32)
    far, by, unknown = (
        class_logits(near, None, OTHER, config, enrolled(0, 1, 0, reach=(1, reach))) for reach in (0.2, 0.6, np.nan)
    )
    np.testing.assert_allclose(far - by, [[0, 0.2, 0]], atol=1e-12)
    np.testing.assert_allclose(unknown - by, [[0, 0.1, 0]], atol=1e-12)


def test_with_a_stated_risk_each_new_class_must_be_further_ahead() -> None:
    config = DecisionConfig(untrained_risk=0.1, temperature=0.5)
    logits = np.array([[2.0, 3.0, 1.0]])
    one = cautious(logits, enrolled(0, 4, 0), config)
    np.testing.assert_allclose(logits - one, [[0, 0.2 * np.log(2), 0]])
    two = cautious(logits, enrolled(1, 4, 0, met=0), config)
    np.testing.assert_allclose(logits - two, [[0.2 * np.log(3), 0.2 * np.log(3), 0]])
    np.testing.assert_array_equal(cautious(logits, Untrained.none_of(3), config), logits)


def test_faults_say_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"must be \(n, k\), got \(1, 2\) and \(1, 3\)"):
        nearest_of_classes(np.zeros((1, 2), np.float32), np.zeros((1, 3), np.int64), 3)
    with pytest.raises(ValueError, match="below 3"):
        nearest_of_classes(np.zeros((1, 1), np.float32), np.full((1, 1), 3), 3)
    with pytest.raises(ValueError, match=r"head of shape \(1, 3\), got 2 and \(1, 2\)"):
        class_probabilities(np.zeros((1, 3), np.float32), np.zeros((1, 2), np.float32), OTHER, DecisionConfig())
    with pytest.raises(ValueError, match="temperature and untrained_slope above 0"):
        DecisionConfig(temperature=0)
    with pytest.raises(ValueError, match=r"head_weight and untrained_share in 0\.\.1"):
        DecisionConfig(head_weight=1.5)
    with pytest.raises(
        ValueError,
        match=r"among k, head_weight, untrained_share, untrained_slope, .*, got \['kk'\]",
    ):
        DecisionConfig.from_dict({"kk": 3})


def test_config_round_trip() -> None:
    config = DecisionConfig(k=7, head_weight=0.5, temperature=0.2, margin=-0.1, background=0.3)
    assert DecisionConfig.from_dict(config.to_dict()) == config
    assert DecisionConfig.from_dict({}) == DecisionConfig()
    earlier = {**config.to_dict(), "untrained_margin": 0.025}
    assert DecisionConfig.from_dict(earlier) == config
