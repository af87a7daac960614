"""Which hues a picture shows: marks that look alike often differ in colour, and the network hardly sees colours."""

from __future__ import annotations

from functools import cache

import numpy as np

from logo_retrieval.types import HUES, Float64Array, UInt8Array

_SIDE_PX = 64
_LEVELS = 16
_GREY, _FULL = 0.04, 0.12
"""Chroma in OKLab up to which a pixel counts as grey, and from which on it counts in full."""

_LEAST_COLOURED = 0.03
"""Of all pixels; with less a picture counts as one without colour."""

_UNIT = 1000
"""Pixels are counted in whole numbers, so that sums are the same in any order."""


def hue_histograms(views: UInt8Array) -> UInt8Array:
    """How common each hue is in n pictures.

    A pixel counts the more the farther it is from grey. What counts are the hues of OKLab (Ottosson 2020, "A perceptual
    color space for image processing"), each shared between the nearest parts of the circle and smoothed over their
    neighbours, so that a tone next to another counts as nearly the same.

    Args:
        views: (n, s, s, 3) uint8 RGB.

    Returns:
        (n, 16) uint8, each row summing to about 255; zeros for a picture that is all but without colour.
    """
    step = max(1, views.shape[1] // _SIDE_PX)
    red, green, blue = (views[:, ::step, ::step, channel].astype(np.int64) >> 4 for channel in range(3))
    codes = ((red * _LEVELS + green) * _LEVELS + blue).reshape(len(views), -1)
    first = np.arange(len(views))[:, None] * _LEVELS**3
    counts = np.bincount((codes + first).ravel(), minlength=len(views) * _LEVELS**3).reshape(len(views), -1)
    sums = counts.astype(np.float64) @ _shares_of_hues()
    coloured = sums.sum(axis=1, keepdims=True)
    shown = coloured >= _LEAST_COLOURED * _UNIT * codes.shape[1]
    return np.rint(np.where(shown, 255 * sums / np.maximum(coloured, 1), 0)).astype(np.uint8)


def agreement(hues: UInt8Array, others: UInt8Array) -> Float64Array:
    """How much the hues of pictures have in common, 0 to 1; NaN where one of the two shows none.

    The intersection of their histograms (Swain and Ballard 1991, "Color indexing").

    Args:
        hues: (..., 16) by `hue_histograms`; shapes are broadcast as numpy does.
        others: likewise.

    >>> red, half = np.eye(16, dtype=np.uint8)[0], np.eye(16, dtype=np.uint8)[[0, 8]].sum(axis=0)
    >>> agreement(red, np.stack([red, half, 0 * red]))
    array([1. , 0.5, nan])
    """
    one, other = (_normalised(each) for each in (hues, others))
    found: Float64Array = np.minimum(one, other).sum(axis=-1)
    return found


def _normalised(hues: UInt8Array) -> Float64Array:
    sums = hues.sum(axis=-1, keepdims=True, dtype=np.float64)
    found: Float64Array = hues / np.where(sums == 0, np.nan, sums)
    return found


@cache
def _shares_of_hues() -> Float64Array:
    """(4096, 16): what a pixel of each colour, four bits a channel, adds to each hue, in whole numbers."""
    codes = np.arange(_LEVELS**3)
    channels = np.stack([codes // _LEVELS**2, codes // _LEVELS % _LEVELS, codes % _LEVELS], axis=1) / (_LEVELS - 1)
    green_red, blue_yellow = _oklab(channels)[:, 1:].T
    counted = np.clip((np.hypot(green_red, blue_yellow) - _GREY) / (_FULL - _GREY), 0, 1)
    place = np.arctan2(blue_yellow, green_red) / (2 * np.pi) % 1 * HUES
    lower, share = place.astype(np.int64) % HUES, place % 1
    found = np.zeros((len(codes), HUES))
    np.add.at(found, (codes, lower), counted * (1 - share))
    np.add.at(found, (codes, (lower + 1) % HUES), counted * share)
    smoothed = found / 2 + (np.roll(found, 1, axis=1) + np.roll(found, -1, axis=1)) / 4
    whole: Float64Array = np.rint(_UNIT * smoothed)
    return whole


def _oklab(rgb: Float64Array) -> Float64Array:
    """(n, 3) in OKLab of (n, 3) sRGB in [0, 1]; the matrices are those of Ottosson 2020."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    found: Float64Array = np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )
    return found
