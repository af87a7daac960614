"""Companies that training has met under another name: `python benchmarks/enrolment_met.py WORK/measured`.

The gallery is the training part of the collection split. Eighty brands of the wide set, which training has seen as so
many kinds of `other`, are enrolled by one or three of the drawings that it has seen, five times by lot; asked are
drawings of the same brands by the artists that it has not seen, of other shapes than those enrolled, and everything by
these artists in LogoBench but what shows one of these brands. Then an index of the same gallery is built in which all
160 companies have other names than in training. All of it goes through the whole line, from files to answers; the
constants of the decision come from the validation part.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from build_starter import fitted_constants, with_constants
from logobench import Rooms, rounded
from logobench_data import LogoBench, default_cache, load
from starter_data import further_seen
from surroundings import RESULTS, surroundings
from train_starter import SPLIT
from wide_data import WideDrawing, load_wide

from logo_retrieval import LogoClassifier
from logo_retrieval.build import build_index
from logo_retrieval.bundle import read_bundle
from logo_retrieval.evaluation.bootstrap import bootstrap_interval
from logo_retrieval.evaluation.measure import SEED, Answers, Estimate, measure
from logo_retrieval.gallery import Gallery, GalleryRecord
from logo_retrieval.values import OTHER, Float64Array, Int64Array

BRANDS = 80
DRAWINGS = (1, 3)
LOTS = 5
SHARE = 0.05
NAMES = {"those of training": False, "others": True}
"""Of the companies in an index, and whether they are others than in training."""


@dataclass(frozen=True, slots=True)
class Brand:
    """The drawings of one brand, by artists that training has seen and by others."""

    seen: list[WideDrawing]
    unseen: list[WideDrawing]


@dataclass(frozen=True, slots=True)
class Called:
    """What (n,) queries are called, as likeliest and where a share of false names is stated."""

    label: list[str]
    cautious: list[str]


def met_brands(bench: LogoBench, drawings: tuple[WideDrawing, ...]) -> dict[str, Brand]:
    """By name, the brands with drawings enough that training has seen, and some by artists that it has not."""
    seen = {each.key for each in further_seen(bench, drawings, split=SPLIT)}
    found: dict[str, Brand] = defaultdict(lambda: Brand([], []))
    for each in drawings:
        if each.scope != "coin":
            (found[each.brand].seen if each.key in seen else found[each.brand].unseen).append(each)
    able = ((name, brand) for name, brand in sorted(found.items()) if len(brand.seen) >= max(DRAWINGS))
    return {name: brand for name, brand in able if brand.unseen}


def gallery_of(bench: LogoBench, rows: Int64Array, renamed: bool) -> Gallery:
    """Some drawings of LogoBench, companies under their own names or under others."""
    names = {each: f"the firm of {each}" if renamed and each != OTHER else each for each in bench.classes}
    drawings = [bench.drawings[row] for row in rows]
    return Gallery(tuple(GalleryRecord(each.key, names[each.label], each.path, each.key) for each in drawings), ())


def asked(classifier: LogoClassifier, paths: Sequence[Path]) -> Called:
    """The answers about some files."""
    decisions = classifier.classify(paths, max_false_accept=SHARE)
    return Called([each.top[0].label for each in decisions], [str(each.label) for each in decisions])


def trial(
    bench: LogoBench, index: Path, brands: dict[str, Brand], number: int, lot: int, others: Int64Array
) -> dict[str, Any]:
    """One lot of brands enrolled: of each what its drawings were called, and what became of all other queries.

    The same lot has the same brands, whatever the number of drawings, the fewer among the more.
    """
    chance = np.random.default_rng((SEED, lot))
    chosen = sorted(chance.choice(list(brands), BRANDS, replace=False).tolist())
    queries: list[tuple[str, Path]] = []
    with tempfile.TemporaryDirectory() as scratch:
        own, gallery = Path(scratch) / "index", Path(scratch) / "gallery"
        shutil.copytree(index, own)
        for name in chosen:
            (gallery / f"brand {name}").mkdir(parents=True)
            first = [brands[name].seen[place] for place in chance.permutation(len(brands[name].seen))[:number]]
            for each in first:
                shutil.copy(each.path, gallery / f"brand {name}" / f"{each.collection}_{each.path.name}")
            shapes = {each.dup_group for each in first}
            queries += [(name, each.path) for each in brands[name].unseen if each.dup_group not in shapes]
        with LogoClassifier.open(own) as classifier:
            classifier.enroll_gallery(gallery, force=True)  # the gallery has some of them under `other`
            answers = asked(classifier, [path for _, path in queries])
            rows = others[[bench.drawings[row].brand not in chosen for row in others]]
            called = asked(classifier, [bench.drawings[row].path for row in rows])
    labels = [bench.drawings[row].label for row in rows]
    return {
        "brands": [name for name, _ in queries],
        "right": [each == f"brand {name}" for (name, _), each in zip(queries, answers.label, strict=True)],
        "right_named": [each == f"brand {name}" for (name, _), each in zip(queries, answers.cautious, strict=True)],
        "called_other": [each == OTHER for each in answers.label],
        "old": _right(labels, called),
    }


def _right(labels: Sequence[str], called: Called) -> dict[str, float]:
    """What is right among companies and among `other`, and how much of that is named where little is allowed."""
    pairs = list(zip(labels, called.label, called.cautious, strict=True))
    return {
        "companies_right": float(np.mean([label == given for label, given, _ in pairs if label != OTHER])),
        "other_right": float(np.mean([given == OTHER for label, given, _ in pairs if label == OTHER])),
        "false_accept": float(np.mean([given != OTHER for label, _, given in pairs if label == OTHER])),
    }


def _share(hits: Float64Array, rows: Int64Array) -> float:
    return float(hits[rows, 0].sum() / hits[rows, 1].sum())


def over_lots(trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Shares of all queries, with intervals over brands; of old classes the mean over lots."""
    brands = [name for each in trials for name in each["brands"]]
    place = {name: row for row, name in enumerate(sorted(set(brands)))}
    entry: dict[str, Any] = {"asked": len(brands), "brands": len(place)}
    for figure in ("right", "right_named", "called_other"):
        hits = np.zeros((len(place), 2))
        for name, hit in zip(brands, [hit for each in trials for hit in each[figure]], strict=True):
            hits[place[name]] += hit, 1
        low, high = bootstrap_interval(partial(_share, hits), len(place), SEED)
        entry[figure] = rounded(Estimate(_share(hits, np.arange(len(place))), low, high))
    for figure in trials[0]["old"]:
        entry[figure] = round(float(np.mean([each["old"][figure] for each in trials])), 4)
    return entry


def known(bench: LogoBench, index: Path, rows: Int64Array, groups: Int64Array, renamed: bool) -> dict[str, Any]:
    """How an index with nothing enrolled answers, companies under their own names or under others."""
    with LogoClassifier.open(index) as classifier:
        decisions = classifier.classify([bench.drawings[row].path for row in rows])
    names = [record.label for record in gallery_of(bench, rows, renamed).records]
    classes = sorted({*names, *(str(each.label) for each in decisions)})
    true = np.array([classes.index(name) for name in names])
    predicted = np.array([classes.index(str(each.label)) for each in decisions])
    nothing_known = np.zeros(len(rows))  # the figures that need more than the answers are not reported
    figures = measure(Answers(predicted, nothing_known), true, classes.index(OTHER), groups=groups[rows])
    return {name: rounded(figures[name]) for name in ("macro_f2", "company_accuracy", "other_recall")}


def run(model: Path, cache: Path) -> dict[str, Any]:
    """Builds both indexes, asks, enrols, asks again."""
    bench, bundle = load(cache), read_bundle(model)
    rooms = Rooms.of(bench, SPLIT)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    brands = met_brands(bench, load_wide(cache))
    results: dict[str, Any] = {
        "benchmark": "Companies that training has met under another name",
        "split": SPLIT,
        **surroundings(),
        "model": {"name": bundle.config.name, "digest": bundle.digest},
        "seed": SEED,
        "lots": LOTS,
        "enrolled": BRANDS,
        "known": {},
        "drawings": {},
    }
    with tempfile.TemporaryDirectory() as scratch:
        constants = fitted_constants(bench, bundle, cache, rooms.val)
        fitted = with_constants(bundle, *constants, Path(scratch) / "model")
        for name, renamed in NAMES.items():
            index = Path(scratch) / name
            build_index(gallery_of(bench, rooms.train, renamed), index, fitted)
            results["known"][name] = known(bench, index, rooms.all, groups, renamed)
            print(name, json.dumps(results["known"][name]), flush=True)
        index = Path(scratch) / next(iter(NAMES))
        for number in DRAWINGS:
            trials = [trial(bench, index, brands, number, lot, rooms.all) for lot in range(LOTS)]
            results["drawings"][str(number)] = over_lots(trials)
            print(number, json.dumps(results["drawings"][str(number)]), flush=True)
    return results


def main() -> None:
    """Runs, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="the measured bundle that `train_starter.py` makes")
    parser.add_argument("--output", type=Path, default=RESULTS / "enrolment_met.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    results = run(arguments.model, arguments.cache)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
