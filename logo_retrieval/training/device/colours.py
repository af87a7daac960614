"""Colours in batches: random ones, grounds, and what can be seen on what. The rules are those of `training.paint`."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from logo_retrieval.training.device.chance import Chance, chosen

WHITE, DARK = 1.0, 32 / 255
_VISIBLE = 0.25
LOST_SHARE = 0.1


def random_colour(chance: Chance, brightest: float = 1.0) -> jax.Array:
    """(b, 3) of any hue, mostly saturated."""
    hue = chance.uniform() * 6
    saturation = chance.uniform(0.25, 1.0) ** 0.6
    value = chance.uniform(0.25, 1.0) * brightest
    wheel = jnp.abs((hue[:, None] + jnp.array([0.0, 4.0, 2.0])) % 6 - 3) - 1
    return value[:, None] * (1 - saturation[:, None] * (1 - jnp.clip(wheel, 0, 1)))


def grey(chance: Chance, low: float, high: float) -> jax.Array:
    """(b, 3) of one shade."""
    return jnp.repeat(chance.uniform(low, high)[:, None], 3, axis=1)


def random_ground(chance: Chance) -> jax.Array:
    """(b, 3), white most often, else pale, dark or any."""
    kind = chance.uniform()
    ground = chosen(kind < 0.75, chance.uniform(0.0, 0.235, 3), random_colour(chance))
    ground = chosen(kind < 0.5, chance.uniform(0.785, 1.0, 3), ground)
    return chosen(kind < 0.25, jnp.full_like(ground, WHITE), ground)


def contrast(one: jax.Array, other: jax.Array) -> jax.Array:
    """The difference in the channel that differs most, 0..1."""
    return jnp.abs(one - other).max(axis=-1)


def lost_share(ink: jax.Array, ground: jax.Array) -> jax.Array:
    """How much of some ink cannot be seen on a ground: (b,) of (b, h, w, 4), premultiplied, and (b, 3)."""
    alpha = ink[..., 3]
    colour = ink[..., :3] / jnp.maximum(alpha, 1e-3)[..., None]
    near = contrast(colour, ground[:, None, None, :]) < _VISIBLE
    return (alpha * near).sum((1, 2)) / jnp.maximum(alpha.sum((1, 2)), 1e-3)


def is_seen(ink: jax.Array, text: jax.Array, ground: jax.Array) -> jax.Array:
    """(b,) whether a drawing and a text of one colour, (b, 3), stand out from a ground."""
    return (lost_share(ink, ground) <= LOST_SHARE) & (contrast(text, ground) >= _VISIBLE)


def mean_colour(ink: jax.Array) -> jax.Array:
    """(b, 3) of what is drawn."""
    return ink[..., :3].sum((1, 2)) / jnp.maximum(ink[..., 3].sum((1, 2)), 1e-3)[:, None]
