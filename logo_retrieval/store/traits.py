"""The traits of the drawings of an index: most of a large one stay in its cache until they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from logo_retrieval.checksums import UInt32Array, changed
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.types import TRAITS, Int64Array, UInt8Array


@dataclass(frozen=True, slots=True)
class ItemTraits:
    """The traits of m items, some of them as a cache has them and the others as they were read.

    Attributes:
        cached: (p, 272) uint8 by `images.traits.traits_of`, looked at when they are asked for.
        sums: (p,) uint32 their checksums, by `row_sums`.
        read: (q, 272) uint8.
        rows: (m,) int64 where those of each item are: in `cached`, or from p on in `read`.
        file: of the cache, if any.
        sums_before: `sums` as they were when the cache was opened, which a removal in any process wipes; None without.
    """

    cached: UInt8Array
    sums: UInt32Array
    read: UInt8Array
    rows: Int64Array
    file: Path | None = None
    sums_before: UInt32Array | None = None

    @classmethod
    def of(cls, traits: UInt8Array) -> Self:
        """Of items whose (m, 272) traits were read."""
        return cls(np.zeros((0, TRAITS), np.uint8), np.zeros(0, np.uint32), traits, np.arange(len(traits)))

    @classmethod
    def of_cache(cls, traits: UInt8Array, sums: UInt32Array, file: Path) -> Self:
        """Of the items of a cache, which lies in this file.

        Raises:
            ValueError: they do not fit each other.
        """
        if traits.shape != (len(sums), TRAITS) or traits.dtype != np.uint8:
            raise ValueError(f"traits must be {(len(sums), TRAITS)} bytes, got {traits.shape} of {traits.dtype}")
        nothing_read = np.zeros((0, TRAITS), np.uint8)
        return cls(traits, sums, nothing_read, np.arange(len(traits)), file, np.array(sums))

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, places: Int64Array) -> UInt8Array:
        """(..., 272) of the items at some (...) places.

        Raises:
            IndexStoreError: what a cache has of one of them is not what was written.
        """
        rows, first = self.rows[places], len(self.cached)
        found = np.empty((*places.shape, TRAITS), np.uint8)
        in_cache = rows < first
        sums = self.sums[rows[in_cache]]
        cached = self.cached[rows[in_cache]]
        if changed(cached, sums):
            raise IndexStoreError(f"'{self.file}' is damaged, traits in it are not what was written: delete it")
        found[in_cache] = cached
        found[~in_cache] = self.read[rows[~in_cache] - first]
        return found

    def are_wiped(self, places: Int64Array) -> bool:
        """Whether some of the items at (n,) places were wiped from the cache since it was opened, vectors and all."""
        if self.sums_before is None:
            return False
        rows = self.rows[places]
        in_cache = rows[rows < len(self.cached)]
        return not np.array_equal(self.sums[in_cache], self.sums_before[in_cache])

    def renewed(self, stay: Int64Array, came: UInt8Array, order: Int64Array) -> ItemTraits:
        """Of the items at the places `stay` and after them new ones, put in an order; what is gone is let go."""
        rows, first = self.rows[stay], len(self.cached)
        was_read = np.flatnonzero(rows >= first)
        read = np.concatenate([self.read[rows[was_read] - first], came])
        rows[was_read] = first + np.arange(len(was_read))
        new = first + len(was_read) + np.arange(len(came))
        return ItemTraits(self.cached, self.sums, read, np.concatenate([rows, new])[order], self.file, self.sums_before)
