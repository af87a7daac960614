"""Where the cosines of a network lie, so that evidence means the same for every network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logo_retrieval.fields import Finite
from logo_retrieval.types import Float32Array, Float64Array

FAR = -1.0
"""On the network's scale, what counts as the similarity of what is not there."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the cosines of unknown logos lie, so that evidence means the same for every network.

    The low and the high quantile become 0 and 1. That of the nearest drawing and that of the head have scales of
    their own.

    Attributes:
        nearest_low: the median of how near unknown logos come to the nearest drawing of a company.
        nearest_high: what one in fifty of them exceeds.
        head_low: the median of their largest cosine with a company's target in the head.
        head_high: what one in fifty of them exceeds.
    """

    nearest_low: Finite
    nearest_high: Finite
    head_low: Finite
    head_high: Finite

    def __post_init__(self) -> None:
        if not (self.nearest_low < self.nearest_high and self.head_low < self.head_high):
            raise ValueError(f"the low end of a scale must be below its high end, got {self}")

    @classmethod
    def of_unknown(cls, nearest: Float32Array, head: Float32Array | None) -> Scale:
        """From what (u,) unknown logos come to; without a head its scale has no meaning.

        Raises:
            ValueError: when there are none, or all come to the same.
        """
        if len(nearest) == 0:
            raise ValueError("a scale needs one unknown logo at least, got none")
        (low, high), (head_low, head_high) = (
            (0.0, 1.0) if cosines is None else np.quantile(cosines, (0.5, 0.98)).tolist() for cosines in (nearest, head)
        )
        return cls(low, high, head_low, head_high)

    def nearest(self, similarities: Float32Array | Float64Array) -> Float64Array:
        """Similarities of drawings on the scale."""
        return _scaled(similarities, self.nearest_low, self.nearest_high)

    def head(self, cosines: Float32Array | Float64Array) -> Float64Array:
        """Cosines of the head on the scale."""
        return _scaled(cosines, self.head_low, self.head_high)


def _scaled(cosines: Float32Array | Float64Array, low: float, high: float) -> Float64Array:
    scaled: Float64Array = np.maximum((cosines.astype(np.float64) - low) / (high - low), FAR)
    return scaled
