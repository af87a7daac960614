"""Unpacks the weights that are released, for trainings to go on from: `python benchmarks/released_weights.py BEFORE`.

BEFORE gets those of the measured network, of `data/measured.npz`, and of the shipped one, of the model in the package.
Of the latter's targets only the companies are known by name; `train_starter.py --start BEFORE` lets the others begin at
their drawings. It needs TensorFlow.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from released import read_release
from small import options
from starter_networks import MEASURED, RECIPE, SHIPPED, WEIGHTS

from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.training.checkpoint import State, write_checkpoint
from logo_retrieval.training.export import LOG_FILE
from logo_retrieval.training.network import build_network, scoring_layer
from logo_retrieval.types import OTHER


def write_shipped(path: Path, bundle: ModelBundle) -> None:
    """Writes the weights of a bundle as `write_start` would, with the companies of its head."""
    head = HeadVectors.read(bundle.path(HEAD_FILE), bundle.config.dim)
    companies = [place for place, name in enumerate(head.classes) if name != OTHER]
    recipe = replace(RECIPE, weights=str(bundle.folder))
    network = build_network(recipe, len(companies))
    scoring_layer(network).set_weights([head.vectors[companies].T])
    log = [json.loads(line) for line in bundle.path(LOG_FILE).read_text(encoding="utf-8").splitlines()]
    facts = {"recipe": RECIPE.to_dict(), "targets": [head.classes[place] for place in companies], "log": log}
    best = [array.astype(np.float16) for array in network.get_weights()]
    write_checkpoint(path, facts, [], State(best=best))


def main() -> None:
    """Writes both."""
    before: Path = options(__doc__, before="folder for the weights").parse_args().before
    before.mkdir(parents=True, exist_ok=True)
    read_release(WEIGHTS, before / f"{MEASURED}.npz")
    write_shipped(before / f"{SHIPPED}.npz", starter_model())


if __name__ == "__main__":
    main()
