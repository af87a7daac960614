"""Trains the starter model: `python benchmarks/train_starter.py WORK [--leg NAME]`.

The training goes in legs, each a `Recipe` that begins with the weights of the leg before. WORK keeps a folder a leg
with its checkpoint and its log; stopped at any moment, the same command goes on from the last epoch.

The legs of the measured model never see what is validation, test or dropped in the collection split, so that what is
measured on it holds. The last leg goes on with every drawing, for the model that ships.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from logobench_data import default_cache, load
from starter_data import training_set
from wide_data import load_wide

from logo_retrieval.training.checkpoint import CHECKPOINT
from logo_retrieval.training.export import export_trained
from logo_retrieval.training.fit import fit
from logo_retrieval.training.log import best_entry, read_log
from logo_retrieval.training.recipe import Recipe

SPLIT = "collection"
MEASURED, SHIPPED = "measured", "shipped"
"""Folders of the two model bundles under WORK."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One piece of the training.

    Attributes:
        name: of its folder.
        after: the leg whose weights it begins with.
        split: whose training part it learns from; None is every drawing.
        recipe: how.
        bundle: the model bundle that comes of it, if any.
    """

    name: str
    after: str | None
    split: str | None
    recipe: Recipe
    bundle: str | None = None


LOW = "block3_expand_conv"
"""Below it lie edges and blobs, at the resolutions that cost half of a step."""

LEGS = (
    Leg(
        "whole",
        None,
        SPLIT,
        Recipe(size_px=128, batch=64, head_epochs=3, epochs=4, patience=99, final_rate=0.95, average=0.997),
    ),
    Leg(
        "small",
        "whole",
        SPLIT,
        Recipe(size_px=128, batch=64, head_epochs=0, epochs=7, patience=99, trained_from=LOW, final_rate=0.54, seed=1),
    ),
    Leg(
        "large",
        "small",
        SPLIT,
        Recipe(
            size_px=160,
            batch=64,
            head_epochs=0,
            epochs=22,
            patience=99,
            trained_from=LOW,
            learning_rate=5e-4,
            average=0.999,
            seed=2,
        ),
        MEASURED,
    ),
    Leg(
        "everything",
        "large",
        None,
        Recipe(
            size_px=160,
            batch=64,
            head_epochs=0,
            epochs=7,
            trained_from=LOW,
            learning_rate=2.5e-4,
            seed=3,
        ),
        SHIPPED,
    ),
)


def run(leg: Leg, work: Path, cache: Path) -> None:
    """Trains one leg to its end; one that others do not just pass through becomes a model bundle."""
    data = training_set(load(cache), load_wide(cache), cache, split=leg.split, validate=leg.split is not None)
    print(f"{leg.name}: {len(data.art)} drawings, {len(data.trained_targets)} targets", flush=True)

    def show(entry: dict[str, Any]) -> None:
        print(json.dumps(entry), flush=True)

    folder = work / leg.name
    start = work / leg.after / CHECKPOINT if leg.after else None
    network = fit(data, leg.recipe, folder, start=start, report=show)
    if leg.bundle:
        log = _log_until(leg, work)
        best = best_entry([entry for entry in log if entry["leg"] == leg.name])
        name = f"logo-{leg.recipe.backbone}"
        export_trained(network, leg.recipe, data, work / leg.bundle, name=name, log=log, best=best)


def _log_until(leg: Leg, work: Path) -> list[dict[str, Any]]:
    """The log of the legs up to this one, epochs numbered throughout."""
    earlier = next((each for each in LEGS if each.name == leg.after), None)
    log = _log_until(earlier, work) if earlier else []
    return log + [{**entry, "epoch": len(log) + entry["epoch"], "leg": leg.name} for entry in read_log(work / leg.name)]


def main() -> None:
    """Runs the legs asked for, in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for checkpoints and logs")
    parser.add_argument("--leg", choices=[leg.name for leg in LEGS], help="this one alone; default: all")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    for leg in LEGS:
        if arguments.leg in (None, leg.name):
            run(leg, arguments.work, arguments.cache)


if __name__ == "__main__":
    main()
