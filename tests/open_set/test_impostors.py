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


CASES = [(0.5, 3.0), (0.4, 3.0), (0.21, 3 + (2 / 1.05 - 1)), (0.79, 2.0)]


@pytest.mark.parametrize(("share", "threshold"), CASES)
def test_the_threshold_by_hand(share: float, threshold: float) -> None:
    """Of four 5 a may exceed it, rounded down: 2.5, 2, 1.05, 3.95; one is too few, and the tail of two tells."""
    assert vouching(4, 1, 3, 2).threshold(share) == pytest.approx(threshold)


@given(st.integers(400, 800), st.sampled_from([0.05, 0.1, 0.3]), st.integers(0, 2**32 - 1))
def test_of_those_who_vouch_no_more_than_the_share_is_above(n: int, share: float, seed: int) -> None:
    log_odds = np.random.default_rng(seed).normal(size=n).astype(np.float32)
    assert (log_odds > vouching(*log_odds.tolist()).threshold(share)).mean() <= share


@pytest.mark.parametrize("u", [60, 100, 400])
def test_of_few_the_share_is_kept_on_average_and_less_is_left_to_chance(u: int) -> None:
    """Where the tail is exponential an unknown logo exceeds t with a probability of exp -t."""
    drawn = np.random.default_rng(u).exponential(size=(4000, u)).astype(np.float32)
    given = np.exp([-vouching(*row).threshold(0.02) for row in drawn.tolist()])
    by_rank = np.exp(-np.sort(drawn)[:, u - int(0.02 * (u + 1))])
    assert given.mean() == pytest.approx(0.02, rel=0.03) and by_rank.mean() <= 0.021
    assert given.std() < 0.92 * by_rank.std()


def test_where_many_may_exceed_it_the_threshold_is_one_of_them() -> None:
    log_odds = np.random.default_rng(0).normal(size=1996).astype(np.float32)
    assert vouching(*log_odds.tolist()).threshold(0.02) == np.sort(log_odds)[-39]
    before, after = (vouching(*log_odds[:u].tolist()).threshold(0.02) for u in (748, 749))
    assert before == pytest.approx(after, abs=0.01)  # where the rule changes, it does not jump


def test_a_share_out_of_range_or_reach_is_refused() -> None:
    for share in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            vouching(1, 2).threshold(share)
    for u, least in ((2, 0.3334), (9, 0.1), (100, 0.01), (1996, 0.0006), (20_000, 0.0001)):
        known = vouching(*range(u))
        with pytest.raises(ValueError, match=rf"the {u} unknown logos of .* can vouch for: give {least} or more"):
            known.threshold(0.9 / (u + 1))
        known.threshold(least)
