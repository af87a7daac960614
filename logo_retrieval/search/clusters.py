"""Spherical k-means: (p, d) centroids of unit vectors, and the nearest of them to each."""

from __future__ import annotations

import numpy as np

from logo_retrieval.packed import unit
from logo_retrieval.runs import run_starts
from logo_retrieval.types import Float32Array, Int64Array

_ROUNDS = 6
_BLOCK = 8192
_SEED = 0


def centroids_of(vectors: Float32Array, n_centroids: int) -> Float32Array:
    """Unit centroids by spherical k-means (Dhillon and Modha 2001, "Concept decompositions", section 3).

    It begins with some of the vectors by lot, the same lot each time. A centroid that is nearest to none is given up.

    Args:
        vectors: (n, d) unit vectors.
        n_centroids: at most so many, and no more than n.
    """
    centroids = vectors[np.random.default_rng(_SEED).choice(len(vectors), n_centroids, replace=False)]
    for _ in range(_ROUNDS):
        owners = nearest_centroids(vectors, centroids)
        order = np.argsort(owners, kind="stable")
        centroids = unit(np.add.reduceat(vectors[order], run_starts(owners[order]), axis=0))
    return centroids


def nearest_centroids(vectors: Float32Array, centroids: Float32Array) -> Int64Array:
    """(n,) which of (p, d) centroids is nearest to each of (n, d) vectors, of equally near ones the first."""
    blocks = np.split(vectors, range(_BLOCK, len(vectors), _BLOCK))
    return np.concatenate([(block @ centroids.T).argmax(axis=1) for block in blocks]).astype(np.int64)
