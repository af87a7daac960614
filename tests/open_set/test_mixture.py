"""The share of unknown logos, estimated from the evidence on many pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from logo_retrieval.open_set.mixture import estimated_other_share

APART = 4.0
"""Log-odds of a pair of normal distributions whose likelihoods they are: of mean +-d/2 and variance d."""


def drawn(n: int, share: float, seed: int) -> list[float]:
    lots = np.random.default_rng(seed)
    signs = np.where(lots.random(n) < share, -1, 1)
    found: list[float] = lots.normal(signs * APART / 2, np.sqrt(APART)).tolist()
    return found


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.98])
def test_the_share_is_found(share: float) -> None:
    found = [estimated_other_share(drawn(2000, share, seed)) for seed in range(20)]
    assert np.mean(found) == pytest.approx(share, abs=0.01)
    assert np.std(found) < 0.03


@given(st.lists(st.floats(-30, 30), max_size=30))
def test_it_is_the_likeliest(log_odds: list[float]) -> None:
    ratios = np.exp(log_odds)

    def surprise(share: float) -> float:
        return float(-np.log(share * (1 - share)) - np.log(share + (1 - share) * ratios).sum())

    best = minimize_scalar(surprise, bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-8}).x
    assert estimated_other_share(log_odds) == pytest.approx(best, abs=2e-4)


def test_few_pictures_claim_little_and_nothing_is_certain() -> None:
    assert estimated_other_share([]) == 0.5
    assert estimated_other_share([-np.inf]) == pytest.approx(2 / 3, abs=1e-4)
    assert estimated_other_share([900.0]) == pytest.approx(1 / 3, abs=1e-4)
    assert estimated_other_share([0.0] * 1000) == 0.5
    assert estimated_other_share([-50.0] * 100_000) == 0.9999
    assert estimated_other_share([50.0] * 100_000) == 0.0001
