"""What tells that a query and a class show the same brand: similarities, rivals, crowds, shape, colours, writing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from logo_retrieval.open_set.scale import FAR, Scale
from logo_retrieval.types import BoolArray, Float32Array, Float64Array, Int64Array

NEIGHBOURS = 100
"""So many of a query's neighbours are looked at."""

COMPANY_FEATURES = (
    "nearest",
    "head",
    "isolation",
    "rarity",
    "shape",
    "colours_agree",
    "colours_differ",
    "named",
    "contradicted",
)
"""What speaks for a company, by name; the more of each, the likelier."""

RIVAL_FEATURES = ("nearest", "head")
"""What speaks for a drawing of `other`: that it shows the very brand of the query."""

EVEN_AGREEMENT = 0.85
"""Of hues: two brands that look alike agree so much as often as two drawings of one."""

UNLIKE = 0.7
"""Of shapes: a correlation up to which they say nothing."""

_MANY = 10 * NEIGHBOURS
"""Drawings of an index that shows by itself how crowded a place is and how near a brand of no company comes."""

_NEARLY = 0.25
"""On the network's scale: a quarter of the way from the median of unknown logos to what one in fifty exceeds."""

_Real = TypeVar("_Real", Float32Array, Float64Array)

_CROWD = slice(10, 60)


@dataclass(frozen=True, slots=True)
class ClassProfile:
    """What is known of c classes before anything is asked.

    Attributes:
        counts: (c,) int64 drawings of each.
        trained: (c,) whether training knew the class, so that its head has a target for it.
        novel: (c,) whether training did not; `other` is neither.
    """

    counts: Int64Array
    trained: BoolArray
    novel: BoolArray

    @property
    def n_companies(self) -> int:
        """Of how many companies there is something that a drawing can be compared with; 1 at least."""
        by_name_alone = self.novel & (self.counts == 0)
        return max(len(self.counts) - 1 - int(by_name_alone.sum()), 1)

    @property
    def share_of_novel(self) -> float:
        """Of the companies, those that training did not know; 0 where there are none."""
        return float(self.novel.sum()) / max(len(self.novel) - 1, 1)


@dataclass(frozen=True, slots=True)
class Compared:
    """n queries and the k neighbours of each, nearest first.

    Attributes:
        similarities: (n, k) float32, -inf where there is no neighbour.
        classes: (n, k) int64 in 0..c-1, -1 where there is no neighbour.
        hues: (n, k) by `images.hues.agreement`.
        shapes: (n, k) by `images.shapes.correlation`.
    """

    similarities: Float32Array
    classes: Int64Array
    hues: Float64Array
    shapes: Float64Array


@dataclass(frozen=True, slots=True)
class Features:
    """About n queries and c classes.

    Attributes:
        nearest: (n, c) float32 similarity of the nearest drawing of each class, see `nearest_of_classes`.
        head: (n, c) float32 cosines of the head, None when the model has none.
        company: (n, c, f) float64 in the order of `COMPANY_FEATURES`; what is said there of `other` has no meaning.
        rival: (n, r) float64 in the order of `RIVAL_FEATURES`, of the drawings and targets of `other`.
    """

    nearest: Float32Array
    head: Float32Array | None
    company: Float64Array
    rival: Float64Array


def gather(
    compared: Compared,
    head: Float32Array | None,
    other: int,
    profile: ClassProfile,
    scale: Scale,
) -> Features:
    """The evidence for each class.

    Of a company that is, on the network's scale: how near its nearest drawing is; the cosine of the head; how far apart
    the query's further neighbours are; and minus the logarithm of the number of its drawings, one of which is near by
    chance. Without a head its feature is 0. Then how well a drawing of the company among the neighbours fits onto the
    query, and whether its hues are those of the query, see `_of_shapes` and `_of_colours`. What is written comes by
    `with_text`.

    A small index of novel companies, as a user's own may be, shows neither crowds nor rivals: of unknown logos far more
    would be named than are asked for. There no query counts as farther from a crowd than the median unknown logo, and a
    rival is as near as a target of `other` in the head, if that is nearer than every drawing of `other`; the less, the
    more drawings the index has, up to a thousand, and the more of its companies training knew.

    Args:
        compared: the queries and their neighbours.
        head: (n, c) cosines of the head, None when the model has none.
        other: the position of `other`.
        profile: of the classes.
        scale: of the network.

    Raises:
        ValueError: when shapes or positions do not fit.
    """
    n_classes, classes = len(profile.counts), compared.classes
    if not 0 <= other < n_classes or (head is not None and head.shape != (len(classes), n_classes)):
        raise ValueError(
            f"other must be below {n_classes} and head of shape {(len(classes), n_classes)}, "
            f"got {other} and {None if head is None else head.shape}"
        )
    nearest = nearest_of_classes(compared.similarities, classes, n_classes)
    near, of_neighbours = scale.nearest(nearest), scale.nearest(compared.similarities)
    by_head = np.zeros(near.shape) if head is None else scale.head(head)
    isolation, rival = -_crowd(of_neighbours), near[:, other]
    if head is not None:
        hidden = profile.share_of_novel * max(1 - float(profile.counts.sum()) / _MANY, 0.0)
        isolation = (1 - hidden) * isolation + hidden * np.minimum(isolation, 0)
        rival = (1 - hidden) * rival + hidden * np.maximum(rival, by_head[:, other])
    company = np.stack(
        [
            near,
            by_head,
            np.broadcast_to(isolation[:, None], near.shape),
            np.broadcast_to(-np.log(np.maximum(profile.counts, 1)), near.shape),
            _of_shapes(compared, of_neighbours, n_classes),
            *_of_colours(compared.hues, classes, n_classes),
            np.zeros(near.shape),
            np.zeros(near.shape),
        ],
        axis=2,
    )
    return Features(nearest, head, company, np.stack([rival, by_head[:, other]], axis=1))


def with_text(features: Features, named: Float32Array, written: Float32Array) -> Features:
    """The same evidence and what was read: how clearly each company is named, and how clearly something else is.

    Args:
        features: of n queries and c classes.
        named: (n, c) in [0, 1], by `reading.matching.Names.read_as`.
        written: (n,) in [0, 1], by the same.
    """
    company = features.company.copy()
    company[..., COMPANY_FEATURES.index("named")] = named
    company[..., COMPANY_FEATURES.index("contradicted")] = np.minimum(named - written[:, None], 0)
    return replace(features, company=company)


def nearest_company(features: Features, other: int, chosen: BoolArray) -> tuple[Float32Array, Float32Array | None]:
    """(u,) how near some of the queries come to the nearest drawing of a company, and to a company in the head."""
    near = np.delete(features.nearest[chosen], other, axis=1).max(axis=1)
    return near, None if features.head is None else np.delete(features.head[chosen], other, axis=1).max(axis=1)


def nearest_of_classes(similarities: Float32Array, classes: Int64Array, n_classes: int) -> Float32Array:
    """The similarity of the nearest drawing of each class.

    Args:
        similarities: (n, k) float32, nearest first, -inf where there is no neighbour.
        classes: (n, k) int64 in 0..c-1, -1 where there is no neighbour.
        n_classes: c.

    Returns:
        (n, c) float32. A class with none among k neighbours has the similarity of the k-th, than which it cannot be
        nearer; where there are fewer than k, all drawings were looked at, and it has -1.

    Raises:
        ValueError: when shapes or positions do not fit.
    """
    if similarities.shape != classes.shape or similarities.ndim != 2:
        raise ValueError(f"similarities and classes must be (n, k), got {similarities.shape} and {classes.shape}")
    if classes.size and (classes.min() < -1 or classes.max() >= n_classes):
        raise ValueError(f"classes must be -1 or below {n_classes}")
    farthest = similarities.min(axis=1, keepdims=True, initial=np.inf)
    floor = np.where(np.isfinite(farthest), farthest, np.float32(-1))
    nearest: Float32Array = np.maximum(_best_of_classes(similarities, classes, n_classes), floor)
    return nearest


def _of_shapes(compared: Compared, near: Float64Array, n_classes: int) -> Float64Array:
    """How much the query's shape speaks for each class, (n, c) in [0, 1]: by the drawing that fits best.

    What counts are drawings nearly as near as the nearest of all: signs of one form fit, whatever stands on them.
    """
    shapes = np.where(near >= near[:, :1] - _NEARLY, compared.shapes, 0)
    return fit_of(_best_of_classes(shapes, compared.classes, n_classes))


def fit_of(correlation: Float64Array, unlike: float = UNLIKE) -> Float64Array:
    """How much a correlation of shapes speaks for one brand, in [0, 1].

    Args:
        correlation: of any shape, 0 to 1.
        unlike: up to which it says nothing.

    >>> fit_of(np.array([0.3, 0.7, 0.85, 1.0]))
    array([0. , 0. , 0.5, 1. ])
    """
    found: Float64Array = np.maximum(correlation - unlike, 0) / (1 - unlike)
    return found


def _of_colours(agreement: Float64Array, classes: Int64Array, n_classes: int) -> tuple[Float64Array, Float64Array]:
    """How much the query's colours speak for each class, (n, c) in [0, 1], and against it, (n, c) in [-1, 0].

    What counts is the drawing of the class, among the neighbours, whose hues agree most. Both are 0 where the query or
    all of these drawings are without colour: logos are often drawn in black.
    """
    best = _best_of_classes(np.nan_to_num(agreement, nan=-np.inf), classes, n_classes)
    return of_agreement(np.where(np.isneginf(best), EVEN_AGREEMENT, best))


def _best_of_classes(values: _Real, classes: Int64Array, n_classes: int) -> _Real:
    """(n, c) the largest of (n, k) values of neighbours of each class; -inf where there is none."""
    best = np.full((len(classes), n_classes + 1), -np.inf, values.dtype)
    np.maximum.at(best, (np.arange(len(classes))[:, None], classes), values)  # position -1 is the last column
    return best[:, :n_classes]


def of_agreement(agreement: Float64Array, even: float = EVEN_AGREEMENT) -> tuple[Float64Array, Float64Array]:
    """How much an agreement of hues speaks for one brand, in [0, 1], and against it, in [-1, 0].

    Args:
        agreement: of any shape, 0 to 1.
        even: that says nothing.

    >>> of_agreement(np.array([0.0, 0.85, 1.0]))
    (array([0., 0., 1.]), array([-1.,  0.,  0.]))
    """
    beyond = agreement - even
    return np.maximum(beyond, 0) / (1 - even), np.minimum(beyond, 0) / even


def _crowd(near: Float64Array) -> Float64Array:
    """(n,) the mean of the further neighbours that are there; 0 where there are none."""
    further = near[:, _CROWD]
    there = further > FAR
    means: Float64Array = np.where(there, further, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return means
