"""Rows of a cosine head for classes that have no target by training, from embeddings as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logo_retrieval.values import BoolArray, Float32Array, Int64Array

_MET_FROM = 0.45
"""The cosine with a learned row from which on the two show the same brand. With the starter's measured network, of
single drawings by unknown artists of brands that training has met, 62 % are as near to some row, and of these 96 % to
their brand's own; of drawings of brands that it has not met under any name, 3 %."""

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


@dataclass(frozen=True, slots=True)
class MadeRows:
    """Rows of f classes that have no target by training, and what training knew of them under another name.

    Attributes:
        rows: (f, d) float32 of unit length.
        met: (f,) whether training has met the brand of the class.
        claimed: (t,) whether a target of training shows the brand of one of the classes.
    """

    rows: Float32Array
    met: BoolArray
    claimed: BoolArray


def made_rows(means: Float32Array, learned: Float32Array, nameless: BoolArray) -> MadeRows:
    """Rows of the head from embeddings as they are.

    Training has met thousands of brands and pictograms as targets of their own that all speak for `other`, and
    companies that an index may have under another name. A target that is near enough to the mean of a class's drawings
    to show the same thing, and nearer to none of the other means, is claimed by that class. Where a class has claimed
    any, its row lies between the mean and the nearest of them,

        row = (1 - c) mean + c target,    c their cosine,    made unit length:

    the surer they show the same, the more counts what training learned from many drawings. The row of any other class
    is imprinted. One target always stays with `other`.

    Args:
        means: (f, d) unit means, one a class.
        learned: (t, d) unit rows of the trained targets.
        nameless: (t,) whether a target speaks for no company of the index, so that it may be claimed.
    """
    made = MadeRows(imprinted_rows(means, learned), np.zeros(len(means), bool), np.zeros(len(learned), bool))
    targets = np.flatnonzero(nameless)
    if len(means) == 0 or len(targets) == 0:
        return made
    cosines = learned[targets] @ means.T
    nearness = cosines.max(axis=1)
    by_nearness = np.argsort(nearness, kind="stable")[1:]
    claims = by_nearness[nearness[by_nearness] >= _MET_FROM]
    owners = cosines.argmax(axis=1)[claims]
    made.claimed[targets[claims]] = made.met[owners] = True
    nearest = np.zeros(len(means), np.int64)
    nearest[owners] = claims  # of several the last one stays, which is the nearest
    nearest = nearest[made.met]
    c = nearness[nearest, None]
    between = (1 - c) * means[made.met] + c * learned[targets[nearest]]
    made.rows[made.met] = between / np.linalg.norm(between, axis=1, keepdims=True)
    return made


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
