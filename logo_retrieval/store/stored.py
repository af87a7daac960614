"""What an index stores, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from logo_retrieval.runs import run_starts
from logo_retrieval.store.traits import ItemTraits
from logo_retrieval.types import OTHER, Float32Array, Int64Array

_MOST_VIEWS = 1024

LARGEST_ITEM = 2**40
"""Of the numbers of items, so that those of `keys_of` are none too large."""


@dataclass(frozen=True, slots=True)
class StoredDrawing:
    """What is computed from the bytes of one file.

    Attributes:
        perceptual_hash: 64 bits as a signed integer.
        traits: 272 bytes, by `traits_of`.
        thumbnail: a small WebP picture.
        vectors: (v, d) float32 unit rows, one a view.
    """

    perceptual_hash: int
    traits: bytes
    thumbnail: bytes
    vectors: Float32Array


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One gallery drawing as the store keeps it.

    Attributes:
        name: its id, unique in the index.
        label: its class.
        source: where the file lay when it was indexed.
        sha256: 32 bytes, of the file.
        drawing: what was computed from it.
    """

    name: str
    label: str
    source: str
    sha256: bytes
    drawing: StoredDrawing


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """All that search and decision need, as of one generation.

    Attributes:
        generation: counts the transactions that changed the index.
        classes: names, in the order of their ids; position c is class c.
        class_ids: (c,) int64, ascending.
        item_ids: (m,) int64, ascending.
        item_classes: (m,) int64 positions in `classes`.
        item_traits: of the m items.
        vector_items: (r,) int64 item id of each vector, ordered by item id, then view.
        vectors: (r, d) float32 in the same order; None when the caller holds them already.
        names: by which each class is known, in the order of `classes`; () where none are stored.
        parts: checksums of the parts of what was read, by `Seals.parts`.
    """

    generation: int
    classes: tuple[str, ...]
    class_ids: Int64Array
    item_ids: Int64Array
    item_classes: Int64Array
    item_traits: ItemTraits
    vector_items: Int64Array
    vectors: Float32Array | None
    names: tuple[tuple[str, ...], ...] = ()
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def open_classes(self) -> tuple[str, ...]:
        """The classes with `other`, which is always among those that are answered."""
        return self.classes if OTHER in self.classes else (*self.classes, OTHER)

    @property
    def whole_drawings(self) -> Int64Array:
        """(m,) positions in `vectors` of the first view of each item, in the order of `item_ids`."""
        return run_starts(self.vector_items)

    @property
    def vector_classes(self) -> Int64Array:
        """(r,) the class of each vector."""
        return np.repeat(self.item_classes, np.diff(self.whole_drawings, append=len(self.vector_items)))

    def keys_of(self, rows: Int64Array) -> Int64Array:
        """(n,) numbers of some vectors that tell their item and the place among its views."""
        items = self.vector_items[rows]
        keys: Int64Array = items * _MOST_VIEWS + rows - np.searchsorted(self.vector_items, items)
        return keys

    def labels_of(self, rows: Int64Array) -> list[str]:
        """The classes of some vectors, by name."""
        places = self.item_classes[np.searchsorted(self.item_ids, self.vector_items[rows])]
        return [self.classes[place] for place in places.tolist()]


@dataclass(frozen=True, slots=True)
class Renewal:
    """An index that has changed, beside what was read of it before.

    Attributes:
        stored: the index as it is now, without its vectors.
        kept: (k,) int64 rows of the vectors before that are still there, ascending.
        places: (k,) int64 the rows that they have now, ascending.
        fresh: (f, d) float32 vectors of all other rows, in their order.
    """

    stored: StoredIndex
    kept: Int64Array
    places: Int64Array
    fresh: Float32Array

    @property
    def fresh_places(self) -> Int64Array:
        """(f,) the rows of `fresh`."""
        return _others(self.places, len(self.stored.vector_items))

    def gone(self, before: StoredIndex) -> Int64Array:
        """The rows before that are not there any more, or were read anew."""
        return _others(self.kept, len(before.vector_items))

    def without_what_stays(self, before: StoredIndex, vectors_at: Callable[[Int64Array], Float32Array]) -> Renewal:
        """The same, but what was read anew and is what it was, item, class and vector, is kept.

        Args:
            before: the index before.
            vectors_at: gives the vectors of some of its rows.
        """
        gone, came = self.gone(before), self.fresh_places
        keys = before.keys_of(gone), self.stored.keys_of(came)
        _, was, now = np.intersect1d(*keys, assume_unique=True, return_indices=True)
        labels = zip(before.labels_of(gone[was]), self.stored.labels_of(came[now]), strict=True)
        same = np.array([one == other for one, other in labels], bool)
        same &= (vectors_at(gone[was]) == self.fresh[now]).all(axis=1)
        return replace(
            self,
            kept=np.sort(np.concatenate([self.kept, gone[was[same]]])),
            places=np.sort(np.concatenate([self.places, came[now[same]]])),
            fresh=np.delete(self.fresh, now[same], axis=0),
        )


def _others(rows: Int64Array, n_rows: int) -> Int64Array:
    """All other rows than these."""
    others = np.full(n_rows, True)
    others[rows] = False
    return np.flatnonzero(others)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the audit log.

    Attributes:
        at: UTC time, ISO 8601.
        action: "build", "enroll", "unenroll" or "compact".
        detail: who did it and what it was, in words.
    """

    at: str
    action: str
    detail: str
