"""What is known of classes without a target by training: how many drawings they have, how near strangers come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logo_retrieval.values import BoolArray, Float32Array, Float64Array, Int64Array

MOST_STRANGERS = 1000
"""So many say enough."""

_FEWEST_STRANGERS = 100
_BEYOND = 0.01
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Untrained:
    """Of c classes those that have no target by training.

    Attributes:
        counts: (c,) int64 the number of drawings of each of them, 0 for all other classes.
        met: (c,) whether training has met the brand of such a class under another name.
        reach: (c,) float64 the evidence for the class that one in a hundred drawings of `other` exceeds; NaN where that
            is not known, for what training has met, and for all other classes.
    """

    counts: Int64Array
    met: BoolArray
    reach: Float64Array

    @classmethod
    def none_of(cls, n_classes: int) -> Untrained:
        """Training has seen all classes, or there was none."""
        return cls(np.zeros(n_classes, np.int64), np.zeros(n_classes, bool), np.full(n_classes, np.nan))

    @property
    def targetless(self) -> BoolArray:
        """(c,) which classes have no target."""
        targetless: BoolArray = self.counts > 0
        return targetless

    @property
    def unmet(self) -> BoolArray:
        """(c,) which classes training has never seen under any name."""
        return self.targetless & ~self.met


def chosen_strangers(places: Int64Array) -> Int64Array:
    """At most `MOST_STRANGERS` of some places, evenly spread over them."""
    spread = np.linspace(0, len(places) - 1, min(len(places), MOST_STRANGERS)).round().astype(np.int64)
    return places[spread]


def reach_of_strangers(
    strangers: Float32Array, vectors: Float32Array, owners: Int64Array, rows: Float32Array, head_share: float
) -> Float64Array:
    """The evidence for each class that one in a hundred strangers exceeds, as a class is told by its impostors.

    Z-norm in speaker verification measures a model by them likewise (Reynolds 1997, "Comparison of background
    normalization methods for text-independent speaker verification", Eurospeech): a triangle has more drawings like it
    in the world than a coat of arms.

    Args:
        strangers: (s, d) unit vectors of drawings that show none of the classes.
        vectors: (m, d) unit vectors of the classes' drawings, in any order.
        owners: (m,) the class of each, in 0..f-1.
        rows: (f, d) unit rows of the classes in the head.
        head_share: of the head in the evidence.

    Returns:
        (f,) float64; NaN with fewer than a hundred strangers.
    """
    if len(strangers) < _FEWEST_STRANGERS or len(rows) == 0:
        return np.full(len(rows), np.nan)
    nearest = np.full((len(strangers), len(rows)), -1, np.float32)
    order = np.argsort(owners, kind="stable")
    for block in np.split(order, range(_BLOCK, len(order), _BLOCK)):
        own, firsts = np.unique(owners[block], return_index=True)
        found = np.maximum.reduceat(strangers @ vectors[block].T, firsts, axis=1)
        nearest[:, own] = np.maximum(nearest[:, own], found)
    evidence = (1 - head_share) * nearest.astype(np.float64) + head_share * (strangers @ rows.T)
    place = len(strangers) - 1 - int(_BEYOND * len(strangers))
    beyond: Float64Array = np.partition(evidence, place, axis=0)[place]
    return beyond
