"""What the starter model learns from: LogoBench, the wide set and the generic icons, these as targets of `other`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from logobench_data import DATA, OTHER, Drawing, LogoBench, names_by_class, plain, read_rows
from wide_data import GENERIC, WideDrawing

from logo_retrieval.images.prepare import Colour
from logo_retrieval.training.art import Art, ArtStore, packed, rasterised
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.lockups import wordmark
from logo_retrieval.training.paint import fitted

ART_PX = 224
GLYPHS = "abcdefghijklmnopqrstuvwxyz0123456789&"
GLYPH_DRAWINGS = 24
GLYPHS_SEED = 0


class Seen(NamedTuple):
    """Drawings that a training may see.

    Attributes:
        bench: of LogoBench and the earlier marks, with whether each is asked instead of learned.
        further: of the wide set and the generic icons.
    """

    bench: list[tuple[Drawing, bool]]
    further: list[WideDrawing]

    def keys(self) -> list[str]:
        """What tells each drawing from all others, in the order of the training set."""
        return [str(drawing.path) for drawing, _ in self.bench] + [str(drawing.path) for drawing in self.further]


def seen(
    bench: LogoBench,
    further: tuple[WideDrawing, ...],
    *,
    vintage: tuple[Drawing, ...] = (),
    split: str | None,
    validate: bool = True,
    coins: bool = False,
    held_out: frozenset[str] = frozenset(),
) -> Seen:
    """The drawings that a training may see.

    With a split, what is test or dropped in it is left out, and so is every further drawing that would tell of it: of a
    brand that LogoBench has in `other` but not in its training part, or of a collection that is held out. Of an artist
    whose drawings are asked in any way no earlier mark is learned. No drawing that is held to be asked ever is, nor
    any further one of a brand of `other` that such a drawing shows.

    Args:
        bench: LogoBench.
        further: the wide set, the generic icons, both or nothing.
        vintage: earlier marks, drawings of further packs or both, with those that are held to be asked.
        split: "shape" or "collection"; None trains on every drawing.
        validate: keep the split's validation drawings from training, to be asked; else train on them too.
        coins: whether those of the wide set take part: two drawings of each, nearly all by one hand.
        held_out: brands of the wide set that are left out, in further packs too.
    """
    parts = bench.parts[split] if split else ("train",) * len(bench.drawings)
    parted = list(zip(bench.drawings, parts, strict=True))
    asked = {drawing.collection for drawing, part in parted if part != "train"}
    rows = [(drawing, part == "val" and validate) for drawing, part in parted if part in ("train", "val")]
    rows += [
        (drawing, False)
        for drawing in vintage
        if drawing.use == "train"
        and drawing.label in bench.classes
        and drawing.collection not in asked
        and drawing.brand not in held_out
    ]
    trained_brands = {drawing.brand for drawing, part in parted if part == "train" and drawing.label == OTHER}
    tested = {drawing.collection for drawing, part in parted if part == "test"} if split == "collection" else set()
    companies = {plain(name) for names in names_by_class().values() for name in names}
    unknown = held_out | {drawing.brand for drawing in vintage if drawing.use == "held" and drawing.label == OTHER}
    chosen = [
        drawing
        for drawing in further
        if (coins or drawing.scope != "coin")
        and drawing.collection not in tested
        and (drawing.brand in trained_brands or not drawing.dev_other_slug)
        and drawing.brand not in unknown
        and plain(drawing.brand) not in companies  # two of the wide set are of the 160, under names of their own
    ]
    return Seen(rows, chosen)


def training_set(bench: LogoBench, drawings: Seen, cache: Path) -> TrainingSet:
    """Drawings as a training takes them; generic icons of one name are one target, whoever drew them.

    Args:
        bench: LogoBench, whose classes these are.
        drawings: see `seen`.
        cache: folder for the rasterised art.
    """
    rows, chosen = drawings
    paths = [drawing.path for drawing, _ in rows] + [drawing.path for drawing in chosen]
    art, readable, unreadable = rasterised(paths, cache, size_px=ART_PX)
    if unreadable:
        raise SystemExit(f"{len(unreadable)} drawings cannot be read, such as {paths[unreadable[0][0]]}")
    names = _targets(drawings)
    target_names, targets = np.unique(np.array(names), return_inverse=True)
    known = [name if name in bench.classes else OTHER for name in target_names.tolist()]
    brand_colours = {row["brand"]: _colour(row["hex"]) for row in read_rows(DATA / "brand_hex.csv")}
    return TrainingSet(
        art=art,
        targets=targets.astype(np.int64),
        target_names=tuple(target_names.tolist()),
        target_classes=np.array([bench.classes.index(name) for name in known]),
        classes=bench.classes,
        validation=np.array([asked for _, asked in rows] + [False] * len(chosen)),
        names=[drawing.brand if drawing.scope == "brand" else None for drawing, _ in rows]
        + [None if drawing.scope == GENERIC else drawing.brand.partition("@")[0] for drawing in chosen],
        colours=[brand_colours.get(drawing.label) or _colour(drawing.hex) for drawing, _ in rows]
        + [_colour(drawing.hex) for drawing in chosen],
    )


def target_count(drawings: Seen) -> int:
    """How many targets there will be, `with_glyphs`."""
    return len({*_targets(drawings), *(_glyph(glyph) for glyph in GLYPHS)})


def with_glyphs(data: TrainingSet, every: int = 1) -> TrainingSet:
    """The same and letters and digits, each a target of `other` in many types: what a logo of one letter is not.

    Args:
        data: to add them to.
        every: of so many drawings of a glyph one, for a trial.
    """
    rng = np.random.default_rng(GLYPHS_SEED)
    drawn = [
        (glyph, packed(Art.of(fitted(wordmark(glyph, rng, (0, 0, 0)), ART_PX))))
        for glyph in GLYPHS
        for _ in range(0, GLYPH_DRAWINGS, every)
    ]
    names = [_glyph(glyph) for glyph, _ in drawn]
    own = sorted(set(names))
    none = [None] * len(drawn)
    return replace(
        data,
        art=ArtStore([*data.art.packed, *(png for _, png in drawn)]),
        targets=np.concatenate([data.targets, len(data.target_names) + np.searchsorted(own, names)]),
        target_names=(*data.target_names, *own),
        target_classes=np.append(data.target_classes, [data.classes.index(OTHER)] * len(own)),
        validation=np.append(data.validation, [False] * len(drawn)),
        names=[*data.names, *none],
        colours=[*data.colours, *none],
    )


def _targets(drawings: Seen) -> list[str]:
    rows, chosen = drawings
    return [_target(drawing) for drawing, _ in rows] + [f"{OTHER}/{drawing.brand}" for drawing in chosen]


def _glyph(glyph: str) -> str:
    return f"{OTHER}/glyph {glyph}"


def _target(drawing: Drawing) -> str:
    if drawing.label != OTHER:
        return drawing.label
    return f"{OTHER}/{drawing.brand}" if drawing.scope == "brand" else f"{OTHER}/shape {drawing.dup_group}"


def _colour(text: str) -> Colour | None:
    digits = text.removeprefix("#")
    if len(digits) != 6:
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
