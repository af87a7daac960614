"""Makes model bundles of trained networks: `python benchmarks/export_starter.py WORK`.

WORK is what `train_starter.py` or `train_on_device.py` has filled; it gets a folder a network, as `calibrate.py` and
`build_starter.py` want it. A network is made of its weights as they are released, WORK/released-NETWORK.npz, whose
kernels have 8 bits: its graph in floats can share those of its graph in integers. Its head tells apart what the
drawings here show; what it learned of fetched ones (`fetched_data`) stays behind. The measured network, where WORK has
no weights of it, is made of the released ones, so that its figures can be measured again. It needs TensorFlow and no
accelerator.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from logobench_data import default_cache
from released import read_release, write_release
from starter_networks import HELD_OUT, MEASURED, SHIPPED, WEIGHTS, Sources, network_data

from logo_retrieval.backbones.backend import keras
from logo_retrieval.training.checkpoint import copy_weights, read_checkpoint, write_checkpoint
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.export import export_trained
from logo_retrieval.training.network import build_network
from logo_retrieval.training.recipe import Recipe


def narrowed(weights: Path, data: TrainingSet) -> keras.Model:
    """A network whose head tells the targets of some drawings apart, and no others.

    Raises:
        SystemExit: it has not learned all of them.
    """
    recipe = Recipe(**read_checkpoint(weights)[0]["recipe"])
    network = build_network(replace(recipe, weights="none"), len(data.trained_names))
    if new := copy_weights(weights, network, data.trained_names):
        raise SystemExit(f"'{weights}' has not learned {len(new)} targets, such as {data.trained_names[new[0]]!r}")
    return network


def release(name: str, data: TrainingSet, work: Path) -> Path:
    """Writes the weights of a network as they are released."""
    weights, narrow, released = (work / f"{kind}{name}.npz" for kind in ("", "narrowed-", "released-"))
    network, (facts, _, state) = narrowed(weights, data), read_checkpoint(weights)
    best = [array.astype(np.float16) for array in network.get_weights()]
    write_checkpoint(narrow, {**facts, "targets": data.trained_names}, [], replace(state, best=best))
    write_release(released, narrow)
    return released


def export(name: str, weights: Path, data: TrainingSet, work: Path) -> None:
    """Writes the bundle of one network."""
    facts, _, _ = read_checkpoint(weights)
    recipe = replace(Recipe(**facts["recipe"]), keep="last")
    network = narrowed(weights, data)
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
        trained = (arguments.work / f"{name}.npz").is_file()
        if not trained and name != MEASURED:
            continue
        data = network_data(name, sources, arguments.cache)
        read_release(release(name, data, arguments.work) if trained else WEIGHTS, rounded)
        export(name, rounded, data, arguments.work)
        print(f"{name}: {arguments.work / name}", flush=True)


if __name__ == "__main__":
    main()
