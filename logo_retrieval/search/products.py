"""Inner products that are the same to the last bit however the rows are put together."""

from __future__ import annotations

import numpy as np

from logo_retrieval.types import Float32Array

_ROWS = 16
"""Of one multiplication, always: a BLAS adds up in another order for one row than for thirty, and a digit flips."""


def inner_products(rows: Float32Array, others: Float32Array) -> Float32Array:
    """(n, m) of (n, d) and (m, d); those of a row do not depend on the rows beside it.

    >>> rows = np.random.default_rng(0).standard_normal((40, 64), np.float32)
    >>> bool((inner_products(rows, rows)[7:9] == inner_products(rows[7:9], rows)).all())
    True
    """
    found = np.empty((len(rows), len(others)), np.float32)
    for start in range(0, len(rows), _ROWS):
        block = rows[start : start + _ROWS]
        if len(block) < _ROWS:
            block = np.concatenate([block, np.zeros((_ROWS - len(block), rows.shape[1]), np.float32)])
        end = min(start + _ROWS, len(rows))
        found[start:end] = (block @ others.T)[: end - start]
    return found
