"""What an index keeps of a drawing beside its vectors: a hash of its looks, and a picture to show as evidence."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image

from logo_retrieval.types import Float32Array, Int64Array, UInt8Array

_HASHED_SIDE = 32
_FREQUENCIES = 8
THUMBNAIL_SIDE_PX = 64


def perceptual_hash(view: UInt8Array) -> int:
    """64 bits as a signed integer; near-duplicates differ in few bits (Hamming distance).

    The sign of each of the 8 x 8 lowest frequencies of the discrete cosine transform of the grey picture at 32 x 32,
    against their median (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions",
    section 3.2.1; the constant term takes part here, which keeps light on dark apart from dark on light).

    Args:
        view: (s, s, 3) uint8 RGB.
    """
    grey = Image.fromarray(view).convert("L").resize((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.BOX)
    basis = _cosine_basis()
    frequencies = basis @ np.asarray(grey, np.float32) @ basis.T
    bits = np.packbits(frequencies > np.median(frequencies))
    return int.from_bytes(bits.tobytes(), "big", signed=True)


def hamming_distance(hashes: Int64Array, others: Int64Array) -> UInt8Array:
    """In how many bits hashes differ, 0 to 64; shapes are broadcast as numpy does.

    >>> hamming_distance(np.array([0b0111, -1]), np.array(0b0001))
    array([ 2, 63], dtype=uint8)
    """
    differing: UInt8Array = np.bitwise_count(hashes.view(np.uint64) ^ others.view(np.uint64))
    return differing


def shape_distance(hashes: Int64Array, others: Int64Array) -> UInt8Array:
    """The Hamming distance of perceptual hashes, 0 to 32; a negative has nearly all bits inverted and counts as near.

    >>> shape_distance(np.array([0b0111, -1]), np.array(0b0001))
    array([2, 1], dtype=uint8)
    """
    differing = hamming_distance(hashes, others)
    return np.minimum(differing, 64 - differing)


@cache
def _cosine_basis() -> Float32Array:
    """(8, 32): the lowest rows of the DCT-II matrix."""
    sample = np.arange(_HASHED_SIDE, dtype=np.float32) + 0.5
    frequency = np.arange(_FREQUENCIES, dtype=np.float32)[:, None]
    return np.cos(np.pi * frequency * sample / _HASHED_SIDE).astype(np.float32)


def thumbnail(view: UInt8Array, side_px: int = THUMBNAIL_SIDE_PX) -> bytes:
    """A square WebP of an (s, s, 3) uint8 RGB view; at 64 x 64 pixels less than a kilobyte."""
    picture = Image.fromarray(view).resize((side_px, side_px), Image.Resampling.BOX)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=60, method=4)
    return file.getvalue()
