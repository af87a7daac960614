"""What new drawings look like: one of another class, or none of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from logo_retrieval.inference.snapshot import IndexSnapshot
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.stored import StoredItem
from logo_retrieval.types import MISSING_ID, OTHER, Float32Array

REFUSED_SIMILARITY = 0.95
"""From here on a drawing of another class is taken for the same drawing. Higher than the usual threshold of duplicates:
a drawing is compared with thousands, and a company that merely resembles another one should not be refused."""

UNLIKE_SIMILARITY = 0.3
"""Below it, a drawing is unlike all others of its class."""

_LOOKED_AT = 50
"""Neighbours of a new drawing among which one of another class is looked for."""


def clashes(
    items: Sequence[StoredItem], snapshot: IndexSnapshot, same: Mapping[bytes, list[tuple[str, str]]], store: IndexStore
) -> Iterator[str]:
    """A sentence for each drawing that the index has, the same or nearly, under another class.

    Args:
        items: new ones, one at least.
        snapshot: the index.
        same: by SHA-256, name and class of each drawing of the index with these bytes.
        store: tells what drawings are called.
    """
    vectors = np.stack([item.drawing.vectors[0] for item in items])
    neighbours = snapshot.nearest(vectors, np.arange(len(items)), len(items), _LOOKED_AT)
    classes = snapshot.classes_of(neighbours)
    for row, item in enumerate(items):
        exact = [twin for twin in same.get(item.sha256, []) if twin[1] != item.label]
        if exact:
            name, label = exact[0]
            yield f"'{item.source}' has the same bytes as '{name}' of class '{label}'"
            continue
        similarities, ids = neighbours.similarities[row], neighbours.ids[row]
        for place in np.flatnonzero(similarities >= REFUSED_SIMILARITY).tolist():
            label = snapshot.classes[classes[row, place]]
            if label != item.label:
                name = store.item_names([ids[place]]).get(int(ids[place]), "one just removed")
                likeness = f"(similarity {similarities[place]:.2f})"
                yield f"'{item.source}' looks like '{name}' of class '{label}' {likeness}"
                break


def clashes_among(items: Sequence[StoredItem]) -> Iterator[str]:
    """A sentence for each new drawing that nearly is one of another class before it; the same bytes are known already.

    Compares one with all before it, so that memory grows with their number alone.
    """
    labels = np.array([item.label for item in items])
    if len(set(labels.tolist())) < 2:
        return
    vectors = np.stack([item.drawing.vectors[0] for item in items])
    for row, item in enumerate(items):
        similarities = vectors[:row] @ vectors[row]
        for place in np.flatnonzero((similarities >= REFUSED_SIMILARITY) & (labels[:row] != item.label)).tolist():
            twin = items[place]
            if twin.sha256 != item.sha256:
                yield f"'{item.source}' looks like '{twin.source}', given too (similarity {similarities[place]:.2f})"
                break


def unlike(items: Sequence[StoredItem], known: Mapping[str, Float32Array]) -> list[tuple[str, float]]:
    """New drawings that resemble no other of their class, and their similarity to the nearest.

    Args:
        items: the new ones.
        known: the (r, d) vectors that a class has in the index, by class.
    """
    alone = []
    for label in sorted({item.label for item in items} - {OTHER}):  # whose drawings are of many brands
        of_class = [item for item in items if item.label == label]
        views = [item.drawing.vectors for item in of_class]
        vectors = np.concatenate([*views, *([known[label]] if label in known else [])])
        owners = np.full(len(vectors), MISSING_ID)
        new = np.repeat(np.arange(len(views)), list(map(len, views)))
        owners[: len(new)] = new
        for place, item in enumerate(of_class):
            similarities = (vectors @ views[place].T).max(axis=1)
            best = float(similarities[owners != place].max(initial=-1.0))
            if best < UNLIKE_SIMILARITY and (owners != place).any():
                alone.append((item.name, best))
    return alone
