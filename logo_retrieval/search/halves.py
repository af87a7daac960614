"""Unit vectors in 16 bits a component: products with them, their lengths made good."""

from __future__ import annotations

import numpy as np

from logo_retrieval.packed import units_of
from logo_retrieval.search.products import products
from logo_retrieval.types import Float16Array, Float32Array

_SHIFT = 13
_SIGN_AND_NUMBER = np.int32(-0x70002000)
"""The bits of a float32 into which those of a float16 come by the shift, its sign spread over the exponent removed."""

_STEPS = (0, 1, -1, 2, -2, 3, -3)
"""From a rounded number to the next ones; a thousandth is two steps at most."""

_BIAS = np.float32(2.0**112)
"""A float16 counts its exponent from 15 and a float32 from 127: by the shift a number becomes so many times smaller."""


def halves_of(vectors: Float32Array) -> Float16Array:
    """(n, d) unit vectors rounded to 16 bits; of those that `units_of` has made, the very halves they were made of.

    These were a little longer or shorter than 1, by less than a thousandth: so the largest component of them is the
    rounded one, or one of the next few numbers, and the others follow.

    >>> from logo_retrieval.packed import unit
    >>> chance = np.random.default_rng(0)
    >>> halves = unit(chance.standard_normal((99, 4), np.float32)).astype("<f2")
    >>> bool((halves_of(units_of(halves)) == halves).all())
    True
    """
    halves = vectors.astype("<f2")
    largest = np.abs(vectors).argmax(axis=1)[:, None]
    for steps in _STEPS:
        wrong = np.flatnonzero((units_of(halves) != vectors).any(axis=1))
        if len(wrong) == 0:
            break
        peaks = np.take_along_axis(vectors[wrong], largest[wrong], axis=1)
        lengths = (peaks.astype("<f2").view("<i2") + np.int16(steps)).view("<f2").astype(np.float32) / peaks
        tried = (vectors[wrong] * lengths).astype("<f2")
        made = (units_of(tried) == vectors[wrong]).all(axis=1)
        halves[wrong[made]] = tried[made]
    return halves


def half_products(halves: Float16Array, vector: Float32Array) -> Float32Array:
    """(n,) float32 products of (n, d) halves with (d,), each added up by itself.

    The bits of a float16 are moved to where a float32 has them, several times as fast as numpy converts them.

    >>> halves = halves_of(np.random.default_rng(0).standard_normal((5, 32), np.float32))
    >>> bool(np.allclose(half_products(halves, np.ones(32, np.float32)), halves.astype(np.float32).sum(axis=1)))
    True
    """
    bits = halves.view("<i2").astype(np.int32)
    bits <<= _SHIFT
    bits &= _SIGN_AND_NUMBER
    return products(bits.view(np.float32), vector * _BIAS)
