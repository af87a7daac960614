"""What answers depend on, as of one generation of an index: classes, items, their vectors, the head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from logo_retrieval.bundle import ModelBundle
from logo_retrieval.decide.decision import DecisionConfig
from logo_retrieval.decide.untrained import Untrained, chosen_strangers, reach_of_strangers
from logo_retrieval.heads.cosine import HEAD_FILE, CosineHead, HeadVectors
from logo_retrieval.heads.rows import MadeRows, made_rows
from logo_retrieval.search.faiss_index import FAISS_FLAT, FaissIndex, faiss_is_installed
from logo_retrieval.search.open import open_index
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.store.cache import read_cache, remove_cache, write_cache
from logo_retrieval.store.index_store import IndexStore, Snapshot
from logo_retrieval.values import MISSING_ID, OTHER, Float32Array, Int64Array, Neighbours

_CACHED_FROM_ROWS = 20_000
"""Fewer vectors are read from SQLite about as fast as from a cache whose checksum is verified."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Loaded whole, and never changed: an index that has changed is another generation.

    Attributes:
        number: of the generation.
        classes: names, `other` among them.
        item_ids: (m,) int64, ascending.
        item_classes: (m,) int64 positions in `classes`.
        most_views: the largest number of vectors that an item has, at least 1.
        index: searches the vectors.
        head: of the model, fitted to these classes; None when the model has none.
        untrained: the companies that have no target in the head by training; none where the model has no head.
    """

    number: int
    classes: tuple[str, ...]
    item_ids: Int64Array
    item_classes: Int64Array
    most_views: int
    index: VectorIndex
    head: CosineHead | None
    untrained: Untrained

    def nearest(self, vectors: Float32Array, owners: Int64Array, n_images: int, k: int) -> Neighbours:
        """The k nearest items of n images.

        Args:
            vectors: (m, d) of all their views.
            owners: (m,) the image that each view belongs to.
            n_images: n.
            k: how many items.
        """
        return best_over_views(self.index.search(vectors, k * self.most_views), owners, n_images, k)

    def classes_of(self, neighbours: Neighbours) -> Int64Array:
        """(n, k) positions in `classes`, -1 where there is no neighbour."""
        if len(self.item_ids) == 0:
            return np.full(neighbours.ids.shape, -1, np.int64)
        places = np.searchsorted(self.item_ids, neighbours.ids.clip(min=self.item_ids[0]))
        return np.where(neighbours.ids == MISSING_ID, -1, self.item_classes[places])


def read_generation(
    store: IndexStore, learned: HeadVectors | None, config: DecisionConfig, *, cached: bool
) -> Generation:
    """Reads the index as it is now.

    Args:
        store: the open index.
        learned: the model's head, if it has one.
        config: the constants of the decision.
        cached: whether vectors may be taken from the cache, and of a large index are kept there.

    Raises:
        IndexStoreError: when the index is damaged.
    """
    snapshot, index = _open_search(store, cached=cached)
    classes = in_open_world(snapshot.classes)
    head = None
    untrained = Untrained.none_of(len(classes))
    if learned is not None:
        new = untrained_classes(snapshot, learned, index.vectors_at)
        fitted = snapshot.head_rows
        rows = new.rows | {place: fitted[place] for place in new.unmet.tolist() if place in fitted}
        head = CosineHead(learned, classes, rows, new.made.claimed)
        untrained = _calibrated(snapshot, new, rows, index.vectors_at, config)
    return Generation(
        number=snapshot.generation,
        classes=classes,
        item_ids=snapshot.item_ids,
        item_classes=snapshot.item_classes,
        most_views=int(np.bincount(snapshot.vector_items).max(initial=1)),
        index=index,
        head=head,
        untrained=untrained,
    )


def _calibrated(
    snapshot: Snapshot,
    new: UntrainedClasses,
    rows: Mapping[int, Float32Array],
    vectors_at: Callable[[Int64Array], Float32Array],
    config: DecisionConfig,
) -> Untrained:
    """What the decision knows of the companies without a target, given their rows of the head."""
    classes = in_open_world(snapshot.classes)
    found = Untrained.none_of(len(classes))
    found.counts[new.places] = np.bincount(snapshot.item_classes)[new.places]
    found.met[new.places] = new.made.met
    places = new.unmet
    if len(places) == 0:
        return found
    others = snapshot.whole_drawings[snapshot.item_classes == classes.index(OTHER)]
    vector_classes = snapshot.item_classes[np.searchsorted(snapshot.item_ids, snapshot.vector_items)]
    own = np.flatnonzero(np.isin(vector_classes, places))
    found.reach[places] = reach_of_strangers(
        vectors_at(chosen_strangers(others)),
        vectors_at(own),
        np.searchsorted(places, vector_classes[own]),
        np.stack([rows[place] for place in places.tolist()]),
        config.untrained_head_weight,
    )
    return found


def in_open_world(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The classes with `other`, which is always among those that are answered."""
    return classes if OTHER in classes else (*classes, OTHER)


@dataclass(frozen=True, slots=True)
class UntrainedClasses:
    """The companies of an index that have no target by training.

    Attributes:
        places: (f,) int64 positions among the classes, ascending.
        means: (f, d) unit means of their whole drawings.
        made: their rows of the head.
    """

    places: Int64Array
    means: Float32Array
    made: MadeRows

    @property
    def rows(self) -> dict[int, Float32Array]:
        """The (d,) rows by position."""
        return dict(zip(self.places.tolist(), self.made.rows, strict=True))

    @property
    def unmet(self) -> Int64Array:
        """The positions of those that training has not met under another name either: their rows may be fitted."""
        unmet: Int64Array = self.places[~self.made.met]
        return unmet


def untrained_classes(
    snapshot: Snapshot, learned: HeadVectors, vectors_at: Callable[[Int64Array], Float32Array]
) -> UntrainedClasses:
    """The companies without a target.

    Args:
        snapshot: of the index.
        learned: the model's head.
        vectors_at: gives the vectors at some positions in the order of the snapshot.
    """
    trained = {*learned.classes, OTHER}
    classes = [place for place, name in enumerate(snapshot.classes) if name not in trained]
    items = np.flatnonzero(np.isin(snapshot.item_classes, classes))
    items = items[np.argsort(snapshot.item_classes[items], kind="stable")]
    places, starts = np.unique(snapshot.item_classes[items], return_index=True)
    means = np.zeros((0, learned.vectors.shape[1]), np.float32)
    if len(places):
        sums = np.add.reduceat(vectors_at(snapshot.whole_drawings[items]), starts, axis=0)
        means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return UntrainedClasses(places, means, made_rows(means, learned.vectors, learned.nameless(snapshot.classes)))


def read_head(model: ModelBundle, dim: int) -> HeadVectors | None:
    """What training learned, None when the model has no head.

    Raises:
        ModelError: when it is damaged or does not fit the embedding width `dim`.
    """
    return HeadVectors.read(model.path(HEAD_FILE), dim) if HEAD_FILE in model.config.files else None


def _open_search(store: IndexStore, *, cached: bool) -> tuple[Snapshot, VectorIndex]:
    """Searches the vectors kept in the cache where it is current, else those of the SQLite file."""
    kept = read_cache(store.folder, backend=FAISS_FLAT) if cached and faiss_is_installed() else None
    generation, payload = kept or (None, b"")
    snapshot = store.snapshot(held_generation=generation)
    if snapshot.vectors is None:
        return snapshot, FaissIndex.from_bytes(payload, snapshot.vector_items)
    index = open_index(snapshot.vectors, snapshot.vector_items)
    if cached and isinstance(index, FaissIndex) and len(snapshot.vectors) >= _CACHED_FROM_ROWS:
        write_cache(store.folder, index.to_bytes(), generation=snapshot.generation, backend=FAISS_FLAT)
        if store.generation() != snapshot.generation:  # what was removed meanwhile must not stay in the cache
            remove_cache(store.folder)
    return snapshot, index
