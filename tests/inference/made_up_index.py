"""Indexes of drawings that are made up, searched as larger ones are, and what may happen to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from manifests import MANIFEST
from weights import fusion

from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.snapshot import IndexSnapshot, read_snapshot, renewed_snapshot
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.packed import unit
from logo_retrieval.search.open import FAISS_FROM
from logo_retrieval.store.cache import Prepared, read_cache
from logo_retrieval.store.changes import add_items, compact, remove_class, remove_items
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.types import OTHER, TRAITS, Float32Array

CLASSES = ["acme", "bolt", "crux", "dash", OTHER]


def vectors(chance: np.random.Generator, n: int) -> Float32Array:
    """Some of them in crowds, so that targets are claimed."""
    return unit(chance.normal(size=(n, MANIFEST.dim)).astype(np.float32) + 1.5 * (chance.random((n, 1)) < 0.5))


def items(chance: np.random.Generator, labels: Sequence[str]) -> list[StoredItem]:
    names = (f"{label}/{chance.integers(1 << 60)}.svg" for label in labels)
    return [
        StoredItem(
            name,
            label,
            name,
            chance.bytes(32),
            StoredDrawing(0, chance.bytes(TRAITS), b"", vectors(chance, int(chance.integers(1, 4)))),
        )
        for name, label in zip(names, labels, strict=True)
    ]


def made_up(chance: np.random.Generator, *, head: bool = True) -> Knowledge:
    learned = HeadVectors(vectors(chance, 40), ("acme", "bolt", *[OTHER] * 30, *["else"] * 8)) if head else None
    return Knowledge(learned, None, fusion(Scale(0.2, 0.6, 0.2, 0.6)), "made up")


def check_same(one: IndexSnapshot, other: IndexSnapshot, chance: np.random.Generator) -> None:
    assert (one.number, one.classes, one.most_views) == (other.number, other.classes, other.most_views)
    assert one.stored.names == other.stored.names and one.stored.parts == other.stored.parts
    for name in ("item_ids", "item_classes"):
        np.testing.assert_array_equal(getattr(one.stored, name), getattr(other.stored, name))
    items = np.arange(len(other.stored.item_ids))
    np.testing.assert_array_equal(one.stored.item_traits.at(items), other.stored.item_traits.at(items))
    rows = np.arange(len(other.stored.vector_items))
    np.testing.assert_array_equal(one.stored.vector_items, other.stored.vector_items)
    np.testing.assert_array_equal(one.index.vectors_at(rows), other.index.vectors_at(rows))
    asked = vectors(chance, 5)
    for k in (1, 7, 500):
        found, expected = one.index.search(asked, k), other.index.search(asked, k)
        np.testing.assert_array_equal(found.similarities, expected.similarities)
        np.testing.assert_array_equal(found.ids, expected.ids)
    for name in ("counts", "trained", "novel"):
        np.testing.assert_array_equal(getattr(one.profile, name), getattr(other.profile, name))
    assert (one.head is None) == (other.head is None)
    if one.head is not None and other.head is not None and one.derived.imprinted and other.derived.imprinted:
        np.testing.assert_array_equal(one.derived.imprinted.claims, other.derived.imprinted.claims)
        owners = np.arange(5)
        scores = one.head.scores(asked, owners, 5), other.head.scores(asked, owners, 5)
        np.testing.assert_array_equal(*scores)


def served_by(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes of a few dozen vectors are searched as larger ones are, all partitions looked at."""
    monkeypatch.setattr("logo_retrieval.search.open.FAISS_FROM", FAISS_FROM if kind == "numpy" else 20)
    monkeypatch.setattr("logo_retrieval.search.open.PARTITIONED_FROM", 20 if kind == "partitions" else FAISS_FROM)
    monkeypatch.setattr("logo_retrieval.search.open.LONGEST_TAIL", 60)
    monkeypatch.setattr("logo_retrieval.search.partitions.PROBED", 1000)


@dataclass(frozen=True)
class Made:
    """An open index that is searched as a larger one.

    Attributes:
        folder: where it lies.
        store: open.
        chance: so far.
        drawings: that it was built of.
        knowledge: of a model.
    """

    folder: Path
    store: IndexStore
    chance: np.random.Generator
    drawings: list[StoredItem]
    knowledge: Knowledge

    def read(self, *, cached: bool = False) -> IndexSnapshot:
        return read_snapshot(self.store, self.knowledge, cached=cached)

    def renewed(self, held: IndexSnapshot) -> IndexSnapshot:
        return renewed_snapshot(held, self.store, self.knowledge)

    def check(self, held: IndexSnapshot) -> None:
        """That it is what is read anew."""
        check_same(held, self.read(), self.chance)

    def add(self, *drawings: StoredItem) -> None:
        add_items(self.folder, drawings, generation=self.store.generation())

    def cache(self) -> Prepared:
        """What lies in the cache once the index was read."""
        self.read(cached=True)
        kept = read_cache(self.folder)
        assert kept is not None
        return kept


def change(folder: Path, chance: np.random.Generator) -> None:
    """Anything that may happen to an index."""
    with IndexStore(folder) as store:
        generation, sizes = store.generation(), store.class_sizes()
        names = [name for label in sizes for name in store.items_of(label)]
    kind = chance.choice(["add", "add", "add", "names", "class", "items", "compact"])
    labels = [*CLASSES, "fern", "gong"]
    if kind == "add":
        chosen = chance.choice(labels, size=int(chance.integers(1, 6))).tolist()
        add_items(folder, items(chance, chosen), generation=generation)
    elif kind == "names":
        add_items(
            folder, [], generation=generation, names={str(chance.choice(labels)): [str(chance.integers(1 << 60))]}
        )
    elif kind == "class" and len(sizes) > 1:
        remove_class(folder, str(chance.choice(list(sizes))))
    elif kind == "items" and names:
        remove_items(folder, chance.choice(names, size=min(3, len(names)), replace=False).tolist())
    else:
        compact(folder)
