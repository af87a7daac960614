"""What a picture suffers on its way: shrunk, blurred, compressed, grained. (b, s, s, 3) RGB in 0..1 in and out."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from logo_retrieval.training.device.chance import Chance, changed, chosen
from logo_retrieval.types import Float32Array

_SMALLEST_PX, _LARGEST_PX, _SIZES = 16, 72, 14
_FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.BOX, Image.Resampling.LANCZOS)
_SIGMAS = (0.4, 0.6, 0.9, 1.2, 1.6)
"""Of the blur, in pixels at 160 px."""


def worn(picture: jax.Array, aspect: jax.Array, chance: Chance) -> jax.Array:
    """A picture after some of it; the longer what it shows, (b,), the less it is shrunk."""
    power = jnp.exp(chance.uniform(-0.5, 0.5))[:, None, None, None]
    picture = chosen(chance.hit(0.2), jnp.clip(picture, 1e-4, 1) ** power, picture)
    early = chance.some(0.1)
    picture = changed(picture, early, lambda some: compressed(some, chance.of(early).uniform(15.0, 75.0)))
    sized = chance.some(0.37)
    picture = changed(picture, sized, lambda some: _resampled(some, aspect[sized], chance.of(sized)))
    grained = chance.some(0.06)
    picture = changed(picture, grained, lambda some: _grained(some, chance.of(grained)))
    late = chance.some(0.1)
    picture = changed(picture, late, lambda some: compressed(some, chance.of(late).uniform(15.0, 75.0)))
    poor = chance.some(0.07)
    picture = changed(picture, poor, lambda some: _few_colours(some, chance.of(poor)))
    return jnp.clip(picture, 0, 1)


def _resampled(picture: jax.Array, aspect: jax.Array, chance: Chance) -> jax.Array:
    """Shrunk, mostly, or blurred."""
    least = jnp.clip(jnp.log(jnp.minimum(aspect, 3.0)) / np.log(_LARGEST_PX / _SMALLEST_PX), 0, 1)
    first = jnp.ceil(least * (_SIZES - 1)).astype(jnp.int32)
    size, method = first + chance.below(_SIZES - first), chance.below(jnp.full(chance.rows, len(_FILTERS)))
    shrunk = len(_SIGMAS) + size * len(_FILTERS) + method
    soft = chance.below(jnp.full(chance.rows, len(_SIGMAS)))
    lines = jnp.array(resampling(picture.shape[1]))[jnp.where(chance.hit(0.81), shrunk, soft)]
    planes = jnp.einsum("bij,bcjk,blk->bcil", lines, jnp.moveaxis(picture, 3, 1), lines)
    return jnp.clip(jnp.moveaxis(planes, 1, 3), 0, 1)


def _grained(picture: jax.Array, chance: Chance) -> jax.Array:
    grain = chance.normal(*picture.shape[1:3], 1) * chance.uniform(0.008, 0.047)[:, None, None, None]
    return picture + grain


@functools.cache
def resampling(size_px: int) -> Float32Array:
    """(k, s, s) matrices that act along one side: blur it, or shrink it and enlarge it again.

    They are what Pillow does to lines with a single bright pixel.
    """
    identity = np.eye(size_px, dtype=np.float32)
    found = []
    away = np.abs(np.arange(size_px)[:, None] - np.arange(size_px))
    for sigma in _SIGMAS:
        weights = np.exp(-0.5 * (away / (sigma * size_px / 160)) ** 2)
        found.append((weights / weights.sum(1, keepdims=True)).astype(np.float32))
    for side in np.geomspace(_SMALLEST_PX, _LARGEST_PX, _SIZES).round().astype(int).tolist():
        for method in _FILTERS:
            small = _resized(identity, side, method)
            found.append(_resized(small, size_px, Image.Resampling.BICUBIC))
    return np.stack(found)


def _resized(lines: Float32Array, size_px: int, method: Image.Resampling) -> Float32Array:
    """(size_px, n) of (m, n): columns resized, each in 32 bits."""
    picture = Image.fromarray(lines, "F")
    return np.asarray(picture.resize((lines.shape[1], size_px), method), np.float32)


_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
"""ITU-T T.81, table K.1."""
_CHROMINANCE = np.full((8, 8), 99, np.float32)
_CHROMINANCE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
"""Table K.2."""
_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_FREQUENCY = np.arange(8)[:, None]
_DCT = (np.sqrt(2 / 8) * np.cos((2 * np.arange(8) + 1) * _FREQUENCY * np.pi / 16)).astype(np.float32)
_DCT[0] /= np.sqrt(2)


def compressed(picture: jax.Array, quality: jax.Array) -> jax.Array:
    """What JPEG of a quality from 1 to 100, (b,), leaves: ITU-T T.81 without the lossless part, chroma at full size."""
    size_px = picture.shape[1]
    side = -(-size_px // 8) * 8
    scale = jnp.where(quality < 50, 50 / quality, 2 - quality / 50)[:, None, None, None]
    tables = jnp.tile(jnp.array([_LUMINANCE, _CHROMINANCE, _CHROMINANCE]), (1, side // 8, side // 8))
    steps = jnp.maximum(scale * tables, 1.0)
    padded = jnp.pad(picture, ((0, 0), (0, side - size_px), (0, side - size_px), (0, 0)), mode="edge")
    planes = _turned(jnp.moveaxis(padded, 3, 1) * 255 - 128, _YCC)
    blocks = jnp.array(np.kron(np.eye(side // 8, dtype=np.float32), _DCT))
    coefficients = jnp.einsum("fi,bcij,gj->bcfg", blocks, planes, blocks)
    kept = jnp.round(coefficients / steps) * steps
    planes = jnp.einsum("fi,bcfg,gj->bcij", blocks, kept, blocks)
    back = (_turned(planes, np.linalg.inv(_YCC)) + 128) / 255
    return jnp.clip(jnp.moveaxis(back, 1, 3)[:, :size_px, :size_px], 0, 1)


def _turned(planes: jax.Array, matrix: Float32Array) -> jax.Array:
    """Three planes, (b, 3, h, w), to three others."""
    return jnp.stack([sum(float(share) * planes[:, place] for place, share in enumerate(row)) for row in matrix], 1)


def _few_colours(picture: jax.Array, chance: Chance) -> jax.Array:
    """Three to six shades a channel, half of them dithered."""
    shades = jnp.floor(chance.uniform(3.0, 7.0))[:, None, None, None] - 1
    dither = chance.uniform(-0.5, 0.5, *picture.shape[1:3], 1)
    dither = chosen(chance.hit(0.5), dither, jnp.zeros_like(dither))
    return jnp.round(picture * shades + dither) / shades
