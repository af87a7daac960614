"""Unit vectors as an index keeps them: 16 bits a component; a cosine moves by less than a thousandth of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logo_retrieval.types import BoolArray, Float32Array


def vector_blob(vector: Float32Array) -> bytes:
    """The bytes of one (d,) unit vector."""
    return vector.astype("<f2").tobytes()


def vectors_of(blobs: Sequence[bytes], dim: int) -> Float32Array | None:
    """(n, dim) float32 of n blobs; None when one of them is no blob of that width."""
    if any(not isinstance(blob, bytes) or len(blob) != 2 * dim for blob in blobs):
        return None
    return np.frombuffer(b"".join(blobs), "<f2").reshape(len(blobs), dim).astype(np.float32)


def are_unit(vectors: Float32Array) -> BoolArray:
    """(n,) whether each row is of unit length but for its rounding; false of what is no number."""
    fine: BoolArray = np.abs(np.linalg.norm(vectors, axis=1) - 1) < 1e-3
    return fine
