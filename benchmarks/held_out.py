"""A model that leaves brands, companies and artists unseen: `python benchmarks/held_out.py WORK`.

Trained like the starter model, but shorter, on the training part of the collection split. Beside the artists that this
split holds out it has never seen thirty of the companies, a quarter of the brands of the wide set, and any coin: on
these the decision is fitted. WORK keeps a folder a leg; stopped at any moment, the same command goes on from the last
epoch.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from logobench_data import default_cache, load
from starter_networks import HELD_OUT, SPLIT, held_out_brands, held_out_companies
from train_starter import FIRST, LARGE, LOOKS, SMALL, Leg, run
from wide_data import load_wide


def legs(held_out: frozenset[str]) -> tuple[Leg, ...]:
    """The pieces of the training, without some brands of the wide set."""
    return (
        Leg("held-out whole", None, SPLIT, replace(FIRST, head_epochs=2, epochs=4), generic=True, held_out=held_out),
        Leg(
            "held-out small",
            "held-out whole",
            SPLIT,
            replace(SMALL, epochs=11, patience=99, keep="last", final_rate=0.3),
            generic=True,
            held_out=held_out,
        ),
        Leg(
            "held-out large",
            "held-out small",
            SPLIT,
            replace(LARGE, epochs=6, keep="last", final_rate=0.01, seed=2),
            generic=True,
            held_out=held_out,
        ),
        Leg(
            "held-out looks",
            "held-out large",
            SPLIT,
            replace(LOOKS, epochs=6, seed=22),
            HELD_OUT,
            generic=True,
            more=True,
            held_out=held_out,
        ),
    )


def main() -> None:
    """Runs the legs in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for checkpoints and logs")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    bench = load(arguments.cache)
    bench = bench.without(held_out_companies(bench))
    trained = legs(held_out_brands(load_wide(arguments.cache)))
    for leg in trained:
        run(leg, bench, trained, arguments.work, arguments.cache)


if __name__ == "__main__":
    main()
