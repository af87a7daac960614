"""Rows of a cosine head for classes that training has never seen, from embeddings as they are."""

from __future__ import annotations

import numpy as np

from logo_retrieval.values import Float32Array, Int64Array

_SHARED_FROM = 0.25
"""The cosine with a learned row above which a mean has something in common with it."""

_MOST_TAKEN = 0.3
"""Of the mean's own length: what is nearly a learned row itself, or has many about it, must stay what it is."""

_SCALE, _MARGIN = 24.0, 0.15
"""Of the cosine softmax, as networks are trained with it."""

_STEPS = 30
_STEP_SIZE = 2 / _SCALE**2
"""The loss bends by at most half of the squared scale, where a row's own drawings weigh 1 together."""

_BLOCK = 4096


def imprinted_rows(means: Float32Array, learned: Float32Array) -> Float32Array:
    """Rows for the head at once: the mean of a class's drawings, less what it has in common with other targets.

    Imprinting (Qi et al. 2018, arXiv 1712.07136, section 3.1) takes the mean itself. A trained row keeps away from the
    drawings of all other targets, a mean does not, and claims some of them; here

        row = mean - b s,    s = sum over learned rows r of max(cos(mean, r) - 0.25, 0) r,    made unit length,

    with b = 1, or less where s would take more than three tenths of the mean's length along it. The row depends on the
    drawings of its own class and on the model, and on nothing else in the index.

    Args:
        means: (f, d) unit means, one a class.
        learned: (t, d) unit rows of the trained targets.

    Returns:
        (f, d) unit rows.
    """
    shared = np.maximum(means @ learned.T - _SHARED_FROM, 0) @ learned
    taken = (shared * means).sum(axis=1, keepdims=True)
    rows = means - shared * (_MOST_TAKEN / np.maximum(taken, _MOST_TAKEN))
    unit: Float32Array = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def fitted_rows(
    start: Float32Array, classes: Int64Array, vectors: Float32Array, true: Int64Array, cosines: Float32Array
) -> Float32Array:
    """Moves the rows of some classes so that a softmax tells them from each other and from the classes that stay.

    Some steps of steepest descent on CosFace (Wang et al. 2018, arXiv 1801.09414, equation 4) over all drawings, each
    of which weighs with the inverse square root of its class's number of drawings; after each step the rows are of unit
    length again. No chance is involved, and what is far apart already hardly moves.

    Args:
        start: (f, d) unit rows to begin with.
        classes: (f,) which of c classes each row is of.
        vectors: (n, d) unit embeddings of drawings, one at least of each of these classes.
        true: (n,) the class of each, in 0..c-1.
        cosines: (n, c) of the drawings with the classes; those with a row are not looked at.

    Returns:
        (f, d) unit rows.
    """
    weights = (np.bincount(true)[true] ** -0.5).astype(np.float32)
    steps = _STEP_SIZE / np.bincount(true, weights)[classes, None].astype(np.float32)
    rows = start.copy()
    for _ in range(_STEPS):
        slope = np.zeros_like(rows)
        for first in range(0, len(true), _BLOCK):
            block = slice(first, first + _BLOCK)
            own = np.arange(len(true[block])), true[block]
            logits = cosines[block].copy()
            logits[:, classes] = vectors[block] @ rows.T
            logits[own] -= _MARGIN
            shares = np.exp(_SCALE * (logits - logits.max(axis=1, keepdims=True)))
            shares /= shares.sum(axis=1, keepdims=True)
            shares[own] -= 1
            slope += _SCALE * (weights[block, None] * shares[:, classes]).T @ vectors[block]
        slope -= (slope * rows).sum(axis=1, keepdims=True) * rows  # what would only change the length
        rows -= steps * slope
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows
