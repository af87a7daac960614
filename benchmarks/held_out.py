"""A model that has never seen thirty of the companies: `python benchmarks/held_out.py WORK`.

Trained like the starter model, but shorter, on the training part of the shape split without them; their enrolment, and
what it does to the others, can be measured on it. WORK keeps a folder a leg; stopped at any moment, the same command
goes on from the last epoch.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from logobench_data import OTHER, LogoBench, default_cache, load
from train_starter import FIRST, LARGE, SMALL, Leg, run

SPLIT = "shape"
BUNDLE = "held-out"
"""Folder of the model bundle under WORK."""

COMPANIES = 30
LEAST_DRAWINGS = 16
"""Ten to enrol leave six to ask."""

SEED = 0

LEGS = (
    Leg("held-out whole", None, SPLIT, FIRST, generic=True),
    Leg(
        "held-out small",
        "held-out whole",
        SPLIT,
        replace(SMALL, epochs=24, patience=99, keep="last", final_rate=0.3),
        generic=True,
    ),
    Leg(
        "held-out large",
        "held-out small",
        SPLIT,
        replace(LARGE, epochs=12, keep="last", final_rate=0.01, seed=2),
        BUNDLE,
        generic=True,
    ),
)


def held_out_companies(bench: LogoBench) -> tuple[str, ...]:
    """Thirty by lot, in order of their names, of those with drawings enough."""
    counts = Counter(each.label for each in bench.drawings if each.label != OTHER)
    able = sorted(label for label, count in counts.items() if count >= LEAST_DRAWINGS)
    return tuple(sorted(np.random.default_rng(SEED).choice(able, COMPANIES, replace=False).tolist()))


def main() -> None:
    """Runs the legs in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for checkpoints and logs")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    bench = load(arguments.cache)
    bench = bench.without(held_out_companies(bench))
    for leg in LEGS:
        run(leg, bench, LEGS, arguments.work, arguments.cache)


if __name__ == "__main__":
    main()
