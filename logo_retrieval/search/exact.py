"""Exact inner-product search in numpy: the oracle for every other index, and the fallback without FAISS."""

from __future__ import annotations

import numpy as np

from logo_retrieval.search.products import rough_products, settled
from logo_retrieval.search.protocol import check_gallery, check_queries, padded
from logo_retrieval.types import Float32Array, Int64Array, Neighbours

_SCORES_PER_BLOCK = 1 << 24
"""Scores held at once: 64 MiB of float32, however large the gallery."""


class ExactIndex:
    """All inner products, best k kept.

    Ties are broken by the smaller position in the gallery, and products do not depend on the batch, nor do answers.

    Attributes:
        ids: (m,) of the rows.
    """

    def __init__(self, vectors: Float32Array, ids: Int64Array) -> None:
        """Holds (m, d) unit vectors and their (m,) ids; an id may occur several times, once a view.

        Raises:
            ValueError: when shapes or dtypes do not fit.
        """
        check_gallery(vectors, ids)
        self._vectors = vectors
        self.ids = ids

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, queries: Float32Array, k: int) -> Neighbours:
        """The k nearest gallery rows of each of (n, d) unit queries; fewer than k rows are padded."""
        check_queries(queries, k, self._vectors.shape[1])
        rows = min(k, len(self.ids))
        candidates = np.empty((len(queries), rows), np.int64)
        block = max(1, _SCORES_PER_BLOCK // max(1, len(self.ids)))
        for start in range(0, len(queries), block):
            scores = rough_products(queries[start : start + block], self._vectors)
            candidates[start : start + block] = _best(scores, rows)
        positions, similarities = settled(queries, candidates, self.vectors_at)
        return padded(self.ids[positions], similarities, k)

    def vectors_at(self, rows: Int64Array) -> Float32Array:
        """The (r, d) vectors of some of the rows that the index was built from."""
        return self._vectors[rows]


def _best(scores: Float32Array, k: int) -> Int64Array:
    """(n, k) positions of the largest of (n, m) scores, the largest first, of equal ones the first, m at least k."""
    if k == scores.shape[1]:
        return np.argsort(-scores, axis=1, kind="stable")
    chosen = np.sort(np.argpartition(scores, -k, axis=1)[:, -k:], axis=1)
    values = np.take_along_axis(scores, chosen, axis=1)
    least = values.min(axis=1, keepdims=True)
    tied = np.flatnonzero((scores >= least).sum(axis=1) > k)  # with one that was not chosen, perhaps an earlier one
    order = np.argsort(-values, axis=1, kind="stable")
    best: Int64Array = np.take_along_axis(chosen, order, axis=1)
    best[tied] = np.argsort(-scores[tied], axis=1, kind="stable")[:, :k]
    return best
