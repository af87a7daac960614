"""Whether rows of numbers are as they were written, row by row: of a large file, only what is used is looked at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from logo_retrieval.types import Float16Array, UInt8Array

UInt32Array = npt.NDArray[np.uint32]

_AT_ONCE = 16_384
"""Rows, so that any number of them takes no more memory."""


def row_sums(rows: Float16Array | UInt8Array) -> UInt32Array:
    """(n,) a checksum of each of (n, d) rows of an even number of bytes, modulo 2^32.

    Whichever two bytes change, it changes. Each two count by an odd number of their own, so that what is exchanged is
    seen too; zeros alone give 0.
    """
    pairs = np.ascontiguousarray(rows).view("<u2")
    weights = 2 * np.arange(pairs.shape[1], dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(1)
    sums = np.empty(len(pairs), np.uint32)
    for start in range(0, len(pairs), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        sums[some] = (pairs[some].astype(np.uint32) * weights).sum(axis=1, dtype=np.uint32)
    return sums


def changed(rows: Float16Array | UInt8Array, sums: UInt32Array) -> bool:
    """Whether one of (n, d) rows has another checksum than it should; a row that was just wiped does not count.

    Rows are wiped before their checksums, so these must have been taken before the rows.
    """
    found = row_sums(rows)
    return bool(((found != sums) & (found != 0)).any())
