"""Which index serves: numpy for small galleries, FAISS for large ones where it is installed."""

from __future__ import annotations

import numpy as np

from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex, faiss_is_installed
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.segments import SegmentedIndex
from logo_retrieval.types import Float32Array, Int64Array

FAISS_FROM = 20_000
"""Vectors from which on FAISS is worth its import; below, numpy finds the same sooner (`benchmarks/search.py`)."""

LONGEST_TAIL = 8192
"""Rows behind those of a large index that are searched apart; more come to it."""


def is_large(n_rows: int) -> bool:
    """Whether a gallery of so many vectors is searched with FAISS, and worth a cache."""
    return n_rows >= FAISS_FROM


def open_index(vectors: Float32Array, ids: Int64Array, *, settled: int | None = None) -> VectorIndex:
    """An exact index over (m, d) float32 unit vectors with (m,) int64 ids; an id may occur several times, once a view.

    Args:
        vectors: of unit length.
        ids: of their items.
        settled: so many of the first rows will hardly change; all by default. Of a large gallery the others lie apart,
            so that `renewed_index` need not touch the first.

    Raises:
        BackendError: when FAISS would serve and two distributions of it are installed over one another.
    """
    settled = len(vectors) if settled is None else settled
    if not is_large(len(vectors)):
        return ExactIndex(vectors, ids)
    index = FaissIndex.build if faiss_is_installed() else ExactIndex
    if settled == len(vectors):
        return index(vectors, ids)
    tail = ExactIndex(vectors[settled:].copy(), ids[settled:])  # a view would keep all vectors in memory
    return SegmentedIndex(index(vectors[:settled], ids[:settled]), tail)


def renewed_index(
    before: VectorIndex, kept: Int64Array, places: Int64Array, fresh: Float32Array, ids: Int64Array, settled: int
) -> VectorIndex:
    """An index of rows of which most lie in another index already; what that has in its base stays where it is.

    Args:
        before: the other index.
        kept: (k,) its rows that stay, ascending.
        places: (k,) the rows that they have now, ascending.
        fresh: (f, d) the vectors of all other rows, in their order.
        ids: (k + f,) of all rows now.
        settled: see `open_index`.
    """
    n_base = len(before.base) if isinstance(before, SegmentedIndex) else 0
    in_place = np.arange(n_base)
    has_base = np.array_equal(kept[:n_base], in_place) and np.array_equal(places[:n_base], in_place)
    if not has_base or len(ids) - n_base > LONGEST_TAIL:
        n_base = 0
    vectors = np.empty((len(ids) - n_base, fresh.shape[1]), np.float32)
    is_fresh = np.full(len(vectors), True)
    is_fresh[places[n_base:] - n_base] = False
    vectors[~is_fresh] = before.vectors_at(kept[n_base:])
    vectors[is_fresh] = fresh
    if n_base and isinstance(before, SegmentedIndex):
        return SegmentedIndex(before.base, ExactIndex(vectors, ids[n_base:]))
    return open_index(vectors, ids, settled=settled)
