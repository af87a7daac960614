"""Trains the starter model: `python benchmarks/train_starter.py WORK [--leg NAME]`.

The training goes in legs, each a `Recipe` that begins with the weights of the leg before. WORK keeps a folder a leg
with its checkpoint and its log; stopped at any moment, the same command goes on from the last epoch.

The legs of the measured model never see what is validation, test or dropped in the collection split, so that what is
measured on it holds. Its weights lie beside the data, in half precision: `--leg measured` makes the bundle of them,
and the last leg goes on from them with every drawing, for the model that ships. Neither needs the legs before.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from logobench_data import DATA, LogoBench, default_cache, load, load_vintage
from starter_data import seen, training_set, with_glyphs
from starter_networks import MEASURED, SHIPPED, SPLIT
from wide_data import load_generic, load_wide

from logo_retrieval.backbones.backend import keras
from logo_retrieval.training.checkpoint import CHECKPOINT, copy_weights, read_checkpoint, write_start
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.export import export_trained
from logo_retrieval.training.fit import fit
from logo_retrieval.training.log import kept_entry, read_log
from logo_retrieval.training.network import build_network
from logo_retrieval.training.recipe import Recipe

WEIGHTS = DATA / "measured.npz"
"""Those of the measured model."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One piece of the training.

    Attributes:
        name: of its folder.
        after: the leg whose weights it begins with.
        split: whose training part it learns from; None is every drawing.
        recipe: how.
        bundle: the model bundle that comes of it, if any; MEASURED stands for its weights beside the data too.
        generic: whether the generic icons are learned as well as LogoBench and the wide set.
        coins: whether the coins of the wide set are learned too.
        more: whether earlier marks, letters and digits are learned too.
        held_out: brands of the wide set that are left out.
    """

    name: str
    after: str | None
    split: str | None
    recipe: Recipe
    bundle: str | None = None
    generic: bool = False
    coins: bool = False
    more: bool = False
    held_out: frozenset[str] = frozenset()


LOW = "block3_expand_conv"
"""Below it lie edges and blobs, at the resolutions that cost half of a step."""

POINTWISE = ("BatchNormalization", "DepthwiseConv2D")
"""What stays as it is while the pointwise convolutions learn: three times as many pictures in the same time."""

FIRST = Recipe(
    size_px=128,
    batch=64,
    head_epochs=3,
    epochs=4,
    patience=99,
    frozen_kinds=("DepthwiseConv2D",),
    learning_rate=1e-3,
    final_rate=0.9,
    average=0.997,
)
SMALL = Recipe(
    size_px=128,
    batch=64,
    head_epochs=0,
    epochs=44,
    patience=18,
    trained_from=LOW,
    frozen_kinds=POINTWISE,
    learning_rate=9e-4,
    final_rate=0.5,
    seed=1,
)
LARGE = replace(
    SMALL, size_px=192, epochs=9, patience=99, dropout=0.2, weight_decay=0.05, learning_rate=5e-4, final_rate=0.78
)
"""What all legs at the full size of the pictures have in common; each says how long and how fast."""

LOOKS = replace(LARGE, keep="last", final_rate=0.01, average=0.999)

LEGS = (
    Leg("whole", None, SPLIT, FIRST),
    Leg("small", "whole", SPLIT, SMALL),
    Leg("large", "small", SPLIT, replace(LARGE, average=0.999, seed=2)),
    Leg(
        "icons",
        "large",
        SPLIT,
        replace(LARGE, epochs=15, keep="last", learning_rate=4e-4, final_rate=0.01, average=0.999, seed=4),
        generic=True,
    ),
    Leg("looks", "icons", SPLIT, replace(LOOKS, epochs=10, seed=21), MEASURED, generic=True, more=True),
    Leg(
        "everything",
        "looks",
        None,
        replace(LOOKS, epochs=7, learning_rate=3.5e-4, seed=23),
        SHIPPED,
        generic=True,
        coins=True,
        more=True,
    ),
)
"""The transforms of `training.looks` were there from the leg "looks" on."""


def run(leg: Leg, bench: LogoBench, legs: Sequence[Leg], work: Path, cache: Path) -> None:
    """Trains one leg to its end; one that others do not just pass through becomes a model bundle."""
    data = _data(leg, bench, cache)
    print(f"{leg.name}: {len(data.art)} drawings, {len(data.trained_targets)} targets", flush=True)

    def show(entry: dict[str, Any]) -> None:
        print(json.dumps(entry), flush=True)

    folder = work / leg.name
    before = _before(leg, legs)
    start = None if before is None else WEIGHTS if before.bundle == MEASURED else work / before.name / CHECKPOINT
    network = fit(data, leg.recipe, folder, start=start, report=show)
    if leg.bundle == MEASURED:
        write_start(WEIGHTS, folder / CHECKPOINT, log=_log_until(leg, legs, work))
        export_measured(bench, work, cache)
    elif leg.bundle:
        _export(network, leg, data, _log_until(leg, legs, work), work)


def export_measured(bench: LogoBench, work: Path, cache: Path) -> None:
    """Makes the bundle of the measured model from its weights beside the data."""
    (leg,) = (leg for leg in LEGS if leg.bundle == MEASURED)
    data = _data(leg, bench, cache)
    network = build_network(replace(leg.recipe, weights="none"), len(data.trained_targets))
    copy_weights(WEIGHTS, network, [data.target_names[target] for target in data.trained_targets])
    _export(network, leg, data, _released_log(), work)


def _export(network: keras.Model, leg: Leg, data: TrainingSet, log: list[dict[str, Any]], work: Path) -> None:
    assert leg.bundle is not None
    best = kept_entry([entry for entry in log if entry["leg"] == leg.name], leg.recipe.keep)
    export_trained(network, leg.recipe, data, work / leg.bundle, name=f"logo-{leg.recipe.backbone}", log=log, best=best)


def _data(leg: Leg, bench: LogoBench, cache: Path) -> TrainingSet:
    further = load_wide(cache) + (load_generic(cache) if leg.generic else ())
    validate = leg.split is not None
    vintage = load_vintage(cache) if leg.more else ()
    chosen = seen(
        bench,
        further,
        vintage=vintage,
        split=leg.split,
        validate=validate,
        coins=leg.coins,
        held_out=leg.held_out,
    )
    data = training_set(bench, chosen, cache)
    return with_glyphs(data) if leg.more else data


def _released_log() -> list[dict[str, Any]]:
    log: list[dict[str, Any]] = read_checkpoint(WEIGHTS)[0]["log"]
    return log


def _before(leg: Leg, legs: Sequence[Leg]) -> Leg | None:
    return next((each for each in legs if each.name == leg.after), None)


def _log_until(leg: Leg, legs: Sequence[Leg], work: Path) -> list[dict[str, Any]]:
    """The log of the legs up to this one, epochs numbered throughout; to the measured model it is the released one."""
    before = _before(leg, legs)
    log: list[dict[str, Any]] = []
    if before is not None:
        log = _released_log() if before.bundle == MEASURED else _log_until(before, legs, work)
    own = read_log(work / leg.name)
    return log + [{**entry, "epoch": len(log) + entry["epoch"], "leg": leg.name} for entry in own]


def main() -> None:
    """Runs the legs asked for, in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for checkpoints and logs")
    parser.add_argument("--leg", choices=[*(leg.name for leg in LEGS), MEASURED], help="this one alone; default: all")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    bench = load(arguments.cache)
    if arguments.leg == MEASURED:
        export_measured(bench, arguments.work, arguments.cache)
    for leg in LEGS:
        if arguments.leg in (None, leg.name):
            run(leg, bench, LEGS, arguments.work, arguments.cache)


if __name__ == "__main__":
    main()
