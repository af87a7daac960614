"""What each transform of the augmentation is worth: `python benchmarks/ablation.py WORK [--variant NAME]...`.

Short trainings from ImageNet weights that differ in one thing: a transform or a kind of transforms left out, drawings
mirrored in half of the draws, a supervised contrastive term, no wide set, no generic icons, a larger backbone or
pictures. Each is asked about the validation and test drawings of the collection split, as they are and degraded, by the
mean of its nearest drawing and its head, whole drawings alone. Beside its figures stands its difference to the training
with everything, which ran with several seeds: what is within their spread, or whose interval holds 0, was not shown to
matter. The trainings are far shorter than the starter's, so the figures are lower.

A variant that has run is kept in the results; by default those run that are not there yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from bench_queries import WORN, Asked, SplitRows, ask, fitted, index_of, rounded
from embedded import Embedded, whole_views
from logobench_data import LogoBench
from PIL import ImageOps
from small import bench_of, generic_of, options, parsed, wide_of
from starter_data import seen, training_set
from starter_networks import SPLIT
from surroundings import write_result
from train_starter import LOW, POINTWISE

from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Statistic, estimate
from logo_retrieval.evaluation.metrics import macro_f_beta
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.images.traits import traits_of
from logo_retrieval.open_set.fusion import probabilities
from logo_retrieval.training.art import ArtStore, packed
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.export import head_vectors
from logo_retrieval.training.fit import fit
from logo_retrieval.training.network import EMBEDDING, outputs_of
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.training.transforms import TRANSFORMS
from logo_retrieval.types import Float32Array, Int64Array, UInt8Array

BASE = Recipe(
    size_px=96,
    batch=64,
    head_epochs=1,
    epochs=4,
    patience=99,
    trained_from=LOW,
    frozen_kinds=POINTWISE,
    learning_rate=1e-3,
    average=0.995,
)
SMALL = replace(BASE, size_px=32, batch=4, steps_per_epoch=2, head_epochs=0, epochs=1, trained_from="head_conv")
"""From ImageNet weights too: a network at random sees all drawings alike, of which no decision can be fitted."""
EVERYTHING = "everything"
SEEDS = 2

GROUPS = {
    "lockups": ("name alone", "lockup"),
    "colours": ("tint", "hue", "grey", "invert", "reverse"),
    "shapes": ("aspect", "turn", "crop"),
    "grounds": ("badge", "ground"),
    "wear": ("gamma", "blur", "shrink", "noise", "jpeg", "few colours"),
}
"""Of the transforms, by what they change: one alone may matter too little to be seen."""


def variants(base: Recipe = BASE) -> dict[str, Recipe]:
    """By name; the first ones are everything, with several seeds."""
    seeds = {
        EVERYTHING if seed == 0 else f"{EVERYTHING}, seed {seed}": replace(base, seed=seed) for seed in range(SEEDS)
    }
    several = {"augmentation": tuple(each.name for each in TRANSFORMS), **GROUPS}
    single = {each.name: (each.name,) for each in TRANSFORMS}
    without, without_one = (
        {f"no {what}": replace(base, probabilities=dict.fromkeys(names, 0.0)) for what, names in left_out.items()}
        for left_out in (several, single)
    )
    data = dict.fromkeys(("mirrored", "no wide set", "no generic icons"), base)
    larger = {name: replace(base, backbone=name) for name in ("efficientnet_lite1", "efficientnet_lite2")}
    larger["128 px"] = replace(base, size_px=128)
    return {**seeds, **without, **data, "contrastive": replace(base, contrastive=0.2), **larger, **without_one}


def mirrored(data: TrainingSet) -> TrainingSet:
    """Beside every drawing to train on its mirror image, of the same target."""
    rows = np.flatnonzero(~data.validation).tolist()
    drawn = [data.art[row] for row in range(len(data.art))]
    turned = [drawn[row]._replace(pixels=ImageOps.mirror(drawn[row].pixels)) for row in rows]
    return replace(
        data,
        art=ArtStore([packed(each) for each in (*drawn, *turned)]),
        targets=np.concatenate([data.targets, data.targets[rows]]),
        validation=np.concatenate([data.validation, np.zeros(len(rows), bool)]),
        names=[*data.names, *(data.names[row] for row in rows)],
        colours=[*data.colours, *(data.colours[row] for row in rows)],
    )


class Queries:
    """The drawings that are in the gallery or asked, decoded once for all variants."""

    def __init__(self, bench: LogoBench, size_px: int) -> None:
        """Decodes them: the gallery, and what is asked as it is and degraded."""
        self.bench, self.rooms = bench, SplitRows.of(bench)
        self.asked = np.union1d(self.rooms.val, self.rooms.all)
        self.drawn = whole_views(bench, np.union1d(self.rooms.train, self.asked), None, size_px)
        self.worn = whole_views(bench, self.asked, WORN, size_px)
        self.groups = np.unique(np.array(bench.groups), return_inverse=True)[1]


Answers = dict[str, tuple[Asked, Float32Array]]


def answered(queries: Queries, embed: Callable[[UInt8Array], Float32Array], head: HeadVectors | None) -> Answers:
    """Probabilities of the classes for the drawings as they are and degraded."""
    drawn, worn = (
        Embedded(embed(views), rows, np.ones(len(rows), bool), traits_of(views))
        for views, rows in (queries.drawn, queries.worn)
    )
    knowledge, _ = fitted(queries.bench, drawn, worn, queries.rooms, head)
    held = index_of(queries.bench, drawn, queries.rooms.train, knowledge)
    result: Answers = {}
    for name, source in (("clean", drawn), ("degraded", worn)):
        asked = ask(queries.bench, held, knowledge, source, queries.asked)
        result[name] = asked, probabilities(asked.scores.log_odds, held.other).astype(np.float32)
    return result


def macro_f2(asked: Asked, probabilities: Float32Array, i: Int64Array) -> float:
    """Of the likeliest classes, for some of the drawings asked."""
    return macro_f_beta(asked.true[i], probabilities[i].argmax(axis=1), np.unique(asked.true[i]))


def figures(own: Answers, base: Answers, groups: Int64Array) -> dict[str, Any]:
    """Macro F2 with its interval, and how much more it is than with everything."""
    entry: dict[str, Any] = {}
    for name, (asked, given) in own.items():
        if not np.array_equal(asked.rows, base[name][0].rows):
            raise SystemExit("other drawings can be read at this size: they cannot be compared")
        rows, company = np.arange(len(asked.true)), asked.true != given.shape[1] - 1
        value, before = partial(macro_f2, asked, given), partial(macro_f2, *base[name])

        def gained(i: Int64Array, value: Statistic = value, before: Statistic = before) -> float:
            return value(i) - before(i)

        for label, statistic in (("macro_f2", value), ("macro_f2_gained", gained)):
            entry[f"{name}_{label}"] = rounded(estimate(statistic, rows, company, groups=groups[asked.rows]))
    return entry


def trained(name: str, recipe: Recipe, data: TrainingSet, queries: Queries, work: Path) -> Answers:
    """One variant, trained and asked; what an earlier call has trained is asked again."""
    folder = work / name.replace(" ", "-").replace(",", "")
    network = fit(data, recipe, folder, report=lambda entry: print(name, json.dumps(entry), flush=True))
    return answered(queries, partial(outputs_of, network, output=EMBEDDING), head_vectors(network, data))


def main() -> None:
    """Trains, asks, writes, shows."""
    parser = options(__doc__, output="ablation.json", cache=True, work="folder for the checkpoints")
    parser.add_argument("--variant", choices=variants(), action="append", help="may be given several times")
    arguments = parsed(parser)
    recipe_of_all = SMALL if arguments.small else BASE
    (bench, cache), wide, generic = bench_of(arguments), wide_of(arguments), generic_of(arguments)
    further = {"no wide set": generic, "no generic icons": wide}
    queries: dict[int, Queries] = {}
    found = json.loads(arguments.output.read_text(encoding="utf-8")) if arguments.output.is_file() else {"variants": {}}
    if found["variants"] and found["recipe"] != recipe_of_all.to_dict():
        raise SystemExit(f"{arguments.output} holds results of another recipe: move it away")
    absent = [name for name in variants() if name not in found["variants"]]
    wanted = {EVERYTHING, *(arguments.variant or absent)}  # the first is what the others are compared with
    base: Answers | None = None
    for name, recipe in variants(recipe_of_all).items():
        if name not in wanted:
            continue
        data = training_set(bench, seen(bench, further.get(name, wide + generic), split=SPLIT), cache)
        data = mirrored(data) if name == "mirrored" else data
        if recipe.size_px not in queries:
            queries[recipe.size_px] = Queries(bench, recipe.size_px)
        asked = queries[recipe.size_px]
        own = trained(name, recipe, data, asked, arguments.work)
        base = own if base is None else base
        found["variants"][name] = figures(own, base, asked.groups)
        results = {
            "split": SPLIT,
            "recipe": recipe_of_all.to_dict(),
            "seed": SEED,
            "resamples": RESAMPLES,
            "variants": {name: found["variants"][name] for name in variants() if name in found["variants"]},
        }
        write_result(arguments.output, "LogoBench-160, ablation of the training", results)
        print(name, found["variants"][name], flush=True)


if __name__ == "__main__":
    main()
