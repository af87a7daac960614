"""How well near-duplicates are found: `python benchmarks/near_duplicates.py MODEL [--output JSON]`.

The drawings are those of LogoBench that are validation or test in the collection split, each as it is and as one
degraded copy: as favicon, badge or JPEG, in few colours, inverted or turned. A pair is true when both are of one shape,
a drawing and its own copy among them. Two drawings of one company that differ in shape are neither true nor false and
left out; all other pairs are false. MODEL must not have learned them: `export_starter.py WORK`.

Compared are the cosine of the embeddings, the package's perceptual hash, and the hashes of imagededup where that is
installed (only its hashing is used, which needs no torch: `pip install --no-deps imagededup PyWavelets`, then scipy,
scikit-learn and tqdm). All see the same pictures, drawn on their ground and trimmed; imagededup by itself would read no
SVG.
"""

from __future__ import annotations

import importlib
import math
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from bench_queries import WORN
from embedded import whole_views
from logobench_data import OTHER, LogoBench
from small import bench_of, options, parsed
from starter_networks import SPLIT
from surroundings import write_result

from logo_retrieval.embedding import load_embedder
from logo_retrieval.images.fingerprint import hamming_distance, perceptual_hash
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.near_duplicates import NEAR_SIMILARITY, SAME_BITS
from logo_retrieval.types import BoolArray, Float32Array, Int64Array, UInt8Array

PRECISION = 0.95
SEED, RESAMPLES = 2018, 1000
COSINES = (0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.98)
_BATCH = 64


def pairs(bench: LogoBench, owners: Int64Array) -> tuple[Int64Array, Int64Array, BoolArray]:
    """Both places of each pair that counts, and whether it is true."""
    one, other = np.triu_indices(len(owners), 1)
    brands = [drawing.brand if drawing.label == OTHER else drawing.label for drawing in bench.drawings]
    brand = np.unique(brands, return_inverse=True)[1][owners]
    shape = np.array([drawing.dup_group for drawing in bench.drawings])[owners]
    same = shape[one] == shape[other]
    counts = same | (brand[one] != brand[other])
    return one[counts], other[counts], same[counts]


def foreign_hashes(views: UInt8Array) -> dict[str, Int64Array]:
    """The 64-bit hashes of imagededup; none where it is not installed."""
    found = find_spec("imagededup")
    if found is None or found.submodule_search_locations is None:
        return {}
    for name in ("methods", "utils"):  # in place of packages that import torch
        package = types.ModuleType(f"imagededup.{name}")
        package.__path__ = [f"{place}/{name}" for place in found.submodule_search_locations]
        sys.modules[package.__name__] = package
    hashing = importlib.import_module("imagededup.methods.hashing")
    texts = {
        name: [getattr(hashing, name)(verbose=False).encode_image(image_array=view) for view in views]
        for name in ("PHash", "DHash", "AHash", "WHash")
    }
    return {f"imagededup {name}": np.array([int(text, 16) for text in own], np.uint64) for name, own in texts.items()}


def closeness(hashes: Int64Array, one: Int64Array, other: Int64Array) -> Float32Array:
    """Minus the number of bits in which the hashes of each pair differ."""
    return -hamming_distance(hashes[one], hashes[other]).astype(np.float32)


def lowest(scores: Float32Array, true: BoolArray) -> float:
    """The threshold of largest recall at which the precision still is `PRECISION`; inf when there is none."""
    order = np.argsort(-scores, kind="stable")[: 20 * int(true.sum())]
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    precise = np.flatnonzero(np.cumsum(true[order])[last] / (last + 1) >= PRECISION)
    return float(scores[order[last[precise[-1]]]]) if len(precise) else float("inf")


def at(scores: Float32Array, true: BoolArray, shapes: Int64Array, threshold: float) -> dict[str, Any]:
    """Precision and recall with a 95 % interval, by bootstrap over the shapes of true pairs."""
    found = scores >= threshold
    hits, totals = (np.bincount(shapes, kind[true].astype(float)) for kind in (found, true))
    draws = np.random.default_rng(SEED).integers(0, len(totals), (RESAMPLES, len(totals)))
    low, high = np.quantile(hits[draws].sum(axis=1) / totals[draws].sum(axis=1), (0.025, 0.975))
    recall = hits.sum() / totals.sum()
    return {
        "threshold": round(threshold, 4) if math.isfinite(threshold) else None,
        "precision": round(float((found & true).sum() / max(1, found.sum())), 4),
        "recall": [round(float(share), 4) for share in (recall, low, high)],
    }


def run(bench: LogoBench, model: Path) -> dict[str, Any]:
    """Embeds, hashes, compares."""
    bundle = read_bundle(model)
    embedder = load_embedder(bundle)
    rows = np.flatnonzero(np.isin(bench.parts[SPLIT], ("val", "test")))
    both = [whole_views(bench, rows, salt, embedder.input_size_px) for salt in (None, WORN)]
    views, owners = (np.concatenate(parts) for parts in zip(*both, strict=True))
    one, other, true = pairs(bench, owners)
    vectors = np.concatenate([embedder.embed(views[at : at + _BATCH]) for at in range(0, len(views), _BATCH)])
    own = np.array([perceptual_hash(view) for view in views], np.int64)
    cosines = np.einsum("ij,ij->i", vectors[one], vectors[other])
    bits = closeness(own, one, other)
    scores = {"embedding": cosines, "perceptual hash": np.maximum(bits, -64 - bits)}  # a negative counts as near
    scores |= {name: closeness(hashes, one, other) for name, hashes in foreign_hashes(views).items()}
    shapes = np.unique(
        np.array([drawing.dup_group for drawing in bench.drawings])[owners[one[true]]], return_inverse=True
    )[1]
    methods = {name: {"at_precision": at(score, true, shapes, lowest(score, true))} for name, score in scores.items()}
    return {
        "split": SPLIT,
        "model": {"name": bundle.config.name, "digest": bundle.digest},
        "pictures": len(views),
        "true_pairs": int(true.sum()),
        "false_pairs": int((~true).sum()),
        "precision": PRECISION,
        "default": {"similarity": NEAR_SIMILARITY, "bits": SAME_BITS},
        "methods": methods,
        "cosines": [at(cosines, true, shapes, cosine) for cosine in COSINES],
    }


def main() -> None:
    """Runs, writes, shows."""
    arguments = parsed(options(__doc__, output="near_duplicates.json", cache=True, model="a bundle"))
    results = run(bench_of(arguments)[0], arguments.model)
    write_result(arguments.output, "near-duplicates of LogoBench-160 and their degraded copies", results)
    print(results["pictures"], "pictures,", results["true_pairs"], "true pairs of", results["false_pairs"])
    for name, entry in results["methods"].items():
        print(name, entry["at_precision"])
    for found in results["cosines"]:
        print("   ", found)


if __name__ == "__main__":
    main()
