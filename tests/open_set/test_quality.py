"""The quality gate: the weights that ship, on drawings that the network of the fixture has not seen.

The fixture (`benchmarks/make_quality_gate.py`) holds embeddings, so that no network runs here. Its index is small and
its network weaker than the one that ships: the floors say that the decision has not become worse, not how good it is.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.evaluation.metrics import expected_calibration_error, macro_f_beta
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import Query, score
from logo_retrieval.inference.snapshot import IndexSnapshot, snapshot_of
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.open_set.fusion import Fusion, named, probabilities
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE, Impostors
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.packed import unit
from logo_retrieval.runs import run_starts
from logo_retrieval.types import OTHER, Float32Array, Float64Array, Int64Array, TextLine, UInt8Array

FILE = Path(__file__).with_name("held_out.npz")

Texts = list[tuple[TextLine, ...]]


@cache
def kept() -> dict[str, np.ndarray]:
    with np.load(FILE, allow_pickle=False) as arrays:
        return dict(arrays)


def vectors(name: str) -> Float32Array:
    return unit(kept()[name].astype(np.float32))


@cache
def knowledge(head: bool = True) -> Knowledge:
    """The weights, and the log-odds that vouch for a share, are those of the package."""
    bundle = starter_model()
    vouching = Impostors.read(bundle.path(IMPOSTORS_FILE))
    learned = HeadVectors(vectors("head_vectors"), tuple(kept()["head_classes"].tolist()))
    fusion = replace(Fusion.default(), scale=Scale(*kept()["scale"].tolist()))
    return Knowledge(learned if head else None, vouching, fusion, "fixture")


@dataclass(frozen=True)
class Queries:
    vectors: Float32Array
    owners: Int64Array
    labels: np.ndarray
    texts: Texts
    traits: UInt8Array

    @classmethod
    def of(cls, name: str) -> Queries:
        texts = [tuple(TextLine(*line) for line in json.loads(each)) for each in kept()[f"{name}_texts"].tolist()]
        owners, labels = kept()[f"{name}_owners"].astype(np.int64), kept()[f"{name}_labels"]
        return cls(vectors(f"{name}_vectors"), owners, labels, texts, kept()[f"{name}_traits"])

    def only(self, chosen: np.ndarray) -> Queries:
        place = np.cumsum(chosen) - 1
        rows = chosen[self.owners]
        texts = list(itertools.compress(self.texts, chosen))
        return Queries(self.vectors[rows], place[self.owners[rows]], self.labels[chosen], texts, self.traits[rows])

    def unread(self) -> Queries:
        return replace(self, texts=[()] * len(self.labels))


def held(
    enrolled: Queries | None = None, *, head: bool = True, others: bool = True, by_name: tuple[str, ...] = ()
) -> IndexSnapshot:
    chosen = (kept()["gallery_labels"] != OTHER) | others
    labels, views = kept()["gallery_labels"][chosen], vectors("gallery_vectors")[chosen]
    items, traits = np.arange(len(labels)), kept()["gallery_traits"][chosen]
    if enrolled is not None:
        items = np.concatenate([items, enrolled.owners + len(labels)])
        labels, views = np.concatenate([labels, enrolled.labels]), np.concatenate([views, enrolled.vectors])
        traits = np.concatenate([traits, enrolled.traits[run_starts(enrolled.owners)]])
    classes = tuple(dict.fromkeys([*labels.tolist(), *by_name, OTHER]))
    names = json.loads(str(kept()["names"]))
    known_as = [names.get(each, () if each == OTHER else (each,)) for each in classes]
    item_classes = np.array([classes.index(each) for each in labels])
    return snapshot_of(classes, item_classes, views, items, knowledge(head), known_as, traits)


def answered(queries: Queries, index: IndexSnapshot, *, head: bool = True) -> tuple[Float64Array, Int64Array]:
    """Log-odds, and the class that each is said to show."""
    query = Query(queries.vectors, queries.owners, len(queries.labels), queries.traits, queries.texts)
    odds = score(query, index, knowledge(head).fusion).log_odds
    thresholds = knowledge(head).thresholds(0.02, index.profile)
    assert thresholds is not None
    return odds, named(odds, index.other, thresholds)


def true(queries: Queries, index: IndexSnapshot) -> Int64Array:
    return np.array([index.classes.index(label) for label in queries.labels])


@cache
def plain() -> dict[str, float]:
    index, known, unknown = held(), Queries.of("known"), Queries.of("unknown")
    pairs = [(answered(each, index), true(each, index)) for each in (known, unknown)]
    odds = np.concatenate([found[0] for found, _ in pairs])
    label, truth = np.concatenate([found[1] for found, _ in pairs]), np.concatenate([each for _, each in pairs])
    chances = probabilities(odds, index.other)
    company = truth != index.other
    return {
        "macro_f2": macro_f_beta(truth, label, np.unique(truth)),
        "companies_right": float((label == truth)[company].mean()),
        "other_right": float((label == truth)[~company].mean()),
        "ece": expected_calibration_error(chances[np.arange(len(label)), label], label == truth),
    }


@cache
def enrolment(drawings: int) -> dict[str, float]:
    novel, unknown, known = (Queries.of(name) for name in ("novel", "unknown", "known"))
    place = np.zeros(len(novel.labels), int)
    for name in np.unique(novel.labels):
        rows = novel.labels == name
        place[rows] = np.arange(rows.sum())
    index = held(novel.only(place < drawings))
    asked = novel.only(place >= drawings)
    before, after = answered(known, held()), answered(known, index)
    old = np.array([held().classes[label] for label in before[1]]) != np.array(
        [index.classes[each] for each in after[1]]
    )
    return {
        "new_right": float((answered(asked, index)[1] == true(asked, index)).mean()),
        "other_right": float((answered(unknown, index)[1] == index.other).mean()),
        "old_moved": float(old.mean()),
    }


FLOORS = {"macro_f2": 0.94, "companies_right": 0.945, "other_right": 0.93}


@pytest.mark.parametrize("figure", FLOORS)
def test_companies_and_unknown_logos_are_told_apart(figure: str) -> None:
    assert plain()[figure] >= FLOORS[figure], plain()


def test_probabilities_mean_what_they_say() -> None:
    assert plain()["ece"] <= 0.035, plain()


@pytest.mark.parametrize(("drawings", "new_right", "other_right"), [(1, 0.65, 0.9), (3, 0.8, 0.92)])
def test_an_enrolment_finds_the_new_and_spares_the_rest(drawings: int, new_right: float, other_right: float) -> None:
    found = enrolment(drawings)
    assert found["new_right"] >= new_right and found["other_right"] >= other_right, found
    assert found["old_moved"] <= 0.03, found


def test_without_a_head_the_neighbours_still_know() -> None:
    index, known, unknown = held(head=False), Queries.of("known"), Queries.of("unknown")
    odds, _ = answered(known, index, head=False)
    likeliest = probabilities(odds, index.other).argmax(axis=1)
    strange = probabilities(answered(unknown, index, head=False)[0], index.other).argmax(axis=1)
    assert (likeliest == true(known, index)).mean() >= 0.93 and (strange == index.other).mean() >= 0.78


@pytest.mark.parametrize(("head", "right", "rejected"), [(True, 0.95, 0.9), (False, 0.95, 0.7)])
def test_an_index_without_drawings_of_other_still_knows_what_it_does_not_know(
    head: bool, right: float, rejected: float
) -> None:
    index, known, unknown = held(head=head, others=False), Queries.of("known"), Queries.of("unknown")
    found, strange = (answered(each, index, head=head)[1] for each in (known, unknown))
    assert (found == true(known, index)).mean() >= right and (strange == index.other).mean() >= rejected


def test_what_is_written_helps_and_does_no_harm() -> None:
    """The likelihood of what is right rises; that an answer changes is rare among so few."""
    index = held()
    gained = []
    for name in ("known", "unknown"):
        queries = Queries.of(name)
        right = true(queries, index)
        (odds, read), (unread_odds, unread) = (answered(each, index) for each in (queries, queries.unread()))
        assert (read == right).mean() >= (unread == right).mean(), name
        likely, before = (
            np.log(probabilities(each, index.other)[np.arange(len(right)), right]).mean()
            for each in (odds, unread_odds)
        )
        gained.append(likely - before)
    assert min(gained) >= -0.002, gained
    assert sum(gained) >= 0.01, gained


def test_a_company_enrolled_by_its_name_is_found_where_it_is_spelled_and_nowhere_else() -> None:
    novel, unknown = Queries.of("novel"), Queries.of("unknown")
    companies = tuple(sorted(set(novel.labels.tolist())))
    index = held(by_name=companies)
    own = np.array([index.classes.index(label) for label in novel.labels])
    spelled = index.names.read_as(novel.texts)[0][np.arange(len(own)), own] > 0.6
    assert spelled.sum() >= 10
    assert (answered(novel, index)[1] == own)[spelled].mean() >= 0.9
    new = [index.classes.index(company) for company in companies]
    assert not np.isin(answered(unknown, index)[1], new).any()
    assert not np.isin(answered(novel.unread(), index)[1], new).any(), "without drawings nothing else can tell"
