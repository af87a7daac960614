"""From the vectors of a batch of images and an index to what is answered about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from logo_retrieval.generation import Generation
from logo_retrieval.open_set.evidence import NEIGHBOURS, Features, gather
from logo_retrieval.open_set.fusion import OTHER_SHARE, Fusion, probabilities
from logo_retrieval.values import (
    MISSING_ID,
    OTHER,
    Decision,
    Evidence,
    Float32Array,
    Float64Array,
    Int64Array,
    Neighbours,
    ScoredLabel,
)

Names = Callable[[Iterable[int]], Mapping[int, str]]
"""Gives the names of items by id; one that is gone is left out."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked about n images.

    Attributes:
        vectors: (m, d) float32 of all their views.
        owners: (m,) the image that each view belongs to, ascending.
        n_images: n.
    """

    vectors: Float32Array
    owners: Int64Array
    n_images: int

    def nearest(self, held: Generation, k: int) -> Neighbours:
        """The k nearest items of each image."""
        return held.nearest(self.vectors, self.owners, self.n_images, k)


@dataclass(frozen=True, slots=True)
class Policy:
    """How odds become answers.

    Attributes:
        threshold: log-odds above which a company is named; with None the likeliest answer is given.
        other_share: how common unknown logos are among those that are asked about.
        top: how many labels and neighbours each answer lists.
    """

    threshold: float | None = None
    other_share: float = OTHER_SHARE
    top: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.other_share < 1:
            raise ValueError(f"the share of unknown logos must be above 0 and below 1, got {self.other_share}")

    def named(self, log_odds: Float64Array, other: int) -> Int64Array:
        """(n,) the class that each image is said to show, from (n, c) log-odds."""
        if self.threshold is None:
            likeliest: Int64Array = probabilities(log_odds, other, self.other_share).argmax(axis=1)
            return likeliest
        best, company = best_company(log_odds, other)
        return np.where(best > self.threshold, company, other)


@dataclass(frozen=True, slots=True)
class Scores:
    """What speaks for each class, about n images and c classes.

    Attributes:
        neighbours: the nearest items.
        features: that were gathered from them and the head.
        log_odds: (n, c) float64 by `Fusion.log_odds`.
    """

    neighbours: Neighbours
    features: Features
    log_odds: Float64Array


def similar(query: Query, held: Generation, k: int, names: Names) -> list[list[Evidence]]:
    """The k nearest drawings of each image, nearest first."""
    return _named_neighbours(query.nearest(held, k), k, held, names)


def score(query: Query, held: Generation, fusion: Fusion, k: int = NEIGHBOURS) -> Scores:
    """The one way from vectors to class scores.

    Args:
        query: the images.
        held: the index.
        fusion: of its model.
        k: how many neighbours are wanted, at least; the evidence looks at `NEIGHBOURS` of them.
    """
    neighbours = query.nearest(held, max(k, NEIGHBOURS))
    head = None if held.head is None else held.head.scores(query.vectors, query.owners, query.n_images)
    similarities, classes = neighbours.similarities[:, :NEIGHBOURS], held.classes_of(neighbours)[:, :NEIGHBOURS]
    features = gather(similarities, classes, head, held.other, held.profile, held.scale)
    return Scores(neighbours, features, fusion.log_odds(features, held.other, held.profile))


def best_company(log_odds: Float64Array, other: int) -> tuple[Float64Array, Int64Array]:
    """(n,) the largest log-odds of a company, and whose they are; -inf where there is no company."""
    companies = log_odds.copy()
    companies[:, other] = -np.inf
    company = companies.argmax(axis=1)
    return companies[np.arange(len(companies)), company], company


def decide(query: Query, held: Generation, fusion: Fusion, policy: Policy, names: Names) -> list[Decision]:
    """One decision for each image.

    Args:
        query: the images.
        held: the index.
        fusion: of its model.
        policy: how odds become answers.
        names: of items.
    """
    scores = score(query, held, fusion, policy.top)
    other = held.other
    chances = probabilities(scores.log_odds, other, policy.other_share)
    label = policy.named(scores.log_odds, other)
    best = best_company(scores.log_odds, other)[0]
    prior = np.log(policy.other_share / (1 - policy.other_share))
    missing = (prior if policy.threshold is None else policy.threshold) - best
    neighbours = _named_neighbours(scores.neighbours, policy.top, held, names)
    return [
        Decision(
            "ok",
            held.classes[label[row]],
            float(chances[row, label[row]]),
            top=_top(row, chances[row], scores, held, fusion, policy.top),
            neighbours=tuple(neighbours[row]),
            missed_by=float(missing[row]) if label[row] == other and np.isfinite(missing[row]) else None,
        )
        for row in range(query.n_images)
    ]


def _top(
    row: int, chances: Float64Array, scores: Scores, held: Generation, fusion: Fusion, k: int
) -> tuple[ScoredLabel, ...]:
    features = scores.features
    return tuple(
        ScoredLabel(
            held.classes[c],
            float(chances[c]),
            float(features.nearest[row, c]),
            None if features.head is None else float(features.head[row, c]),
            {} if held.classes[c] == OTHER else fusion.spoken(features, row, c, held.profile),
        )
        for c in np.argsort(-chances, kind="stable")[:k].tolist()
    )


def _named_neighbours(neighbours: Neighbours, k: int, held: Generation, names: Names) -> list[list[Evidence]]:
    ids, similarities = neighbours.ids[:, :k], neighbours.similarities[:, :k]
    classes = held.classes_of(neighbours)[:, :k]
    known = names({int(item) for item in ids.ravel() if item != MISSING_ID})
    return [
        [
            Evidence(known.get(int(item), ""), held.classes[int(c)], float(similarity))
            for item, c, similarity in zip(*row, strict=True)
            if item != MISSING_ID
        ]
        for row in zip(ids, classes, similarities, strict=True)
    ]
