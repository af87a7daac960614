"""Places in arrays: where runs of equal numbers start, and some of many, evenly spread."""

from __future__ import annotations

import numpy as np

from logo_retrieval.types import Int64Array


def run_starts(ordered: Int64Array) -> Int64Array:
    """The places at which a sorted (n,) array has another number than before, 0 among them.

    Unlike `numpy.unique`, it does not sort again, and does not import numpy's masked arrays.

    >>> run_starts(np.array([3, 3, 5, 8, 8, 8])).tolist()
    [0, 2, 3]
    """
    if len(ordered) == 0:
        return np.zeros(0, np.int64)
    return np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1]).astype(np.int64)


def spread(rows: Int64Array, most: int) -> Int64Array:
    """At most so many of some rows, evenly spread over them.

    >>> spread(np.arange(10), 3).tolist()
    [0, 4, 9]
    """
    places = np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(np.int64)
    return rows[places]
