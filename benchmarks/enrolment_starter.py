"""Enrolling brands into the starter index: `python benchmarks/enrolment_starter.py`.

Eighty brands of the wide set with drawings of four shapes or more; training has seen these drawings, as so many kinds
of `other`. One or three drawings of each are enrolled into a copy of the starter index, by lot and several times, and
asked are their drawings of other shapes, through the whole line from file to answer.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from logobench_data import default_cache
from surroundings import RESULTS, surroundings
from wide_data import WideDrawing, load_wide

from logo_retrieval import LogoClassifier
from logo_retrieval.evaluation.bootstrap import bootstrap_interval
from logo_retrieval.models import copy_starter
from logo_retrieval.values import OTHER, Float64Array, Int64Array

BRANDS = 80
LEAST_SHAPES = 4
DRAWINGS = (1, 3)
LOTS = 3
SEED = 2018


def brands(drawings: tuple[WideDrawing, ...]) -> dict[str, list[WideDrawing]]:
    """By name, those chosen by lot among the brands with shapes enough."""
    found = defaultdict(list)
    for each in drawings:
        if each.scope == "multi" and not each.dev_other_slug:
            found[each.brand].append(each)
    able = sorted(name for name, own in found.items() if len({each.dup_group for each in own}) >= LEAST_SHAPES)
    chosen = np.random.default_rng(SEED).choice(able, BRANDS, replace=False)
    return {f"brand {name}": found[name] for name in sorted(chosen.tolist())}


def enrolled(own: dict[str, list[WideDrawing]], number: int, lot: int, scratch: Path) -> dict[str, list[str]]:
    """Of each brand what its drawings of other shapes are called."""
    chance = np.random.default_rng((SEED, number, lot))
    index, gallery = scratch / "index", scratch / "gallery"
    copy_starter(index)
    asked: list[tuple[str, Path]] = []
    for name, drawings in own.items():
        order = chance.permutation(len(drawings))
        first, rest = ([drawings[place] for place in part] for part in (order[:number], order[number:]))
        (gallery / name).mkdir(parents=True)
        for each in first:
            shutil.copy(each.path, gallery / name / f"{each.collection}_{each.path.name}")
        seen = {each.dup_group for each in first}
        asked += [(name, each.path) for each in rest if each.dup_group not in seen]
    with LogoClassifier.open(index) as classifier:
        classifier.enroll_gallery(gallery, force=True)  # some have sub-brands that look the same
        answers = classifier.classify([path for _, path in asked])
    called = defaultdict(list)
    for (name, _), decision in zip(asked, answers, strict=True):
        called[name].append(str(decision.label))
    return called


def share(of: Float64Array, rows: Int64Array) -> float:
    """The mean over brands of hits, given (brands, 2) hits and drawings."""
    return float(of[rows, 0].sum() / of[rows, 1].sum())


def run(cache: Path) -> dict[str, Any]:
    """Enrols, asks."""
    own = brands(load_wide(cache))
    results = {}
    for number in DRAWINGS:
        counts = np.zeros((len(own), 2))
        unnamed = 0
        for lot in range(LOTS):
            with tempfile.TemporaryDirectory() as scratch:
                called = enrolled(own, number, lot, Path(scratch))
            for place, name in enumerate(own):
                counts[place] += sum(each == name for each in called[name]), len(called[name])
                unnamed += sum(each == OTHER for each in called[name])
        everything = np.arange(len(own))
        low, high = bootstrap_interval(partial(share, counts), len(own), SEED)
        results[str(number)] = {
            "asked": int(counts[:, 1].sum()),
            "right": [round(each, 4) for each in (share(counts, everything), low, high)],
            "called_other": round(float(unnamed / counts[:, 1].sum()), 4),
        }
        print(number, results[str(number)], flush=True)
    return {
        "benchmark": "enrolment of brands that training knew as other, into the starter index",
        **surroundings(),
        "brands": BRANDS,
        "lots": LOTS,
        "seed": SEED,
        "drawings": results,
    }


def main() -> None:
    """Runs, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=RESULTS / "enrolment_starter.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    results = run(arguments.cache)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
