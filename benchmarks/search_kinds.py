"""Kinds of search over a gallery: how each is built, kept in a file, opened, asked and changed, and our own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np

from logo_retrieval.packed import units_of
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex
from logo_retrieval.search.halves import half_products, halves_of
from logo_retrieval.search.open import renewed_index
from logo_retrieval.search.partitions import PartitionedIndex, Partitions
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.store.cache import CACHE_FILE, Prepared, read_cache, write_cache
from logo_retrieval.types import Float16Array, Float32Array, Int64Array

_SPANS = 1 << 13


class Kind(ABC):
    """One kind of search.

    Attributes:
        name: in tables.
        module: that it needs.
        most: vectors that it is measured with; more take too long.
    """

    name: ClassVar[str]
    module: ClassVar[str] = "numpy"
    most: ClassVar[int] = 1 << 40

    @classmethod
    def is_installed(cls) -> bool:
        """Whether it can be measured here."""
        return find_spec(cls.module) is not None

    @classmethod
    @abstractmethod
    def keep(cls, halves: Float16Array, folder: Path) -> None:
        """Builds the index of (n, d) vectors, and writes it to a folder."""

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Opens it."""

    @abstractmethod
    def rows(self, queries: Float32Array, k: int) -> Int64Array:
        """(n, k) what is found for (n, d) queries: places in the gallery, in any order."""

    @abstractmethod
    def append(self, vectors: Float32Array) -> None:
        """Adds (n, d) vectors, of which none has been removed."""

    @abstractmethod
    def remove(self, rows: Int64Array) -> bool:
        """Removes some of the first rows; says whether it can."""


class Ours(Kind):
    """What the package has: changed as an open index is when drawings come and go."""

    index: VectorIndex

    def rows(self, queries: Float32Array, k: int) -> Int64Array:
        """As above."""
        return self.index.search(queries, k).ids

    def append(self, vectors: Float32Array) -> None:
        """As above."""
        n = len(self.index)
        ids = np.concatenate([self.index.ids, n + np.arange(len(vectors))])
        self.index = renewed_index(self.index, np.arange(n), np.arange(n), vectors, ids)

    def remove(self, rows: Int64Array) -> bool:
        """As above."""
        kept = np.delete(np.arange(len(self.index)), rows)
        none = self.index.vectors_at(kept[:0])
        self.index = renewed_index(self.index, kept, np.arange(len(kept)), none, self.index.ids[kept])
        return True


class Numpy(Ours):
    """`ExactIndex`."""

    name = "exact, numpy"

    @classmethod
    def keep(cls, halves: Float16Array, folder: Path) -> None:
        """As above."""
        np.save(folder / "halves.npy", halves)

    def __init__(self, folder: Path) -> None:
        """As above."""
        vectors = units_of(np.load(folder / "halves.npy"))
        self.index = self._made(vectors, np.arange(len(vectors)))

    def _made(self, vectors: Float32Array, ids: Int64Array) -> VectorIndex:
        return ExactIndex(vectors, ids)

    def remove(self, rows: Int64Array) -> bool:
        """As above; built anew, whatever would serve so many."""
        kept = np.delete(np.arange(len(self.index)), rows)
        self.index = self._made(self.index.vectors_at(kept), self.index.ids[kept])
        return True


class Faiss(Numpy):
    """`FaissIndex`."""

    name = "exact, FAISS"
    module = "faiss"

    def _made(self, vectors: Float32Array, ids: Int64Array) -> VectorIndex:
        return FaissIndex.build(vectors, ids)


class Partitioned(Ours):
    """`PartitionedIndex`."""

    name = "partitions"

    @classmethod
    def keep(cls, halves: Float16Array, folder: Path) -> None:
        """As above."""
        index = PartitionedIndex.build(units_of(halves), np.arange(len(halves)))
        held = index.partitions
        arrays: dict[str, np.ndarray] = {"centroids": held.centroids, "starts": held.starts, "slots": index.slots}
        write_cache(folder, Prepared({}, {**arrays, "sums": held.sums, "halves": held.halves}))

    def __init__(self, folder: Path) -> None:
        """As above."""
        kept = read_cache(folder)
        if kept is None:
            raise SystemExit("the partitions were not kept")
        held = {name: kept.arrays[name] for name in ("centroids", "starts", "halves", "sums")}
        slots = kept.arrays["slots"]
        self.index = PartitionedIndex(Partitions(**held, file=folder / CACHE_FILE), slots, np.arange(len(slots)))


class Halves(Numpy):
    """All products with the mapped 16 bits; what the package does not have."""

    name = "exact, 16 bits mapped"

    def __init__(self, folder: Path) -> None:
        """As above."""
        self._halves: Float16Array = np.load(folder / "halves.npy", mmap_mode="r")

    def rows(self, queries: Float32Array, k: int) -> Int64Array:
        """As above."""
        found = np.empty((len(queries), k), np.int64)
        for place, query in enumerate(queries):
            spans = range(0, len(self._halves), _SPANS)
            scores = np.concatenate([half_products(self._halves[start : start + _SPANS], query) for start in spans])
            found[place] = np.argpartition(scores, -k)[-k:]
        return found

    def append(self, vectors: Float32Array) -> None:
        """As above."""
        self._halves = np.concatenate([self._halves, halves_of(vectors)])

    def remove(self, rows: Int64Array) -> bool:
        """As above."""
        self._halves = np.delete(self._halves, rows, axis=0)
        return True


OURS: tuple[type[Kind], ...] = (Numpy, Faiss, Partitioned, Halves)
