"""Chance for a batch: each call draws one number a row, or more, and never the same twice."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp


class Chance:
    """Draws for b rows from one key; used while a function is traced, so that the order of calls is fixed."""

    def __init__(self, key: jax.Array, rows: int) -> None:
        """Takes a key of `jax.random`."""
        self._key = key
        self.rows = rows

    def uniform(self, low: float = 0.0, high: float = 1.0, *shape: int) -> jax.Array:
        """(b, *shape) in [low, high)."""
        return jax.random.uniform(self._next(), (self.rows, *shape), minval=low, maxval=high)

    def normal(self, *shape: int) -> jax.Array:
        """(b, *shape), standard normal."""
        return jax.random.normal(self._next(), (self.rows, *shape))

    def beta(self, a: float, b: float) -> jax.Array:
        """(b,) in 0..1."""
        return jax.random.beta(self._next(), a, b, (self.rows,))

    def hit(self, probability: float) -> jax.Array:
        """(b,) whether something happens."""
        return self.uniform() < probability

    def below(self, counts: jax.Array) -> jax.Array:
        """(b,) integers from 0 to below each count, 0 where the count is."""
        drawn = jnp.floor(self.uniform() * counts).astype(jnp.int32)
        return jnp.clip(drawn, 0, jnp.maximum(counts - 1, 0))

    def one_of(self, choices: Sequence[float], shares: Sequence[float] | None = None) -> jax.Array:
        """(b,) of some numbers, each as likely as its share; all alike when None."""
        weights = jnp.full(len(choices), 1 / len(choices)) if shares is None else jnp.array(shares)
        place = jnp.searchsorted(jnp.cumsum(weights)[:-1], self.uniform(), side="right")
        found: jax.Array = jnp.array(choices)[place]
        return found

    def some(self, probability: float, able: jax.Array | None = None) -> jax.Array:
        """Which rows something happens to, as a number of places that is known beforehand.

        Args:
            probability: of each row.
            able: (b,) the rows that it can happen to; all when None.

        Returns:
            (k,) row numbers, b in the places that are left over. k lies three standard deviations above what is
            expected; rows beyond it are passed over.
        """
        hit = self.hit(probability)
        return places(hit if able is None else hit & able, probability)

    def of(self, rows: jax.Array) -> Chance:
        """Chance for some rows alone."""
        return Chance(self._next(), len(rows))

    def _next(self) -> jax.Array:
        self._key, key = jax.random.split(self._key)
        return key


def places(where: jax.Array, share: float) -> jax.Array:
    """(k,) the rows for which something holds, which is about a share of them, see `Chance.some`."""
    rows = len(where)
    most = math.ceil(rows * share + 3 * math.sqrt(rows * share * (1 - share)))
    return jnp.nonzero(where, size=min(rows, max(1, most)), fill_value=rows)[0]


def changed(all_rows: jax.Array, rows: jax.Array, change: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """A batch, (b, ...), of which some rows, of `places`, are changed: what is rare costs only its share."""
    return all_rows.at[rows].set(change(all_rows[rows]), mode="drop")


def chosen(condition: jax.Array, yes: jax.Array, no: jax.Array) -> jax.Array:
    """Row by row, `yes` where the condition holds: (b,) against (b, ...)."""
    wide = condition.reshape(condition.shape + (1,) * (max(yes.ndim, no.ndim) - 1))
    found: jax.Array = jnp.where(wide, yes, no)
    return found
