"""Kinds of search by other libraries, to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from search_kinds import Kind, Numpy

from logo_retrieval.packed import units_of
from logo_retrieval.types import Float16Array, Float32Array, Int64Array

LINKS, EFFORT = 16, 100
"""Of graphs: links of a vector, and candidates when one is added and when one is searched for."""


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


PEERS: tuple[type[Kind], ...] = (ScikitLearn, FaissPartitions, Hnswlib, Usearch)
