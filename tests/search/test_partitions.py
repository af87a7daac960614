"""Partitions beside exact search: what few of them find, and what becomes of rows that come and go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.checksums import row_sums
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.packed import unit, units_of
from logo_retrieval.search.clusters import centroids_of, nearest_centroids
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.halves import half_products, halves_of
from logo_retrieval.search.open import merged_index
from logo_retrieval.search.partitions import PROBED, PartitionedIndex
from logo_retrieval.search.segments import SegmentedIndex
from logo_retrieval.types import Float32Array

DIM = 32


def crowds(rng: np.random.Generator, n: int, n_crowds: int = 200) -> Float32Array:
    """Unit vectors about some centres, as the drawings of brands lie, with 16 bits a component."""
    centres = np.random.default_rng(7).standard_normal((n_crowds, DIM))
    vectors = centres[rng.integers(0, n_crowds, n)] + 0.6 * rng.standard_normal((n, DIM))
    return units_of(halves_of(unit(vectors.astype(np.float32))))


def check_as_exact(index: PartitionedIndex, vectors: Float32Array, ids: np.ndarray, queries: Float32Array) -> None:
    expected = ExactIndex(vectors, ids)
    for k in (1, 9, len(ids) + 5):
        found, exact = index.search(queries, k), expected.search(queries, k)
        np.testing.assert_array_equal(found.ids, exact.ids)
        np.testing.assert_array_equal(found.similarities, exact.similarities)
    rows = np.arange(len(ids))
    np.testing.assert_array_equal(index.vectors_at(rows), vectors)
    np.testing.assert_array_equal(index.ids, ids)


def test_few_partitions_find_nearly_all_neighbours(rng: np.random.Generator) -> None:
    vectors, queries, ids = crowds(rng, 20_000), crowds(rng, 200), np.arange(20_000)
    index = PartitionedIndex.build(vectors, ids)
    assert len(index.partitions.centroids) > 10 * PROBED
    found, exact = index.search(queries, 10), ExactIndex(vectors, ids).search(queries, 10)
    assert (found.ids[:, 0] == exact.ids[:, 0]).mean() > 0.98
    assert (found.similarities >= exact.similarities[:, -1:]).mean() > 0.95
    assert (found.similarities <= exact.similarities).all(), "a neighbour may be missed, never made up"
    assert max(len(index._probed(query, 10)) for query in queries) <= 2 * PROBED
    alone = index.search(queries[5:6], 10)
    np.testing.assert_array_equal(alone.similarities[0], found.similarities[5])


def test_as_many_neighbours_come_as_are_asked_for(rng: np.random.Generator) -> None:
    vectors = crowds(rng, 3000)
    index = PartitionedIndex.build(vectors, np.arange(3000))
    found = index.search(vectors[:3], 2900)
    assert all(len(np.unique(row)) == 2900 and row.min() >= 0 for row in found.ids)


@pytest.mark.parametrize("seed", range(3))
def test_rows_come_and_go_as_in_an_exact_index(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("logo_retrieval.search.partitions.PROBED", 1000)
    rng = np.random.default_rng(seed)
    vectors, ids, queries = crowds(rng, 500), np.arange(0, 1500, 3), crowds(rng, 20)
    index = PartitionedIndex.build(vectors, ids)
    for _ in range(4):
        kept = np.flatnonzero(rng.random(len(ids)) < 0.8)
        index, vectors, ids = index.without(kept), vectors[kept], ids[kept]
        check_as_exact(index, vectors, ids, queries)
        fresh, more = crowds(rng, 60), ids[-1] + 2 + np.arange(60)
        both = merged_index(SegmentedIndex(index, ExactIndex(fresh, more)))
        assert isinstance(both, PartitionedIndex)
        index, vectors, ids = both, np.concatenate([vectors, fresh]), np.concatenate([ids, more])
        check_as_exact(index, vectors, ids, queries)
        assert len(index.partitions.halves) == len(ids)


def test_a_gallery_that_has_outgrown_its_partitions_gets_more(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr("logo_retrieval.search.open.FAISS_FROM", 1)
    monkeypatch.setattr("logo_retrieval.search.open.PARTITIONED_FROM", 1)
    small = PartitionedIndex.build(crowds(rng, 100), np.arange(100))
    for more, n_partitions in ((100, 80), (2000, 366)):
        grown = merged_index(SegmentedIndex(small, ExactIndex(crowds(rng, more), 100 + np.arange(more))))
        assert isinstance(grown, PartitionedIndex) and len(grown) == 100 + more
        assert grown.partitions.centroids.shape[0] == pytest.approx(n_partitions, rel=0.05)  # empty ones are given up


def test_of_equal_ones_the_first_row_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logo_retrieval.search.partitions.PROBED", 1000)
    corners = np.eye(4, dtype=np.float32)
    vectors = corners[np.arange(40) % 4]
    check_as_exact(PartitionedIndex.build(vectors, np.arange(40)), vectors, np.arange(40), corners)


def test_a_vector_that_is_not_as_written_is_no_neighbour(rng: np.random.Generator) -> None:
    vectors = crowds(rng, 300)
    whole = replace(PartitionedIndex.build(vectors, np.arange(300)).partitions, file=Path("mine", "search.cache"))
    for component, bit in ((0, 0), (7, 9), (31, 15)):
        halves = whole.halves.copy()
        halves.view(np.uint16)[5, component] ^= 1 << bit
        with pytest.raises(IndexStoreError, match=r"'mine/search\.cache' is damaged.*delete it"):
            replace(whole, halves=halves).units(np.arange(300))
        damaged = PartitionedIndex(replace(whole, halves=halves), np.arange(300), np.arange(300))
        with pytest.raises(IndexStoreError, match="is damaged"):
            damaged.grown(vectors[:1], np.array([300]))  # whose checksums would be right again
    halves, sums = whole.halves.copy(), whole.sums.copy()
    halves[5] = 0  # by a removal in another process
    assert not replace(whole, halves=halves, sums=sums).units(np.array([5])).any()


def test_checksums_tell_an_exchange(rng: np.random.Generator) -> None:
    halves = halves_of(crowds(rng, 50))
    for one, other in ((0, 1), (3, 30)):
        exchanged = halves.copy()
        exchanged[:, [one, other]] = halves[:, [other, one]]
        assert (row_sums(exchanged) != row_sums(halves)).all()


def test_products_of_halves_are_those_of_the_same_numbers(rng: np.random.Generator) -> None:
    halves = rng.standard_normal((60, DIM)).astype("<f2")
    halves[:4] = np.array([0, -0.0, 6e-8, -65504])[:, None]  # with the smallest and the largest there are
    vector = rng.standard_normal(DIM).astype(np.float32)
    expected = np.einsum("kd,d->k", halves.astype(np.float32), vector)
    np.testing.assert_allclose(half_products(halves, vector), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dim", [2, 16, 256])
def test_halves_come_back_from_unit_vectors(rng: np.random.Generator, dim: int) -> None:
    halves = unit(rng.standard_normal((5000, dim)).astype(np.float32)).astype("<f2")
    np.testing.assert_array_equal(halves_of(units_of(halves)), halves)
    never = unit(rng.standard_normal((50, dim)).astype(np.float32))
    np.testing.assert_allclose(units_of(halves_of(never)), never, atol=1e-3)


def test_centroids_are_the_means_of_what_is_nearest(rng: np.random.Generator) -> None:
    vectors = crowds(rng, 2000, n_crowds=5)
    centroids = centroids_of(vectors, 5)
    owners = nearest_centroids(vectors, centroids)
    assert np.array_equal(owners, (vectors @ centroids.T).argmax(axis=1))
    spreads = [(vectors[owners == place] @ centroids[place]).mean() for place in range(len(centroids))]
    assert min(spreads) > 0.7
    np.testing.assert_array_equal(centroids, centroids_of(vectors, 5))
