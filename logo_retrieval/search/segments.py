"""Two indexes as one: a large one that stays as it is, and a small one of what has come since."""

from __future__ import annotations

import numpy as np

from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.types import Float32Array, Int64Array, Neighbours


class SegmentedIndex:
    """The rows of `base` and then those of `tail`, with the same neighbours as one index of all of them.

    Attributes:
        base: the first rows.
        tail: the last ones.
    """

    def __init__(self, base: VectorIndex, tail: VectorIndex) -> None:
        """Takes two indexes of one width, whose ids differ."""
        self.base = base
        self.tail = tail

    @property
    def ids(self) -> Int64Array:
        """(m,) of the rows."""
        return np.concatenate([self.base.ids, self.tail.ids])

    def __len__(self) -> int:
        return len(self.base) + len(self.tail)

    def search(self, queries: Float32Array, k: int) -> Neighbours:
        """The k nearest rows of each of (n, d) unit queries; fewer than k rows are padded."""
        near = [index.search(queries, k) for index in (self.base, self.tail)]
        similarities = np.concatenate([neighbours.similarities for neighbours in near], axis=1)
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]  # of equal ones the first row first
        ids = np.concatenate([neighbours.ids for neighbours in near], axis=1)
        return Neighbours(np.take_along_axis(ids, order, axis=1), np.take_along_axis(similarities, order, axis=1))

    def vectors_at(self, rows: Int64Array) -> Float32Array:
        """The (r, d) vectors of some of the rows."""
        in_base = rows < len(self.base)
        first, last = self.base.vectors_at(rows[in_base]), self.tail.vectors_at(rows[~in_base] - len(self.base))
        vectors = np.empty((len(rows), last.shape[1]), np.float32)
        vectors[in_base], vectors[~in_base] = first, last
        return vectors
