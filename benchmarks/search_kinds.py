"""Kinds of search over a gallery, each as it is built, kept in a file, opened, asked and changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from logo_retrieval.packed import units_of
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex
from logo_retrieval.search.halves import half_products, halves_of
from logo_retrieval.search.open import renewed_index
from logo_retrieval.search.partitions import PartitionedIndex, Partitions
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.store.cache import Prepared, read_cache, write_cache
from logo_retrieval.types import Float16Array, Float32Array, Int64Array

LINKS, EFFORT = 16, 100
"""Of graphs: links of a vector, and candidates when one is added and when one is searched for."""

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
        self.index = PartitionedIndex(Partitions(**held), slots, np.arange(len(slots)))


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


class ScikitLearn(Numpy):
    """`NearestNeighbors`, by brute force."""

    name = "exact, scikit-learn"
    module = "sklearn"
    most = 200_000

    def __init__(self, folder: Path) -> None:
        """As above."""
        self._fit(units_of(np.load(folder / "halves.npy")))

    def _fit(self, vectors: Float32Array) -> None:
        from sklearn.neighbors import NearestNeighbors

        self._vectors = vectors
        self._neighbours = NearestNeighbors(algorithm="brute", metric="cosine").fit(vectors)

    def rows(self, queries: Float32Array, k: int) -> Int64Array:
        """As above."""
        found: Int64Array = self._neighbours.kneighbors(queries, k, return_distance=False)
        return found

    def append(self, vectors: Float32Array) -> None:
        """As above."""
        self._fit(np.concatenate([self._vectors, vectors]))

    def remove(self, rows: Int64Array) -> bool:
        """As above."""
        self._fit(np.delete(self._vectors, rows, axis=0))
        return True


class FaissPartitions(Kind):
    """FAISS's own inverted file in 16 bits, with as many partitions as ours, and 32 looked at."""

    name = "IVF, FAISS, 16 bits"
    module = "faiss"

    @classmethod
    def keep(cls, halves: Float16Array, folder: Path) -> None:
        """As above."""
        import faiss

        vectors = units_of(halves)
        n_lists = int(8 * np.sqrt(len(vectors)))
        inner, d = faiss.METRIC_INNER_PRODUCT, vectors.shape[1]
        coarse = faiss.IndexFlatIP(d)
        index = faiss.IndexIVFScalarQuantizer(coarse, d, n_lists, faiss.ScalarQuantizer.QT_fp16, inner, False)
        index.cp.niter, index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 6, 1, 32
        index.train(vectors)
        index.add(vectors)
        index.nprobe = 32
        faiss.write_index(index, str(folder / "index"))

    def __init__(self, folder: Path) -> None:
        """As above."""
        import faiss

        self._index: Any = faiss.read_index(str(folder / "index"))

    def rows(self, queries: Float32Array, k: int) -> Int64Array:
        """As above."""
        found: Int64Array = self._index.search(queries, k)[1]
        return found

    def append(self, vectors: Float32Array) -> None:
        """As above."""
        self._index.add(vectors)

    def remove(self, rows: Int64Array) -> bool:
        """As above."""
        self._index.remove_ids(rows)
        return True


class Hnswlib(Kind):
    """A graph in 32 bits."""

    name = "HNSW, hnswlib"
    module = "hnswlib"
    most = 200_000

    @classmethod
    def keep(cls, halves: Float16Array, folder: Path) -> None:
        """As above."""
        import hnswlib

        index = hnswlib.Index("ip", halves.shape[1])
        index.init_index(len(halves), ef_construction=EFFORT, M=LINKS)
        index.add_items(units_of(halves))
        index.save_index(str(folder / "index"))
        np.save(folder / "dim.npy", halves.shape[1])

    def __init__(self, folder: Path) -> None:
        """As above."""
        import hnswlib

        self._index = hnswlib.Index("ip", int(np.load(folder / "dim.npy")))
        self._index.load_index(str(folder / "index"))
        self._index.set_ef(2 * EFFORT)

    def rows(self, queries: Float32Array, k: int) -> Int64Array:
        """As above."""
        return np.asarray(self._index.knn_query(queries, k)[0], np.int64)

    def append(self, vectors: Float32Array) -> None:
        """As above."""
        self._index.resize_index(self._index.get_max_elements() + len(vectors))
        self._index.add_items(vectors)

    def remove(self, rows: Int64Array) -> bool:
        """As above; marked, and still there."""
        for row in rows.tolist():
            self._index.mark_deleted(row)
        return True


class Usearch(Kind):
    """A graph in 16 bits."""

    name = "HNSW, usearch, 16 bits"
    module = "usearch"
    most = 200_000

    @classmethod
    def keep(cls, halves: Float16Array, folder: Path) -> None:
        """As above."""
        from usearch.index import Index

        index = Index(ndim=halves.shape[1], metric="ip", dtype="f16", connectivity=LINKS, expansion_add=EFFORT)
        index.add(np.arange(len(halves)), units_of(halves))
        index.save(str(folder / "index"))

    def __init__(self, folder: Path) -> None:
        """As above."""
        from usearch.index import Index

        self._index = Index.restore(str(folder / "index"))
        self._index.expansion_search = 2 * EFFORT

    def rows(self, queries: Float32Array, k: int) -> Int64Array:
        """As above."""
        return np.atleast_2d(self._index.search(queries, k).keys).astype(np.int64)

    def append(self, vectors: Float32Array) -> None:
        """As above."""
        self._index.add(len(self._index) + np.arange(len(vectors)), vectors)

    def remove(self, rows: Int64Array) -> bool:
        """As above."""
        self._index.remove(rows)
        return True


KINDS: tuple[type[Kind], ...] = (
    Numpy,
    Faiss,
    Partitioned,
    Halves,
    ScikitLearn,
    FaissPartitions,
    Hnswlib,
    Usearch,
)
