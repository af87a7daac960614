"""The drawings of an index by class, and what they say of it: means, and the scale of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.packed import unit
from logo_retrieval.runs import run_starts, spread
from logo_retrieval.store.stored import StoredIndex
from logo_retrieval.types import OTHER, Float32Array, Int64Array

FALLBACK_SCALE = Scale(nearest_low=0.6, nearest_high=0.9, head_low=0.3, head_high=0.6)
"""Of a network of which nothing is known, in an index too small to show it."""

_SCALED_BY = 300
"""So many drawings of an index show the scale of its network."""

_FEWEST_SCALED_BY = 10

_ROWS_AT_ONCE = 65_536
"""Vectors: of a large index there is no memory for all."""


@dataclass(frozen=True)
class Contents:
    """The drawings of an index by class.

    Attributes:
        classes: names, `other` among them.
        snapshot: of the index.
        vectors_at: gives the vectors at some positions in the order of the snapshot.
    """

    classes: tuple[str, ...]
    snapshot: StoredIndex
    vectors_at: Callable[[Int64Array], Float32Array]

    def means(self, places: Int64Array) -> Float32Array:
        """(f, d) unit means of the whole drawings of some classes, each of which has one at least."""
        stored = self.snapshot
        items = np.flatnonzero(np.isin(stored.item_classes, places))
        items = items[np.argsort(stored.item_classes[items], kind="stable")]
        if len(items) == 0:
            return np.zeros((0, self.vectors_at(np.zeros(0, np.int64)).shape[1]), np.float32)
        rows, starts = stored.whole_drawings[items], run_starts(stored.item_classes[items])
        return np.concatenate(
            [
                unit(np.add.reduceat(self.vectors_at(rows[block]), starts[some] - block.start, axis=0))
                for some, block in _blocks(starts, len(rows))
            ]
        )

    def scale(self, learned: HeadVectors | None) -> Scale:
        """The scale of a network of which nothing is known: to all other classes a drawing is an unknown logo.

        Some hundred drawings are compared with the companies that they do not show; with fewer than ten such drawings
        the scale is `FALLBACK_SCALE`, and that of the head where the head knows none of these companies.
        """
        stored, other = self.snapshot, self.classes.index(OTHER)
        asked = spread(np.arange(len(stored.item_ids)), _SCALED_BY)
        vectors, shown = self.vectors_at(stored.whole_drawings[asked]), stored.item_classes[asked]
        rows, classes = np.arange(len(stored.vector_items)), stored.vector_classes
        blocks = np.split(rows, rows[_ROWS_AT_ONCE::_ROWS_AT_ONCE])
        nearest = _nearest_company(vectors, shown, ((self.vectors_at(some), classes[some]) for some in blocks), other)
        by_head = np.zeros(0, np.float32)
        if learned is not None:
            place = {name: position for position, name in enumerate(self.classes)}
            targets = np.array([place.get(name, other) for name in learned.classes], np.int64)
            by_head = _nearest_company(vectors, shown, [(learned.vectors, targets)], other)
        if len(nearest) < _FEWEST_SCALED_BY:
            return FALLBACK_SCALE
        try:
            if len(by_head) >= _FEWEST_SCALED_BY:
                return Scale.of_unknown(nearest, by_head)
            low, high = FALLBACK_SCALE.head_low, FALLBACK_SCALE.head_high
            return replace(Scale.of_unknown(nearest, None), head_low=low, head_high=high)
        except ValueError:  # all alike
            return FALLBACK_SCALE


def _blocks(starts: Int64Array, n_rows: int) -> Iterator[tuple[slice, slice]]:
    """Runs of rows, given where each starts, some whole ones at a time, and their rows: for so many there is memory."""
    ends, first = np.append(starts[1:], n_rows), 0
    while first < len(starts):
        last = max(int(np.searchsorted(ends, starts[first] + _ROWS_AT_ONCE, side="right")), first + 1)
        yield slice(first, last), slice(int(starts[first]), int(ends[last - 1]))
        first = last


def _nearest_company(
    vectors: Float32Array, shown: Int64Array, gallery: Iterable[tuple[Float32Array, Int64Array]], other: int
) -> Float32Array:
    """(u,) how near each drawing comes to a company that it does not show, where there is another.

    Args:
        vectors: of the drawings.
        shown: their classes.
        gallery: vectors and classes of what they are compared with, some at a time.
        other: the position of `other`.
    """
    best = np.full(len(vectors), -np.inf, np.float32)
    for others, classes in gallery:
        cosines = vectors @ others.T
        cosines[(classes == shown[:, None]) | (classes == other)] = -np.inf
        best = np.maximum(best, cosines.max(axis=1, initial=-np.inf))
    return best[np.isfinite(best)]
