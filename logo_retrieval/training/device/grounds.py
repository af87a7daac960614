"""What a drawing stands on, so that it can be seen: pages and signs, even, of some stuff, or from colour to colour."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from logo_retrieval.training.device.chance import Chance, changed, chosen
from logo_retrieval.training.device.colours import (
    DARK,
    WHITE,
    grey,
    is_seen,
    mean_colour,
    random_colour,
    random_ground,
)
from logo_retrieval.training.device.looks import gloss, ramp
from logo_retrieval.training.device.sampling import smaller

_CANDIDATES = 4

LOCKUP_SHARE, ALONE_SHARE = 0.15, 0.02
"""How often a name stands beside the symbol, and how often in its place."""


class Drawn(NamedTuple):
    """What is to be laid out, b rows.

    Attributes:
        ink: (b, p, p, 4) premultiplied, of `looks.dressed`; before that uint8 RGBA as it lies in the bank.
        extent: (b, 2) its width and height as shares of p.
        mono: (b,).
        opaque: (b,).
        colour: (b, 3) the brand's, below 0 where it is not known.
        text: (b, h, w) ink of a name, 0..1; before that uint8.
        text_extent: (b, 2) its width and height in pixels.
        lockup: (b,) whether the name stands beside the symbol.
        alone: (b,) whether it stands without.
    """

    ink: jax.Array
    extent: jax.Array
    mono: jax.Array
    opaque: jax.Array
    colour: jax.Array
    text: jax.Array
    text_extent: jax.Array
    lockup: jax.Array
    alone: jax.Array


class Ground(NamedTuple):
    """What b drawings stand on.

    Attributes:
        page: (b, 3) its colour.
        tile: (b, 3) that of a sign.
        has_tile: (b,) whether there is one.
        white_ink: (b,) whether the drawing is white on it.
        text: (b, 3) the colour of a name.
        plain: (b,) whether nothing around would be left by a query's trimming.
    """

    page: jax.Array
    tile: jax.Array
    has_tile: jax.Array
    white_ink: jax.Array
    text: jax.Array
    plain: jax.Array


def grounds(drawn: Drawn, chance: Chance) -> Ground:
    """What everything stands on, so that it can be seen."""
    known = drawn.colour[:, 0] >= 0
    free = ~drawn.opaque
    has_tile = free & chance.hit(0.28)
    reverse = free & drawn.mono & ~drawn.alone & chance.hit(0.2)
    white_ink = reverse | (has_tile & drawn.mono & chance.hit(0.55))
    small = smaller(drawn.ink, drawn.ink.shape[1] // 24)
    own_ink = mean_colour(small)
    dark = grey(chance, 0.0, 0.34)
    text = chosen(drawn.alone, chosen(known, drawn.colour, dark), chosen(chance.hit(0.45), own_ink, dark))
    white = chance.uniform(0.92, 1.0)[:, None] * jnp.ones(3)
    small = chosen(white_ink, jnp.repeat(small[..., 3:], 4, -1), small)
    text = chosen(white_ink, white, text)
    words = drawn.lockup | drawn.alone
    judged = chosen(words, text, mean_colour(small))

    def seen(colour: jax.Array) -> jax.Array:
        return is_seen(small, judged, colour)

    def first_seen(own_share: float, *, signs: bool) -> jax.Array:
        found = chosen(seen(jnp.ones((len(text), 3))), jnp.full_like(text, WHITE), jnp.full_like(text, DARK))
        for _ in range(_CANDIDATES):
            other = random_colour(chance) if signs else random_ground(chance)
            drawn_dark = chosen(chance.hit(0.4), grey(chance, 0.0, 0.35), random_colour(chance, 0.75))
            other = chosen(reverse, drawn_dark, other) if signs else other
            own = known & chance.hit(own_share)
            candidate = chosen(own, drawn.colour, other)
            found = chosen(seen(candidate), candidate, found)
        return found

    sign = first_seen(0.37, signs=True)
    page_of_sign = chosen(chance.hit(0.7), jnp.full_like(text, WHITE), random_ground(chance))
    serving = chosen(seen(jnp.full_like(text, WHITE)), jnp.full_like(text, WHITE), jnp.full_like(text, DARK))
    page = chosen(chance.hit(0.35), first_seen(0.0, signs=False), serving)
    page = chosen(reverse, sign, page)
    page = chosen(has_tile, page_of_sign, page)
    rows = jnp.arange(len(text))
    width, height = drawn.extent[:, 0], drawn.extent[:, 1]
    p = drawn.ink.shape[1]
    top, left = (((1 - side) / 2 * p).astype(jnp.int32) + 1 for side in (height, width))
    page = chosen(drawn.opaque, drawn.ink[rows, jnp.minimum(top, p - 1), jnp.minimum(left, p - 1), :3], page)
    plain = drawn.opaque | chance.hit(0.82)
    return Ground(page, sign, has_tile, white_ink, text, plain)


def page_face(colour: jax.Array, size_px: int, opaque: jax.Array, chance: Chance) -> jax.Array:
    """A ground of one colour, with a gradient, or of some stuff."""
    page = jnp.broadcast_to(colour[:, None, None, :], (len(colour), size_px, size_px, 3))
    delta = chosen(chance.hit(0.5), chance.uniform(-0.35, 0.35, 3), grey(chance, -0.35, 0.35))
    page = chosen(~opaque & chance.hit(0.08), page + ramp(size_px, chance)[..., None] * delta[:, None, None, :], page)
    rough = chance.some(0.06, ~opaque)
    return jnp.clip(changed(page, rough, lambda some: some + _stuff(size_px, chance.of(rough))[..., None]), 0, 1)


def _stuff(size_px: int, chance: Chance) -> jax.Array:
    """(b, s, s) unevenness of paper, fabric or a wall: coarse and fine noise, or threads."""
    coarse = jax.image.resize(chance.normal(7, 7), (chance.rows, size_px, size_px), "cubic")
    fine = jax.image.resize(chance.normal(64, 64), (chance.rows, size_px, size_px), "linear")
    line = jnp.arange(size_px)
    pitch = chance.uniform(0.5, 1.6)[:, None]
    threads = jnp.sin(line * pitch)[:, None, :] * jnp.sin(line * pitch)[:, :, None]
    kind = chance.uniform()
    amount = chance.uniform(0.02, 0.1)[:, None, None]
    return amount * chosen(kind < 0.4, coarse + 0.3 * fine, chosen(kind < 0.75, fine, threads + 0.5 * coarse))


def tile_shape(places: jax.Array, tile: jax.Array, chance: Chance) -> jax.Array:
    """(b, s, s) coverage of a square with round corners, or a round or squarish sign."""
    half = tile[:, None, None, :] / 2
    roundness = chance.one_of((0.0, 0.12, 0.22, 0.35, 0.5))[:, None, None]
    radius = roundness * tile.min(1)[:, None, None]
    away = jnp.abs(places) - half + radius[..., None]
    distance = jnp.linalg.norm(jnp.maximum(away, 0), axis=-1) + jnp.minimum(away.max(-1), 0) - radius
    power = 4.0
    bulging = ((jnp.abs(places) / half) ** power).sum(-1) ** (1 / power) - 1
    distance = chosen(chance.hit(0.12), bulging * half.min(-1), distance)
    pixel = places[:, 0, 1, 0] - places[:, 0, 0, 0]
    return jnp.clip(0.5 - distance / jnp.maximum(jnp.abs(pixel), 1e-4)[:, None, None], 0, 1)


def tile_face(colour: jax.Array, size_px: int, chance: Chance) -> jax.Array:
    """(b, s, s, 3) the face of a sign: even, from one colour to another, glossy or of some stuff."""
    face = jnp.broadcast_to(colour[:, None, None, :], (len(colour), size_px, size_px, 3))
    delta = chosen(chance.hit(0.4), chance.uniform(-0.6, 0.6, 3), grey(chance, -0.6, 0.25))
    face = chosen(chance.hit(0.3), face + ramp(size_px, chance)[..., None] * delta[:, None, None, :], face)
    face = chosen(chance.hit(0.15), face + gloss(size_px, chance)[..., None], face)
    rough = chance.some(0.1)
    return jnp.clip(changed(face, rough, lambda some: some + _stuff(size_px, chance.of(rough))[..., None]), 0, 1)
