"""The traits of items, as a cache has them and as they were read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.checksums import row_sums
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.store.traits import ItemTraits
from logo_retrieval.types import TRAITS, UInt8Array

CACHE = Path("mine", "search.cache")


def traits(rng: np.random.Generator, n: int) -> UInt8Array:
    return rng.integers(0, 256, (n, TRAITS), dtype=np.uint8)


@pytest.mark.parametrize("cached", [True, False])
def test_changes_leave_every_item_its_traits(rng: np.random.Generator, cached: bool) -> None:
    whole = traits(rng, 20)
    held = ItemTraits.of_cache(whole, row_sums(whole), CACHE) if cached else ItemTraits.of(whole)
    for _ in range(30):
        stay = np.flatnonzero(rng.random(len(whole)) < 0.8)
        came = traits(rng, int(rng.integers(0, 6)))
        order = rng.permutation(len(stay) + len(came))
        before, held = held, held.renewed(stay, came, order)
        np.testing.assert_array_equal(before.at(np.arange(len(before))), whole)
        whole = np.concatenate([whole[stay], came])[order]
        assert len(held) == len(whole) and len(held.read) <= len(whole)
        some = rng.integers(0, len(whole), (3, 4))
        np.testing.assert_array_equal(held.at(some), whole[some])


def test_what_a_cache_has_is_looked_at_when_it_is_asked_for(rng: np.random.Generator) -> None:
    cached = traits(rng, 3)
    held = ItemTraits.of_cache(cached, row_sums(cached), CACHE)
    cached[1, 7] += 1
    held.at(np.array([0, 2]))
    with pytest.raises(IndexStoreError, match=r"'mine/search\.cache' is damaged.*delete it"):
        held.at(np.array([0, 1]))
    with pytest.raises(IndexStoreError, match=r"'mine/search\.cache' is damaged"):
        held.renewed(np.array([1]), traits(rng, 1), np.arange(2)).at(np.array([0]))
    cached[1] = 0  # an item that was just removed
    assert not held.at(np.array([1])).any()


def test_traits_of_another_width_or_number_are_refused(rng: np.random.Generator) -> None:
    whole = traits(rng, 3)
    for wrong in (whole[:2], whole[:, :-2], whole[None]):
        with pytest.raises(ValueError, match="traits must be"):
            ItemTraits.of_cache(wrong, row_sums(whole), CACHE)
