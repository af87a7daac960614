"""How well a model names logos: `python benchmarks/logobench.py MODEL [--output JSON]`.

The gallery is the training part of the collection split, whole drawings; the queries are drawings by artists that
neither gallery nor model has seen, so MODEL must have been trained on that part at most, as the measured one is
(`export_starter.py WORK`). The decision is fitted to the validation part, whose artists are others again. Asked are

- unseen shapes: the test part;
- all: also those drawings of companies in its collections whose shape another artist has drawn;
- wide: those of all that are more than 1.25 times as wide as high once trimmed, such as lockups and wordmarks;
- degraded: one copy of each of all, its kind by lot, see `degrade.py`.

Beside the decision, with what is read and without, stand the plainest rules on the same embeddings; what of them needs
choosing (the number of neighbours, the strength of a penalty) maximises macro F2 on the validation part. Every rule
names the likeliest company where its score is above what 2 % of the unknown logos asked exceed: all rules name equally
many of these, and differ in the companies that they still find. The few wide ones are judged by the bound of all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bench_queries import (
    SPLIT,
    WORN,
    Asked,
    SplitRows,
    above,
    ask,
    at_share,
    bound_of,
    figures,
    fitted_on,
    fused,
    index_of,
    texts_of,
)
from degrade import kind_by_lot
from embedded import embed_all, embed_degraded
from logobench_data import LogoBench, default_cache
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from small import bench_of, parsed
from starter_data import ART_PX
from surroundings import RESULTS, surroundings

from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Answers
from logo_retrieval.evaluation.metrics import macro_f_beta
from logo_retrieval.inference.snapshot import IndexSnapshot
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.training.art import rasterised
from logo_retrieval.types import BoolArray, Float32Array, Float64Array

WIDE = 1.25
NEIGHBOURS = (1, 3, 5, 10, 20)
PENALTIES = (10.0, 100.0)


Rule = Callable[[Asked], Answers]


def by_similarity(similarities: Float32Array | Float64Array, other: int) -> Answers:
    """The class of the largest of (n, c) similarities; its score is that of the nearest company."""
    companies = np.delete(similarities, other, axis=1).max(axis=1).astype(np.float64)
    return Answers(similarities.argmax(axis=1), companies)


def by_chances(model: Any, whole: Float32Array) -> Answers:  # noqa: ANN401
    """The likeliest class by a classifier of scikit-learn that knows all classes; `other` is the last."""
    chances = model.predict_proba(whole)
    return Answers(chances[:, :-1].argmax(axis=1), 1 - chances[:, -1], chances)


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


def is_wide(bench: LogoBench, cache: Path) -> BoolArray:
    """(n,) whether a drawing is more than 1.25 times as wide as high, its margins trimmed."""
    art, places, _ = rasterised([drawing.path for drawing in bench.drawings], cache, size_px=ART_PX)
    wide = np.zeros(len(bench.drawings), bool)
    wide[places] = [each.width > WIDE * each.height for each in (art[row].pixels for row in range(len(art)))]
    return wide


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
            bounding = sources["all"] if kind == "wide" else each
            bound = bound_of(rule(bounding), bounding.true, held.other)
            answers = above(rule(each), bound, held.other)
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
