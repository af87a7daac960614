"""Which index serves: FAISS where it is installed, exact numpy search where not."""

from __future__ import annotations

from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex, faiss_is_installed
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.values import Float32Array, Int64Array


def open_index(vectors: Float32Array, ids: Int64Array) -> VectorIndex:
    """An exact index over (m, d) float32 unit vectors with (m,) int64 ids; an id may occur several times, once a view.

    Raises:
        BackendError: when two FAISS distributions are installed over one another.
    """
    return FaissIndex.build(vectors, ids) if faiss_is_installed() else ExactIndex(vectors, ids)
