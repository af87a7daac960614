"""Pixels at places between pixels, from a pyramid, so that what is shown small does not flicker."""

from __future__ import annotations

import jax
import jax.numpy as jnp

_LEVELS = 3


def smaller(plane: jax.Array, factor: int) -> jax.Array:
    """(b, h / f, w / f, c) means; what does not fill a square is left out."""
    rows, columns = plane.shape[1] // factor, plane.shape[2] // factor
    cut = plane[:, : rows * factor, : columns * factor]
    return cut.reshape(len(plane), rows, factor, columns, factor, -1).mean((2, 4))


def sampled(plane: jax.Array, places: jax.Array, detail: jax.Array) -> jax.Array:
    """What lies at some places of a plane, zero outside, from a version of it that is about as fine as the places.

    Args:
        plane: (b, h, w, c).
        places: (b, s, s, 2) x and y in pixels of the plane from its middle.
        detail: (b,) pixels of the plane from one place to the next.

    Returns:
        (b, s, s, c), between pixels by the two nearest in each direction.
    """
    rows, height, width, channels = plane.shape
    levels = [plane] + [smaller(plane, 2**level) for level in range(1, _LEVELS)]
    tops = [0, *[height + 1 + sum(height // 2**each + 1 for each in range(1, level)) for level in range(1, _LEVELS)]]
    padded = [jnp.pad(each, ((0, 0), (0, 1), (0, width + 1 - each.shape[2]), (0, 0))) for each in levels]
    atlas = jnp.concatenate(padded, 1)
    level = jnp.clip(jnp.floor(jnp.log2(jnp.maximum(detail, 1e-3)) + 0.4), 0, _LEVELS - 1).astype(jnp.int32)
    sizes = jnp.array([each.shape[1:3] for each in levels])[level]
    scale = 2.0 ** level.astype(jnp.float32)
    x = places[..., 0] / scale[:, None, None] + sizes[:, 1, None, None] / 2 - 0.5
    y = places[..., 1] / scale[:, None, None] + sizes[:, 0, None, None] / 2 - 0.5
    top = jnp.array(tops)[level]
    flat = atlas.reshape(rows, -1, channels)
    left, up = jnp.floor(x), jnp.floor(y)
    total = jnp.zeros((*x.shape, channels))
    for down in (0, 1):
        for right in (0, 1):
            column, row = left + right, up + down
            inside = (column >= 0) & (column < sizes[:, 1, None, None]) & (row >= 0) & (row < sizes[:, 0, None, None])
            weight = jnp.maximum(0, 1 - jnp.abs(x - column)) * jnp.maximum(0, 1 - jnp.abs(y - row)) * inside
            index = (jnp.clip(row, 0, height).astype(jnp.int32) + top[:, None, None]) * (width + 1)
            index += jnp.clip(column, 0, width).astype(jnp.int32)
            values = jnp.take_along_axis(flat, index.reshape(rows, -1, 1), axis=1, mode="clip")
            total += values.reshape(total.shape) * weight[..., None]
    return total
