"""Which shape a picture shows, as a small template: drawings of one logo fit onto each other.

The network is trained to look past details, in which marks that look alike differ.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from logo_retrieval.types import SHAPE_PX, BoolArray, Float32Array, Float64Array, Int8Array, UInt8Array

_GRID_PX = 64
_LUMA = (299, 587, 114)
"""Of ITU-R BT.601, in thousandths."""

_FAINT = 4
"""Grey levels by which ink differs from its ground at least."""

_FULL = 127
_AT_ONCE = 256
"""Pictures, so that any number of them takes no more memory."""


def templates(views: UInt8Array) -> Int8Array:
    """The grey levels of what n pictures show, small, about their mean.

    What differs from the ground is cut out and stretched to a square: of wide drawings, which are a band on much
    ground, any two would fit else.

    Args:
        views: (n, s, s, 3) uint8 RGB, one at least.

    Returns:
        (n, 256) int8, row by row of 16 by 16 squares, the one farthest from the mean at 127 or -127; zeros for a
        picture that is all but even.
    """
    grey = _grey(views)
    border = np.concatenate(
        [grey[:, [0, -1]].reshape(len(grey), -1), grey[:, :, [0, -1]].reshape(len(grey), -1)], axis=1
    )
    ink = np.abs(grey - np.median(border, axis=1)[:, None, None]) > _FAINT
    stretched = [_stretched(*pair) for pair in zip(grey, ink, strict=True)]
    levels = np.stack(stretched).reshape(-1, SHAPE_PX**2)
    levels -= levels.mean(axis=1, keepdims=True)
    farthest = np.abs(levels).max(axis=1, keepdims=True)
    scaled: Int8Array = np.rint(_FULL * levels / np.where(farthest == 0, 1, farthest)).astype(np.int8)
    return scaled


def correlation(shapes: Int8Array, others: Int8Array) -> Float64Array:
    """How well pictures fit onto each other, 0 to 1, whichever of them is dark on light.

    The absolute normalised cross-correlation (Lewis 1995, "Fast normalized cross-correlation") of the whole templates.
    0 for a picture that shows nothing.

    Args:
        shapes: (n, 256) by `templates`.
        others: (n, k, 256) by the same.

    Returns:
        (n, k).

    >>> left = np.repeat(np.array([[127, -127]], np.int8), 128, axis=0).reshape(1, 256)
    >>> correlation(left, np.stack([left, -left, 0 * left], axis=1))
    array([[1., 1., 0.]])
    """
    found = np.empty(others.shape[:2])
    for start in range(0, len(shapes), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        found[some] = _correlation(shapes[some].astype(np.float32), others[some].astype(np.float32))
    return found


def _correlation(one: Float32Array, other: Float32Array) -> Float64Array:
    """The same of whole numbers, whose sums are below 2**24 and so exact."""
    products = np.matmul(other, one[:, :, None])[..., 0].astype(np.float64)
    lengths = np.sqrt((one**2).sum(axis=-1).astype(np.float64))[:, None] * np.sqrt(
        (other**2).sum(axis=-1).astype(np.float64)
    )
    found: Float64Array = np.minimum(np.abs(products) / np.where(lengths == 0, 1, lengths), 1)
    return found


def _grey(views: UInt8Array) -> Float64Array:
    """(n, 64, 64) grey levels, means over squares of pixels."""
    n, side_px = views.shape[:2]
    square_px = max(side_px // _GRID_PX, 1)
    fitting_px = _GRID_PX * square_px
    if fitting_px != side_px:
        taken = np.arange(fitting_px) * side_px // fitting_px
        views = views[:, taken][:, :, taken]
    rows = views.reshape(n, _GRID_PX, square_px, fitting_px * 3)
    summed = rows[:, :, 0].astype(np.uint16)
    for place in range(1, square_px):
        summed += rows[:, :, place]
    red, green, blue = (summed[:, :, channel::3].astype(np.int32) for channel in range(3))
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    grey: Float64Array = luma[:, :, ::square_px].astype(np.float64)  # whole numbers, whose sums are exact
    for place in range(1, square_px):
        grey += luma[:, :, place::square_px]
    grey /= sum(_LUMA) * square_px**2
    return grey


def _stretched(grey: Float64Array, ink: BoolArray) -> Float64Array:
    """(16, 16) of the part that has ink; zeros where none has."""
    if not ink.any():
        return np.zeros((SHAPE_PX, SHAPE_PX))
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    down, across = (_shares(int(line[0]), int(line[-1]) + 1) for line in (rows, columns))
    found: Float64Array = down @ grey @ across.T
    return found


@lru_cache(maxsize=1024)
def _shares(start: int, end: int) -> Float64Array:
    """(16, 64): how much of each of 16 equal parts of a stretch lies in each place of the grid."""
    edges = np.linspace(start, end, SHAPE_PX + 1)
    places = np.arange(_GRID_PX)
    overlap = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
    shares: Float64Array = overlap.clip(min=0) * SHAPE_PX / (end - start)
    return shares
