"""Divide a catalogue into training, validation and test rows so that no shape is on both sides.

Every choice is made by SHA-256 of the seed and a name, never by the stream of a random generator, so that the same rows
give the same split in any order, with any version of any library.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

TRAIN, VAL, TEST = "train", "val", "test"
Fractions = tuple[float, float, float]
"""Wanted shares of train, val and test; they sum to 1."""


def split_by_group(
    labels: Sequence[str], groups: Sequence[str], fractions: Fractions = (0.7, 0.2, 0.1), seed: int = 0
) -> npt.NDArray[np.str_]:
    """Split rows by group, each label by itself.

    Within a label the groups are visited in the order of their hash, and each goes where most rows are still wanting.
    A label of one group is all train; of two, train and test; of three or more, every part has at least one group, the
    smallest of train being moved where a part would be left empty. A group with rows of several labels counts for the
    alphabetically first of them.

    Args:
        labels: n class names.
        groups: n group names; rows of one group stay together.
        fractions: wanted shares of rows.
        seed: another seed, another split.

    Returns:
        (n,) "train", "val" or "test".

    Raises:
        ValueError: lengths differ, or fractions are not three shares that sum to 1.
    """
    check_lengths(labels=labels, groups=groups)
    check_fractions(fractions)
    size = Counter(groups)
    part_of: dict[str, str] = {}
    for ordered in _groups_by_label(labels, groups, seed).values():
        part_of.update(_share_out(ordered, size, fractions))
    return np.array([part_of[group] for group in groups], dtype=np.str_)


def _share_out(ordered: list[str], size: Counter[str], fractions: Fractions) -> dict[str, str]:
    """Give each group of one label, in order, to the part with the largest want of rows."""
    rows = sum(size[group] for group in ordered)
    wanting = {part: share * rows for part, share in zip((TRAIN, VAL, TEST), fractions, strict=True)}
    part_of: dict[str, str] = {}
    for group in ordered:
        part = max(wanting, key=lambda name: wanting[name])
        part_of[group] = part
        wanting[part] -= size[group]
    for part, share in ((TEST, fractions[2]), (VAL, fractions[1])):
        train = [group for group in ordered if part_of[group] == TRAIN]
        if share > 0 and part not in part_of.values() and len(train) > 1:
            part_of[min(train, key=lambda group: size[group])] = part
    return part_of


def split_by_fold(
    labels: Sequence[str], groups: Sequence[str], fold: int, folds: int, seed: int = 0
) -> npt.NDArray[np.str_]:
    """One of k divisions for cross-validation; over all of them every row is tested once, but for lone groups.

    Within a label the groups are dealt to k folds in the order of their hash, each to the one with the fewest rows;
    fold number `fold` is test, the next one val, all others train. A label that would have no training row keeps its
    val rows for that, and where it has none either, its test rows: a label of one group is never tested.

    Args:
        labels: n class names.
        groups: n group names; rows of one group stay together. A group with rows of several labels counts for the
            alphabetically first of them.
        fold: which one is test, in 1..folds.
        folds: k, at least 3.
        seed: another seed, other folds.

    Returns:
        (n,) "train", "val" or "test".

    Raises:
        ValueError: lengths differ, or there is no such fold.
    """
    check_lengths(labels=labels, groups=groups)
    if folds < 3 or not 1 <= fold <= folds:
        raise ValueError(f"fold must be one of at least 3, such as 1 of 5, got {fold} of {folds}")
    size = Counter(groups)
    part_of: dict[str, str] = {}
    for ordered in _groups_by_label(labels, groups, seed).values():
        rows = [0] * folds
        of_label: dict[str, str] = {}
        for group in ordered:
            fewest = rows.index(min(rows))
            rows[fewest] += size[group]
            of_label[group] = {fold - 1: TEST, fold % folds: VAL}.get(fewest, TRAIN)
        for part in (VAL, TEST):
            if TRAIN not in of_label.values():
                of_label = {group: TRAIN if its == part else its for group, its in of_label.items()}
        part_of.update(of_label)
    return np.array([part_of[group] for group in groups], dtype=np.str_)


def _groups_by_label(labels: Sequence[str], groups: Sequence[str], seed: int) -> dict[str, list[str]]:
    """The groups of each label in the order of their hash."""
    label_of: dict[str, str] = {}
    for label, group in zip(labels, groups, strict=True):
        label_of[group] = min(label, label_of.get(group, label))
    by_label: dict[str, list[str]] = defaultdict(list)
    for group in hash_order(label_of, seed):
        by_label[label_of[group]].append(group)
    return by_label


def hash_order(names: Iterable[str], seed: int) -> list[str]:
    """Names in an order by lot."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def check_lengths(**columns: Sequence[str | None] | npt.NDArray[np.str_]) -> None:
    """Raises ValueError where columns differ in length."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all columns must have one length, got {lengths}")


def check_fractions(fractions: Fractions) -> None:
    """Raises ValueError where there are not three shares that sum to 1."""
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be three shares of at least 0 that sum to 1, got {fractions}")
