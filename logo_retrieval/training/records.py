"""A gallery as a training set: what belongs together, what is asked, and what is kept for the test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from logo_retrieval.components import join
from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.errors import GalleryError
from logo_retrieval.evaluation.splits import TEST, TRAIN, VAL, split_by_fold, split_by_group
from logo_retrieval.gallery.reader import Progress
from logo_retrieval.gallery.records import Gallery, GalleryRecord
from logo_retrieval.images.fingerprint import perceptual_hash, shape_distance
from logo_retrieval.images.prepare import Colour
from logo_retrieval.training.art import ArtStore, rasterised
from logo_retrieval.training.augment import plain_view
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.types import OTHER, Int64Array

NEAR_BITS = 8
"""Of 64. Of LogoBench's 5,911 drawings this joins 98 % of the pairs of one shape, and 61 pairs of different brands."""
_CHUNK = 256
_COLOUR = re.compile(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


class Prepared(NamedTuple):
    """What a gallery gives to train on.

    Attributes:
        data: the drawings of the parts "train" and "val".
        unreadable: name of each file that cannot be used, and "code: text".
        parts: the readable records by part: "train", "val" and "test".
        remarks: on what was passed over, one sentence each.
    """

    data: TrainingSet
    unreadable: list[tuple[str, str]]
    parts: Mapping[str, list[GalleryRecord]]
    remarks: list[str]


def training_set(
    gallery: Gallery,
    cache: Path,
    *,
    art_px: int,
    seed: int,
    fold: tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Rasterises a gallery and divides it.

    A company is one target. In `other`, a group is one; of the drawings without a group each is one, but for
    near-identical shapes, which share one. Where the gallery does not say which part a record belongs to, 70, 20 and
    10 % of each class are train, val and test, near-identical shapes on one side, and so is a group of `other`: what
    is asked of it must be unknown. A class of one shape is trained on and never asked.

    Args:
        gallery: labelled files; either all records have a part or none.
        cache: folder for the rasterised art.
        art_px: longer side of the art, in pixels.
        seed: of the division.
        fold: i of k, to divide by `split_by_fold` instead.
        progress: called after each file.

    Raises:
        GalleryError: no file can be read, fewer than two classes have a drawing to train on, a part or a colour is
            none, or the gallery states parts and a fold is asked for.
        ModelError: the cache cannot be written.
    """
    given = _given_parts(gallery.records)
    if given and fold:
        raise GalleryError(
            "a fold divides the drawings anew, but the table divides them by its column part: leave one out"
        )
    colours = {record.name: _colour(record) for record in gallery.records}
    records, art, hashes, unreadable = _readable(gallery.records, cache, art_px, progress)
    shapes = _inseparable(records, hashes)
    labels = [record.label for record in records]
    if given:
        parts = [given[record.name] for record in records]
    elif fold:
        parts = split_by_fold(labels, shapes, *fold, seed=seed).tolist()
    else:
        parts = split_by_group(labels, shapes, seed=seed).tolist()
    trained = {label for label, part in zip(labels, parts, strict=True) if part == TRAIN}
    if len(trained) < 2:
        raise GalleryError(
            f"training tells classes apart and needs drawings of at least two, got {len(trained)} with a drawing to "
            f"train on{': ' if trained else ''}{', '.join(sorted(trained))}"
        )
    rows = [row for row, part in enumerate(parts) if part != TEST and labels[row] in trained]
    classes = tuple(name for name in gallery.classes if name in trained)
    target_names, targets = np.unique([_target(records[row], shapes[row]) for row in rows], return_inverse=True)
    first_rows = np.unique(targets, return_index=True)[1]
    data = TrainingSet(
        art=art.chosen(rows),
        targets=targets.astype(np.int64),
        target_names=tuple(target_names.tolist()),
        target_classes=np.array([classes.index(labels[rows[first]]) for first in first_rows], np.int64),
        classes=classes,
        validation=np.array([parts[row] == VAL for row in rows]),
        names=[records[row].group if labels[row] == OTHER else labels[row] for row in rows],
        colours=[colours[records[row].name] for row in rows],
    )
    divided = {
        part: [record for record, its in zip(records, parts, strict=True) if its == part] for part in (TRAIN, VAL, TEST)
    }
    remarks = [
        f"class '{label}' has drawings to be asked and none to train on: they are left out of the validation"
        for label in sorted({record.label for record in divided[VAL]} - trained)
    ]
    for part, count in _learned(labels, art, parts).items():
        remarks.append(
            f"{count} of {len(divided[part])} drawings of the part '{part}' are trained on as well: what is measured "
            "on them says nothing about others"
        )
    return Prepared(data, unreadable, divided, remarks)


def _learned(labels: Sequence[str], art: ArtStore, parts: Sequence[str]) -> Counter[str]:
    """How many drawings of the other parts are trained on under the same label, by part, as a table may have it."""
    drawings = list(zip(labels, art.packed, parts, strict=True))
    learned = {(label, png) for label, png, part in drawings if part == TRAIN}
    return Counter(part for label, png, part in drawings if part != TRAIN and (label, png) in learned)


def shape_groups(hashes: Int64Array) -> Int64Array:
    """Joins drawings whose perceptual hashes differ in few bits, directly or through others.

    The hash of a negative has nearly all bits inverted; such a pair is of one shape too.

    Args:
        hashes: (n,) as `perceptual_hash` gives them.

    Returns:
        (n,) of each drawing, the first of its group.
    """
    distinct, first, places = np.unique(hashes, return_index=True, return_inverse=True)
    components = np.arange(len(distinct))
    for start in range(0, len(distinct), _CHUNK):
        distances = shape_distance(distinct[start : start + _CHUNK, None], distinct[start:])
        join(components, *(start + nodes for nodes in np.nonzero(distances <= NEAR_BITS)))
    smallest = np.full(len(distinct), len(hashes), np.int64)
    np.minimum.at(smallest, components, first)
    groups: Int64Array = smallest[components][places]
    return groups


def _readable(
    records: Sequence[GalleryRecord], cache: Path, art_px: int, progress: Progress | None
) -> tuple[list[GalleryRecord], ArtStore, Int64Array, list[tuple[str, str]]]:
    """The records that can be used with their art and perceptual hashes; name and reason of the others."""
    art, places, faults = rasterised([record.path for record in records], cache, size_px=art_px, progress=progress)
    unreadable = [(records[place].name, str(fault)) for place, fault in faults]
    if not places:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unreadable[:3])
        raise GalleryError(f"none of the {len(records)} files can be used ({reasons})")
    with ThreadPoolExecutor(usable_cores()) as threads:
        views = threads.map(lambda row: plain_view(art[row].pixels, art_px), range(len(art)))
        hashes = np.array(list(map(perceptual_hash, views)), np.int64)
    return [records[place] for place in places], art, hashes, unreadable


def _inseparable(records: Sequence[GalleryRecord], hashes: Int64Array) -> list[str]:
    """Of each record, the first one of its class with nearly the same shape or, in `other`, of its group."""
    labels = np.array([record.label for record in records])
    shapes = [""] * len(records)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        firsts = shape_groups(hashes[rows])
        if label == OTHER:
            names = [records[row].group or records[row].name for row in rows.tolist()]
            _, first, places = np.unique(names, return_index=True, return_inverse=True)
            join(firsts, np.arange(len(rows)), first[places])
        for row, first in zip(rows, rows[firsts], strict=True):
            shapes[row] = records[first].name
    return shapes


def _target(record: GalleryRecord, shape: str) -> str:
    if record.label == OTHER:
        return f"{OTHER}/{record.group or shape}"
    if record.label.startswith(f"{OTHER}/"):
        raise GalleryError(f"'{OTHER}/' is reserved for what belongs to no company: rename the class {record.label!r}")
    return record.label


def _given_parts(records: Sequence[GalleryRecord]) -> dict[str, str]:
    """The part of each record by its name; nothing where no record has one."""
    if all(record.part is None for record in records):
        return {}
    for record in records:
        if record.part not in (TRAIN, VAL, TEST):
            raise GalleryError(
                f"the column part must be {TRAIN}, {VAL} or {TEST}, got {record.part!r} for '{record.name}'"
            )
    return {record.name: str(record.part) for record in records}


def _colour(record: GalleryRecord) -> Colour | None:
    if record.colour is None:
        return None
    match = _COLOUR.fullmatch(record.colour)
    if match is None:
        raise GalleryError(f"the column colour must be like '#1db954', got {record.colour!r} for '{record.name}'")
    red, green, blue = (int(digits, 16) for digits in match.groups())
    return red, green, blue
