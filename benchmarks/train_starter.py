"""Trains the networks of the starter on a CPU: `python benchmarks/train_starter.py WORK --start BEFORE`.

Each of `starter_networks` goes on from its own weights in BEFORE, which this script, `train_on_device.py` or
`released.py` has filled. Where BEFORE has none of a network, it goes on from the network before it, with the
drawings that it may see more; the first, without `--start`, from ImageNet weights, which takes hours.

In WORK, `training` keeps a folder a leg with its checkpoint and its log; stopped at any moment, the same command
goes on from the last epoch. Then WORK has a file a network, as after a training on a device, of which
`export_starter.py WORK` makes bundles.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from small import options
from starter_networks import HELD_OUT, MEASURED, RECIPE, SHIPPED, Sources, network_data

from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint, write_start
from logo_retrieval.training.fit import fit
from logo_retrieval.training.log import read_log

LOW = "block3_expand_conv"
"""Below it lie edges and blobs, at the resolutions that cost half of a step."""

POINTWISE = ("BatchNormalization", "DepthwiseConv2D")
"""What stays as it is while the pointwise convolutions learn: three times as many pictures in the same time."""

LEG = replace(
    RECIPE,
    batch=64,
    epochs=8,
    patience=99,
    keep="last",
    trained_from=LOW,
    frozen_kinds=POINTWISE,
    margin=0.15,
    learning_rate=1e-4,
    final_rate=0.02,
    average=0.999,
    company_share=0.4,
    probabilities={"lockup": 0.3},
)
"""The last of the legs: a low rate that is led down, after which strangers are told apart better than after many more
epochs at a high one.
"""

WIDER = replace(LEG, size_px=160, epochs=28, learning_rate=4e-4, final_rate=0.1)
"""The leg before it, of the held-out network."""

FIRST = replace(LEG, size_px=128, epochs=28, learning_rate=5e-4, final_rate=0.3, company_share=0.5, seed=90)
"""From ImageNet, with the drawings that are here alone: after two epochs F2 was .56, with the fetched ones .12."""

PACKAGES = "folder for packages of npm, whose drawings take part (see `fetched_data.py`); default: without them"
"""Help of the option."""

LEGS = {
    HELD_OUT: (replace(WIDER, seed=91), replace(LEG, seed=92)),
    MEASURED: (replace(WIDER, epochs=10, seed=95), replace(LEG, seed=93)),
    SHIPPED: (replace(LEG, epochs=6, seed=94),),
}
"""Of the networks, in their order; each but the first goes on from the one before it."""


def run(network: str, sources: Sources, work: Path, start: Path | None, cache: Path) -> None:
    """Trains one network to its end."""
    legs = LEGS[network] if start is not None else (FIRST, *LEGS[network])
    for number, recipe in enumerate(legs, start=1):
        data = network_data(network, sources if recipe is not FIRST else replace(sources, fetched=()), cache)
        leg = f"{network}-{number}"
        print(f"{leg}: {len(data.art)} drawings, {len(data.trained_targets)} targets", flush=True)
        folder, before = work / "training" / leg, [] if start is None else read_checkpoint(start)[0]["log"]
        fit(data, recipe, folder, start=start, report=lambda entry: print(json.dumps(entry), flush=True))
        own = ({**entry, "epoch": len(before) + entry["epoch"], "leg": network} for entry in read_log(folder))
        start = work / (f"{leg}.npz" if number < len(legs) else f"{network}.npz")
        write_start(start, folder / CHECKPOINT, log=[*before, *own])


def main() -> None:
    """Trains the networks asked for, in their order."""
    parser = options(__doc__, cache=True, work="folder for checkpoints and logs")
    parser.add_argument("--start", type=Path, metavar="BEFORE", help="folder of weights to go on from")
    parser.add_argument("--network", choices=list(LEGS), help="this one alone; default: all")
    parser.add_argument("--packages", type=Path, metavar="FOLDER", help=PACKAGES)
    arguments = parser.parse_args()
    sources = Sources.loaded(arguments.cache, arguments.packages)
    previous = None
    for network in LEGS:
        own = arguments.start / f"{network}.npz" if arguments.start is not None else None
        start = own if own is not None and own.is_file() else previous
        if arguments.network in (None, network):
            run(network, sources, arguments.work, start, arguments.cache)
        previous = arguments.work / f"{network}.npz"


if __name__ == "__main__":
    main()
