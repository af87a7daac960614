"""The rows of an index as arrays, and whether they fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.packed import unit
from logo_retrieval.runs import run_starts
from logo_retrieval.store.seal import Row
from logo_retrieval.store.stored import LARGEST_ITEM, StoredIndex
from logo_retrieval.store.traits import ItemTraits
from logo_retrieval.store.vectors import are_unit, vectors_of
from logo_retrieval.types import MISSING_ID, TRAITS, Float32Array, Int64Array, UInt8Array

Items = tuple[Int64Array, Int64Array, ItemTraits]
"""Of m items: (m,) their numbers, (m,) the positions of their classes, their traits."""


def items_of(items: Sequence[Row], classes: Sequence[Row], file: Path) -> tuple[Int64Array, Int64Array, UInt8Array]:
    """Items from rows of number, number of the class, traits; `MISSING_ID` for a class that is not there.

    Args:
        items: their rows.
        classes: rows of number and name, by number.
        file: of the index, for the message.

    Returns:
        (m,) their numbers, (m,) the positions of their classes, (m, 272) their traits.

    Raises:
        IndexStoreError: traits are not of the length that they were written in, or numbers are none that items have.
    """
    traits = b"".join(row[2] for row in items)
    if len(traits) != TRAITS * len(items):
        raise IndexStoreError(f"the traits of '{file}' are not {TRAITS} wide: it is damaged, build it again")
    item_ids, of_items, class_ids = numbers_of(items), numbers_of(items, 1), numbers_of(classes)
    if item_ids.min(initial=1) < 1 or item_ids.max(initial=1) > LARGEST_ITEM:
        raise IndexStoreError(f"items of '{file}' have numbers that no item has: it is damaged, build it again")
    places = np.searchsorted(class_ids, of_items).astype(np.int64)
    there = (np.append(class_ids, MISSING_ID)[places] == of_items) & (places < len(class_ids))
    item_traits = np.frombuffer(traits, np.uint8).reshape(-1, TRAITS)
    return item_ids, np.where(there, places, MISSING_ID), item_traits


def numbers_of(rows: Sequence[Row], column: int = 0) -> Int64Array:
    """(n,) a column of numbers."""
    return np.array([row[column] for row in rows], np.int64)


def names_of(rows: Iterable[Row]) -> dict[int, tuple[str, ...]]:
    """The names of each class, by its number, from rows of number and name."""
    names: dict[int, tuple[str, ...]] = {}
    for class_id, name in rows:
        names[class_id] = (*names.get(class_id, ()), name)
    return names


def unit_vectors(blobs: Sequence[bytes], dim: int, file: Path) -> Float32Array:
    """(n, dim) of unit length, rounding and all.

    Raises:
        IndexStoreError: they are of another width, or not of unit length but for their rounding.
    """
    vectors = stored_vectors(blobs, dim, file)
    if not are_unit(vectors).all():
        raise IndexStoreError(f"vectors of '{file}' are not of unit length: it is damaged, build it again")
    return unit(vectors)


def stored_vectors(blobs: Sequence[bytes], dim: int, file: Path) -> Float32Array:
    """(n, dim) as they are stored: of unit length but for their rounding.

    Raises:
        IndexStoreError: they are of another width.
    """
    vectors = vectors_of(blobs, dim)
    if vectors is None:
        raise IndexStoreError(f"the vectors of '{file}' are not {dim} wide: it is damaged, build it again")
    return vectors


def arranged(
    generation: int,
    rows: Mapping[str, Sequence[Row]],
    items: Items,
    vector_items: Int64Array,
    vectors: Float32Array | None,
    parts: Mapping[str, Mapping[str, str]],
    file: Path,
) -> StoredIndex:
    """All of an index: the rows of its classes and names, and what else it has as arrays already.

    Raises:
        IndexStoreError: when they refer to what is not there.
    """
    item_ids, item_classes, item_traits = items
    names = names_of(rows["names"])
    at_home = item_classes.min(initial=0) != MISSING_ID
    if not (at_home and np.array_equal(vector_items[run_starts(vector_items)], item_ids)):
        raise IndexStoreError(
            f"'{file}' has drawings without a class or without a vector: see `logo-retrieval "
            "verify`; restore a copy, or build it again"
        )
    return StoredIndex(
        generation=generation,
        classes=tuple(name for _, name in rows["classes"]),
        class_ids=numbers_of(rows["classes"]),
        item_ids=item_ids,
        item_classes=item_classes,
        item_traits=item_traits,
        vector_items=vector_items,
        vectors=vectors,
        names=tuple(names.get(class_id, ()) for class_id, _ in rows["classes"]),
        parts=parts,
    )
