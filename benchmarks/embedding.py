"""What embedding costs: `python benchmarks/embedding.py [--output JSON]`.

Milliseconds of CPU time (all threads) per picture, of our embedder and of a bare ONNX Runtime session with the same
graph, on the same pictures of LogoBench, already float32; runs are interleaved, the figures medians and quartiles.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import quantiles
from typing import Any

import numpy as np
import onnxruntime
from embedded import whole_views
from small import bench_of, options, parsed
from surroundings import write_result

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.embedding import load_embedder
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.types import Float32Array

BATCHES = (1, 32)
ROUNDS, SMALL_ROUNDS = 15, 2
WARM_UP = 2
BARE = "bare"


def bare_session(bundle: ModelBundle) -> Callable[[Float32Array], Any]:
    """ONNX Runtime with nothing around it, but with our settings for threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(bundle.int8_graphs[0], options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: session.run(None, {name: batch})


def interleaved_ms(runs: Mapping[str, Callable[[], object]], rounds: int, repeats: int) -> dict[str, list[float]]:
    """CPU milliseconds of one call, `rounds` times each, in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(WARM_UP + rounds):
        for name, run in runs.items():
            start = time.process_time()
            for _ in range(repeats):
                run()
            times[name].append((time.process_time() - start) * 1e3 / repeats)
    return {name: own[WARM_UP:] for name, own in times.items()}


def summary(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = quantiles(values, n=4)
    return {"median": round(middle, 3), "quartile_1": round(low, 3), "quartile_3": round(high, 3)}


def main() -> None:
    """Measures, writes the results and shows them."""
    arguments = parsed(options(__doc__, output="embedding-starter.json", cache=True))
    rounds = SMALL_ROUNDS if arguments.small else ROUNDS
    bundle = starter_model()
    embedder, bare = load_embedder(bundle), bare_session(bundle)
    views, _ = whole_views(bench_of(arguments)[0], np.arange(max(BATCHES)), None, embedder.input_size_px)
    figures: dict[str, dict[str, Any]] = {BARE: {}, embedder.precision: {}}
    ratios = {}
    for batch in BATCHES:
        integers, name = views[:batch], f"batch_{batch}"
        runs = {
            BARE: partial(bare, integers.astype(np.float32)),
            embedder.precision: partial(embedder.embed, integers),
        }
        for side, times in interleaved_ms(runs, rounds, repeats=32 // batch).items():
            figures[side][name] = {"cpu_ms_per_image": summary([one / batch for one in times])}
        ours, theirs = (figures[side][name]["cpu_ms_per_image"]["median"] for side in (embedder.precision, BARE))
        ratios[name] = round(ours / theirs, 3)
    model = {"name": bundle.config.name, "backbone": bundle.config.backbone, "digest": bundle.digest}
    results = {"model": model, "rounds": rounds, "warm_up": WARM_UP, "times": figures, "cpu_ratio_to_bare": ratios}
    write_result(arguments.output, "embedding", results)
    print(figures, ratios, sep="\n")


if __name__ == "__main__":
    main()
