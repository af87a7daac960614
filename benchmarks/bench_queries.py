"""LogoBench as its collection split asks it: rows, queries, answers, and the decision fitted to the validation part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from embedded import Embedded
from logobench_data import OTHER, LogoBench, names_by_class
from written import Texts, read_all, start_of_fit

from logo_retrieval.evaluation import fitting
from logo_retrieval.evaluation.measure import Answers, Estimate, measure
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT, Knowledge
from logo_retrieval.inference.predict import Query, Scores, score
from logo_retrieval.inference.snapshot import IndexSnapshot, snapshot_of
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.open_set.evidence import nearest_company
from logo_retrieval.open_set.fusion import (
    HEADLESS_NOVEL,
    HEADLESS_RIVAL,
    RIVAL,
    TRAINED,
    best_company,
    probabilities,
)
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.types import BoolArray, Float32Array, Float64Array, Int64Array

SPLIT = "collection"
WORN = "test"
"""Salt of the lot by which degraded copies are drawn."""

UNREAD: Texts = {}

FOLDS = 5


@dataclass(frozen=True, slots=True)
class SplitRows:
    """The collection split as rows: what is in the gallery, what is asked."""

    train: Int64Array
    val: Int64Array
    unseen: Int64Array
    all: Int64Array

    @classmethod
    def of(cls, bench: LogoBench) -> SplitRows:
        """Reads the split."""
        parts = np.array(bench.parts[SPLIT])
        train, val, test = (np.flatnonzero(parts == part) for part in ("train", "val", "test"))
        collections = np.array([drawing.collection for drawing in bench.drawings])
        by_tested = np.isin(collections, np.unique(collections[test]))
        return cls(train, val, test, np.flatnonzero(by_tested & may_be_asked(bench)))


def may_be_asked(bench: LogoBench) -> BoolArray:
    """(n,) drawings by artists who are held out; of `other` not those that are dropped, whose brands training shows."""
    parts = np.array(bench.parts[SPLIT])
    other = np.array([drawing.label == OTHER for drawing in bench.drawings])
    asked: BoolArray = (parts != "train") & ~((parts == "dropped") & other)
    return asked


@dataclass(frozen=True, slots=True)
class Asked:
    """Some rows of the benchmark as an index sees them.

    Attributes:
        rows: (n,) of the benchmark.
        true: (n,) positions of their classes.
        whole: (n, d) their whole drawings.
        scores: what the index says.
    """

    rows: Int64Array
    true: Int64Array
    whole: Float32Array
    scores: Scores


def index_of(bench: LogoBench, drawn: Embedded, rows: Int64Array, knowledge: Knowledge) -> IndexSnapshot:
    """An index of whole drawings, in memory."""
    names = names_by_class()
    known_as = [names.get(name, ()) for name in bench.classes]
    vectors, traits = drawn.of(rows, all_views=False)[0], drawn.traits_of(rows, all_views=False)
    return snapshot_of(
        bench.classes, labels_of(bench)[rows], vectors, np.arange(len(rows)), knowledge, known_as, traits
    )


def labels_of(bench: LogoBench) -> Int64Array:
    """(n,) positions of the classes of all drawings."""
    place = {name: position for position, name in enumerate(bench.classes)}
    return np.array([place[drawing.label] for drawing in bench.drawings], np.int64)


def ask(
    bench: LogoBench,
    held: IndexSnapshot,
    knowledge: Knowledge,
    source: Embedded,
    rows: Int64Array,
    texts: Texts = UNREAD,
) -> Asked:
    """Asks an index about all views of some rows and what is read on them.

    Rows that `source` does not hold are passed over.
    """
    rows = np.intersect1d(rows, source.owners)
    written = [texts.get(row, ()) for row in rows.tolist()]
    query = Query(*source.of(rows, all_views=True), len(rows), source.traits_of(rows, all_views=True), written)
    scores = score(query, held, knowledge.fusion)
    return Asked(rows, labels_of(bench)[rows], source.of(rows, all_views=False)[0], scores)


def fused(asked: Asked, other: int) -> Answers:
    """The decision."""
    score, company = best_company(asked.scores.log_odds, other)
    return Answers(company, score, probabilities(asked.scores.log_odds, other))


def at_share(answers: Answers, true: Int64Array, other: int, share: float = DEFAULT_FALSE_ACCEPT) -> Answers:
    """The same, where a company is named for that share of the unknown logos."""
    return above(answers, bound_of(answers, true, other, share), other)


def bound_of(answers: Answers, true: Int64Array, other: int, share: float = DEFAULT_FALSE_ACCEPT) -> float:
    """The score that this share of the unknown logos exceed."""
    unknown = np.where(answers.predicted == other, -np.inf, answers.known)[true == other]
    return float(np.sort(unknown)[::-1][int(share * len(unknown))])


def above(answers: Answers, bound: float, other: int) -> Answers:
    """The same, where a company is named above a score alone."""
    is_named = (answers.predicted != other) & (answers.known > bound)
    return replace(answers, predicted=np.where(is_named, answers.predicted, other))


def fitted_on(
    bench: LogoBench, drawn: Embedded, worn: Embedded, rooms: SplitRows, bundle: ModelBundle, texts: Sequence[Texts]
) -> tuple[Knowledge, list[Asked]]:
    """What a model knows, its decision fitted to the validation part alone, and what was asked for that.

    Args:
        bench: LogoBench.
        drawn: its drawings.
        worn: their degraded copies.
        rooms: the split.
        bundle: the model.
        texts: what is read on the drawings and on the copies.
    """
    head = HeadVectors.read(bundle.path(HEAD_FILE), bundle.config.dim) if HEAD_FILE in bundle.config.files else None
    return fitted(bench, drawn, worn, rooms, head, texts)


def fitted(
    bench: LogoBench,
    drawn: Embedded,
    worn: Embedded,
    rooms: SplitRows,
    head: HeadVectors | None,
    texts: Sequence[Texts] = (UNREAD, UNREAD),
) -> tuple[Knowledge, list[Asked]]:
    """The same for a network without a bundle."""
    start = start_of_fit()
    sources = [(source, rooms.val, read) for source, read in zip((drawn, worn), texts, strict=True)]
    knowledge = Knowledge(head, None, replace(start, scale=Scale(0.0, 1.0, 0.0, 1.0)), "asked")
    for _ in range(2):  # what unknown logos come to gives the scale, on which all is asked again
        held = index_of(bench, drawn, rooms.train, knowledge)
        val = [ask(bench, held, knowledge, *each) for each in sources]
        near = [nearest_company(each.scores.features, held.other, each.true == held.other) for each in val]
        by_head = [found for _, found in near if found is not None]
        scale = Scale.of_unknown(
            np.concatenate([found for found, _ in near]), np.concatenate(by_head) if by_head else None
        )
        knowledge = replace(knowledge, fusion=replace(start, scale=scale))
    is_other = [each.true == held.other for each in val]
    asked = [
        fitting.Asked(each.scores.features, held.profile, each.true, held.other, balanced_alone(~unknown))
        for each, unknown in zip(val, is_other, strict=True)
    ]
    groups = (HEADLESS_NOVEL, HEADLESS_RIVAL) if head is None else (TRAINED, RIVAL)
    odds = [
        found
        for each, rows in zip(asked, val, strict=True)
        for found in fitting.cross_fitted(start, [each], [rows.rows % FOLDS], groups)
    ]
    leads = [best_company(each[rows], held.other)[0] for each, rows in zip(odds, is_other, strict=True)]
    weights = replace(fitting.fit_fusion(start, asked, groups), scale=scale)
    impostors = Impostors(np.concatenate(leads).astype(np.float32))
    knowledge = replace(knowledge, fusion=weights, impostors=impostors)
    held = index_of(bench, drawn, rooms.train, knowledge)
    return knowledge, [ask(bench, held, knowledge, *each) for each in sources]


def balanced_alone(company: BoolArray) -> Float64Array:
    """Weights by which known and unknown logos of one kind count alike."""
    return fitting.balanced(company, np.zeros(len(company), np.int64), {0: 1.0})


def texts_of(bench: LogoBench, cache: Path) -> tuple[Texts, Texts]:
    """What is read on all drawings and on their degraded copies."""
    everything = np.arange(len(bench.drawings))
    return read_all(bench, everything, None, cache), read_all(bench, everything, WORN, cache)


def figures(answers: Answers, true: Int64Array, groups: Int64Array, other: int) -> dict[str, Any]:
    """Each figure as [value, low, high]."""
    result: dict[str, Any] = {"drawings": len(true), "companies": len(np.unique(true[true != other]))}
    for name, each in measure(answers, true, other, groups=groups).items():
        result[name] = rounded(each)
    return result


def rounded(found: Estimate) -> list[float]:
    """A figure and the ends of its interval."""
    return [round(value, 4) for value in astuple(found)]
