"""Rows of a cosine head for novel classes, which have no target by training, from embeddings as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logo_retrieval.types import BoolArray, Float32Array, Int64Array

_SHARED_FROM = 0.25
"""The cosine with a learned row above which a mean has something in common with it."""

_MOST_TAKEN = 0.3
"""Of the mean's own length: what is nearly a learned row itself, or has many about it, must stay what it is."""

_BLOCK = 32
"""Classes whose rows are computed together, no more and no fewer: a BLAS adds up otherwise for another number."""

NOBODY = -1
"""Claims a target that stays with the class it was trained for."""


@dataclass(frozen=True, slots=True)
class Imprinted:
    """What f novel classes have in the head.

    Attributes:
        means: (f, d) float32 unit means of their drawings.
        rows: (f, d) float32 of unit length, one a class.
        nearest: (t,) int64 the class whose mean is nearest to a target of training that may be claimed, or `NOBODY`.
        nearness: (t,) float32 the cosine with that mean; -inf where there is none.
        claims: (t,) int64 which of the f classes a target of training speaks for from now on, or `NOBODY`.
    """

    means: Float32Array
    rows: Float32Array
    nearest: Int64Array
    nearness: Float32Array
    claims: Int64Array


def imprint(
    means: Float32Array,
    learned: Float32Array,
    nameless: BoolArray,
    claimed_from: float,
    before: tuple[Imprinted, Int64Array] | None = None,
) -> Imprinted:
    """Rows at once, without training; see `imprinted_rows`.

    Training has met thousands of brands and pictograms as targets of their own that all speak for `other`, and
    companies that an index may have under another name. A target that is so near to the mean of a novel class's
    drawings as unknown logos hardly ever are to any company shows the same brand: it speaks for that class from now on,
    beside the class's own row, and for `other` no more. One target always stays with `other`.

    Args:
        means: (f, d) unit means, one a class.
        learned: (t, d) unit rows of the trained targets.
        nameless: (t,) whether a target speaks for no company of the index, so that it may be claimed.
        claimed_from: the cosine from which on it is.
        before: an imprint by the same targets, and of each class its place there, or `NOBODY` where its mean is
            another now; so much need not be computed again.
    """
    rows = np.empty_like(means)
    nearest, nearness = np.full(len(learned), NOBODY, np.int64), np.full(len(learned), -np.inf, np.float32)
    was = np.full(len(means), NOBODY, np.int64)
    if before is not None:
        imprinted, was = before
        stay = np.flatnonzero(was != NOBODY)
        moved = np.full(len(imprinted.rows) + 1, NOBODY, np.int64)  # the last one is for `NOBODY`
        moved[was[stay]] = stay
        rows[stay] = imprinted.rows[was[stay]]
        nearest = moved[imprinted.nearest]
        nearness = np.where(nearest == NOBODY, np.float32(-np.inf), imprinted.nearness)
    fresh = np.flatnonzero(was == NOBODY)
    for start in range(0, len(fresh), _BLOCK):
        block = fresh[start : start + _BLOCK]
        padded = np.concatenate([means[block], np.zeros((_BLOCK - len(block), means.shape[1]), np.float32)])
        rows[block] = imprinted_rows(padded, learned)[: len(block)]
    orphans = nameless & (nearest == NOBODY)
    _take_nearer(nearest, nearness, learned, np.flatnonzero(orphans), means, np.arange(len(means)))
    _take_nearer(nearest, nearness, learned, np.flatnonzero(nameless & ~orphans), means, fresh)
    claims = np.full(len(learned), NOBODY, np.int64)
    targets = np.flatnonzero(nameless)
    able = targets[np.argsort(nearness[targets], kind="stable")[1:]]
    able = able[nearness[able] >= claimed_from]
    claims[able] = nearest[able]
    return Imprinted(means, rows, nearest, nearness, claims)


def _take_nearer(
    nearest: Int64Array,
    nearness: Float32Array,
    learned: Float32Array,
    targets: Int64Array,
    means: Float32Array,
    classes: Int64Array,
) -> None:
    """Notes of some targets which of some classes are nearer than what was found so far; of equal ones the first."""
    if len(targets) == 0 or len(classes) == 0:
        return
    cosines = learned[targets] @ means[classes].T
    best = cosines.argmax(axis=1)
    found, similarity = classes[best], cosines[np.arange(len(targets)), best]
    nearer = (similarity > nearness[targets]) | (similarity == nearness[targets]) & (found < nearest[targets])
    nearest[targets[nearer]], nearness[targets[nearer]] = found[nearer], similarity[nearer]


def imprinted_rows(means: Float32Array, learned: Float32Array) -> Float32Array:
    """The mean of a class's drawings, less what it has in common with other targets.

    Weight imprinting (Qi et al. 2018, arXiv 1712.07136, section 3.1) takes the mean itself. A trained row keeps away
    from the drawings of all other targets, a mean does not, and claims some of them; here

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
    unit: Float32Array = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return unit
