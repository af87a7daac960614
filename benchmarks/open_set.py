"""False names asked for and given: `python benchmarks/open_set.py MODEL [--output JSON]`.

The constants of the decision and the leads of unknown logos come from the validation drawings of the collection split;
asked are its test drawings, whose artists and brands of `other` neither MODEL nor the validation knows, as they are and
degraded. MODEL is `train_starter.py WORK --leg measured`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from logobench import Asker, Rooms, embeddings, head_of
from logobench_data import default_cache, load
from surroundings import RESULTS, surroundings
from train_starter import SPLIT

from logo_retrieval.bundle import read_bundle
from logo_retrieval.decide.decision import class_logits, leads
from logo_retrieval.evaluation.fitting import fit_decision, unknown_logos
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, estimate
from logo_retrieval.evaluation.metrics import Float64Array
from logo_retrieval.values import Int64Array

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)


def share_of(hits: Float64Array, groups: Int64Array) -> list[float]:
    """The mean with its interval, by bootstrap over groups."""

    def mean(rows: Int64Array) -> float:
        return float(hits[rows].mean())

    found = estimate(mean, np.arange(len(hits)), np.zeros(len(hits), bool), groups=groups)
    return [round(each, 4) for each in astuple(found)]


def run(model: Path, cache: Path) -> dict[str, Any]:
    """Fits on validation, asks the test."""
    bench, bundle = load(cache), read_bundle(model)
    drawn, worn = embeddings(bench, bundle, [SPLIT], cache)
    rooms = Rooms.of(bench, SPLIT)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    asker = Asker(bench, head_of(bundle), drawn, rooms.train)
    other = asker.other
    validation = [asker.ask(source, rooms.val, all_views=True) for source in (drawn, worn)]
    config = fit_decision(validation, other)
    unknown = unknown_logos(validation, other, config)
    sets: dict[str, list[dict[str, Any]]] = {}
    for name, source in (("as drawn", drawn), ("degraded", worn)):
        asked = asker.ask(source, rooms.all, all_views=True)
        logits = class_logits(asked.nearest, asked.head, other, config)
        ahead = leads(logits, other, config)
        logits[:, other] = -np.inf
        right = logits.argmax(axis=1) == asked.true
        is_other = asked.true == other
        sets[name] = [
            {
                "asked": share,
                "false_accept": share_of((ahead > least)[is_other].astype(float), groups[asked.rows[is_other]]),
                "companies_right": share_of(
                    ((ahead > least) & right)[~is_other].astype(float), groups[asked.rows[~is_other]]
                ),
            }
            for share, least in [(None, 0.0), *((each, unknown.least_lead(each)) for each in SHARES)]
        ]
    return {
        "benchmark": "LogoBench-160, false names asked for and given",
        "split": SPLIT,
        **surroundings(),
        "model": {"name": bundle.config.name, "digest": bundle.digest},
        "unknown_logos": len(unknown.leads),
        "seed": SEED,
        "resamples": RESAMPLES,
        "sets": sets,
    }


def main() -> None:
    """Runs, writes, shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a bundle")
    parser.add_argument("--output", type=Path, default=RESULTS / "open_set.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    results = run(arguments.model, arguments.cache)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, entries in results["sets"].items():
        for entry in entries:
            print(name, entry)


if __name__ == "__main__":
    main()
