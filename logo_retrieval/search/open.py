"""Which index serves a gallery, by its size."""

from __future__ import annotations

import numpy as np

from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex, faiss_is_installed, searches_on_gpu
from logo_retrieval.search.partitions import PartitionedIndex
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.segments import SegmentedIndex
from logo_retrieval.types import Float32Array, Int64Array

FAISS_FROM = 20_000
"""Vectors from which on FAISS is worth its import; below, numpy finds the same sooner (`benchmarks/search.py`)."""

PARTITIONED_FROM = 200_000
"""Vectors from which on an exact search of one picture takes longer than all else that is done for its answer
(`benchmarks/search_at_scale.py`, `benchmarks/growth.py`); a search of some partitions misses few neighbours then."""

LONGEST_TAIL = 8192
"""Rows behind those of a large index that are searched apart; more come to it."""


def is_large(n_rows: int) -> bool:
    """Whether a gallery of so many vectors is worth a cache."""
    return n_rows >= FAISS_FROM


def open_index(vectors: Float32Array, ids: Int64Array) -> VectorIndex:
    """An index over (m, d) float32 unit vectors with (m,) int64 ids; an id may occur several times, once a view.

    A small gallery is searched exactly with numpy, a larger one exactly with FAISS where it is installed. A very large
    one is searched in partitions, unless there is a GPU, which searches exactly.

    Raises:
        BackendError: when FAISS would serve and two distributions of it are installed over one another.
    """
    if not is_large(len(vectors)):
        return ExactIndex(vectors, ids)
    if len(vectors) >= PARTITIONED_FROM and not searches_on_gpu():
        return PartitionedIndex.build(vectors, ids)
    return (FaissIndex.build if faiss_is_installed() else ExactIndex)(vectors, ids)


def renewed_index(
    before: VectorIndex, kept: Int64Array, places: Int64Array, fresh: Float32Array, ids: Int64Array
) -> VectorIndex:
    """An index of rows of which most lie in another index already; of a large one these stay where they are.

    Args:
        before: the other index.
        kept: (k,) its rows that stay, ascending.
        places: (k,) the rows that they have now, ascending.
        fresh: (f, d) the vectors of all other rows, in their order.
        ids: (k + f,) of all rows now.
    """
    # The large index stays as it is, the base. Behind it comes a tail: what came since it was made and stays, then
    # what is fresh. Where the base cannot stay, or rows came between others, all is laid out anew below.
    base = before.base if isinstance(before, SegmentedIndex) else before
    of_base = kept[: np.searchsorted(kept, len(base))]
    if is_large(len(ids)) and np.array_equal(places, np.arange(len(kept))):  # what came is behind what was
        if isinstance(base, PartitionedIndex) and len(of_base) < len(base):
            base = base.without(of_base)
        if len(of_base) == len(base):
            tail = np.concatenate([before.vectors_at(kept[len(of_base) :]), fresh])
            index = SegmentedIndex(base, ExactIndex(tail, ids[len(of_base) :])) if len(tail) else base
            return index if len(tail) <= LONGEST_TAIL else merged_index(index)
    vectors = np.empty((len(ids), fresh.shape[1]), np.float32)
    is_fresh = np.full(len(ids), True)
    is_fresh[places] = False
    vectors[is_fresh] = fresh
    vectors[~is_fresh] = before.vectors_at(kept)
    return open_index(vectors, ids)


def is_most_of(before: VectorIndex, now: VectorIndex) -> bool:
    """Whether an index is another with few rows more or less, so that this one is worth keeping."""
    base, n_tail = (now.base, len(now.tail)) if isinstance(now, SegmentedIndex) else (now, 0)
    if isinstance(base, PartitionedIndex) and isinstance(before, PartitionedIndex):
        same, n_gone = base.partitions is before.partitions, len(before) - len(base)
    else:
        same, n_gone = base is before, 0
    return same and n_tail + n_gone <= LONGEST_TAIL // 2


def merged_index(index: VectorIndex) -> VectorIndex:
    """The same rows without a tail: those of partitions go into them."""
    if not isinstance(index, SegmentedIndex):
        return index
    vectors, ids = index.tail.vectors_at(np.arange(len(index.tail))), index.tail.ids
    if isinstance(index.base, PartitionedIndex) and not index.base.is_outgrown_by(len(index)):
        return index.base.grown(vectors, ids)
    everything = np.concatenate([index.base.vectors_at(np.arange(len(index.base))), vectors])
    return open_index(everything, np.concatenate([index.base.ids, ids]))
