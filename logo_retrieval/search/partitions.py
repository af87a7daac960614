"""A large gallery in partitions: of a query only those near it are looked at, and what is found there is exact.

An inverted file (Jégou et al. 2011, "Product quantization for nearest neighbor search", section 4) without
quantisation: the vectors lie in 16 bits, as the index stores them, one partition after another, so that a mapped file
serves as it is. A neighbour in a partition that is not looked at is missed: `benchmarks/search_at_scale.py`
tells how many are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from logo_retrieval.checksums import UInt32Array, changed, row_sums
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.packed import units_of
from logo_retrieval.search.clusters import centroids_of, nearest_centroids
from logo_retrieval.search.halves import half_products, halves_of
from logo_retrieval.search.products import products
from logo_retrieval.search.protocol import check_gallery, check_queries, padded
from logo_retrieval.types import Float16Array, Float32Array, Int64Array, Neighbours

PROBED = 32
"""Partitions that are looked at, at least."""

_A_ROOT = 8
"""Partitions for each root of the number of vectors."""

_SAMPLED = 32
"""Vectors a partition from which centroids are found."""

_LOOKED_AT = 48
"""Vectors that are looked at for each neighbour that is wanted, at least."""

_ROUNDING = 2.0**-10
"""By so much products with halves may be in another order than exact ones: twice what half a step of rounding does."""

_BLOCK = 65_536
_GONE = -1

HalvesAt = Callable[[Int64Array], Float16Array]
"""Gives the vectors of some rows."""


@dataclass(frozen=True, slots=True)
class Partitions:
    """Vectors by the centroid that is nearest.

    Attributes:
        centroids: (p, d) float32 unit vectors.
        starts: (p + 1,) int64, partition i has the slots from starts[i] to starts[i + 1].
        halves: (s, d) float16, one a slot.
        sums: (s,) uint32 their checksums, by `row_sums`.
        file: that they are mapped from; None where they are in memory, and not compared with their checksums.
    """

    centroids: Float32Array
    starts: Int64Array
    halves: Float16Array
    sums: UInt32Array
    file: Path | None = None

    def units(self, slots: Int64Array) -> Float32Array:
        """The (n, d) float32 unit vectors in some slots.

        Raises:
            IndexStoreError: as `checked_halves`.
        """
        return units_of(self.checked_halves(slots))

    def checked_halves(self, slots: Int64Array) -> Float16Array:
        """The (n, d) vectors in some slots as they lie there.

        Raises:
            IndexStoreError: one of them is not what was written.
        """
        sums = self.sums[slots]
        halves = self.halves[slots]
        if self.file is not None and changed(halves, sums):
            raise IndexStoreError(f"'{self.file}' is damaged, vectors in it are not what was written: delete it")
        return halves


class PartitionedIndex:
    """The best k of the partitions nearest to a query, in the order of `ExactIndex`.

    Attributes:
        partitions: that hold the vectors.
        slots: (m,) where in them the vectors of the rows lie.
        ids: (m,) of the rows.
    """

    def __init__(self, partitions: Partitions, slots: Int64Array, ids: Int64Array) -> None:
        """Takes the vectors, and the (m,) slots and ids of its rows; slots of no row are passed over."""
        self.partitions = partitions
        self.slots = slots
        self.ids = ids
        self._rows = np.full(len(partitions.halves), _GONE, np.int64)
        self._rows[slots] = np.arange(len(slots))
        there = np.concatenate([[0], np.cumsum(self._rows != _GONE)])
        self._sizes = np.diff(there[partitions.starts])

    @classmethod
    def build(cls, vectors: Float32Array, ids: Int64Array) -> Self:
        """An index over (m, d) unit vectors with (m,) ids.

        Raises:
            ValueError: when shapes or dtypes do not fit.
        """
        check_gallery(vectors, ids)
        if len(vectors) == 0:
            return cls._laid_out(vectors, np.zeros(0, np.int64), lambda _: halves_of(vectors), ids)
        n_centroids = _n_partitions(len(vectors))
        chance = np.random.default_rng(len(vectors))
        sampled = chance.permutation(len(vectors))[: _SAMPLED * n_centroids]
        centroids = centroids_of(vectors[np.sort(sampled)], n_centroids)
        owners = nearest_centroids(vectors, centroids)
        return cls._laid_out(centroids, owners, lambda rows: halves_of(vectors[rows]), ids)

    @classmethod
    def _laid_out(cls, centroids: Float32Array, owners: Int64Array, halves_at: HalvesAt, ids: Int64Array) -> Self:
        """From the (m,) partition of each row, its vector, and its id."""
        order = np.argsort(owners, kind="stable")
        starts = np.searchsorted(owners[order], np.arange(len(centroids) + 1)).astype(np.int64)
        halves, sums = np.empty((len(order), centroids.shape[1]), "<f2"), np.empty(len(order), np.uint32)
        for start in range(0, len(order), _BLOCK):
            block = slice(start, start + _BLOCK)
            halves[block] = halves_at(order[block])
            sums[block] = row_sums(halves[block])
        slots = np.empty(len(order), np.int64)
        slots[order] = np.arange(len(order))
        return cls(Partitions(centroids, starts, halves, sums), slots, ids)

    def without(self, kept: Int64Array) -> Self:
        """The same without some rows, given those that are kept, ascending."""
        return type(self)(self.partitions, self.slots[kept], self.ids[kept])

    def grown(self, vectors: Float32Array, ids: Int64Array) -> Self:
        """The same with further rows behind, given (f, d) vectors and (f,) ids, in the same partitions."""
        partitions, n_before = self.partitions, len(self)
        before = np.searchsorted(partitions.starts, self.slots, side="right") - 1
        owners = np.concatenate([before, nearest_centroids(vectors, partitions.centroids)])

        def halves_at(rows: Int64Array) -> Float16Array:
            halves = np.empty((len(rows), vectors.shape[1]), "<f2")
            is_new = rows >= n_before
            halves[~is_new] = partitions.checked_halves(self.slots[rows[~is_new]])
            halves[is_new] = halves_of(vectors[rows[is_new] - n_before])
            return halves

        return self._laid_out(partitions.centroids, owners, halves_at, np.concatenate([self.ids, ids]))

    def is_outgrown_by(self, n_rows: int) -> bool:
        """Whether a gallery of so many vectors is worth twice as many partitions."""
        return _n_partitions(n_rows) > 2 * len(self.partitions.centroids)

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, queries: Float32Array, k: int) -> Neighbours:
        """The k nearest rows of each of (n, d) unit queries, of those looked at; fewer than k rows are padded."""
        check_queries(queries, k, self.partitions.centroids.shape[1])
        n_found = min(k, len(self))
        ids = np.empty((len(queries), n_found), np.int64)
        similarities = np.empty((len(queries), n_found), np.float32)
        for place, query in enumerate(queries if n_found else ()):
            slots = self._candidates(query, n_found)
            exact, rows = products(self.partitions.units(slots), query), self._rows[slots]
            best = np.lexsort((rows, -exact))[:n_found]
            ids[place], similarities[place] = self.ids[rows[best]], exact[best]
        return padded(ids, similarities, k)

    def _candidates(self, query: Float32Array, k: int) -> Int64Array:
        """The slots of all that may be among the best k of the partitions looked at, k at least."""
        spans = [slice(*self.partitions.starts[place : place + 2].tolist()) for place in self._probed(query, k)]
        scores = np.concatenate([half_products(self.partitions.halves[span], query) for span in spans])
        scores[np.concatenate([self._rows[span] for span in spans]) == _GONE] = -np.inf
        least = np.partition(scores, -k)[-k] - _ROUNDING
        found = np.flatnonzero(scores >= least)
        ends = np.cumsum([span.stop - span.start for span in spans])
        within = np.searchsorted(ends, found, side="right")
        slots: Int64Array = found + (np.array([span.stop for span in spans]) - ends)[within]
        return slots

    def _probed(self, query: Float32Array, k: int) -> list[int]:
        """The partitions nearest to a query, ascending; so many that there are k rows in them, and many more."""
        nearness = products(self.partitions.centroids, query)
        count, least = 4 * PROBED, min(_LOOKED_AT * k, len(self))
        while count < len(nearness):
            chosen = np.argpartition(-nearness, count)[:count]
            chosen = chosen[np.argsort(-nearness[chosen])]
            enough = int(np.searchsorted(np.cumsum(self._sizes[chosen]), least)) + 1
            if enough <= count:
                return sorted(chosen[: max(enough, PROBED)].tolist())
            count *= 4
        return list(range(len(nearness)))

    def vectors_at(self, rows: Int64Array) -> Float32Array:
        """The (r, d) vectors of some of the rows."""
        return self.partitions.units(self.slots[rows])


def _n_partitions(n_rows: int) -> int:
    return min(int(_A_ROOT * np.sqrt(n_rows)), n_rows)
