"""Galleries of any size from real embeddings: brands and drawings that differ as real ones do.

A drawing of a brand is a real one, moved as real drawings of one brand differ: x + b (u - v), where u and v show one
brand, another than x, and b is by lot in [0, 1]. A brand beyond the real ones is a real one moved as brands differ:
all its drawings by the same a (y - z), where y and z show two other brands, and a is by lot in [.5, 1]. How near
neighbours come to each other then is beside the real ones in the results of `search.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from logo_retrieval.packed import unit
from logo_retrieval.runs import run_starts
from logo_retrieval.types import Float32Array, Int64Array

_BLOCK = 65_536
_LEAST_MOVED = 0.5


@dataclass(frozen=True, slots=True)
class Real:
    """Embeddings of real drawings.

    Attributes:
        vectors: (m, d) unit vectors, those of one brand together.
        starts: (b,) the first drawing of each brand.
        counts: (b,) how many drawings each has.
    """

    vectors: Float32Array
    starts: Int64Array
    counts: Int64Array

    @classmethod
    def of(cls, vectors: Float32Array, brands: Sequence[str]) -> Self:
        """From (m, d) vectors in any order, and the brand of each."""
        _, numbers = np.unique(np.array(brands), return_inverse=True)
        order = np.argsort(numbers, kind="stable")
        starts = run_starts(numbers[order])
        return cls(vectors[order], starts, np.diff(starts, append=len(order)))

    @property
    def brands(self) -> Int64Array:
        """(m,) the number of each drawing's brand."""
        return np.repeat(np.arange(len(self.starts)), self.counts)

    def drawn(self, brands: Int64Array, chance: np.random.Generator) -> Float32Array:
        """One drawing of each of (n,) brands, by lot."""
        found: Float32Array = self.vectors[self.starts[brands] + chance.integers(0, self.counts[brands])]
        return found


class Widened:
    """Any number of brands, and of drawings of them."""

    def __init__(self, real: Real, n_brands: int, seed: int) -> None:
        """Draws the brands, the real ones first."""
        chance = np.random.default_rng(seed)
        self._real = real
        self._varied = np.flatnonzero(real.counts > 1)
        n_real = len(real.starts)
        self._anchors = np.concatenate([chance.permutation(n_real), chance.integers(0, n_real, n_brands)])[:n_brands]
        self._others = chance.integers(0, n_real, (2, n_brands))
        self._moved = chance.uniform(_LEAST_MOVED, 1, (n_brands, 1)).astype(np.float32)
        self._moved[:n_real] = 0

    def drawings(self, brands: Int64Array, chance: np.random.Generator) -> Float32Array:
        """(n, d) unit vectors of drawings of (n,) brands."""
        blocks = np.split(brands, range(_BLOCK, len(brands), _BLOCK))
        return np.concatenate([self._drawings(block, chance) for block in blocks])

    def _drawings(self, brands: Int64Array, chance: np.random.Generator) -> Float32Array:
        real, n = self._real, len(brands)
        there, back = (real.vectors[real.starts[others[brands]]] for others in self._others)
        vectors = real.drawn(self._anchors[brands], chance) + self._moved[brands] * (there - back)
        varied = chance.choice(self._varied, n)
        share = chance.random((n, 1), np.float32)
        return unit(unit(vectors) + share * (real.drawn(varied, chance) - real.drawn(varied, chance)))
