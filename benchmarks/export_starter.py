"""Makes model bundles of what `train_on_device.py WORK` has trained: `python benchmarks/export_starter.py WORK`.

It needs TensorFlow and no accelerator. WORK gets a folder a network, as `calibrate.py` and `build_starter.py` want it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from logobench_data import default_cache
from starter_data import training_set, with_glyphs
from starter_networks import HELD_OUT, MEASURED, SHIPPED, Sources, drawings_of

from logo_retrieval.training.checkpoint import copy_weights, read_checkpoint
from logo_retrieval.training.export import export_trained
from logo_retrieval.training.network import build_network
from logo_retrieval.training.recipe import Recipe


def export(name: str, weights: Path, sources: Sources, work: Path, cache: Path) -> None:
    """Writes the bundle of one network."""
    bench = sources.bench if name != HELD_OUT else sources.bench.without(sources.companies)
    data = with_glyphs(training_set(bench, drawings_of(name, sources), cache))
    facts, _, _ = read_checkpoint(weights)
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
    for name in (HELD_OUT, MEASURED, SHIPPED):
        weights = arguments.work / f"{name}.npz"
        if weights.is_file():
            export(name, weights, sources, arguments.work, arguments.cache)
            print(f"{name}: {arguments.work / name}", flush=True)


if __name__ == "__main__":
    main()
