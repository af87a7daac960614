"""The only room of FAISS: exact inner product on the CPU, or on every GPU there is."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from logo_retrieval.errors import BackendError
from logo_retrieval.search.products import settled
from logo_retrieval.search.protocol import check_gallery, check_queries, padded
from logo_retrieval.types import Float32Array, Int64Array, Neighbours

_FOR_GPUS = ("faiss-gpu", "faiss-gpu-cu12")
_DISTRIBUTIONS = ("faiss-cpu", *_FOR_GPUS)

_BLAS_THRESHOLD = 1024
"""FAISS multiplies matrices from this many queries x dimensions on, and scans query by query below. Its own default
of 128,000 leaves a batch of 256 queries of width 256 about 20 times slower."""

_FROM_CPU = 2048
"""From so many rows a query on, FAISS refuses to search on a GPU."""


def faiss_is_installed() -> bool:
    """Whether FAISS is there to be imported.

    Raises:
        BackendError: when two distributions of it are installed: they share the module `faiss`, whichever came last
            has overwritten the other's files, and GPU search may be gone without a word.
    """
    present = [name for name in _DISTRIBUTIONS if _is_installed(name)]
    if len(present) > 1:
        raise BackendError(
            f"{' and '.join(present)} are installed together and overwrite each other's files: run "
            f"`pip uninstall {' '.join(present)}`, then install one of them with the extra [cpu] or [gpu]"
        )
    return bool(present)


def searches_on_gpu() -> bool:
    """Whether FAISS is there to search on a GPU, and there is one."""
    return any(map(_is_installed, _FOR_GPUS)) and _n_gpus(_faiss()) > 0


def _n_gpus(faiss: Any) -> int:  # noqa: ANN401 - as below
    return int(faiss.get_num_gpus()) if hasattr(faiss, "get_num_gpus") else 0


def _is_installed(distribution: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version  # mail and zip come with it

    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def _faiss() -> Any:  # noqa: ANN401 - FAISS has no types
    try:
        import faiss
    except ImportError as error:
        raise BackendError(f"FAISS does not import ({error}): install the extra [cpu] or [gpu]") from error
    faiss.cvar.distance_compute_blas_threshold = _BLAS_THRESHOLD
    return faiss


class FaissIndex:
    """Exact inner product with FAISS; the same neighbours as `ExactIndex`, up to ties and rounding.

    Attributes:
        ids: (m,) of the rows.
    """

    def __init__(self, flat: Any, ids: Int64Array) -> None:  # noqa: ANN401 - as above
        """Wraps a FAISS index whose row i has the id ids[i]; `build` is the way in."""
        faiss = _faiss()
        self._flat = flat
        self.ids = ids
        # With 0 GPUs the transfer returns an empty index without an error, hence the guard.
        self._searcher = faiss.index_cpu_to_all_gpus(flat) if _n_gpus(faiss) > 0 else flat

    @classmethod
    def build(cls, vectors: Float32Array, ids: Int64Array) -> Self:
        """An index over (m, d) unit vectors with (m,) ids.

        Raises:
            ValueError: when shapes or dtypes do not fit.
            BackendError: when FAISS cannot be imported.
        """
        check_gallery(vectors, ids)
        flat = _faiss().IndexFlatIP(vectors.shape[1])
        flat.add(np.ascontiguousarray(vectors))
        return cls(flat, ids)

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, queries: Float32Array, k: int) -> Neighbours:
        """The k nearest gallery rows of each of (n, d) unit queries; fewer than k rows are padded."""
        check_queries(queries, k, self._flat.d)
        rows = min(k, len(self.ids))  # asked for more, FAISS pads with -1 and -3.4e38
        if rows == 0:
            return padded(np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32), k)
        searcher = self._searcher if rows < _FROM_CPU else self._flat
        _, candidates = searcher.search(np.ascontiguousarray(queries), rows)
        positions, similarities = settled(queries, candidates, self.vectors_at)
        return padded(self.ids[positions], similarities, k)

    def vectors_at(self, rows: Int64Array) -> Float32Array:
        """The (r, d) vectors of some of the rows that the index was built from."""
        vectors: Float32Array = self._flat.reconstruct_batch(rows)
        return vectors
