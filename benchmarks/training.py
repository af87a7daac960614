"""What a training step costs beside the pictures it is fed: `python benchmarks/training.py [--output JSON]`.

CPU milliseconds an image, medians over rounds: unpacking art and augmenting it, and one step of the starter's network
with all of it unfrozen, and as the starter learns most of the time: its low layers, its depthwise convolutions and its
batch norms frozen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from functools import partial
from statistics import median

import numpy as np
from small import bench_of, options, parsed
from starter_data import seen, training_set
from starter_networks import SPLIT
from surroundings import write_result
from train_starter import LOW, POINTWISE

from logo_retrieval.backbones.backend import keras
from logo_retrieval.training.data import BatchMaker
from logo_retrieval.training.network import SCORES, build_network, losses, unfreeze
from logo_retrieval.training.recipe import Recipe

ROUNDS, SMALL_ROUNDS = 7, 1
RECIPE, SMALL = Recipe(size_px=192), Recipe(size_px=32, batch=4, weights="none")
PICTURES = "unpack and augment"
STEPS: dict[str, tuple[str | None, Collection[str]]] = {
    "step": (None, ()),
    "step, pointwise alone": (LOW, POINTWISE),
}
"""By name, what learns: the first layer that does, and the kinds of layers that do not."""


def cpu_ms(work: Callable[[], object], images: int) -> float:
    """CPU time of this process, per image."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began) / images


def main() -> None:
    """Measures, writes, shows."""
    arguments = parsed(options(__doc__, output="training.json", cache=True))
    recipe, rounds = (SMALL, SMALL_ROUNDS) if arguments.small else (RECIPE, ROUNDS)
    bench, cache = bench_of(arguments)
    data = training_set(bench, seen(bench, (), split=SPLIT), cache)
    targets = len(data.trained_targets)
    network = build_network(recipe, targets)
    maker = BatchMaker(data, recipe.size_px, recipe.batch, recipe.seed)
    (batch,) = maker.batches(0, 1)
    views, true = batch.views.astype(np.float32), {SCORES: np.zeros(recipe.batch, np.int64)}

    def compiled(from_layer: str | None, frozen_kinds: Collection[str]) -> Callable[[], object]:
        unfreeze(network, from_layer, frozen_kinds)
        network.compile(
            keras.optimizers.AdamW(1e-4),
            loss=losses(recipe, targets),
            jit_compile=False,
            run_eagerly=arguments.small,  # to compile the steps takes longer than so few of them
        )
        for _ in range(2):
            network.train_on_batch(views, true)
        return lambda: network.train_on_batch(views, true)

    making: list[Callable[[], object]] = [partial(list, maker.batches(number, number + 1)) for number in range(rounds)]
    times = {PICTURES: [cpu_ms(make, recipe.batch) for make in making]}
    for name, what_learns in STEPS.items():
        step = compiled(*what_learns)
        times[name] = [cpu_ms(step, recipe.batch) for _ in range(rounds)]
    medians = {name: round(median(values), 2) for name, values in times.items()}
    ratios = {f"augment / {name}": round(medians[PICTURES] / medians[name], 3) for name in STEPS}
    results = {"size_px": recipe.size_px, "cpu_ms_per_image": medians, "ratios": ratios}
    write_result(arguments.output, "a step of training", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
