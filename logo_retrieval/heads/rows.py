"""Rows of a cosine head learned from embeddings as they are, in seconds."""

from __future__ import annotations

import numpy as np

from logo_retrieval.values import Float32Array, Int64Array

_SCALE, _MARGIN = 24.0, 0.15
"""Of the cosine softmax, as networks are trained with it."""

_STEPS = 30
_STEP_SIZE = 2 / _SCALE**2
"""The loss bends by at most half of the squared scale, where a row's own drawings weigh 1 together."""

_BLOCK = 4096


def fitted_rows(start: Float32Array, vectors: Float32Array, true: Int64Array, fixed: Float32Array) -> Float32Array:
    """Moves the rows of some classes so that a softmax tells them from each other and from the classes that stay.

    Some steps of steepest descent on CosFace (Wang et al. 2018, arXiv 1801.09414, equation 4) over all drawings, each
    of which weighs with the inverse square root of its class's number of drawings; after each step the rows are of unit
    length again. No chance is involved, and what is far apart already hardly moves.

    Args:
        start: (f, d) unit rows to begin with, one a class.
        vectors: (n, d) unit embeddings of drawings.
        true: (n,) the class of each: 0..f-1 for those with a row, f..f+g-1 for those that stay.
        fixed: (n, g) cosines of the drawings with the classes that stay.

    Returns:
        (f, d) unit rows.
    """
    n_rows = len(start)
    weights = (np.bincount(true)[true] ** -0.5).astype(np.float32)
    steps = _STEP_SIZE / np.bincount(true, weights)[:n_rows, None].astype(np.float32)
    rows = start.copy()
    for _ in range(_STEPS):
        slope = np.zeros_like(rows)
        for first in range(0, len(true), _BLOCK):
            block = slice(first, first + _BLOCK)
            own = np.arange(len(true[block])), true[block]
            logits = np.concatenate([vectors[block] @ rows.T, fixed[block]], axis=1)
            logits[own] -= _MARGIN
            shares = np.exp(_SCALE * (logits - logits.max(axis=1, keepdims=True)))
            shares /= shares.sum(axis=1, keepdims=True)
            shares[own] -= 1
            slope += _SCALE * (weights[block, None] * shares[:, :n_rows]).T @ vectors[block]
        slope -= (slope * rows).sum(axis=1, keepdims=True) * rows  # what would only change the length
        rows -= steps * slope
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows
