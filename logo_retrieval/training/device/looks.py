"""How one drawing may look: other colours, gradients, relief, gloss, heavier strokes, outlines.

All functions take and give (b, p, p, 4) RGBA in 0..1, not premultiplied, unless they say otherwise.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from logo_retrieval.training.device.chance import Chance, changed, chosen
from logo_retrieval.training.device.colours import grey, random_colour

_STROKE_PX = 5
_LINES_PX = (7, 13, 19)
"""Sides of squares; two means over them are about a Gaussian of the half stroke of a line icon, a side over 2.45."""
_RELIEF_PX = 7


def dressed(art: jax.Array, mono: jax.Array, opaque: jax.Array, colour: jax.Array, chance: Chance) -> jax.Array:
    """A drawing in one of its possible looks.

    Args:
        art: the drawings.
        mono: (b,) whether each may have any colour.
        opaque: (b,) whether each brings its own ground, and so has no shape of its own.
        colour: (b, 3) of the brand, below 0 where it is not known.
        chance: all of it.

    Returns:
        The same, premultiplied.
    """
    rgb, alpha = art[..., :3], art[..., 3]
    alpha = _stroked(_outlined(alpha, mono, chance), mono, chance)
    rgb = _toned(_tinted(rgb, mono, colour, chance), chance)
    rgb = _shaded(rgb, chance)
    rgb = _in_relief(rgb, alpha, ~opaque, chance)
    rgb = chosen(chance.hit(0.08), rgb + gloss(rgb.shape[1], chance)[..., None], rgb)
    return jnp.concatenate([jnp.clip(rgb, 0, 1), jnp.ones_like(alpha)[..., None]], -1) * alpha[..., None]


def _tinted(rgb: jax.Array, mono: jax.Array, colour: jax.Array, chance: Chance) -> jax.Array:
    kind = chance.uniform()
    tone = chosen(kind < 0.6, grey(chance, 0.0, 0.275), random_colour(chance))
    tone = chosen((kind < 0.45) & (colour[:, 0] >= 0), colour, tone)
    return chosen(mono & chance.hit(0.6), jnp.broadcast_to(tone[:, None, None, :], rgb.shape), rgb)


_LUMA = (0.299, 0.587, 0.114)


def _toned(rgb: jax.Array, chance: Chance) -> jax.Array:
    """Hue turned and saturation changed, colours taken away, or the negative."""
    shade = (rgb * jnp.array(_LUMA)).sum(-1, keepdims=True)
    angle = chance.normal() * 0.3
    turn = _turned_hue(angle)
    turned = ((rgb - shade)[..., None, :] * turn[:, None, None]).sum(-1)
    coloured = shade + turned * chance.uniform(0.6, 1.3)[:, None, None, None]
    rgb = chosen(chance.hit(0.12), coloured, rgb)
    rgb = chosen(chance.hit(0.07), jnp.broadcast_to(shade, rgb.shape), rgb)
    return jnp.clip(chosen(chance.hit(0.03), 1 - rgb, rgb), 0, 1)


def _turned_hue(angle: jax.Array) -> jax.Array:
    """(b, 3, 3) turns about the grey axis (Rodrigues' formula)."""
    cosine, sine = jnp.cos(angle)[:, None, None], jnp.sin(angle)[:, None, None]
    axis = 3**-0.5
    cross = axis * jnp.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
    return cosine * jnp.eye(3) + sine * cross + (1 - cosine) * axis**2 * jnp.ones((3, 3))


def _outlined(alpha: jax.Array, mono: jax.Array, chance: Chance) -> jax.Array:
    """As a line icon, see `training.looks.outlined`; what has hardly anything thicker than lines stays as it is."""

    def outlined(alpha: jax.Array, chance: Chance) -> jax.Array:
        soft = jnp.stack([blurred(blurred(alpha, side), side) for side in _LINES_PX], 1)
        size = chance.below(jnp.full(chance.rows, len(_LINES_PX)))
        half = jnp.array(_LINES_PX)[size] / 2.45
        distance = jnp.abs(jnp.take_along_axis(soft, size[:, None, None, None], 1)[:, 0] - 0.5)
        edge = jnp.clip((0.34 - distance) * 4 * half[:, None, None] + 0.5, 0, 1)
        is_of_lines = (soft[:, -1] > 0.84).sum((1, 2)) < 0.15 * alpha.sum((1, 2))
        return chosen(is_of_lines, alpha, edge)

    rows = chance.some(0.1, mono)
    return changed(alpha, rows, lambda some: outlined(some, chance.of(rows)))


def _stroked(alpha: jax.Array, mono: jax.Array, chance: Chance) -> jax.Array:
    """Heavier or lighter."""

    def stroked(alpha: jax.Array, chance: Chance) -> jax.Array:
        much = chance.uniform(0.3, 1.0)[:, None, None]
        wide, thin = _widest(alpha), -_widest(-alpha)
        return chosen(chance.hit(0.5), alpha + much * (wide - alpha), alpha - much * (alpha - thin))

    rows = chance.some(0.12, mono)
    return changed(alpha, rows, lambda some: stroked(some, chance.of(rows)))


def _widest(plane: jax.Array) -> jax.Array:
    return jax.lax.reduce_window(plane, -jnp.inf, jax.lax.max, (1, _STROKE_PX, _STROKE_PX), (1, 1, 1), "SAME")


def _shaded(rgb: jax.Array, chance: Chance) -> jax.Array:
    """A gradient from one colour to another, or from light to dark."""
    delta = chosen(chance.hit(0.5), chance.uniform(-0.7, 0.7, 3), grey(chance, -0.6, 0.6))
    return chosen(chance.hit(0.15), rgb + ramp(rgb.shape[1], chance)[..., None] * delta[:, None, None, :], rgb)


def ramp(size_px: int, chance: Chance) -> jax.Array:
    """(b, p, p) from about -0.5 to 0.5 along some direction, most often downwards."""
    angle = jnp.pi / 2 + chance.one_of((0.0, 1.0), (0.5, 0.5)) * chance.uniform(-jnp.pi, jnp.pi)
    line = jnp.linspace(-0.5, 0.5, size_px)
    return jnp.cos(angle)[:, None, None] * line + jnp.sin(angle)[:, None, None] * line[:, None]


def _in_relief(rgb: jax.Array, alpha: jax.Array, able: jax.Array, chance: Chance) -> jax.Array:
    """Lit from one side, as if the edges were bevelled."""

    def light(alpha: jax.Array, chance: Chance) -> jax.Array:
        height = blurred(blurred(alpha, _RELIEF_PX), _RELIEF_PX)
        down, right = jnp.roll(height, -1, 1) - jnp.roll(height, 1, 1), jnp.roll(height, -1, 2) - jnp.roll(height, 1, 2)
        angle = chance.uniform(0.2, 2.9)[:, None, None]
        found = (jnp.sin(angle) * down + jnp.cos(angle) * right) * chance.uniform(1.5, 5.0)[:, None, None]
        return found[..., None]

    rows = chance.some(0.1, able)
    return changed(rgb, rows, lambda some: some + light(alpha[rows], chance.of(rows)))


def blurred(plane: jax.Array, size_px: int) -> jax.Array:
    """(b, p, p) with every pixel the mean of a square around it, zero outside."""
    summed = jax.lax.reduce_window(plane, 0.0, jax.lax.add, (1, size_px, 1), (1, 1, 1), "SAME")
    return jax.lax.reduce_window(summed, 0.0, jax.lax.add, (1, 1, size_px), (1, 1, 1), "SAME") / size_px**2


def gloss(size_px: int, chance: Chance) -> jax.Array:
    """(b, p, p) light that lies on the upper part and ends at a curve."""
    across = jnp.linspace(-0.5, 0.5, size_px)
    down = jnp.linspace(0.0, 1.0, size_px)[:, None]
    edge = chance.uniform(0.35, 0.6)[:, None, None] + chance.uniform(-0.6, 0.6)[:, None, None] * across**2
    lit = jnp.clip((edge - down) * size_px, 0, 1)
    return chance.uniform(0.12, 0.5)[:, None, None] * lit * (1 - 0.6 * down)
