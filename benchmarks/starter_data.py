"""What the starter model learns from: LogoBench, the wide set and the generic icons, these as targets of `other`."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from logobench_data import DATA, OTHER, Drawing, LogoBench
from wide_data import GENERIC, WideDrawing

from logo_retrieval.images.prepare import Colour
from logo_retrieval.training.art import rasterised
from logo_retrieval.training.data import TrainingSet

ART_PX = 224


def training_set(
    bench: LogoBench,
    further: tuple[WideDrawing, ...],
    cache: Path,
    *,
    split: str | None,
    validate: bool = True,
    coins: bool = False,
    held_out: frozenset[str] = frozenset(),
) -> TrainingSet:
    """The drawings that a training may see.

    With a split, what is test or dropped in it is left out, and so is every further drawing that would tell of it: of a
    brand that LogoBench has in `other` but not in its training part, or of a collection that is held out. Generic icons
    of one name are one target, whoever drew them.

    Args:
        bench: LogoBench.
        further: the wide set, the generic icons, both or nothing.
        cache: folder for the rasterised art.
        split: "shape" or "collection"; None trains on every drawing.
        coins: whether those of the wide set take part: two drawings of each, nearly all by one hand.
        validate: keep the split's validation drawings from training, to be asked; else train on them too.
        held_out: brands of the wide set that are left out.
    """
    rows = [(each, part) for each, part in _parted(bench, split) if part in ("train", "val")]
    chosen = [each for each in further_seen(bench, further, split=split, coins=coins) if each.brand not in held_out]
    paths = [each.path for each, _ in rows] + [each.path for each in chosen]
    art, readable, unreadable = rasterised(paths, cache, size_px=ART_PX)
    if unreadable:
        raise SystemExit(f"{len(unreadable)} drawings cannot be read, such as {paths[unreadable[0][0]]}")
    names = [_target(each) for each, _ in rows] + [f"{OTHER}/{each.brand}" for each in chosen]
    target_names, targets = np.unique(np.array(names), return_inverse=True)
    known = [name if name in bench.classes else OTHER for name in target_names.tolist()]
    brand_colours = _brand_colours()
    return TrainingSet(
        art=art,
        targets=targets.astype(np.int64),
        target_names=tuple(target_names.tolist()),
        target_classes=np.array([bench.classes.index(name) for name in known]),
        classes=bench.classes,
        validation=np.array([part == "val" and validate for _, part in rows] + [False] * len(chosen)),
        names=[_name(each) for each, _ in rows] + [None if each.scope == GENERIC else each.brand for each in chosen],
        colours=[brand_colours.get(each.label) or _colour(each.hex) for each, _ in rows]
        + [_colour(each.hex) for each in chosen],
    )


def further_seen(
    bench: LogoBench, further: tuple[WideDrawing, ...], *, split: str | None, coins: bool = False
) -> list[WideDrawing]:
    """Of further drawings those that a training may see, see `training_set`."""
    parted = _parted(bench, split)
    trained_brands = {each.brand for each, part in parted if part == "train" and each.label == OTHER}
    held = {each.collection for each, part in parted if part == "test"} if split == "collection" else set()
    return [
        each
        for each in further
        if (coins or each.scope != "coin")
        and each.collection not in held
        and (each.brand in trained_brands or not each.dev_other_slug)
    ]


def _parted(bench: LogoBench, split: str | None) -> list[tuple[Drawing, str]]:
    """Every drawing with its part of a split; without one, all are in training."""
    parts = bench.parts[split] if split else ("train",) * len(bench.drawings)
    return list(zip(bench.drawings, parts, strict=True))


def _target(drawing: Drawing) -> str:
    if drawing.label != OTHER:
        return drawing.label
    return f"{OTHER}/{drawing.brand}" if drawing.scope == "brand" else f"{OTHER}/shape {drawing.dup_group}"


def _name(drawing: Drawing) -> str | None:
    return drawing.brand if drawing.scope == "brand" else None


def _brand_colours() -> dict[str, Colour | None]:
    with (DATA / "brand_hex.csv").open(encoding="utf-8", newline="") as file:
        return {row["brand"]: _colour(row["hex"]) for row in csv.DictReader(file)}


def _colour(text: str) -> Colour | None:
    digits = text.removeprefix("#")
    if len(digits) != 6:
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
