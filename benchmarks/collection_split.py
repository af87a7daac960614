"""The split of LogoBench by collection: neither an artist nor a shape of the test rows is among those of training."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from logo_retrieval.components import join
from logo_retrieval.evaluation.splits import (
    TEST,
    TRAIN,
    VAL,
    Fractions,
    check_fractions,
    check_lengths,
    hash_order,
)

DROPPED = "dropped"
"""The part of a row that may serve on no side, because its shape is already on another."""


def connected_groups(first: Sequence[str], second: Sequence[str | None]) -> list[str]:
    """Joins rows that share a key, directly or through other rows.

    Args:
        first: n keys.
        second: n further ones; None joins a row to nothing.

    Returns:
        n group names: of each group, the smallest of its first keys.

    Example:
        >>> connected_groups(["1", "2", "3"], ["acme", None, "acme"])
        ['1', '2', '1']
    """
    check_lengths(first=first, second=second)
    names, nodes = np.unique(first, return_inverse=True)
    components = np.arange(len(names))
    row_of: dict[str, int] = {}
    edges = [(row_of.setdefault(key, row), row) for row, key in enumerate(second) if key is not None]
    one, other = np.array(edges, np.int64).reshape(-1, 2).T
    join(components, nodes[one], nodes[other])
    return [str(name) for name in names[components[nodes]]]


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
    check_lengths(labels=labels, groups=groups, collections=collections, strata=strata)
    check_fractions(fractions)
    parts = drop_shared_groups(hold_out_collections(collections, strata, fractions, seed), groups)
    names = np.asarray(labels, dtype=np.str_)
    parts[(parts != TRAIN) & ~np.isin(names, names[parts == TRAIN])] = DROPPED
    return parts


def hold_out_collections(
    collections: Sequence[str], strata: Sequence[str], fractions: Fractions, seed: int
) -> npt.NDArray[np.str_]:
    """Choose the collections that are test, then those that are val; all others are train.

    Collections are visited in the order of their hash; one is taken when, in every stratum, its rows still fit into
    what the part wants. No part is therefore larger than wanted, and each stratum comes near its share.

    Returns:
        (n,) "train", "val" or "test".
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for collection, stratum in zip(collections, strata, strict=True):
        counts[collection][stratum] += 1
    total = Counter(strata)
    part_of = dict.fromkeys(counts, TRAIN)
    for part, share in ((TEST, fractions[2]), (VAL, fractions[1])):
        wanting = {stratum: share * rows for stratum, rows in total.items()}
        for collection in hash_order(counts, seed):
            held = counts[collection]
            if part_of[collection] == TRAIN and all(held[name] <= wanting[name] for name in held):
                part_of[collection] = part
                for name in held:
                    wanting[name] -= held[name]
    return np.array([part_of[collection] for collection in collections], dtype=f"<U{len(DROPPED)}")


def drop_shared_groups(parts: npt.NDArray[np.str_], groups: Sequence[str]) -> npt.NDArray[np.str_]:
    """Mark "dropped" the val rows whose group is in train, and the test rows whose group is in train or val."""
    names = np.asarray(groups, dtype=np.str_)
    in_train = np.isin(names, names[parts == TRAIN])
    in_val = np.isin(names, names[parts == VAL])
    kept = parts.astype(f"<U{len(DROPPED)}")
    kept[((parts == VAL) & in_train) | ((parts == TEST) & (in_train | in_val))] = DROPPED
    return kept
