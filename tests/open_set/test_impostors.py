"""Unknown logos: the bars they set, and the share of false names they vouch for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.errors import ModelError
from logo_retrieval.open_set.impostors import Impostors, bars, spread
from logo_retrieval.packed import unit


def cohort(n: int, dim: int = 8, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32))


def vouching(*log_odds: float) -> Impostors:
    return Impostors(np.zeros((0, 8), np.float32), np.array(log_odds, np.float32))


def test_a_file_keeps_vectors_within_a_thousandth_and_log_odds_exactly(tmp_path: Path) -> None:
    given = Impostors(cohort(50), np.array([0.5, -3, 2], np.float32))
    file = tmp_path / "impostors.npz"
    file.write_bytes(given.to_bytes())
    read = Impostors.read(file, 8)
    assert (given.vectors * read.vectors).sum(axis=1).min() > 0.999
    np.testing.assert_array_equal(read.log_odds, [-3, 0.5, 2])


@pytest.mark.parametrize("damage", ["cut", "dim", "floats", "missing", "nan"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "impostors.npz"
    log_odds = np.array([np.nan if damage == "nan" else 1.0], np.float32)
    vectors = np.zeros((2, 9 if damage == "dim" else 8), np.float32 if damage == "floats" else np.int8)
    if damage != "missing":
        with file.open("wb") as stream:
            np.savez(stream, vectors=vectors, log_odds=log_odds)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"impostors\.npz"):
        Impostors.read(file, 8)


def test_a_bar_is_what_one_in_a_hundred_exceeds() -> None:
    strangers = cohort(500)
    vectors = cohort(6, seed=1)
    owners = np.array([2, 0, 0, 2, 1, 0])
    found = bars(strangers, vectors, owners, 4)
    for each in range(3):
        nearest = (strangers @ vectors[owners == each].T).max(axis=1)
        assert np.count_nonzero(nearest > found[each] + 1e-7) == 5
    assert np.isnan(found[3])


def test_the_more_drawings_the_higher_the_bar() -> None:
    strangers, vectors = cohort(500), cohort(12, seed=1)
    heights = [bars(strangers, vectors[:n], np.zeros(n, np.int64), 1)[0] for n in (1, 3, 12)]
    assert heights == sorted(heights) and heights[0] < heights[-1]


def test_few_impostors_set_no_bar() -> None:
    assert np.isnan(bars(cohort(99), cohort(1), np.zeros(1, np.int64), 1)).all()


def test_those_who_are_spread_over_many_are_few_and_in_order() -> None:
    assert spread(np.arange(10), 3).tolist() == [0, 4, 9]
    assert spread(np.arange(2), 3).tolist() == [0, 1]
    assert spread(np.arange(0), 3).tolist() == []


CASES = [(0.5, 3.0), (0.4, 3.0), (0.21, 4.0), (0.79, 2.0)]


@pytest.mark.parametrize(("share", "threshold"), CASES)
def test_the_conformal_rank_by_hand(share: float, threshold: float) -> None:
    """Of four the one of rank ceil(5 (1 - a)): 2.5, 3.0, 3.95 and 1.05, rounded up."""
    assert vouching(4, 1, 3, 2).threshold(share) == threshold


@given(st.integers(20, 400), st.sampled_from([0.05, 0.1, 0.3]), st.integers(0, 2**32 - 1))
def test_of_those_who_vouch_no_more_than_the_share_is_above(n: int, share: float, seed: int) -> None:
    log_odds = np.random.default_rng(seed).normal(size=n).astype(np.float32)
    assert (log_odds > vouching(*log_odds.tolist()).threshold(share)).mean() <= share


def test_a_share_out_of_range_or_reach_is_refused() -> None:
    for share in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            vouching(1, 2).threshold(share)
    with pytest.raises(ValueError, match=r"less than the 2 unknown logos of this model can vouch for: give 0\.3333"):
        vouching(1, 2).threshold(0.3)
