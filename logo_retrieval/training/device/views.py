"""From rows of a bank to what the network sees of them, trained or asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import jax
import jax.numpy as jnp

from logo_retrieval.training.device.bank import Bank
from logo_retrieval.training.device.chance import Chance
from logo_retrieval.training.device.colours import DARK, LOST_SHARE, WHITE, lost_share
from logo_retrieval.training.device.grounds import ALONE_SHARE, LOCKUP_SHARE, Drawn
from logo_retrieval.training.device.looks import dressed
from logo_retrieval.training.device.scene import pictures
from logo_retrieval.training.device.worn import worn

Arrays = Mapping[str, jax.Array]
"""The arrays of a bank by their names, on the device."""

_WIDEST_SYMBOL = 1.6


def on_device(bank: Bank) -> Arrays:
    """Copies the arrays of a bank."""
    arrays = {field.name: getattr(bank, field.name) for field in fields(bank) if field.name != "made_up"}
    return {name: jax.device_put(array) for name, array in arrays.items()}


def picked(arrays: Arrays, made_up: int, rows: jax.Array, key: jax.Array) -> Drawn:
    """Some drawings as they lie in the bank, each with a name of its own or of nobody.

    Args:
        arrays: of the bank.
        made_up: how many of its names belong to nobody.
        rows: (b,) of the bank.
        key: all chance comes from it.
    """
    chance = Chance(key, len(rows))
    mono, opaque, colour, extent = (arrays[name][rows] for name in ("mono", "opaque", "colour", "extent"))
    count = arrays["text_count"][rows]
    narrow = extent.max(1) <= _WIDEST_SYMBOL * extent.min(1)
    alone = chance.hit(ALONE_SHARE) & (count > 0)
    lockup = chance.hit(LOCKUP_SHARE) & narrow & ~alone & ~opaque
    own = (chance.hit(0.75) | alone) & (count > 0)
    name = jnp.where(own, arrays["text_first"][rows] + chance.below(count), chance.below(jnp.full(len(rows), made_up)))
    return Drawn(
        ink=arrays["art"][rows],
        extent=extent,
        mono=mono,
        opaque=opaque & ~alone,
        colour=colour,
        text=arrays["text"][name],
        text_extent=arrays["text_extent"][name],
        lockup=lockup,
        alone=alone,
    )


def trained_views(drawn: Drawn, key: jax.Array) -> jax.Array:
    """(b, p, p, 3) RGB in 0..255 of drawings, of `picked`, each in other colours, on another ground, worn."""
    chance = Chance(key, len(drawn.ink))
    art = drawn.ink.astype(jnp.float32) / 255
    ink = dressed(art, drawn.mono, drawn.opaque, drawn.colour, chance)
    shown = drawn._replace(ink=ink, text=drawn.text.astype(jnp.float32) / 255)
    picture, aspect = pictures(shown, art.shape[1], chance)
    return jnp.round(worn(picture, aspect, chance) * 255)


def plain_views(arrays: Arrays, rows: jax.Array) -> jax.Array:
    """(b, p, p, 3) RGB in 0..255 of some drawings as a query would show them: on white, or on dark grey."""
    art = arrays["art"][rows].astype(jnp.float32) / 255
    ink = jnp.concatenate([art[..., :3] * art[..., 3:], art[..., 3:]], -1)
    white = jnp.full((len(rows), 3), WHITE)
    ground = jnp.where(lost_share(ink, white)[:, None] <= LOST_SHARE, white, DARK)
    return jnp.round((ink[..., :3] + (1 - ink[..., 3:]) * ground[:, None, None, :]) * 255)
