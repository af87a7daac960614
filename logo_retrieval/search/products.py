"""Inner products that are the same to the last bit whatever else is asked beside them.

A BLAS adds up in another order for one query than for thirty, so that a sixth digit would hang on the batch. What it
finds is therefore multiplied once more, row by row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from logo_retrieval.types import Float32Array, Int64Array

_FEW = 16
"""Up to so many queries a BLAS that is given the gallery first is up to twice as quick: it need not copy all of it."""


def products(rows: Float32Array, vector: Float32Array) -> Float32Array:
    """(k,) of (k, d) with (d,), each added up by itself.

    >>> rows = np.random.default_rng(0).standard_normal((40, 64), np.float32)
    >>> bool((products(rows, rows[3])[7:9] == products(rows[7:9], rows[3])).all())
    True
    """
    sums: Float32Array = np.einsum("kd,d->k", rows, vector)
    return sums


def rough_products(queries: Float32Array, rows: Float32Array) -> Float32Array:
    """(n, m) of (n, d) with (m, d), to choose by: as quick as a BLAS is, and in its order.

    >>> rough_products(np.eye(2, dtype=np.float32), np.float32([[1, 2], [3, 4], [5, 6]]))
    array([[1., 3., 5.],
           [2., 4., 6.]], dtype=float32)
    """
    if len(queries) > _FEW:
        return queries @ rows.T
    return np.ascontiguousarray((rows @ queries.T).T)


def settled(
    queries: Float32Array, candidates: Int64Array, vectors_at: Callable[[Int64Array], Float32Array]
) -> tuple[Int64Array, Float32Array]:
    """Candidates in the order of their exact products, of equal ones the first row first, and these products.

    Args:
        queries: (n, d).
        candidates: (n, k) rows of a gallery.
        vectors_at: gives the vectors of some rows.
    """
    positions = np.sort(candidates, axis=1)
    similarities = np.empty(positions.shape, np.float32)
    for place, query in enumerate(queries):
        similarities[place] = products(vectors_at(positions[place]), query)
    order = np.argsort(-similarities, axis=1, kind="stable")
    return np.take_along_axis(positions, order, axis=1), np.take_along_axis(similarities, order, axis=1)
