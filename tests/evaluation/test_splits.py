"""Splits: no group on two sides, the wanted shares, the same answer in any order."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from collection_split import connected_groups, drop_shared_groups, hold_out_collections, split_by_collection
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.evaluation.splits import split_by_fold, split_by_group

Row = tuple[str, int, str]

ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.sampled_from("pqrs")), min_size=1, max_size=60)


def as_columns(rows: list[Row]) -> tuple[list[str], list[str], list[str]]:
    """Labels, groups of one label each, and collections."""
    labels, numbers, collections = zip(*rows, strict=True)
    return list(labels), [f"{label}{number}" for label, number in zip(labels, numbers, strict=True)], list(collections)


def test_rows_are_joined_through_other_rows() -> None:
    shapes = ["1", "2", "2", "3", "4"]
    brands = ["acme", "acme", "bolt", None, None]
    assert connected_groups(shapes, brands) == ["1", "1", "1", "3", "4"]


def test_equal_texts_in_different_keys_join_nothing() -> None:
    assert connected_groups(["1", "2"], ["2", None]) == ["1", "2"]


def test_shares_are_met_within_each_label() -> None:
    labels = ["a"] * 100 + ["b"] * 50
    groups = [f"g{i}" for i in range(150)]
    parts = split_by_group(labels, groups, (0.7, 0.2, 0.1), seed=5)
    assert Counter(parts[:100]) == {"train": 70, "val": 20, "test": 10}
    assert Counter(parts[100:]) == {"train": 35, "val": 10, "test": 5}


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([4], {"train"}),
        ([4, 1], {"train", "test"}),
        ([4, 1, 2], {"train", "val", "test"}),
        ([1, 1, 1, 1], {"train", "val", "test"}),
    ],
)
def test_small_classes_fill_train_first_then_test(sizes: list[int], expected: set[str]) -> None:
    groups = [f"g{i}" for i, size in enumerate(sizes) for _ in range(size)]
    assert set(split_by_group(["a"] * len(groups), groups)) == expected


def test_a_part_that_nobody_wants_stays_empty() -> None:
    parts = split_by_group(["a"] * 10, [str(i) for i in range(10)], (0.8, 0.0, 0.2))
    assert Counter(parts) == {"train": 8, "test": 2}


def test_another_seed_is_another_split() -> None:
    groups = [str(i) for i in range(40)]
    assert not np.array_equal(split_by_group(["a"] * 40, groups, seed=0), split_by_group(["a"] * 40, groups, seed=1))


@given(ROWS, st.randoms())
def test_groups_stay_whole_every_class_is_trained_and_order_does_not_matter(rows: list[Row], random: Random) -> None:
    labels, groups, _ = as_columns(rows)
    parts = split_by_group(labels, groups, seed=2)
    assert all(len(set(parts[np.array(groups) == group])) == 1 for group in set(groups))
    assert {label for label, part in zip(labels, parts, strict=True) if part == "train"} == set(labels)
    order = random.sample(range(len(rows)), len(rows))
    shuffled = split_by_group([labels[i] for i in order], [groups[i] for i in order], seed=2)
    assert np.array_equal(shuffled, parts[order])


@given(ROWS, st.integers(3, 6))
def test_over_all_folds_every_group_is_tested_once_unless_its_class_has_no_other(rows: list[Row], folds: int) -> None:
    labels, groups, _ = as_columns(rows)
    parts = np.stack([split_by_fold(labels, groups, fold, folds) for fold in range(1, folds + 1)])
    assert all(
        len({tuple(parts[:, row]) for row in np.flatnonzero(np.array(groups) == group)}) == 1 for group in groups
    )
    label_of = {
        group: min(label for label, its in zip(labels, groups, strict=True) if its == group) for group in groups
    }
    alone = [sum(label == label_of[group] for label in label_of.values()) == 1 for group in groups]
    assert (parts == "test").sum(axis=0).tolist() == [0 if lone else 1 for lone in alone]
    for each in parts:
        trained = {label_of[group] for group, part in zip(groups, each, strict=True) if part == "train"}
        assert trained == set(label_of.values())


def test_folds_are_of_about_one_size() -> None:
    labels, groups = ["a"] * 50 + ["b"] * 50, [str(i) for i in range(100)]
    for fold in range(1, 6):
        assert Counter(split_by_fold(labels, groups, fold, 5)) == {"train": 60, "val": 20, "test": 20}


@pytest.mark.parametrize(("fold", "folds"), [(0, 5), (6, 5), (1, 2)])
def test_a_fold_that_is_none(fold: int, folds: int) -> None:
    with pytest.raises(ValueError, match=f"got {fold} of {folds}"):
        split_by_fold(["a"], ["1"], fold, folds)


def test_held_out_collections_fit_into_every_stratum() -> None:
    collections = [f"c{i % 20}" for i in range(400)]
    strata = ["mono" if i // 20 % 4 else "colour" for i in range(400)]
    parts = hold_out_collections(collections, strata, (0.7, 0.1, 0.2), seed=0)
    assert Counter(parts) == {"train": 280, "val": 40, "test": 80}
    for stratum, wanted in (("mono", 60), ("colour", 20)):
        held = np.count_nonzero((parts == "test") & (np.array(strata) == stratum))
        assert held <= wanted


def test_seen_shapes_are_dropped_from_what_is_held_out() -> None:
    parts = np.array(["train", "val", "val", "test", "test", "test"])
    groups = ["1", "1", "2", "1", "2", "3"]
    assert drop_shared_groups(parts, groups).tolist() == ["train", "dropped", "val", "dropped", "dropped", "test"]


@given(ROWS)
def test_a_collection_split_leaks_neither_collection_nor_shape_nor_class(rows: list[Row]) -> None:
    labels, groups, collections = as_columns(rows)
    parts = split_by_collection(labels, groups, collections, ["all"] * len(rows), (0.4, 0.3, 0.3), seed=1)
    for column in (groups, collections):
        sides = {
            part: {v for v, p in zip(column, parts, strict=True) if p == part} for part in ("train", "val", "test")
        }
        assert not sides["train"] & sides["val"]
        assert not sides["train"] & sides["test"]
        assert not sides["val"] & sides["test"]
    trained = {label for label, part in zip(labels, parts, strict=True) if part == "train"}
    assert {label for label, part in zip(labels, parts, strict=True) if part in ("val", "test")} <= trained


def test_a_class_known_only_from_held_out_collections_is_dropped() -> None:
    labels = ["a"] * 9 + ["b"]
    collections = ["big"] * 9 + ["small"]
    groups = [str(i) for i in range(10)]
    parts = split_by_collection(labels, groups, collections, ["all"] * 10, (0.8, 0.0, 0.2))
    assert parts.tolist() == ["train"] * 9 + ["dropped"]


@pytest.mark.parametrize("fractions", [(0.5, 0.5, 0.5), (1.2, -0.1, -0.1), (1.0,)])
def test_fractions_must_be_three_shares(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="fractions must be three shares"):
        split_by_group(["a"], ["1"], fractions)  # type: ignore[arg-type]


def test_columns_must_have_one_length() -> None:
    with pytest.raises(ValueError, match="'labels': 1, 'groups': 2"):
        split_by_group(["a"], ["1", "2"])
