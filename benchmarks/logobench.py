"""How well a model names logos: `python benchmarks/logobench.py [--model NAME|PATH] [--output JSON]`.

For each split of LogoBench-160 the gallery is train, the queries are test, and the constants of the vote are fitted on
val against the same gallery, so that what was fitted holds for what is asked. The gallery holds whole drawings; queries
are asked with the whole drawing alone, and with the symbol of a lockup as a second view. Wide drawings are those that
have such a view: more than 1.25 times as wide as high once trimmed, whatever size the file states. Degraded ones are
one copy of each test drawing, its kind by lot, see `degrade.py`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import astuple
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from embedded import Embedded, embed_all, embed_degraded
from logobench_data import OTHER, SPLITS, LogoBench, default_cache, load
from surroundings import RESULTS, surroundings

from logo_retrieval.bundle import ModelBundle
from logo_retrieval.decide.vote import VoteConfig, vote
from logo_retrieval.evaluation import metrics
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Answers, measure
from logo_retrieval.models import STARTER, opened_model
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.values import Float32Array, Int64Array


def ranked(
    gallery: Float32Array, classes: Int64Array, views: Float32Array, owners: Int64Array
) -> tuple[Float32Array, Int64Array]:
    """The whole gallery of each query, nearest first: (n, m) similarities and classes."""
    found = ExactIndex(gallery, np.arange(len(gallery))).search(views, len(gallery))
    best = best_over_views(found, owners, int(owners.max()) + 1)
    return best.similarities, classes[best.ids]


def margin(similarities: Float32Array, classes: Int64Array, other: int) -> metrics.Float64Array:
    """How much nearer the nearest company is than the nearest of `other`; in a full ranking both occur."""
    is_other = classes == other
    nearest_other = np.where(is_other, similarities, -np.inf).max(axis=1)
    nearest_company = np.where(is_other, -np.inf, similarities).max(axis=1)
    difference: metrics.Float64Array = np.subtract(nearest_company, nearest_other, dtype=np.float64)
    return difference


def by_nearest(similarities: Float32Array, classes: Int64Array, other: int) -> Answers:
    """The class of the nearest: a drawing, or the mean of a class."""
    return Answers(classes[:, 0], margin(similarities, classes, other))


def by_vote(similarities: Float32Array, classes: Int64Array, other: int, config: VoteConfig) -> Answers:
    """The likeliest class of the vote."""
    probabilities = vote(similarities, classes, other + 1, other, config)
    return Answers(probabilities.argmax(axis=1), 1 - probabilities[:, other], probabilities)


def class_means(vectors: Float32Array, classes: Int64Array, n_classes: int) -> Float32Array:
    """(c, d) unit means."""
    sums = np.zeros((n_classes, vectors.shape[1]), np.float32)
    np.add.at(sums, classes, vectors)
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    return sums


def fit_vote(similarities: Float32Array, classes: Int64Array, true: Int64Array, other: int) -> VoteConfig:
    """The constants on a grid with the largest macro F2, less a tenth of the negative log-likelihood.

    F2 alone would leave the probabilities anything; the likelihood alone calls too much `other`, which is the largest
    class by far and counts as one of 161 in a macro mean. The background is tried at quantiles of the nearest
    similarity, as each embedding has a scale of its own.
    """
    backgrounds = np.quantile(similarities[:, 0], [0.0, 0.05, 0.1, 0.2, 0.35, 0.5])
    grid = [
        VoteConfig(k=k, temperature=temperature, margin=offset, background=float(background))
        for k, temperature, offset, background in product(
            (10, 30, 100),
            (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1),
            (-0.25, -0.2, -0.15, -0.1, -0.05, 0.0, 0.03),
            backgrounds,
        )
    ]
    similarities, classes = similarities[:, :100], classes[:, :100]

    def gain(config: VoteConfig) -> float:
        probabilities = vote(similarities, classes, other + 1, other, config)
        f2 = metrics.macro_f_beta(true, probabilities.argmax(axis=1), np.unique(true))
        return f2 - 0.1 * metrics.negative_log_likelihood(probabilities, true)

    return max(grid, key=gain)


def figures(answers: Answers, true: Int64Array, groups: Int64Array, other: int) -> dict[str, Any]:
    """Each metric as [value, low, high], by bootstrap over groups of one shape."""
    measured = measure(answers, true, other, groups=groups)
    return {
        "drawings": len(true),
        "companies": len(np.unique(true[true != other])),
        **{name: [round(each, 4) for each in astuple(figure)] for name, figure in measured.items()},
    }


def run_split(bench: LogoBench, split: str, embedded: Embedded, worn: Embedded) -> dict[str, Any]:
    """All methods, without and with the symbol view, on all test drawings, the wide ones, and degraded copies."""
    position = {name: i for i, name in enumerate(bench.classes)}
    labels = np.array([position[drawing.label] for drawing in bench.drawings])
    other = position[OTHER]
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    lockup = np.bincount(embedded.owners) > 1
    parts = np.array(bench.parts[split])
    train, val, test = (np.flatnonzero(parts == part) for part in ("train", "val", "test"))
    gallery, _ = embedded.of(train, symbol=False)
    means = class_means(gallery, labels[train], len(bench.classes))
    asked = {
        "all": (embedded, test),
        "wide": (embedded, test[lockup[test]]),
        "degraded": (worn, np.intersect1d(test, worn.owners)),
    }
    methods: list[dict[str, Any]] = []
    for symbol in (False, True):
        config = fit_vote(*ranked(gallery, labels[train], *embedded.of(val, symbol=symbol)), labels[val], other)
        suffix: dict[str, Any] = {"symbol_view": symbol}
        by_mean: dict[str, Any] = {"method": "class mean", **suffix}
        nearest: dict[str, Any] = {"method": "nearest", **suffix}
        voted: dict[str, Any] = {"method": "vote", **suffix, "constants": config.to_dict()}
        for name, (source, rows) in asked.items():
            views = source.of(rows, symbol=symbol)
            similar = ranked(gallery, labels[train], *views)
            to_means = ranked(means, np.arange(len(means)), *views)
            for entry, answers in (
                (by_mean, by_nearest(*to_means, other)),
                (nearest, by_nearest(*similar, other)),
                (voted, by_vote(*similar, other, config)),
            ):
                entry[name] = figures(answers, labels[rows], groups[rows], other)
        methods += [by_mean, nearest, voted]
    return {"gallery": len(train), "queries": len(test), "fitted_on": len(val), "methods": methods}


def table(results: dict[str, Any]) -> str:
    """The results for people."""
    columns = ("macro_f2", "company_accuracy", "other_recall", "auroc", "ece")
    lines = []
    for split, result in results["splits"].items():
        lines += ["", f"{split}: {result['queries']} queries, {result['gallery']} in the gallery"]
        lines.append(f"{'':34}" + "".join(f"{name:>24}" for name in columns))
        for entry in result["methods"]:
            for rows in ("all", "wide", "degraded"):
                name = f"{entry['method']}{' + symbol' if entry['symbol_view'] else ''}, {rows}"
                cells = ("{:.3f} ({:.3f}-{:.3f})".format(*entry[rows][c]) if c in entry[rows] else "" for c in columns)
                lines.append(f"{name:34}" + "".join(f"{cell:>24}" for cell in cells))
    return "\n".join(lines)


def run(bundle: ModelBundle, arguments: argparse.Namespace) -> None:
    """Embeds, measures, writes the results and shows them."""
    bench = load(arguments.cache)
    embedded = embed_all(bench, bundle, arguments.cache)
    tested = np.array([any(bench.parts[split][i] == "test" for split in SPLITS) for i in range(len(bench.drawings))])
    worn = embed_degraded(bench, np.flatnonzero(tested), "test", bundle, arguments.cache)
    results = {
        "benchmark": "LogoBench-160",
        "model": {"name": bundle.config.name, "backbone": bundle.config.backbone, "digest": bundle.digest},
        **surroundings(),
        "seed": SEED,
        "resamples": RESAMPLES,
        "views": {"drawings": len(bench.drawings), "views": len(embedded.owners)},
        "splits": {split: run_split(bench, split, embedded, worn) for split in SPLITS},
    }
    output = arguments.output or RESULTS / f"logobench-{Path(arguments.model).name}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(results))


def main() -> None:
    """Runs on the model asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=STARTER, help="as of `build-index`")
    parser.add_argument("--output", type=Path, help="JSON file; default: results/logobench-<model>.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    with opened_model(arguments.model) as bundle:
        run(bundle, arguments)


if __name__ == "__main__":
    main()
