"""Connected components of a graph whose edges come in batches."""

from __future__ import annotations

import numpy as np

from logo_retrieval.types import Int64Array


def join(components: Int64Array, one: Int64Array, other: Int64Array) -> None:
    """Adds edges, in place.

    Args:
        components: (n,) of each node the smallest node that it is connected with; `arange(n)` at first.
        one: (e,) nodes.
        other: (e,) nodes, each connected with the one in its place.

    >>> components = np.arange(5)
    >>> join(components, np.array([4, 3]), np.array([2, 4]))
    >>> components.tolist()
    [0, 1, 2, 2, 2]
    """
    while np.any(components[one] != components[other]):
        low = np.minimum(components[one], components[other])
        np.minimum.at(components, np.maximum(components[one], components[other]), low)
        while np.any(components[components] != components):
            components[:] = components[components]
