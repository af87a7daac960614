"""How well a model names logos: `python benchmarks/logobench.py MODEL [--split NAME] [--output JSON]`.

The gallery is the training part of a split, whole drawings; the queries are drawings that neither gallery nor model has
seen, so MODEL must have been trained on that part of that split at most. The constants of the decision are fitted on
the validation part and on degraded copies of it, against the same gallery. Asked are

- unseen shapes: the test part;
- all: in the collection split also those drawings of the held-out collections whose shape another artist has drawn;
- wide: those of all that are more than 1.25 times as wide as high once trimmed, such as lockups and wordmarks;
- degraded: one copy of each of all, its kind by lot, see `degrade.py`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from degrade import kind_by_lot
from embedded import Embedded, embed_all, embed_degraded
from logobench_data import OTHER, SPLITS, LogoBench, default_cache, load
from starter_data import ART_PX
from surroundings import RESULTS, surroundings

from logo_retrieval.bundle import ModelBundle
from logo_retrieval.decide.decision import DecisionConfig, class_probabilities, nearest_of_classes
from logo_retrieval.evaluation.fitting import HEAD_WEIGHTS, Witnesses, fit_decision
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Answers, Estimate, measure
from logo_retrieval.heads.cosine import HEAD_FILE, CosineHead, HeadVectors
from logo_retrieval.models import opened_model
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.training.art import rasterised
from logo_retrieval.values import BoolArray, Float32Array, Int64Array, Neighbours

WIDE = 1.25
WORN = "test"
"""Salt of the lot by which degraded copies are drawn."""


@dataclass(frozen=True, slots=True)
class Asked(Witnesses):
    """What is said about some rows of the benchmark."""

    rows: Int64Array


@dataclass(frozen=True, slots=True)
class Rooms:
    """One split of the benchmark as rows: what is in the gallery, what is asked."""

    train: Int64Array
    val: Int64Array
    unseen: Int64Array
    all: Int64Array

    @classmethod
    def of(cls, bench: LogoBench, split: str) -> Rooms:
        """Reads a split."""
        parts = np.array(bench.parts[split])
        train, val, test = (np.flatnonzero(parts == part) for part in ("train", "val", "test"))
        everything = test
        if split == "collection":
            collections = np.array([drawing.collection for drawing in bench.drawings])
            seen = (parts == "dropped") & np.isin(collections, np.unique(collections[test]))
            everything = np.union1d(test, np.flatnonzero(seen))
        return cls(train, val, test, everything)


class Asker:
    """Asks the gallery and the head of one model about drawings."""

    def __init__(
        self,
        bench: LogoBench,
        head: HeadVectors | None,
        gallery: Embedded,
        train: Int64Array,
        *,
        all_views: bool = True,
    ) -> None:
        """Takes the rows of the gallery, whole drawings; what is asked has all its views, or it is whole too."""
        position = {name: place for place, name in enumerate(bench.classes)}
        self.other = position[OTHER]
        self.labels = np.array([position[drawing.label] for drawing in bench.drawings])
        self._gallery = ExactIndex(gallery.of(train, all_views=False)[0], train)
        self._all_views = all_views
        self._head = CosineHead(head, bench.classes) if head else None
        self._n_classes = len(bench.classes)

    def ask(self, source: Embedded, rows: Int64Array) -> Asked:
        """Rows that `source` does not hold are passed over."""
        rows = np.intersect1d(rows, source.owners)
        views, owners = source.of(rows, all_views=self._all_views)
        found = self._nearest(views, owners, len(rows))
        nearest = nearest_of_classes(found.similarities, self.labels[found.ids], self._n_classes)
        head = self._head.scores(views, owners, len(rows)) if self._head else None
        return Asked(nearest, head, self.labels[rows], rows)

    def neighbours(self, source: Embedded, rows: Int64Array) -> Neighbours:
        """The nearest drawings of the gallery, by row, for rows in ascending order that `source` holds."""
        return self._nearest(*source.of(rows, all_views=self._all_views), len(rows))

    def _nearest(self, views: Float32Array, owners: Int64Array, n_queries: int) -> Neighbours:
        return best_over_views(self._gallery.search(views, DecisionConfig().k), owners, n_queries)


def head_of(bundle: ModelBundle) -> HeadVectors | None:
    """What the model's training learned of its targets, if it keeps that."""
    if HEAD_FILE not in bundle.config.files:
        return None
    return HeadVectors.read(bundle.path(HEAD_FILE), bundle.config.dim)


def by_nearest(asked: Asked, other: int) -> Answers:
    """The class of the nearest drawing."""
    companies = np.delete(asked.nearest, other, axis=1).max(axis=1)
    known = np.subtract(companies, asked.nearest[:, other], dtype=np.float64)
    return Answers(asked.nearest.argmax(axis=1), known)


def by_decision(asked: Asked, other: int, config: DecisionConfig) -> Answers:
    """The likeliest class."""
    probabilities = class_probabilities(asked.nearest, asked.head, other, config)
    return Answers(probabilities.argmax(axis=1), 1 - probabilities[:, other], probabilities)


def is_wide(bench: LogoBench, cache: Path) -> BoolArray:
    """(n,) whether a drawing is more than 1.25 times as wide as high, its margins trimmed."""
    art, places, _ = rasterised([drawing.path for drawing in bench.drawings], cache, size_px=ART_PX)
    wide = np.zeros(len(bench.drawings), bool)
    wide[places] = [each.width > WIDE * each.height for each in (art[row].pixels for row in range(len(art)))]
    return wide


def run_split(
    bench: LogoBench, split: str, bundle: ModelBundle, embedded: Embedded, worn: Embedded, wide: BoolArray
) -> dict[str, Any]:
    """All methods on all sets of queries."""
    rooms = Rooms.of(bench, split)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    asked = {
        "all": (embedded, rooms.all),
        "unseen": (embedded, rooms.unseen),
        "wide": (embedded, rooms.all[wide[rooms.all]]),
        "degraded": (worn, rooms.all),
    }
    methods: list[dict[str, Any]] = []
    for all_views in (False, True):
        asker = Asker(bench, head_of(bundle), embedded, rooms.train, all_views=all_views)
        validation = [asker.ask(source, rooms.val) for source in (embedded, worn)]
        witnesses = {name: asker.ask(source, rows) for name, (source, rows) in asked.items()}
        ways: dict[str, tuple[float, ...]] = {"nearest": (), "neighbours": (0.0,)}
        if validation[0].head is not None:
            ways |= {"head": (1.0,), "both": HEAD_WEIGHTS}
        for method, weights in ways.items():
            config = fit_decision(validation, asker.other, weights) if weights else None
            entry: dict[str, Any] = {"method": method, "all_views": all_views}
            if config:
                entry["constants"] = config.to_dict()
            for name, queries in witnesses.items():
                answers = by_decision(queries, asker.other, config) if config else by_nearest(queries, asker.other)
                entry[name] = figures(answers, queries, groups, asker.other)
            if config:
                answers = by_decision(witnesses["degraded"], asker.other, config)
                entry["companies_right_by_wear"] = by_wear(bench, answers, witnesses["degraded"], asker.other)
            methods.append(entry)
    return {"gallery": len(rooms.train), "fitted_on": len(rooms.val), "methods": methods}


def figures(answers: Answers, asked: Asked, groups: Int64Array, other: int) -> dict[str, Any]:
    """Each figure as [value, low, high]."""
    result: dict[str, Any] = {
        "drawings": len(asked.true),
        "companies": len(np.unique(asked.true[asked.true != other])),
    }
    for name, each in measure(answers, asked.true, other, groups=groups[asked.rows]).items():
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


def table(results: dict[str, Any]) -> str:
    """The results for people."""
    columns = ("macro_f2", "company_accuracy", "other_recall", "auroc", "ece")
    lines = []
    for split, result in results["splits"].items():
        lines += ["", f"{split}: {result['gallery']} in the gallery"]
        lines.append(f"{'':34}" + "".join(f"{name:>24}" for name in columns))
        for entry in result["methods"]:
            for rows in ("all", "unseen", "wide", "degraded"):
                name = f"{entry['method']}{' + views' if entry['all_views'] else ''}, {rows}"
                cells = ("{:.3f} ({:.3f}-{:.3f})".format(*entry[rows][c]) if c in entry[rows] else "" for c in columns)
                lines.append(f"{name:34}" + "".join(f"{cell:>24}" for cell in cells))
    return "\n".join(lines)


def embeddings(bench: LogoBench, bundle: ModelBundle, splits: list[str], cache: Path) -> tuple[Embedded, Embedded]:
    """Every drawing, and degraded copies of those that no gallery holds."""
    held = np.logical_or.reduce([np.array(bench.parts[split]) != "train" for split in splits])
    return embed_all(bench, bundle, cache), embed_degraded(bench, np.flatnonzero(held), WORN, bundle, cache)


def run(bundle: ModelBundle, arguments: argparse.Namespace) -> None:
    """Embeds, measures, writes the results and shows them."""
    bench = load(arguments.cache)
    splits = [arguments.split] if arguments.split else list(SPLITS)
    embedded, worn = embeddings(bench, bundle, splits, arguments.cache)
    wide = is_wide(bench, arguments.cache)
    results = {
        "benchmark": "LogoBench-160",
        "model": {"name": bundle.config.name, "backbone": bundle.config.backbone, "digest": bundle.digest},
        **surroundings(),
        "seed": SEED,
        "resamples": RESAMPLES,
        "views": {"drawings": len(bench.drawings), "views": len(embedded.owners)},
        "splits": {split: run_split(bench, split, bundle, embedded, worn, wide) for split in splits},
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(results))


def main() -> None:
    """Runs on the model asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model bundle, or as `--model` of `build-index`")
    parser.add_argument("--split", choices=SPLITS, help="default: all")
    parser.add_argument("--output", type=Path, default=RESULTS / "logobench.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    with opened_model(arguments.model) as bundle:
        run(bundle, arguments)


if __name__ == "__main__":
    main()
