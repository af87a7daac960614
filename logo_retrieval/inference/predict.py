"""From the vectors of a batch of images and an index to what is answered about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index
from typing import Literal, get_args

import numpy as np

from logo_retrieval.images.hues import agreement
from logo_retrieval.images.shapes import correlation
from logo_retrieval.images.traits import hues_in, shapes_in
from logo_retrieval.inference.doubt import settled_by_twins, twins, unsettled
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.snapshot import IndexSnapshot
from logo_retrieval.open_set.evidence import COMPANY_FEATURES, NEIGHBOURS, Compared, Features, gather, with_text
from logo_retrieval.open_set.fusion import BIAS, OTHER_SHARE, Fusion, any_company, best_company, named, probabilities
from logo_retrieval.runs import run_starts
from logo_retrieval.types import (
    MISSING_ID,
    BoolArray,
    Decision,
    Evidence,
    Float32Array,
    Float64Array,
    Int64Array,
    Neighbours,
    ScoredLabel,
    TextLine,
    UInt8Array,
    cosine,
)

Text = Literal["auto", "always", "never"]

Auto = Literal["auto"]
AUTO: Auto = "auto"
"""In place of the share of unknown logos: the one that `mixture.estimated_other_share` finds."""

Read = Callable[[BoolArray], list[tuple[TextLine, ...] | None]]
"""Reads those of n images that are wanted; of each of the n what was read, None where nobody looked."""

ItemNames = Callable[[Iterable[int]], Mapping[int, str]]
"""Gives the names of items by id; one that is gone is left out."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked about n images.

    Attributes:
        vectors: (m, d) float32 of all their views.
        owners: (m,) the image that each view belongs to, ascending.
        n_images: n.
        traits: (m, 272) of all their views, by `traits_of`; None where they shall say nothing.
        texts: what was read on each image; None where nobody has looked.
    """

    vectors: Float32Array
    owners: Int64Array
    n_images: int
    traits: UInt8Array | None = None
    texts: Sequence[tuple[TextLine, ...] | None] = ()

    def nearest(self, held: IndexSnapshot, k: int) -> Neighbours:
        """The k nearest items of each image."""
        return held.nearest(self.vectors, self.owners, self.n_images, k)


@dataclass(frozen=True, slots=True)
class Policy:
    """How odds become answers.

    Attributes:
        share: of unknown logos, how many may be given a company's name; with None the likeliest answer is given.
        other_share: how common unknown logos are among those that are asked about; with `AUTO` answers are for
            `OTHER_SHARE`, and list `other` beside the likeliest companies, for `other_share.at_share`.
        top: how many labels and neighbours each answer lists.
        text: whether images are read: where that could change the answer, always or never.
    """

    share: float | None = None
    other_share: float | Auto = OTHER_SHARE
    top: int = 5
    text: Text = "auto"

    def __post_init__(self) -> None:
        if self.text not in get_args(Text):
            raise ValueError(f"text must be one of {', '.join(get_args(Text))}, got {self.text!r}")
        if self.other_share != AUTO and not 0 < self.other_share < 1:
            raise ValueError(f"the share of unknown logos must be above 0 and below 1, got {self.other_share}")


def how_many(name: str, number: int) -> int:
    """How many of something are asked for.

    Raises:
        ValueError: none, or fewer.
        TypeError: it is no whole number.
    """
    try:
        whole = index(number)
    except TypeError as error:
        raise TypeError(f"{name} must be a whole number, got {number!r:.80}: {error}") from None
    if whole < 1:
        raise ValueError(f"{name} must be at least 1, got {whole}")
    return whole


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


def similar(query: Query, held: IndexSnapshot, k: int, names: ItemNames) -> list[list[Evidence]]:
    """The k nearest drawings of each image, nearest first."""
    return _named_neighbours(query.nearest(held, k), k, held, names)


def score(query: Query, held: IndexSnapshot, fusion: Fusion, k: int = NEIGHBOURS) -> Scores:
    """The one way from vectors to class scores.

    Args:
        query: the images.
        held: the index.
        fusion: of its model.
        k: how many neighbours are wanted, at least; the evidence looks at `NEIGHBOURS` of them.
    """
    neighbours = query.nearest(held, max(k, NEIGHBOURS))
    head = None if held.head is None else held.head.scores(query.vectors, query.owners, query.n_images)
    compared = _compared(query, neighbours.first(NEIGHBOURS), held)
    features = gather(compared, head, held.other, held.profile, held.scale)
    scores = Scores(neighbours, features, _log_odds(features, held, fusion))
    return _with_text(scores, query, held, fusion)


def _compared(query: Query, neighbours: Neighbours, held: IndexSnapshot) -> Compared:
    """Each image and its neighbours: by hues the whole drawing, by shape the view that fits best."""
    similarities, classes = neighbours.similarities, held.classes_of(neighbours)
    if query.traits is None:
        return Compared(similarities, classes, np.full(classes.shape, np.nan), np.zeros(classes.shape))
    theirs, wholes = held.traits_of(neighbours), run_starts(query.owners)
    hues = agreement(hues_in(query.traits[wholes])[:, None], hues_in(theirs))
    shapes = correlation(shapes_in(query.traits), shapes_in(theirs)[query.owners])
    return Compared(similarities, classes, hues, np.maximum.reduceat(shapes, wholes, axis=0))


def _log_odds(features: Features, held: IndexSnapshot, fusion: Fusion) -> Float64Array:
    """(n, c) of each company, and what the index says of the very picture counts before all that is like it."""
    return settled_by_twins(fusion.log_odds(features, held.other, held.profile), features, held.other)


def _with_text(scores: Scores, query: Query, held: IndexSnapshot, fusion: Fusion) -> Scores:
    """The same with what was read on the images, if anything was."""
    if not any(query.texts):
        return scores
    features = with_text(scores.features, *held.names.read_as([each or () for each in query.texts]))
    return replace(scores, features=features, log_odds=_log_odds(features, held, fusion))


def decide(
    query: Query,
    held: IndexSnapshot,
    knowledge: Knowledge,
    policy: Policy,
    names: ItemNames,
    read: Read | None = None,
) -> list[Decision]:
    """One decision for each image.

    Args:
        query: the images.
        held: the index.
        knowledge: of its model.
        policy: how odds become answers.
        names: of items.
        read: reads some of the images, given by their positions; None where nothing shall be read.
    """
    fusion, other = knowledge.fusion, held.other
    other_share = OTHER_SHARE if policy.other_share == AUTO else policy.other_share
    thresholds = knowledge.thresholds(policy.share, held.profile)
    if thresholds is None:
        thresholds = np.full(len(held.classes), np.log(other_share / (1 - other_share)))
    scores = score(query, held, fusion, policy.top)
    if read is not None:
        by_text = fusion.most_by_text(scores.features, held.profile)
        wanted = (policy.text == "always") | unsettled(scores.log_odds, by_text, other, thresholds)
        query = replace(query, texts=read(wanted))
        scores = _with_text(scores, query, held, fusion)
    chances = probabilities(scores.log_odds, other, other_share)
    known = any_company(scores.log_odds, other)
    label = named(scores.log_odds, other, thresholds)
    if policy.share is not None:  # however many unknown logos may be named, one that is known as such is not
        is_twin, twin = twins(scores.features)
        label[is_twin & (twin == other)] = other
    best, company = best_company(scores.log_odds, other)
    missing = thresholds[company] - best
    said = fusion.contributions(scores.features, held.profile)
    neighbours = _named_neighbours(scores.neighbours, policy.top, held, names)
    return [
        Decision(
            "ok",
            held.classes[label[row]],
            float(chances[row, label[row]]),
            top=_top(row, chances[row], scores, held, said[row], _listed(chances[row], other, policy)),
            neighbours=tuple(neighbours[row]),
            missed_by=float(missing[row]) if 0 <= missing[row] < np.inf else None,
            text=query.texts[row] if query.texts else None,
            log_odds=float(known[row]),
        )
        for row in range(len(chances))
    ]


def _listed(chances: Float64Array, other: int, policy: Policy) -> list[int]:
    """The classes that an answer lists, likeliest first, `other` last where its share is not known yet."""
    order: list[int] = np.argsort(-chances, kind="stable").tolist()
    if policy.other_share != AUTO:
        return order[: policy.top]
    order.remove(other)
    return [*order[: policy.top], other]


def _top(
    row: int, chances: Float64Array, scores: Scores, held: IndexSnapshot, said: Float64Array, listed: Sequence[int]
) -> tuple[ScoredLabel, ...]:
    features, other = scores.features, held.other
    return tuple(
        ScoredLabel(
            held.classes[c],
            float(chances[c]),
            cosine(features.nearest[row, c]),
            None if features.head is None else cosine(features.head[row, c]),
            {} if c == other else dict(zip((BIAS, *COMPANY_FEATURES), said[c].tolist(), strict=True)),
        )
        for c in listed
    )


def _named_neighbours(neighbours: Neighbours, k: int, held: IndexSnapshot, names: ItemNames) -> list[list[Evidence]]:
    listed = neighbours.first(k)
    ids, similarities, classes = listed.ids, listed.similarities, held.classes_of(listed)
    views = np.zeros_like(ids) if listed.views is None else listed.views
    known = names({int(item) for item in ids.ravel() if item != MISSING_ID})
    return [
        [
            Evidence(known.get(int(item), ""), held.classes[int(c)], cosine(similarity), int(view))
            for item, c, similarity, view in zip(*row, strict=True)
            if item != MISSING_ID
        ]
        for row in zip(ids, classes, similarities, views, strict=True)
    ]
