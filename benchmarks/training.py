"""What a training step costs beside the pictures it is fed: `python benchmarks/training.py [--output JSON]`.

CPU milliseconds an image, medians of interleaved rounds: drawing art once, unpacking it, unpacking and augmenting, and
one step of the starter's network with all of it unfrozen, with its low layers frozen, and as the starter learns most of
the time: its depthwise convolutions and batch norms frozen too.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from statistics import median

import numpy as np
from costs import cpu_s
from small import bench_of, options, parsed
from starter_data import ART_PX, seen, training_set
from surroundings import write_result
from train_starter import LOW, POINTWISE

from logo_retrieval.backbones.backend import keras
from logo_retrieval.training.art import rasterised
from logo_retrieval.training.data import BatchMaker
from logo_retrieval.training.network import SCORES, build_network, losses, unfreeze
from logo_retrieval.training.recipe import Recipe

ROUNDS, DRAWN = 7, 400
SMALL = Recipe(size_px=32, batch=4, weights="none")
SMALL_ROUNDS, SMALL_DRAWN = 1, 20
STEPS: dict[str, tuple[str | None, Collection[str]]] = {
    "step": (None, ()),
    "step, low frozen": (LOW, ()),
    "step, pointwise alone": (LOW, POINTWISE),
}
"""By name, what learns: the first layer that does, and the kinds of layers that do not."""


def cpu_ms(work: Callable[[], object], images: int) -> float:
    """CPU time of this process, per image."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began) / images


def drawing_ms(paths: list[Path]) -> float:
    """Rasterising files that were never seen, decoder processes counted."""
    with tempfile.TemporaryDirectory() as scratch:
        before = cpu_s() + cpu_s(resource.RUSAGE_CHILDREN)
        rasterised(paths, Path(scratch), size_px=ART_PX)
        return 1000 * (cpu_s() + cpu_s(resource.RUSAGE_CHILDREN) - before) / len(paths)


def main() -> None:
    """Measures, writes, shows."""
    arguments = parsed(options(__doc__, output="training.json", cache=True))
    bench, cache = bench_of(arguments)
    data = training_set(bench, seen(bench, (), split="collection"), cache)
    recipe = SMALL if arguments.small else Recipe(size_px=192)
    rounds, drawn = (SMALL_ROUNDS, SMALL_DRAWN) if arguments.small else (ROUNDS, DRAWN)
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

    times: dict[str, list[float]] = {name: [] for name in ("unpack", "unpack and augment", *STEPS)}
    rows = np.random.default_rng(0).choice(len(data.art), recipe.batch * rounds).reshape(rounds, -1)
    for number in range(rounds):
        times["unpack"].append(cpu_ms(lambda: [data.art[int(row)] for row in rows[number]], recipe.batch))  # noqa: B023
        times["unpack and augment"].append(cpu_ms(lambda: list(maker.batches(number, number + 1)), recipe.batch))  # noqa: B023
    for name, what_learns in STEPS.items():
        step = compiled(*what_learns)
        times[name] = [cpu_ms(step, recipe.batch) for _ in range(rounds)]
    medians = {name: round(median(values), 2) for name, values in times.items()}
    results = {
        "size_px": recipe.size_px,
        "cpu_ms_per_image": {
            "draw, once": round(drawing_ms([each.path for each in bench.drawings[:drawn]]), 2),
            **medians,
        },
        "ratios": {
            **{f"augment / {name}": round(medians["unpack and augment"] / medians[name], 3) for name in STEPS},
            "step / step, pointwise alone": round(medians["step"] / medians["step, pointwise alone"], 2),
        },
    }
    write_result(arguments.output, "a step of training", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
