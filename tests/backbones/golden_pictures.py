"""The two pictures of the golden outputs, drawn with whole numbers so that every machine gets the same."""

from __future__ import annotations

import numpy as np

from logo_retrieval.types import UInt8Array


def golden_pictures(size_px: int) -> UInt8Array:
    """Gives (2, s, s, 3): a colour pattern, and a logo of two overlapping discs."""
    return np.stack([_pattern(size_px), _two_discs(size_px)])


def _pattern(size_px: int) -> UInt8Array:
    row, column = np.indices((size_px, size_px))
    return np.stack([row * 7 + column, column * 3 + row // 5, (row // 16 + column // 16) % 2 * 200], axis=-1).astype(
        np.uint8
    )


def _two_discs(size_px: int) -> UInt8Array:
    row, column = np.indices((size_px, size_px)) * 100
    radius = 26 * size_px
    left, right = ((row - 50 * size_px) ** 2 + (column - centre * size_px) ** 2 <= radius**2 for centre in (34, 66))
    picture = np.full((size_px, size_px, 3), 255, np.uint8)
    picture[left] = (235, 0, 27)
    picture[right] = (247, 158, 27)
    picture[left & right] = (255, 95, 0)
    return picture
