"""How well a model names logos: `python benchmarks/logobench.py MODEL [--output JSON]`.

The gallery is the training part of the collection split, whole drawings; the queries are drawings by artists that
neither gallery nor model has seen, so MODEL must have been trained on that part at most, as the measured one is
(`export_starter.py WORK`). The decision is fitted to the validation part, whose artists are others again. Asked are

- unseen shapes: the test part;
- all: also those drawings of its collections whose shape another artist has drawn;
- wide: those of all that are more than 1.25 times as wide as high once trimmed, such as lockups and wordmarks;
- degraded: one copy of each of all, its kind by lot, see `degrade.py`.

Beside the decision, with what is read and without, stand the plainest rules on the same embeddings; what of them needs
choosing (the number of neighbours, the strength of a penalty) maximises macro F2 on the validation part. Every rule
names the likeliest company where its score is above what 2 % of the unknown logos asked exceed: all rules name equally
many of these, and differ in the companies that they still find.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from degrade import kind_by_lot
from embedded import Embedded, embed_all, embed_degraded
from logobench_data import LogoBench, default_cache, names_by_class
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from small import bench_of, parsed
from starter_data import ART_PX
from surroundings import RESULTS, surroundings
from written import Texts, read_all, start_of_fit

from logo_retrieval.evaluation import fitting
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Answers, Estimate, measure
from logo_retrieval.evaluation.metrics import macro_f_beta
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT, Knowledge
from logo_retrieval.inference.predict import Query, Scores, score
from logo_retrieval.inference.snapshot import IndexSnapshot, snapshot_of
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.open_set.evidence import Scale, nearest_company
from logo_retrieval.open_set.fusion import (
    HEADLESS_NOVEL,
    HEADLESS_RIVAL,
    OF_TEXT,
    RIVAL,
    TRAINED,
    best_company,
    probabilities,
)
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.training.art import rasterised
from logo_retrieval.types import BoolArray, Float32Array, Float64Array, Int64Array

SPLIT = "collection"
WIDE = 1.25
WORN = "test"
"""Salt of the lot by which degraded copies are drawn."""

UNREAD: Texts = {}

FOLDS = 5
NEIGHBOURS = (1, 3, 5, 10, 20)
PENALTIES = (10.0, 100.0)


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
        seen = (parts == "dropped") & np.isin(collections, np.unique(collections[test]))
        return cls(train, val, test, np.union1d(test, np.flatnonzero(seen)))


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
    vectors = drawn.of(rows, all_views=False)[0]
    return snapshot_of(bench.classes, labels_of(bench)[rows], vectors, np.arange(len(rows)), knowledge, known_as)


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
    scores = score(Query(*source.of(rows, all_views=True), len(rows), written), held, knowledge.fusion)
    return Asked(rows, labels_of(bench)[rows], source.of(rows, all_views=False)[0], scores)


Rule = Callable[[Asked], Answers]


def fused(asked: Asked, other: int) -> Answers:
    """The decision."""
    score, company = best_company(asked.scores.log_odds, other)
    return Answers(company, score, probabilities(asked.scores.log_odds, other))


def by_similarity(similarities: Float32Array | Float64Array, other: int) -> Answers:
    """The class of the largest of (n, c) similarities; its score is that of the nearest company."""
    companies = np.delete(similarities, other, axis=1).max(axis=1).astype(np.float64)
    return Answers(similarities.argmax(axis=1), companies)


def by_chances(model: Any, whole: Float32Array) -> Answers:  # noqa: ANN401
    """The likeliest class by a classifier of scikit-learn that knows all classes; `other` is the last."""
    chances = model.predict_proba(whole)
    return Answers(chances[:, :-1].argmax(axis=1), 1 - chances[:, -1], chances)


def at_share(answers: Answers, true: Int64Array, other: int, share: float = DEFAULT_FALSE_ACCEPT) -> Answers:
    """The same, where a company is named for that share of the unknown logos."""
    score = np.where(answers.predicted == other, -np.inf, answers.known)
    least = np.sort(score[true == other])[::-1][int(share * np.count_nonzero(true == other))]
    return replace(answers, predicted=np.where(score > least, answers.predicted, other))


def rules(held: IndexSnapshot, gallery: Asked, val: list[Asked]) -> dict[str, Rule]:
    """All methods by name, what needs choosing chosen on validation drawings."""
    other = held.other

    def best(candidates: list[Rule]) -> Rule:
        def f2(rule: Rule) -> float:
            return float(
                np.mean(
                    [
                        macro_f_beta(each.true, at_share(rule(each), each.true, other).predicted, np.unique(each.true))
                        for each in val
                    ]
                )
            )

        return max(candidates, key=f2)

    centroids = NearestCentroid().fit(gallery.whole, gallery.true).centroids_
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)

    def fitted(model: Any) -> Rule:  # noqa: ANN401
        model.fit(gallery.whole, gallery.true)

        def rule(asked: Asked) -> Answers:
            found = by_chances(model, asked.whole)
            nearest = asked.scores.features.nearest.max(axis=1)  # decides between equal chances
            return replace(found, known=found.known + 1e-6 * nearest)

        return rule

    return {
        "nearest class mean": lambda asked: by_similarity(asked.whole @ centroids.T, other),
        "k nearest neighbours (scikit-learn)": best(
            [fitted(KNeighborsClassifier(each, weights="distance", metric="cosine")) for each in NEIGHBOURS]
        ),
        "logistic regression (scikit-learn)": best(
            [fitted(LogisticRegression(C=each, max_iter=300)) for each in PENALTIES]
        ),
        "nearest drawing": lambda asked: by_similarity(asked.scores.features.nearest, other),
        "fusion": lambda asked: fused(asked, other),
    }


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
        for found in fitting.cross_fitted(start, [each], [rows.rows % FOLDS], groups, pinned=OF_TEXT)
    ]
    leads = [best_company(each[rows], held.other)[0] for each, rows in zip(odds, is_other, strict=True)]
    weights = replace(fitting.fit_fusion(start, asked, groups, pinned=OF_TEXT), scale=scale)
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


def is_wide(bench: LogoBench, cache: Path) -> BoolArray:
    """(n,) whether a drawing is more than 1.25 times as wide as high, its margins trimmed."""
    art, places, _ = rasterised([drawing.path for drawing in bench.drawings], cache, size_px=ART_PX)
    wide = np.zeros(len(bench.drawings), bool)
    wide[places] = [each.width > WIDE * each.height for each in (art[row].pixels for row in range(len(art)))]
    return wide


def figures(answers: Answers, true: Int64Array, groups: Int64Array, other: int) -> dict[str, Any]:
    """Each figure as [value, low, high]."""
    result: dict[str, Any] = {"drawings": len(true), "companies": len(np.unique(true[true != other]))}
    for name, each in measure(answers, true, other, groups=groups).items():
        result[name] = rounded(each)
    return result


def rounded(found: Estimate) -> list[float]:
    """A figure and the ends of its interval."""
    return [round(value, 4) for value in astuple(found)]


def by_wear(bench: LogoBench, answers: Answers, asked: Asked, other: int) -> dict[str, float]:
    """Share of companies right, by kind of degradation."""
    kinds = np.array([kind_by_lot(bench.drawings[row], WORN) for row in asked.rows])
    right, company = answers.predicted == asked.true, asked.true != other
    return {str(kind): round(float(right[company & (kinds == kind)].mean()), 4) for kind in np.unique(kinds)}


def run(bench: LogoBench, bundle: ModelBundle, cache: Path) -> dict[str, Any]:
    """Embeds, asks, measures."""
    rooms = SplitRows.of(bench)
    drawn = embed_all(bench, bundle, cache)
    worn = embed_degraded(bench, np.union1d(rooms.val, rooms.all), WORN, bundle, cache)
    read, read_worn = texts_of(bench, cache)
    knowledge, val = fitted_on(bench, drawn, worn, rooms, bundle, (read, read_worn))
    held = index_of(bench, drawn, rooms.train, knowledge)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    gallery = ask(bench, held, knowledge, drawn, rooms.train)
    sets = {
        "all": (drawn, rooms.all, read),
        "unseen": (drawn, rooms.unseen, read),
        "wide": (drawn, rooms.all[is_wide(bench, cache)[rooms.all]], read),
        "degraded": (worn, rooms.all, read_worn),
    }
    asked = {kind: ask(bench, held, knowledge, *each) for kind, each in sets.items()}
    unread = {kind: ask(bench, held, knowledge, source, rows) for kind, (source, rows, _) in sets.items()}
    chosen = {name: (rule, asked) for name, rule in rules(held, gallery, val).items()}
    chosen = {"fusion, nothing read": (chosen["fusion"][0], unread), **chosen}
    methods: list[dict[str, Any]] = []
    for name in sorted(chosen, key=lambda each: each.startswith("fusion")):
        rule, sources = chosen[name]
        entry: dict[str, Any] = {"method": name}
        for kind, each in sources.items():
            answers = at_share(rule(each), each.true, held.other)
            entry[kind] = figures(answers, each.true, groups[each.rows], held.other)
            if kind == "degraded":
                entry["companies_right_by_wear"] = by_wear(bench, answers, each, held.other)
        methods.append(entry)
    return {
        "benchmark": "LogoBench-160",
        "split": SPLIT,
        "model": {"name": bundle.config.name, "backbone": bundle.config.backbone, "digest": bundle.digest},
        **surroundings(),
        "seed": SEED,
        "resamples": RESAMPLES,
        "gallery": len(rooms.train),
        "fitted_on": len(rooms.val),
        "decision": knowledge.fusion.to_dict(),
        "methods": methods,
    }


def main() -> None:
    """Runs on the model asked for, writes, shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model bundle, or as `--model` of `build-index`")
    parser.add_argument("--output", type=Path, default=RESULTS / "logobench.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parsed(parser)
    with opened_model(arguments.model) as bundle:
        bench, cache = bench_of(arguments)
        results = run(bench, bundle, cache)
    arguments.output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for entry in results["methods"]:
        for kind in ("all", "unseen", "wide", "degraded"):
            found = entry[kind]
            shown = {
                name: found[name]
                for name in ("macro_f2", "company_accuracy", "other_recall", "auroc", "ece")
                if name in found
            }
            print(f"{entry['method']:38} {kind:9} {shown}")


if __name__ == "__main__":
    main()
