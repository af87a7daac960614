"""Which index serves: numpy for small galleries, FAISS for large ones where it is installed."""

from __future__ import annotations

from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex, faiss_is_installed
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.types import Float32Array, Int64Array

FAISS_FROM = 20_000
"""Vectors from which on FAISS is worth its import; below, numpy finds the same sooner (`benchmarks/search.py`)."""


def open_index(vectors: Float32Array, ids: Int64Array) -> VectorIndex:
    """An exact index over (m, d) float32 unit vectors with (m,) int64 ids; an id may occur several times, once a view.

    Raises:
        BackendError: when FAISS would serve and two distributions of it are installed over one another.
    """
    serves = len(vectors) >= FAISS_FROM and faiss_is_installed()
    return FaissIndex.build(vectors, ids) if serves else ExactIndex(vectors, ids)
