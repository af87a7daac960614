"""The vote, by hand."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.decide.vote import VoteConfig, vote

OTHER = 2


def test_the_sum_worked_by_hand() -> None:
    config = VoteConfig(k=3, temperature=0.1, margin=0.05, background=0.6)
    found = vote(np.array([[0.9, 0.8, 0.7]], np.float32), np.array([[0, 1, OTHER]]), 3, OTHER, config)
    weights = [exp(9), exp(8), exp(7.5) + exp(6)]
    expected = [0.99 * weight / sum(weights) + 0.01 / 3 for weight in weights]
    np.testing.assert_allclose(found, [expected], rtol=1e-5)


CASES = [
    # similarities, classes, margin, winner
    ([0.9, 0.2, 0.2], [0, 1, 1], 0.0, 0),  # the nearest wins against two that are far
    ([0.7, 0.69, 0.69], [0, 1, 1], 0.0, 1),  # two that are as near win against one
    ([0.3, 0.3, 0.3], [0, 0, 0], 0.0, OTHER),  # all far: nobody that the index knows
    ([0.8, 0.79, 0.1], [0, OTHER, 1], 0.0, 0),  # a company just before other
    ([0.8, 0.79, 0.1], [0, OTHER, 1], 0.1, OTHER),  # ... but not by the margin
    ([0.9, -np.inf, -np.inf], [1, -1, -1], 0.0, 1),  # a gallery of one
    ([-np.inf] * 3, [-1, -1, -1], 0.0, OTHER),  # an empty gallery
]


@pytest.mark.parametrize(("similarities", "classes", "margin", "winner"), CASES)
def test_who_wins(similarities: list[float], classes: list[int], margin: float, winner: int) -> None:
    config = VoteConfig(k=3, temperature=0.05, margin=margin, background=0.5)
    found = vote(np.array([similarities], np.float32), np.array([classes]), 3, OTHER, config)
    assert found.argmax() == winner


def test_only_the_k_nearest_vote() -> None:
    similarities, classes = np.array([[0.9, 0.89, 0.89]], np.float32), np.array([[0, 1, 1]])
    assert vote(similarities, classes, 3, OTHER, VoteConfig(k=1)).argmax() == 0
    assert vote(similarities, classes, 3, OTHER, VoteConfig(k=3)).argmax() == 1


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 3)), min_size=1, max_size=12),
    st.floats(0.001, 2),
    st.floats(-1, 1),
)
def test_rows_are_probabilities_whatever_comes(
    pairs: list[tuple[float, int]], temperature: float, margin: float
) -> None:
    similarities = np.array([[s for s, _ in pairs]], np.float32)
    classes = np.array([[c for _, c in pairs]])
    found = vote(similarities, classes, 4, 3, VoteConfig(temperature=temperature, margin=margin))
    assert np.all(found > 0) and abs(found.sum() - 1) < 1e-9


def test_faults_say_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"must be \(n, k\), got \(1, 2\) and \(1, 3\)"):
        vote(np.zeros((1, 2), np.float32), np.zeros((1, 3), np.int64), 3, OTHER, VoteConfig())
    with pytest.raises(ValueError, match="below 3"):
        vote(np.zeros((1, 1), np.float32), np.full((1, 1), 3), 3, OTHER, VoteConfig())
    with pytest.raises(ValueError, match="temperature above 0"):
        VoteConfig(temperature=0)
    with pytest.raises(ValueError, match=r"among k, temperature, margin, background, got \['kk'\]"):
        VoteConfig.from_dict({"kk": 3})


def test_config_round_trip() -> None:
    config = VoteConfig(k=7, temperature=0.2, margin=-0.1, background=0.3)
    assert VoteConfig.from_dict(config.to_dict()) == config
    assert VoteConfig.from_dict({}) == VoteConfig()
