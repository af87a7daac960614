"""Known companies from everything else: `python benchmarks/open_set.py MODEL [--output JSON]`.

Which score tells them apart best, and false names asked for and given. The constants of the decision and the leads of
unknown logos come from the validation drawings of the collection split; asked are its test drawings, whose artists and
brands of `other` neither MODEL nor the validation knows, as they are and degraded. MODEL is `train_starter.py WORK
--leg measured`. The frozen backbone, as ImageNet left it, is asked as a third witness: its share is the one that tells
the validation drawings apart best.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from logobench import Asked, Asker, Rooms, embeddings, head_of, rounded
from logobench_data import LogoBench, default_cache, load
from surroundings import RESULTS, surroundings
from train_starter import SPLIT

from logo_retrieval.bundle import read_bundle
from logo_retrieval.decide.decision import DecisionConfig, class_logits, leads, probabilities_of
from logo_retrieval.evaluation.fitting import fit_decision, unknown_logos
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, estimate
from logo_retrieval.evaluation.metrics import auroc, fpr_at_tpr
from logo_retrieval.models import opened_model
from logo_retrieval.values import BoolArray, Float32Array, Float64Array, Int64Array

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
FROZEN = "efficientnet_lite0"
BOTH = "lead of both, as decided by"
BY_FROZEN = "frozen backbone, less the nearest of other"
ALL_THREE = "both and the frozen backbone"
FROZEN_SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)


def share_of(hits: Float64Array, groups: Int64Array) -> list[float]:
    """The mean with its interval, by bootstrap over groups."""

    def mean(rows: Int64Array) -> float:
        return float(hits[rows].mean())

    found = estimate(mean, np.arange(len(hits)), np.zeros(len(hits), bool), groups=groups)
    return rounded(found)


def ahead_of_other(scores: Float32Array, other: int) -> Float64Array:
    """(n,) by how much the best company is more similar than `other`."""
    ahead: Float64Array = companies_best(scores, other) - scores[:, other].astype(np.float64)
    return ahead


def companies_best(scores: Float32Array, other: int) -> Float64Array:
    """(n,) the similarity of the best company."""
    best: Float64Array = np.delete(scores, other, axis=1).max(axis=1).astype(np.float64)
    return best


def candidates(asked: Asked, frozen: Asked, other: int, config: DecisionConfig) -> dict[str, Float64Array]:
    """Scores of showing a company, larger is surer, by name; those of the frozen backbone are of the same drawings."""
    assert asked.head is not None  # noqa: S101
    logits = class_logits(asked.nearest, asked.head, other, config)
    return {
        "nearest drawing of a company": companies_best(asked.nearest, other),
        "the same, less the nearest of other": ahead_of_other(asked.nearest, other),
        "head, best company": companies_best(asked.head, other),
        "the same, less other": ahead_of_other(asked.head, other),
        "largest probability of a company": companies_best(probabilities_of(logits).astype(np.float32), other),
        BOTH: leads(logits, other, config),
        BY_FROZEN: ahead_of_other(frozen.nearest, other),
    }


def told_apart(known: Float64Array, company: BoolArray, groups: Int64Array) -> dict[str, list[float]]:
    """AUROC, and the share of `other` above the score that 95 % of companies exceed, with intervals."""
    found = {}
    for name, statistic in (("auroc", auroc), ("fpr_at_95_tpr", fpr_at_tpr)):
        of = partial(_statistic, statistic, known, company)
        found[name] = rounded(estimate(of, np.arange(len(known)), company, groups=groups))
    return found


def _statistic(
    of: Callable[[Float64Array, BoolArray], float], known: Float64Array, company: BoolArray, rows: Int64Array
) -> float:
    return of(known[rows], company[rows])


class Frozen:
    """The nearest drawings by the backbone as ImageNet left it."""

    def __init__(self, bench: LogoBench, rooms: Rooms, cache: Path) -> None:
        """Embeds, or takes what the cache has."""
        with opened_model(FROZEN) as bundle:
            self._sources = embeddings(bench, bundle, [SPLIT], cache)
        self._asker = Asker(bench, None, self._sources[0], rooms.train)

    def ask(self, which: int, rows: Int64Array) -> Asked:
        """Drawings as they are (0) or degraded (1)."""
        return self._asker.ask(self._sources[which], rows)


def run(model: Path, cache: Path) -> dict[str, Any]:
    """Fits on validation, asks the test."""
    bench, bundle = load(cache), read_bundle(model)
    sources = embeddings(bench, bundle, [SPLIT], cache)
    rooms = Rooms.of(bench, SPLIT)
    frozen = Frozen(bench, rooms, cache)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    asker = Asker(bench, head_of(bundle), sources[0], rooms.train)
    other = asker.other
    validation = [asker.ask(source, rooms.val) for source in sources]
    config = fit_decision(validation, other)
    unknown = unknown_logos(validation, other, config)
    scored = [candidates(each, frozen.ask(which, each.rows), other, config) for which, each in enumerate(validation)]
    share = best_share(scored, [each.true != other for each in validation])
    scores: dict[str, dict[str, Any]] = {}
    sets: dict[str, list[dict[str, Any]]] = {}
    for which, (name, source) in enumerate(zip(("as drawn", "degraded"), sources, strict=True)):
        asked = asker.ask(source, rooms.all)
        is_other = asked.true == other
        own = with_third(candidates(asked, frozen.ask(which, asked.rows), other, config), share)
        scores[name] = {each: told_apart(known, ~is_other, groups[asked.rows]) for each, known in own.items()}
        logits = class_logits(asked.nearest, asked.head, other, config)
        ahead = leads(logits, other, config)
        logits[:, other] = -np.inf
        right = logits.argmax(axis=1) == asked.true
        sets[name] = [
            {
                "asked": share_asked,
                "false_accept": share_of((ahead > least)[is_other].astype(float), groups[asked.rows[is_other]]),
                "companies_right": share_of(
                    ((ahead > least) & right)[~is_other].astype(float), groups[asked.rows[~is_other]]
                ),
            }
            for share_asked, least in [(None, 0.0), *((each, unknown.least_lead(each)) for each in SHARES)]
        ]
    return {
        "benchmark": "LogoBench-160, known companies from everything else",
        "split": SPLIT,
        **surroundings(),
        "model": {"name": bundle.config.name, "digest": bundle.digest},
        "unknown_logos": len(unknown.leads),
        "seed": SEED,
        "resamples": RESAMPLES,
        "frozen": {"backbone": FROZEN, "share": share},
        "scores": scores,
        "sets": sets,
    }


def with_third(scored: dict[str, Float64Array], share: float) -> dict[str, Float64Array]:
    """The scores, and that of both with some share of the frozen backbone."""
    return {**scored, ALL_THREE: scored[BOTH] + share * scored[BY_FROZEN]}


def best_share(scored: Sequence[dict[str, Float64Array]], company: Sequence[BoolArray]) -> float:
    """Of the frozen backbone, by the mean AUROC of several sets of drawings."""

    def mean_auroc(share: float) -> float:
        third = [with_third(each, share)[ALL_THREE] for each in scored]
        return float(np.mean([auroc(known, own) for known, own in zip(third, company, strict=True)]))

    return max(FROZEN_SHARES, key=mean_auroc)


def main() -> None:
    """Runs, writes, shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a bundle")
    parser.add_argument("--output", type=Path, default=RESULTS / "open_set.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    results = run(arguments.model, arguments.cache)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, found in results["scores"].items():
        for score, entry in found.items():
            print(name, score, entry)
    for name, entries in results["sets"].items():
        for entry in entries:
            print(name, entry)


if __name__ == "__main__":
    main()
