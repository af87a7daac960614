"""What embedding costs: `python benchmarks/embedding.py --art FOLDER [--model NAME|PATH] [--output JSON]`.

Milliseconds of CPU time (all threads) and of wall time per picture, of our embedders and of a bare ONNX Runtime
session on the same pictures, already float32; runs are interleaved, the figures medians and quartiles. Also what a
fresh process needs for its first embedding, and how far each runtime agrees with the default one on the art.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from small import parsed
from surroundings import RESULTS, surroundings

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.embedding import RUNTIMES, Embedder, load_embedder
from logo_retrieval.errors import BackendError, UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.models.bundle import MODEL_FILE, ModelBundle
from logo_retrieval.models.resolve import STARTER, opened_model
from logo_retrieval.types import Float32Array, UInt8Array

BATCHES = (1, 32)
PICTURES = 256
ROUNDS = 15
STARTS = 5
SMALL = (32, 2, 2)
WARM_UP = 2
TARGET_RATIO = 1.3

COLD_START = """
import sys, time
from pathlib import Path
import numpy as np
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.embedding import load_embedder
embedder = load_embedder(read_bundle(Path(sys.argv[1])), runtime=sys.argv[2])
embedder.embed(np.zeros((1, embedder.input_size_px, embedder.input_size_px, 3), np.uint8))
print(time.process_time())
"""


def read_art(folder: Path, size_px: int, most: int) -> UInt8Array:
    """The whole drawing of up to `most` files under a folder, evenly spread over their sorted names."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    paths = paths[:: max(1, len(paths) // most)][:most]
    with DecoderPool(Preparation(size_px=size_px)) as pool:
        images = [image for image in pool.decode(paths, all_views=False) if not isinstance(image, UnreadableImage)]
    if len(images) < max(BATCHES):
        raise SystemExit(f"{folder} must hold at least {max(BATCHES)} pictures that decode, got {len(images)}")
    return np.stack([image.views[0] for image in images])


def bare_session(bundle: ModelBundle) -> Callable[[Float32Array], Any]:
    """ONNX Runtime with nothing around it, but with our settings for threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(bundle.path(MODEL_FILE), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: session.run(None, {name: batch})


def time_batches(embedders: dict[str, Embedder], bundle: ModelBundle, views: UInt8Array, rounds: int) -> dict[str, Any]:
    """Medians and quartiles, per runtime and batch size."""
    bare = bare_session(bundle)
    figures: dict[str, Any] = {}
    for batch in BATCHES:
        integers = views[:batch]
        floats = integers.astype(np.float32)
        ours = {name: partial(embedder.embed, integers) for name, embedder in embedders.items()}
        times = interleave({"bare": partial(bare, floats), **ours}, rounds, repeats=max(1, 32 // batch))
        for name, samples in times.items():
            figures.setdefault(name, {})[f"batch_{batch}"] = {
                clock: summary([sample[i] / batch for sample in samples])
                for i, clock in enumerate(("cpu_ms_per_image", "wall_ms_per_image"))
            }
    return figures


def interleave(
    runs: Mapping[str, Callable[[], object]], rounds: int, repeats: int
) -> dict[str, list[tuple[float, float]]]:
    """CPU and wall milliseconds of one call, `rounds` times each, in turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for round_number in range(WARM_UP + rounds):
        for name, run in runs.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(repeats):
                run()
            elapsed = (time.process_time() - cpu, time.perf_counter() - wall)
            if round_number >= WARM_UP:
                times[name].append((elapsed[0] * 1e3 / repeats, elapsed[1] * 1e3 / repeats))
    return times


def summary(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": round(middle, 3), "quartile_1": round(low, 3), "quartile_3": round(high, 3)}


def cold_start_ms(model: Path, runtime: str, n_runs: int) -> dict[str, float]:
    """CPU time of a whole process that embeds one picture."""
    command = [sys.executable, "-c", COLD_START, str(model), runtime]
    seconds = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(n_runs)]
    return summary([second * 1e3 for second in seconds])


def agreement(default: Float32Array, other: Float32Array) -> dict[str, float]:
    """Cosines of the two embeddings of a picture, and how often both name the same nearest other picture."""
    cosines = (default * other).sum(axis=1)
    nearest = [np.where(np.eye(len(e), dtype=bool), -np.inf, e @ e.T).argmax(axis=1) for e in (default, other)]
    return {
        "cosine_mean": round(float(cosines.mean()), 5),
        "cosine_least": round(float(cosines.min()), 5),
        "same_nearest": round(float((nearest[0] == nearest[1]).mean()), 4),
    }


def load_all(bundle: ModelBundle) -> tuple[dict[str, Embedder], dict[str, str]]:
    """The embedders that this machine can run, and why it cannot run the others."""
    embedders, refused = {}, {}
    for runtime in RUNTIMES:
        try:
            embedders[runtime] = load_embedder(bundle, runtime=runtime)
        except BackendError as error:
            refused[runtime] = str(error)
    return embedders, refused


def run(bundle: ModelBundle, arguments: argparse.Namespace) -> None:
    """Embeds, measures, writes the results and shows them."""
    most, rounds, starts = SMALL if arguments.small else (PICTURES, ROUNDS, STARTS)
    views = read_art(arguments.art, bundle.config.input_size_px, most)
    embedders, refused = load_all(bundle)
    figures = time_batches(embedders, bundle, views, rounds)
    embeddings = {name: embedder.embed(views) for name, embedder in embedders.items()}
    ratios = {
        f"batch_{batch}": round(
            figures["onnxruntime-fp32"][f"batch_{batch}"]["cpu_ms_per_image"]["median"]
            / figures["bare"][f"batch_{batch}"]["cpu_ms_per_image"]["median"],
            3,
        )
        for batch in BATCHES
    }
    results = {
        "benchmark": "embedding",
        "model": {"name": bundle.config.name, "backbone": bundle.config.backbone, "digest": bundle.digest},
        **surroundings(),
        "pictures": len(views),
        "rounds": rounds,
        "warm_up": WARM_UP,
        "times": figures,
        "cpu_ratio_to_bare": {**ratios, "target": TARGET_RATIO},
        "cold_start_cpu_ms": {name: cold_start_ms(bundle.folder, name, starts) for name in embedders},
        "agreement": {
            name: agreement(embeddings["onnxruntime-fp32"], embeddings[name])
            for name in embedders
            if name != "onnxruntime-fp32"
        },
        "not_run": refused,
    }
    output = arguments.output or RESULTS / f"embedding-{Path(arguments.model).name}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({key: results[key] for key in ("cpu_ratio_to_bare", "cold_start_cpu_ms", "agreement")}, indent=1))


def main() -> None:
    """Runs on the model asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=STARTER, help="as of `build-index`")
    parser.add_argument("--art", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--output", type=Path, help="JSON file; default: results/embedding-<model>.json")
    arguments = parsed(parser)
    with opened_model(arguments.model) as bundle:
        run(bundle, arguments)


if __name__ == "__main__":
    main()
