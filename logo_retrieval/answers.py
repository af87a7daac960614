"""From the vectors of a batch of images and an index to what is answered about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from logo_retrieval.decide.decision import (
    DecisionConfig,
    cautious,
    class_logits,
    leads,
    nearest_of_classes,
    probabilities_of,
)
from logo_retrieval.generation import Generation
from logo_retrieval.values import (
    MISSING_ID,
    OTHER,
    Decision,
    Evidence,
    Float32Array,
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
        owners: (m,) the image that each view belongs to.
        n_images: n.
        top: how many labels and neighbours are wanted.
    """

    vectors: Float32Array
    owners: Int64Array
    n_images: int
    top: int

    def nearest(self, held: Generation, k: int) -> Neighbours:
        """The k nearest items of each image."""
        return held.nearest(self.vectors, self.owners, self.n_images, k)


def similar(query: Query, held: Generation, names: Names) -> list[list[Evidence]]:
    """The `top` nearest drawings of each image, nearest first."""
    return _evidence(query.nearest(held, query.top), query.top, held, names)


def decide(
    query: Query, held: Generation, config: DecisionConfig, least_lead: float | None, names: Names
) -> list[Decision]:
    """One decision for each image.

    Args:
        query: the images.
        held: the index.
        config: the constants of the decision.
        least_lead: how far ahead of `other` a company must be to be named, as a similarity; with None the likelier is.
        names: of items.
    """
    neighbours = query.nearest(held, max(query.top, config.k))
    classes = held.classes_of(neighbours)[:, : config.k]
    nearest = nearest_of_classes(neighbours.similarities[:, : config.k], classes, len(held.classes))
    head = None if held.head is None else held.head.scores(query.vectors, query.owners, query.n_images)
    other = held.classes.index(OTHER)
    logits = class_logits(nearest, head, other, config, held.untrained)
    probabilities = probabilities_of(logits)
    judged = logits if least_lead is None else cautious(logits, held.untrained, config)
    needed = least_lead or 0.0
    is_other = np.arange(len(held.classes)) == other
    likeliest, foremost = (np.where(is_other, -np.inf, each).argmax(axis=1) for each in (logits, judged))
    rows = np.arange(query.n_images)
    missing = needed - (judged[rows, likeliest] - judged[:, other]) * config.temperature
    missing /= np.where(held.untrained.unmet[likeliest], config.untrained_slope, 1.0)
    decisions = []
    for row, (lead, evidence) in enumerate(
        zip(leads(judged, other, config), _evidence(neighbours, query.top, held, names), strict=True)
    ):
        order = np.argsort(-probabilities[row], kind="stable")
        best = tuple(
            ScoredLabel(
                held.classes[c],
                float(probabilities[row, c]),
                float(nearest[row, c]),
                None if head is None else float(head[row, c]),
            )
            for c in order[: query.top]
        )
        named = int(foremost[row]) if lead > needed else other
        decisions.append(
            Decision(
                "ok",
                held.classes[named],
                float(probabilities[row, named]),
                top=best,
                neighbours=tuple(evidence),
                missed_by=float(missing[row]) if named == other and np.isfinite(lead) else None,
            )
        )
    return decisions


def _evidence(neighbours: Neighbours, k: int, held: Generation, names: Names) -> list[list[Evidence]]:
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
