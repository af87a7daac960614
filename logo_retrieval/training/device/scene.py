"""From drawings and names to pictures: where everything lies, on what, and how it is lit.

Places are in three frames, all with the origin in the middle: the *view* (what the network sees, 1 wide), the *canvas*
(the view before it was turned, cut and tilted), and the *object* (symbol and name, the longer side 1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from logo_retrieval.training.device.chance import Chance, changed, chosen, places
from logo_retrieval.training.device.grounds import (
    ALONE_SHARE,
    LOCKUP_SHARE,
    Drawn,
    grounds,
    page_face,
    tile_face,
    tile_shape,
)
from logo_retrieval.training.device.looks import blurred, ramp
from logo_retrieval.training.device.sampling import sampled

_WIDEST_NAME = 6.0
_LEFT, _RIGHT, _ABOVE, _BELOW = range(4)
_LAYOUT_SHARES = (0.7, 0.07, 0.18, 0.05)
"""Where the symbol stands."""


class _Layout(NamedTuple):
    """Centres, (b, 2), and units, (b,), of symbol and name in the object, and its (b, 2) size.

    A unit is the length in the object of the longer side of the art, or of one pixel of the name.
    """

    symbol: jax.Array
    symbol_unit: jax.Array
    text: jax.Array
    text_unit: jax.Array
    size: jax.Array


def pictures(drawn: Drawn, size_px: int, chance: Chance) -> tuple[jax.Array, jax.Array]:
    """Lays everything out.

    Returns:
        (b, s, s, 3) RGB in 0..1, and (b,) the longer side of what is shown over the shorter.
    """
    layout = _laid_out(drawn, chance)
    ground = grounds(drawn, chance)
    ink = chosen(ground.white_ink, jnp.repeat(drawn.ink[..., 3:], 4, -1), drawn.ink)
    canvas = _canvas(size_px, chance)
    room = chance.uniform(0.08, 0.45)
    square = chance.hit(0.8)[:, None]
    tile = jnp.where(square, 1.0, layout.size) + 2 * room[:, None]
    # a page of one colour around is trimmed from a query: then the tile, or the object, fills the view
    shown = chosen(ground.has_tile, tile.max(1), jnp.ones_like(room))
    tight = ground.plain & ~chance.hit(0.15)
    fill = jnp.where(tight, chance.uniform(0.96, 1.02), chance.uniform(0.6, 0.95))
    spots = canvas * (shown / fill)[:, None, None, None]
    stretch = jnp.exp(chance.hit(0.25) * chance.uniform(-0.22, 0.22))
    stretched = jnp.stack([stretch, 1 / stretch], 1)
    spots = spots * (stretched / jnp.min(stretched, 1, keepdims=True))[:, None, None, :]
    picture = page_face(ground.page, size_px, drawn.opaque, chance)
    tile_alpha = tile_shape(spots, tile, chance) * ground.has_tile[:, None, None]
    dark = chance.uniform(0.15, 0.6) * chance.hit(0.25)
    picture = picture * (1 - dark[:, None, None] * _shifted(tile_alpha, 3))[..., None]
    picture = _over(picture, tile_face(ground.tile, size_px, chance), tile_alpha)
    art_px = ink.shape[1]
    detail = art_px * shown / fill / size_px
    symbol = sampled(
        ink,
        (spots - layout.symbol[:, None, None, :]) / layout.symbol_unit[:, None, None, None] * art_px,
        detail / layout.symbol_unit,
    )
    symbol = chosen(drawn.alone, jnp.zeros_like(symbol), symbol)
    named = places(drawn.lockup | drawn.alone, LOCKUP_SHARE + ALONE_SHARE)
    text_spots = (spots - layout.text[:, None, None, :]) / layout.text_unit[:, None, None, None]
    text_detail = shown / fill / size_px / layout.text_unit
    name = changed(
        jnp.zeros_like(symbol[..., 3]),
        named,
        lambda _: sampled(drawn.text[named][..., None], text_spots[named], text_detail[named])[..., 0],
    )
    whole = jnp.maximum(symbol[..., 3], name)
    able = ~drawn.opaque
    picture = _shadowed(picture, whole, chance.some(0.04, able), _long_shadow, chance)
    picture = _shadowed(picture, whole, chance.some(0.1, able), _soft_shadow, chance)
    picture = symbol[..., :3] + picture * (1 - symbol[..., 3:])
    picture = _over(picture, ground.text[:, None, None, :], name)
    sides = chosen(ground.has_tile, tile, layout.size)
    return jnp.clip(_lit(picture, chance), 0, 1), sides.max(1) / jnp.maximum(sides.min(1), 0.02)


def _laid_out(drawn: Drawn, chance: Chance) -> _Layout:
    """The proportions are those of `training.lockups`."""
    width, height = drawn.extent[:, 0], drawn.extent[:, 1]
    long = drawn.text_extent[:, 0] / drawn.text_extent[:, 1]
    layout = chance.one_of((_LEFT, _RIGHT, _ABOVE, _BELOW), _LAYOUT_SHARES)
    beside = layout <= _RIGHT
    share = 0.25 + 0.75 * chance.beta(2.0, 2.2)
    high = jnp.minimum(share, jnp.maximum(_WIDEST_NAME / long, 0.2)) * height
    stacked = jnp.clip(width * chance.uniform(0.9, 2.4) / long, 0.12 * height, 0.9 * height)
    high = jnp.where(beside, high, stacked)
    gap = jnp.where(
        beside, jnp.maximum(high * chance.uniform(0.2, 0.75), 0.06 * height), height * chance.uniform(0.08, 0.35)
    )
    sign = jnp.where((layout == _LEFT) | (layout == _ABOVE), 1.0, -1.0)
    along, text_along = jnp.where(beside, width, height), jnp.where(beside, high * long, high)
    length = along + gap + text_along
    across = jnp.where(beside, jnp.maximum(height, high), jnp.maximum(width, high * long))
    symbol_at, text_at = -sign * (length - along) / 2, sign * (length - text_along) / 2

    def turned(first: jax.Array, second: jax.Array) -> jax.Array:
        return jnp.stack([jnp.where(beside, first, second), jnp.where(beside, second, first)], 1)

    zero = jnp.zeros_like(width)
    size, symbol, text = turned(length, across), turned(symbol_at, zero), turned(text_at, zero)
    unit = 1 / jnp.maximum(length, across)
    lockup = drawn.lockup
    text_size = jnp.stack([jnp.minimum(1.0, long), jnp.minimum(1.0, 1 / long)], 1)
    size = chosen(lockup, size * unit[:, None], chosen(drawn.alone, text_size, drawn.extent))
    return _Layout(
        chosen(lockup, symbol * unit[:, None], jnp.zeros_like(symbol)),
        jnp.where(lockup, unit, 1.0),
        chosen(lockup, text * unit[:, None], jnp.zeros_like(text)),
        jnp.where(lockup, high * unit / drawn.text_extent[:, 1], 1 / drawn.text_extent.max(1)),
        size,
    )


def _canvas(size_px: int, chance: Chance) -> jax.Array:
    """(b, s, s, 2) x and y on the canvas of the middle of each pixel of the view."""
    line = (jnp.arange(size_px) + 0.5) / size_px - 0.5
    x, y = jnp.broadcast_arrays(line[None, :], line[:, None])
    tilt = chosen(chance.hit(0.06), chance.uniform(-0.3, 0.3, 2), jnp.zeros((chance.rows, 2)))
    away = 1 + tilt[:, 0, None, None] * x + tilt[:, 1, None, None] * y
    angle = chance.hit(0.2) * chance.normal() * 0.087
    cosine, sine = jnp.cos(angle)[:, None, None], jnp.sin(angle)[:, None, None]
    turned = jnp.stack([(cosine * x + sine * y) / away, (cosine * y - sine * x) / away], -1)
    cut = chance.uniform(0.0, 0.125, 4) * (chance.uniform(0.0, 1.0, 4) < 0.4) * chance.hit(0.12)[:, None]
    side = 1 - jnp.minimum(cut[:, 0] + cut[:, 1], cut[:, 2] + cut[:, 3])
    middle = jnp.stack([cut[:, 0] - cut[:, 1], cut[:, 2] - cut[:, 3]], 1) / 2
    return turned * side[:, None, None, None] + middle[:, None, None, :]


def _lit(picture: jax.Array, chance: Chance) -> jax.Array:
    """Light that falls unevenly, or the lines of a screen."""
    size_px = picture.shape[1]
    light = 1 + ramp(size_px, chance) * chance.uniform(0.1, 0.5)[:, None, None]
    picture = chosen(chance.hit(0.05), picture * light[..., None], picture)
    lines = 1 - chance.uniform(0.05, 0.2)[:, None, None] * (jnp.sin(jnp.arange(size_px) * jnp.pi / 1.5)[:, None] > 0)
    return chosen(chance.hit(0.015), picture * lines[..., None], picture)


def _over(picture: jax.Array, colour: jax.Array, alpha: jax.Array) -> jax.Array:
    return picture + (colour - picture) * alpha[..., None]


def _shifted(alpha: jax.Array, pixels: int) -> jax.Array:
    return jnp.pad(alpha, ((0, 0), (pixels, 0), (pixels, 0)))[:, : alpha.shape[1], : alpha.shape[2]]


def _shadowed(
    picture: jax.Array, shape: jax.Array, rows: jax.Array, shadow: Callable[[jax.Array], jax.Array], chance: Chance
) -> jax.Array:
    """Some rows darker where a shadow of their shape falls."""
    dark = chance.of(rows).uniform(0.15, 0.6)[:, None, None]
    return changed(picture, rows, lambda some: some * (1 - dark * shadow(shape[rows]))[..., None])


def _soft_shadow(alpha: jax.Array) -> jax.Array:
    """Just below and to the right."""
    return blurred(_shifted(alpha, 2), 5)


def _long_shadow(alpha: jax.Array) -> jax.Array:
    """Down and to the right to the edge of the picture."""
    for pixels in (1, 2, 4, 8, 16, 32, 64):
        alpha = jnp.maximum(alpha, _shifted(alpha, pixels))
    return alpha
