"""Unknown logos, and the share of false names they vouch for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.errors import ModelError
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.packed import array_file


def vouching(*log_odds: float) -> Impostors:
    return Impostors(np.array(log_odds, np.float32))


def test_a_file_keeps_what_there_is(tmp_path: Path) -> None:
    given = Impostors(np.array([0.5, -3, 2], np.float32), np.array([1, 4], np.float32), 9)
    file = tmp_path / "impostors.npz"
    file.write_bytes(given.to_bytes())
    read = Impostors.read(file)
    np.testing.assert_array_equal(read.log_odds, [-3, 0.5, 2])
    np.testing.assert_array_equal(read.novel_log_odds, [4, 1])
    assert read.novel_pairs == 9


@pytest.mark.parametrize("damage", ["cut", "missing", "lacks"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "impostors.npz"
    if damage == "cut":
        file.write_bytes(vouching(1).to_bytes()[:100])
    elif damage == "lacks":
        file.write_bytes(array_file(log_odds=np.ones(1, np.float32)))
    with pytest.raises(ModelError, match=r"impostors\.npz"):
        Impostors.read(file)


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
