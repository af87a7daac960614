"""Makes model bundles of trained networks: `python benchmarks/export_starter.py WORK`.

WORK is what `train_starter.py` or `train_on_device.py` has filled; it gets a folder a network, as `calibrate.py` and
`build_starter.py` want it. A network is made of its weights as they are released, WORK/released-NETWORK.npz, whose
kernels have 8 bits: its graph in floats can share those of its graph in integers. The measured network, where WORK has
no weights of it, is made of the released ones, so that its figures can be measured again. It needs TensorFlow and no
accelerator.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from logobench_data import default_cache
from released import read_release, write_release
from starter_networks import HELD_OUT, MEASURED, SHIPPED, WEIGHTS, Sources, network_data

from logo_retrieval.training.checkpoint import copy_weights, read_checkpoint
from logo_retrieval.training.export import export_trained
from logo_retrieval.training.network import build_network
from logo_retrieval.training.recipe import Recipe


def export(name: str, weights: Path, sources: Sources, work: Path, cache: Path) -> None:
    """Writes the bundle of one network."""
    data = network_data(name, sources, cache)
    facts, _, _ = read_checkpoint(weights)
    if facts.get("data", data.digest()) != data.digest():
        print(f"{name}: the drawings are others than at its training; the card counts those of today", flush=True)
    recipe = replace(Recipe(**facts["recipe"]), keep="last")
    names = [data.target_names[target] for target in data.trained_targets]
    network = build_network(replace(recipe, weights="none"), len(names))
    copy_weights(weights, network, names)
    export_trained(network, recipe, data, work / name, name=f"logo-{recipe.backbone}", log=facts["log"])


def main() -> None:
    """Exports the networks that are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder of the weights, and for the bundles")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    sources = Sources.loaded(arguments.cache)
    rounded = arguments.work / "rounded.npz"
    for name in (HELD_OUT, MEASURED, SHIPPED):
        weights, released = arguments.work / f"{name}.npz", arguments.work / f"released-{name}.npz"
        if weights.is_file():
            write_release(released, weights)
        elif name == MEASURED:
            released = WEIGHTS
        else:
            continue
        read_release(released, rounded)
        export(name, rounded, sources, arguments.work, arguments.cache)
        print(f"{name}: {arguments.work / name}", flush=True)


if __name__ == "__main__":
    main()
