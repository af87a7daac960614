"""Trains the networks of the starter on a CPU: `python benchmarks/train_starter.py WORK --start DEVICE/held-out.npz`.

First comes the trunk, which learns what the held-out network may see; then each of the three networks of
`starter_networks` goes on from it with its own drawings, while the rate is led down. DEVICE is what
`train_on_device.py` has filled; without `--start` the trunk begins with ImageNet weights and takes some days.

WORK keeps a folder a leg with its checkpoint and its log; stopped at any moment, the same command goes on from the last
epoch. Then it has a file a network, as after a training on a device: `export_starter.py WORK` makes bundles of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from logobench_data import default_cache
from starter_networks import HELD_OUT, MEASURED, RECIPE, SHIPPED, Sources, network_data

from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint, write_start
from logo_retrieval.training.fit import fit
from logo_retrieval.training.log import read_log
from logo_retrieval.training.recipe import Recipe

LOW = "block3_expand_conv"
"""Below it lie edges and blobs, at the resolutions that cost half of a step."""

POINTWISE = ("BatchNormalization", "DepthwiseConv2D")
"""What stays as it is while the pointwise convolutions learn: three times as many pictures in the same time."""

TRUNK = replace(
    RECIPE,
    batch=64,
    epochs=8,
    patience=99,
    keep="last",
    trained_from=LOW,
    frozen_kinds=POINTWISE,
    margin=0.15,
    learning_rate=5e-4,
    final_rate=0.78,
    average=0.999,
    seed=41,
)
LAST = replace(TRUNK, epochs=5, learning_rate=3e-4, final_rate=0.01, seed=43)


@dataclass(frozen=True, slots=True)
class Leg:
    """One piece of the training.

    Attributes:
        name: of its folder.
        network: whose drawings it learns from.
        recipe: how.
    """

    name: str
    network: str
    recipe: Recipe


LEGS = (
    Leg("trunk", HELD_OUT, TRUNK),
    *(Leg(network, network, LAST) for network in (HELD_OUT, MEASURED, SHIPPED)),
)


def run(leg: Leg, sources: Sources, work: Path, start: Path | None, cache: Path) -> None:
    """Trains one leg to its end."""
    data = network_data(leg.network, sources, cache)
    print(f"{leg.name}: {len(data.art)} drawings, {len(data.trained_targets)} targets", flush=True)

    def show(entry: dict[str, Any]) -> None:
        print(json.dumps(entry), flush=True)

    fit(data, leg.recipe, work / leg.name, start=start, report=show)
    before = [] if start is None else read_checkpoint(start)[0].get("log", [])
    write_start(work / f"{leg.name}.npz", work / leg.name / CHECKPOINT, log=_together(before, leg, work))


def _together(before: Sequence[dict[str, Any]], leg: Leg, work: Path) -> list[dict[str, Any]]:
    """The log of all that led to a leg, epochs numbered throughout."""
    own = read_log(work / leg.name)
    return [*before, *({**entry, "epoch": len(before) + entry["epoch"], "leg": leg.name} for entry in own)]


def main() -> None:
    """Runs the legs asked for, in their order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for checkpoints and logs")
    parser.add_argument("--start", type=Path, help="weights for the trunk to begin with; default: ImageNet")
    parser.add_argument("--leg", choices=[leg.name for leg in LEGS], help="this one alone; default: all")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    sources = Sources.loaded(arguments.cache)
    trunk, *rest = LEGS
    if arguments.leg in (None, trunk.name):
        run(trunk, sources, arguments.work, arguments.start, arguments.cache)
    for leg in rest:
        if arguments.leg in (None, leg.name):
            run(leg, sources, arguments.work, arguments.work / f"{trunk.name}.npz", arguments.cache)


if __name__ == "__main__":
    main()
