"""Several embedders as one: their vectors side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logo_retrieval.embedding.protocol import Embedder
from logo_retrieval.types import Float32Array, UInt8Array


class EnsembleEmbedder:
    """Lays the unit vectors of its members in a row, each over the root of their number.

    The inner product of two such vectors is the mean of the members' cosines, so search and thresholds go on as
    with one embedder.

    Attributes:
        dim: the sum of the members' widths.
        input_size_px: side of the pictures, in pixels, the same for all members.
        precision: that of the members.
    """

    def __init__(self, members: Sequence[Embedder]) -> None:
        """Takes at least one member; all take pictures of one size and compute in one precision."""
        self._members = tuple(members)
        self.dim = sum(member.dim for member in members)
        self.input_size_px = members[0].input_size_px
        self.precision = members[0].precision

    def embed(self, views: UInt8Array) -> Float32Array:
        """Embeds (n, s, s, 3) uint8 RGB as (n, d) float32 of unit length; n may be 0.

        Raises:
            ValueError: `views` has another dtype or shape.
        """
        return side_by_side([member.embed(views) for member in self._members])


def side_by_side(vectors: Sequence[Float32Array]) -> Float32Array:
    """Unit rows (n, d1), (n, d2) and so on of m embedders as unit rows (n, d1 + d2 + ...).

    >>> side_by_side([np.float32([[1, 0]]), np.float32([[0.6, 0.8]])]).round(2)
    array([[0.71, 0.  , 0.42, 0.57]], dtype=float32)
    """
    return np.concatenate(vectors, axis=1) / np.float32(len(vectors) ** 0.5)
