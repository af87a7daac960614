"""What an index stores, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from logo_retrieval.types import Float32Array, Int64Array


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One gallery drawing as the store keeps it.

    Attributes:
        name: its id, unique in the index.
        label: its class.
        source: where the file lay when it was indexed.
        sha256: 32 bytes, of the file.
        perceptual_hash: 64 bits as a signed integer.
        thumbnail: a small WebP picture.
        vectors: (v, d) float32 unit rows, one a view.
    """

    name: str
    label: str
    source: str
    sha256: bytes
    perceptual_hash: int
    thumbnail: bytes
    vectors: Float32Array


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """All that search and voting need, as of one generation.

    Attributes:
        generation: counts the transactions that changed the index.
        classes: names, in the order of their ids; position c is class c.
        item_ids: (m,) int64, ascending.
        item_classes: (m,) int64 positions in `classes`.
        vector_items: (r,) int64 item id of each vector, ordered by item id, then view.
        vectors: (r, d) float32 in the same order; None when the caller holds them already.
        names: by which each class is known, in the order of `classes`; () where none are stored.
        parts: checksums of the parts of what was read, by `Seals.parts`.
    """

    generation: int
    classes: tuple[str, ...]
    item_ids: Int64Array
    item_classes: Int64Array
    vector_items: Int64Array
    vectors: Float32Array | None
    names: tuple[tuple[str, ...], ...] = ()
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def whole_drawings(self) -> Int64Array:
        """(m,) positions in `vectors` of the first view of each item, in the order of `item_ids`."""
        return np.searchsorted(self.vector_items, self.item_ids).astype(np.int64)


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
        is_fresh = np.full(len(self.stored.vector_items), True)
        is_fresh[self.places] = False
        return np.flatnonzero(is_fresh)


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
