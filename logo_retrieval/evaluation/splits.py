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
DROPPED = "dropped"
"""The part of a row that may serve on no side, because its shape is already on another."""

Fractions = tuple[float, float, float]
"""Wanted shares of train, val and test; they sum to 1."""


def connected_groups(*keys: Sequence[str | None]) -> list[str]:
    """Join rows that share a key, directly or through other rows.

    Args:
        keys: one sequence or more of one length n. `keys[0][i]` must be set; None elsewhere joins row i to nothing.

    Returns:
        n group names: of each group, the smallest of its first keys.

    Example:
        >>> connected_groups(["1", "2", "3"], ["acme", None, "acme"])
        ['1', '2', '1']
    """
    _check_lengths(**{f"keys[{i}]": column for i, column in enumerate(keys)})
    parent: dict[tuple[int, str], tuple[int, str]] = {}

    def root(node: tuple[int, str]) -> tuple[int, str]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for row in zip(*keys, strict=True):
        if row[0] is None:
            raise ValueError("the first key of every row must be set, got None")
        nodes = [root((column, key)) for column, key in enumerate(row) if key is not None]
        # The smallest node wins: (0, first key) sorts before every other column, so it names the group.
        smallest = min(nodes)
        for node in nodes:
            parent[node] = smallest
    return [root((0, str(first)))[1] for first in keys[0]]


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
    _check_lengths(labels=labels, groups=groups)
    _check_fractions(fractions)
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
    _check_lengths(labels=labels, groups=groups)
    if folds < 3 or not 1 <= fold <= folds:
        raise ValueError(f"fold must be one of at least 3, such as 1 of 5, got {fold} of {folds}")
    size = Counter(groups)
    part_of: dict[str, str] = {}
    for ordered in _groups_by_label(labels, groups, seed).values():
        rows = [0] * folds
        own: dict[str, str] = {}
        for group in ordered:
            fewest = rows.index(min(rows))
            rows[fewest] += size[group]
            own[group] = {fold - 1: TEST, fold % folds: VAL}.get(fewest, TRAIN)
        for part in (VAL, TEST):
            if TRAIN not in own.values():
                own = {group: TRAIN if its == part else its for group, its in own.items()}
        part_of.update(own)
    return np.array([part_of[group] for group in groups], dtype=np.str_)


def _groups_by_label(labels: Sequence[str], groups: Sequence[str], seed: int) -> dict[str, list[str]]:
    """The groups of each label in the order of their hash."""
    label_of: dict[str, str] = {}
    for label, group in zip(labels, groups, strict=True):
        label_of[group] = min(label, label_of.get(group, label))
    by_label: dict[str, list[str]] = defaultdict(list)
    for group in _hash_order(label_of, seed):
        by_label[label_of[group]].append(group)
    return by_label


def split_by_collection(
    labels: Sequence[str],
    groups: Sequence[str],
    collections: Sequence[str],
    strata: Sequence[str],
    fractions: Fractions = (0.7, 0.1, 0.2),
    seed: int = 0,
) -> npt.NDArray[np.str_]:
    """Hold out whole collections, then drop from them every row that training has seen in another collection.

    Training keeps all its rows; a held-out row is dropped when its group also occurs in train, or for a test row in
    val, or when its class has no training row. What remains are shapes never seen, by artists never seen.

    Args:
        labels: n class names.
        groups: n group names.
        collections: n names of the collection that each row comes from.
        strata: n names; the fractions are aimed at in each stratum, see `hold_out_collections`.
        fractions: wanted shares of rows, before dropping.
        seed: another seed, another split.

    Returns:
        (n,) "train", "val", "test" or "dropped".

    Raises:
        ValueError: lengths differ, or fractions are not three shares that sum to 1.
    """
    _check_lengths(labels=labels, groups=groups, collections=collections, strata=strata)
    parts = drop_shared_groups(hold_out_collections(collections, strata, fractions, seed), groups)
    names = np.asarray(labels, dtype=np.str_)
    parts[(parts != TRAIN) & ~np.isin(names, names[parts == TRAIN])] = DROPPED
    return parts


def hold_out_collections(
    collections: Sequence[str], strata: Sequence[str], fractions: Fractions = (0.7, 0.1, 0.2), seed: int = 0
) -> npt.NDArray[np.str_]:
    """Choose the collections that are test, then those that are val; all others are train.

    Collections are visited in the order of their hash; one is taken when, in every stratum, its rows still fit into
    what the part wants. No part is therefore larger than wanted, and each stratum comes near its share.

    Returns:
        (n,) "train", "val" or "test".
    """
    _check_lengths(collections=collections, strata=strata)
    _check_fractions(fractions)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for collection, stratum in zip(collections, strata, strict=True):
        counts[collection][stratum] += 1
    total = Counter(strata)
    part_of = dict.fromkeys(counts, TRAIN)
    for part, share in ((TEST, fractions[2]), (VAL, fractions[1])):
        wanting = {stratum: share * rows for stratum, rows in total.items()}
        for collection in _hash_order(counts, seed):
            held = counts[collection]
            if part_of[collection] == TRAIN and all(held[name] <= wanting[name] for name in held):
                part_of[collection] = part
                for name in held:
                    wanting[name] -= held[name]
    return np.array([part_of[collection] for collection in collections], dtype=f"<U{len(DROPPED)}")


def drop_shared_groups(parts: npt.NDArray[np.str_], groups: Sequence[str]) -> npt.NDArray[np.str_]:
    """Mark "dropped" the val rows whose group is in train, and the test rows whose group is in train or val."""
    _check_lengths(parts=parts, groups=groups)
    names = np.asarray(groups, dtype=np.str_)
    in_train = np.isin(names, names[parts == TRAIN])
    in_val = np.isin(names, names[parts == VAL])
    kept = parts.astype(f"<U{len(DROPPED)}")
    kept[((parts == VAL) & in_train) | ((parts == TEST) & (in_train | in_val))] = DROPPED
    return kept


def _hash_order(names: Iterable[str], seed: int) -> list[str]:
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def _check_lengths(**columns: Sequence[str | None] | npt.NDArray[np.str_]) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all columns must have one length, got {lengths}")


def _check_fractions(fractions: Fractions) -> None:
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be three shares of at least 0 that sum to 1, got {fractions}")
