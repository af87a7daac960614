"""What every index does, and the checks that all of them share."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from logo_retrieval.types import MISSING_ID, Float32Array, Int64Array, Neighbours


class VectorIndex(Protocol):
    """Search sees vectors and integer ids, never labels."""

    @property
    def ids(self) -> Int64Array:
        """(m,) of the rows."""
        ...

    def __len__(self) -> int:
        """How many rows there are."""
        ...

    def search(self, queries: Float32Array, k: int) -> Neighbours:
        """The k nearest rows of each of (n, d) float32 unit queries, by inner product."""
        ...

    def vectors_at(self, rows: Int64Array) -> Float32Array:
        """The (r, d) vectors of some of the rows that the index was built from."""
        ...


def check_gallery(vectors: Float32Array, ids: Int64Array) -> None:
    """Raises ValueError unless vectors are (m, d) float32 and ids (m,) int64."""
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ValueError(f"gallery vectors must be float32 of shape (m, d), got {vectors.dtype} of {vectors.shape}")
    if ids.shape != (len(vectors),) or ids.dtype != np.int64:
        raise ValueError(f"gallery ids must be int64 of shape ({len(vectors)},), got {ids.dtype} of {ids.shape}")


def check_queries(queries: Float32Array, k: int, dim: int) -> None:
    """Raises ValueError unless queries are (n, dim) float32 and k is at least 1."""
    if queries.ndim != 2 or queries.dtype != np.float32 or queries.shape[1] != dim:
        raise ValueError(f"queries must be float32 of shape (n, {dim}), got {queries.dtype} of {queries.shape}")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")


def padded(ids: Int64Array, similarities: Float32Array, k: int) -> Neighbours:
    """Neighbours of exactly k columns; places no item took hold `MISSING_ID` and -inf."""
    absent = k - ids.shape[1]
    if absent > 0:
        ids = np.pad(ids, ((0, 0), (0, absent)), constant_values=MISSING_ID)
        similarities = np.pad(similarities, ((0, 0), (0, absent)), constant_values=-np.inf)
    return Neighbours(ids, similarities)
