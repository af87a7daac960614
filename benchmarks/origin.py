"""The recipe of 2018 on the same data, as a baseline: `python benchmarks/origin.py WORK`.

Pictures squashed to a square on one ground, gamma and blur, ImageNet features pooled by their maxima, two dense layers
and a softmax over 161 classes with `other` as one of them; first the head alone, then everything; several epochs of the
run as members, which vote. Its networks were larger (Xception, InceptionResNetV2); here it gets the backbone of the
starter, the same drawings and split, and more care than it had: unreadable files are no zeros, and what is transparent
is laid on a ground it shows on. Asked is what `logobench.py` asks. WORK keeps the checkpoint; stopped, the same command
goes on.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bench_queries import WORN, SplitRows, figures, labels_of
from embedded import sources_of
from logobench_data import OTHER, LogoBench
from PIL import Image
from small import bench_of, options, parsed
from starter_data import ART_PX, seen, training_set
from starter_networks import SPLIT
from surroundings import write_result

from logo_retrieval.backbones.backend import keras
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Answers
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.training.art import Art, ArtStore, packed
from logo_retrieval.training.augment import prepared
from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.fit import fit
from logo_retrieval.training.network import SCORES, build_network, outputs_of
from logo_retrieval.training.paint import on_serving_ground
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.training.transforms import TRANSFORMS
from logo_retrieval.types import Float64Array, Int64Array, UInt8Array

MEMBERS = 5
"""As many as voted in 2018."""

RECIPE = Recipe(
    head="origin",
    pooling="max",
    size_px=128,
    batch=64,
    head_epochs=3,
    epochs=12,
    patience=99,
    learning_rate=5e-4,
    probabilities={**dict.fromkeys((each.name for each in TRANSFORMS), 0.0), "gamma": 0.7, "blur": 0.3},
)

SMALL = replace(
    RECIPE, weights="none", size_px=32, batch=4, steps_per_epoch=2, head_epochs=1, epochs=2, trained_from="head_conv"
)


def squashed(art: Image.Image) -> Image.Image:
    """On its ground, with both sides of the same length."""
    side = max(art.size)
    return on_serving_ground(art).resize((side, side), Image.Resampling.BICUBIC)


def origin_set(bench: LogoBench, cache: Path) -> TrainingSet:
    """The drawings of LogoBench that the starter learns from and is validated on, a class being a target."""
    data = training_set(bench, seen(bench, (), split=SPLIT), cache)
    art = ArtStore([packed(Art.of(squashed(data.art[row].pixels))) for row in range(len(data.art))])
    return replace(
        data,
        art=art,
        targets=data.labels,
        target_names=data.classes,
        target_classes=np.arange(len(data.classes)),
        names=[None] * len(art),
        colours=[None] * len(art),
    )


def asked_views(bench: LogoBench, rows: Int64Array, salt: str | None, size_px: int) -> tuple[UInt8Array, Int64Array]:
    """(m, s, s, 3) squashed pictures, and the (m,) rows they are of: a copy that shows nothing is left out."""
    views, kept = [], []
    with DecoderPool(Preparation(size_px=ART_PX)) as pool:
        for row, art in zip(rows, pool.rasterise(sources_of(bench, rows, salt)), strict=True):
            if not isinstance(art, UnreadableImage):
                views.append(prepared(squashed(Image.fromarray(art, "RGBA")), size_px))
                kept.append(int(row))
    return np.stack(views), np.array(kept)


def probabilities_of(network: keras.Model, views: UInt8Array) -> Float64Array:
    """(m, c) by the softmax of the head."""
    logits = outputs_of(network, views, SCORES)
    return np.asarray(np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)), np.float64)


def by_vote(members: list[Float64Array], other: int) -> Answers:
    """Most members' class; where as many are for another one, the one with the larger mean probability."""
    n_classes = members[0].shape[1]
    votes = np.sum([np.eye(n_classes)[each.argmax(axis=1)] for each in members], axis=0)
    mean = np.mean(members, axis=0)
    return Answers((votes + 0.5 * mean).argmax(axis=1), 1 - mean[:, other])


def by_blend(members: list[Float64Array], other: int) -> Answers:
    """The class with the largest mean probability."""
    mean = np.mean(members, axis=0)
    return Answers(mean.argmax(axis=1), 1 - mean[:, other], mean)


def run(bench: LogoBench, recipe: Recipe, work: Path, cache: Path) -> dict[str, Any]:
    """Trains and asks."""
    data = origin_set(bench, cache)
    other = bench.classes.index(OTHER)
    labels = labels_of(bench)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    rooms = SplitRows.of(bench)
    everything, degraded = (asked_views(bench, rooms.all, salt, recipe.size_px) for salt in (None, WORN))
    asked = {
        "all": (everything, rooms.all),
        "unseen": (everything, rooms.unseen),
        "degraded": (degraded, rooms.all),
    }
    snapshots = work / "snapshots"
    snapshots.mkdir(parents=True, exist_ok=True)

    def keep(entry: dict[str, Any]) -> None:
        print(json.dumps(entry), flush=True)
        if entry["epoch"] > recipe.head_epochs + recipe.epochs - MEMBERS:
            _, weights, _ = read_checkpoint(work / CHECKPOINT)
            np.savez(snapshots / f"{entry['epoch']}.npz", *weights)

    fit(data, recipe, work, report=keep)
    network = build_network(replace(recipe, weights="none"), len(data.classes))
    given: dict[str, list[Float64Array]] = {"clean": [], "worn": []}
    for file in sorted(snapshots.iterdir(), key=lambda path: int(path.stem)):
        with np.load(file) as arrays:
            network.set_weights([arrays[name] for name in arrays])
        for name, (views, _) in zip(given, (everything, degraded), strict=True):
            given[name].append(probabilities_of(network, views))
    methods = []
    rules = {"last epoch": lambda members, other: by_blend(members[-1:], other), "vote": by_vote, "blend": by_blend}
    for method, rule in rules.items():
        entry: dict[str, Any] = {"method": method}
        for name, ((_, held), rows) in asked.items():
            chosen = np.isin(held, rows)
            members = [one[chosen] for one in given["worn" if name == "degraded" else "clean"]]
            entry[name] = figures(rule(members, other), labels[held[chosen]], groups[held[chosen]], other)
        methods.append(entry)
    return {
        "split": SPLIT,
        "recipe": recipe.to_dict(),
        "members": MEMBERS,
        "seed": SEED,
        "resamples": RESAMPLES,
        "methods": methods,
    }


def main() -> None:
    """Runs, writes, shows."""
    arguments = parsed(options(__doc__, output="origin.json", cache=True, work="folder for the checkpoint"))
    bench, cache = bench_of(arguments)
    results = run(bench, SMALL if arguments.small else RECIPE, arguments.work, cache)
    write_result(arguments.output, "LogoBench-160, the recipe of 2018", results)
    for entry in results["methods"]:
        for asked in ("all", "unseen", "degraded"):
            print(entry["method"], asked, entry[asked]["macro_f2"], entry[asked].get("other_recall"))


if __name__ == "__main__":
    main()
