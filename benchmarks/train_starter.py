"""Trains the networks of the starter on a CPU: `python benchmarks/train_starter.py WORK --start DEVICE/held-out.npz`.

First comes the held-out network, which may see least; then the others of `starter_networks` go on, each from the one
before it and with the drawings that it may see more, while the rate is led down. DEVICE is what `train_on_device.py`
has filled; without `--start` the training begins with ImageNet weights and takes hours.

In WORK, `training` keeps a folder a network with its checkpoint and its log; stopped at any moment, the same command
goes on from the last epoch. Then WORK has a file a network, as after a training on a device, of which
`export_starter.py WORK` makes bundles.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from small import options
from starter_networks import HELD_OUT, MEASURED, RECIPE, SHIPPED, Sources, network_data

from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint, write_start
from logo_retrieval.training.fit import fit
from logo_retrieval.training.log import read_log

LOW = "block3_expand_conv"
"""Below it lie edges and blobs, at the resolutions that cost half of a step."""

POINTWISE = ("BatchNormalization", "DepthwiseConv2D")
"""What stays as it is while the pointwise convolutions learn: three times as many pictures in the same time."""

FIRST = replace(
    RECIPE,
    batch=64,
    epochs=24,
    patience=99,
    keep="last",
    trained_from=LOW,
    frozen_kinds=POINTWISE,
    margin=0.15,
    learning_rate=4e-4,
    final_rate=0.03,
    average=0.999,
    seed=51,
    probabilities={"lockup": 0.3},
)
"""The last of four legs: the measured and the shipped network go on from a held-out one that had 22 epochs from
ImageNet at 5e-4 with half as many lockups and no line icons, then 14 at 4e-4 with as many lockups, 14 with line icons,
and these. The one that the decision is fitted with today had 17 epochs from ImageNet, and these.

What ships is the mean of the networks before this leg and after it, see `average_weights.py`: those before were trained
on for 5 and 8 epochs at 3e-4.
"""

RECIPES = {
    HELD_OUT: FIRST,
    MEASURED: replace(FIRST, epochs=12, learning_rate=3e-4, final_rate=0.02, seed=52),
    SHIPPED: replace(FIRST, epochs=8, learning_rate=2e-4, final_rate=0.01, seed=53),
}
"""Of the networks, in their order."""


def run(network: str, sources: Sources, work: Path, start: Path | None, cache: Path) -> None:
    """Trains one network to its end."""
    data, folder = network_data(network, sources, cache), work / "training" / network
    print(f"{network}: {len(data.art)} drawings, {len(data.trained_targets)} targets", flush=True)

    def show(entry: dict[str, Any]) -> None:
        print(json.dumps(entry), flush=True)

    fit(data, RECIPES[network], folder, start=start, report=show)
    before = [] if start is None else read_checkpoint(start)[0]["log"]
    own = ({**entry, "epoch": len(before) + entry["epoch"], "leg": network} for entry in read_log(folder))
    write_start(work / f"{network}.npz", folder / CHECKPOINT, log=[*before, *own])


def main() -> None:
    """Trains the networks asked for, in their order."""
    parser = options(__doc__, cache=True, work="folder for checkpoints and logs")
    parser.add_argument("--start", type=Path, help="weights for the first to begin with; default: ImageNet")
    parser.add_argument("--network", choices=list(RECIPES), help="this one alone; default: all")
    arguments = parser.parse_args()
    sources = Sources.loaded(arguments.cache)
    start = arguments.start
    for network in RECIPES:
        if arguments.network in (None, network):
            run(network, sources, arguments.work, start, arguments.cache)
        start = arguments.work / f"{network}.npz"


if __name__ == "__main__":
    main()
