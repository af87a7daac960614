"""Trains the networks of the starter: `python benchmarks/train_on_device.py WORK --seconds S`.

Three networks come of it, which share the steady part of their training (the trunk). Which drawings each may see is
told in `starter_networks.py`. The trunk learns from what the held-out one may see, and each goes on from there with its
own drawings.

It needs JAX and no TensorFlow, reads nothing from the network, and is meant for one accelerator, whose time it fills.
On a CPU it runs too, for a trial: `--steps 8 --chunk 1 --batch 4 --every 150 --size 32`; there a training of use is
that of `train_starter.py`. WORK gets a log and a file a network, of which `export_starter.py` makes bundles.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
# trying out every way to do a product or a convolution took more than half of ten minutes
os.environ.setdefault("XLA_FLAGS", "--xla_gpu_autotune_level=0")

import jax
import numpy as np
from small import options
from starter_data import target_count, training_set, with_glyphs
from starter_networks import HELD_OUT, MEASURED, RECIPE, SHIPPED, Sources, drawings_of

from logo_retrieval.evaluation.metrics import macro_f_beta
from logo_retrieval.training.checkpoint import State, copy_weights, write_checkpoint
from logo_retrieval.training.data import shares_of
from logo_retrieval.training.device.bank import bank_of
from logo_retrieval.training.device.loop import Leg, Trainer, Weights, run
from logo_retrieval.training.log import F2
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import Float32Array

TRUNK = "trunk"
SHARES = {TRUNK: 0.42, SHIPPED: 0.21, MEASURED: 0.2, HELD_OUT: 0.17}
"""Of all steps, in the order in which they are done."""

WARM_UP = 0.1
"""Of the trunk."""

RESERVE_S = 12
"""Kept of the time for asking and writing."""


class Training:
    """Everything that one call works on."""

    def __init__(self, work: Path, sources: Sources, cache: Path, recipe: Recipe, chunk: int, every: int) -> None:
        """Builds the network and compiles it, and meanwhile unpacks the drawings and sets the names."""
        sources = sources.every(every)
        self.work, self.recipe, self.chunk = work, recipe, chunk
        seen = drawings_of(SHIPPED, sources)
        self.trainer = Trainer(recipe, target_count(seen))
        with ThreadPoolExecutor(1) as beside:
            compiled = beside.submit(self.trainer.compile)
            self.data = with_glyphs(training_set(sources.bench, seen, cache), every)
            bank = bank_of(self.data, recipe.size_px, recipe.seed)
            compiled.result()
        self.trainer.load(bank, self.data.targets)
        self.keys = seen.keys() + ["glyph"] * (len(self.data.art) - len(seen.keys()))
        self.sources = sources

    def leg(self, name: str, steps: int) -> Leg:
        """A network's part, with the drawings that it may see."""
        network = HELD_OUT if name == TRUNK else name
        part = drawings_of(network, self.sources)
        own = set(part.keys())
        asked = {str(each.path) for each, is_asked in part.bench if is_asked}
        seen = np.array([key == "glyph" or key in own and key not in asked for key in self.keys])
        shares = shares_of(self.data, seen, self.recipe.company_share)
        targets = np.zeros(len(self.data.target_names), bool)
        targets[self.data.targets[seen]] = True
        return Leg(
            name,
            shares,
            targets,
            steps,
            warm_up=max(1, round(WARM_UP * steps)) if name == TRUNK else 0,
            falls=name != TRUNK,
            asked=np.flatnonzero([key in asked for key in self.keys]),
        )

    def write(self, name: str, leg: Leg, weights: Weights, log: Sequence[Mapping[str, Any]]) -> None:
        """A file in half precision, but for what is one number a channel."""
        best: list[Float32Array] = [
            each.astype(np.float16 if each.ndim > 1 else np.float32) for each in self.trainer.arrays(weights, leg)
        ]
        names = [name for name, known in zip(self.data.target_names, leg.targets, strict=True) if known]
        facts = {"recipe": self.recipe.to_dict(), "targets": names, "log": list(log)}
        write_checkpoint(self.work / f"{name}.npz", facts, [], State(epoch=len(log), best=best))

    def asked(self, leg: Leg, weights: Weights) -> dict[str, float]:
        """Macro F2 on the drawings that a leg asks."""
        if not len(leg.asked):
            return {}
        true = self.data.labels[leg.asked]
        found = self.data.target_classes[self.trainer.ask(weights, leg)]
        return {F2: round(macro_f_beta(true, found, np.unique(true)), 4)}


def main() -> None:
    """Trains the trunk, then every network."""
    began = time.monotonic()
    parser = options(__doc__, cache=True, work="folder for weights and log")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--seconds", type=float, help="time for everything, from the start of the program")
    length.add_argument("--steps", type=int, help="steps of all networks together")
    parser.add_argument("--start", type=Path, help="trunk.npz of an earlier training, to go on from; default: ImageNet")
    parser.add_argument("--backbone", default=RECIPE.backbone)
    parser.add_argument("--size", type=int, default=RECIPE.size_px, help="side of the pictures, in pixels")
    parser.add_argument("--batch", type=int, default=RECIPE.batch)
    parser.add_argument("--chunk", type=int, default=20, help="steps between two lines of the log")
    parser.add_argument("--every", type=int, default=1, help="of so many drawings one, for a trial")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)

    def say(entry: Mapping[str, Any]) -> None:
        line = json.dumps({"at_s": round(time.monotonic() - began, 1), **entry})
        print(line, flush=True)
        with (arguments.work / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    sources = Sources.loaded(arguments.cache)
    recipe = replace(RECIPE, backbone=arguments.backbone, size_px=arguments.size, batch=arguments.batch)
    training = Training(arguments.work, sources, arguments.cache, recipe, arguments.chunk, arguments.every)
    trainer, steps = training.trainer, arguments.steps
    if arguments.start is not None:
        copy_weights(arguments.start, trainer.network, training.data.target_names)
    weights = trainer.start()
    say({"drawings": len(training.data.art), "targets": len(training.data.target_names)})
    if steps is None:
        weights, steps = _timed(training, weights, arguments.seconds - (time.monotonic() - began))
        say({"steps": steps})
    logs: dict[str, list[dict[str, Any]]] = {}

    def train(name: str, weights: Weights) -> Weights:
        chunks = max(1, round(SHARES[name] * steps / training.chunk))
        leg = training.leg(name, chunks * training.chunk)
        log = logs[name] = []

        def report(entry: dict[str, Any]) -> None:
            log.append({"epoch": len(log) + 1, "phase": "all", **entry})
            say(entry)

        weights = run(trainer, weights, leg, training.recipe.learning_rate, chunk=training.chunk, report=report)
        log[-1] |= training.asked(leg, weights)
        say(log[-1])
        before = logs[TRUNK] if name != TRUNK else []
        training.write(name, leg, weights, [*before, *log])
        return weights

    trunk = train(TRUNK, weights)
    for name in SHARES:
        if name != TRUNK:
            train(name, jax.tree.map(jax.numpy.copy, trunk))  # since a training uses up the arrays that it is given
    say({"done": True})


def _timed(training: Training, weights: Weights, seconds: float) -> tuple[Weights, int]:
    """How many steps fit into some seconds; the steps that it takes to know are at a rate of zero."""
    began = time.monotonic()
    leg = training.leg(TRUNK, training.chunk)
    rates = np.zeros(training.chunk, np.float32)
    weights, _ = training.trainer.steps(weights, leg, 0, rates)
    again = time.monotonic()
    weights, _ = training.trainer.steps(weights, leg, 0, rates)
    a_step = (time.monotonic() - again) / training.chunk
    steps = int((seconds - (time.monotonic() - began) - RESERVE_S) / a_step)
    if steps < len(SHARES) * training.chunk:
        raise SystemExit(f"a step takes {a_step:.2f} s, so that {steps} fit into the time left: give it more --seconds")
    return weights, steps


if __name__ == "__main__":
    main()
