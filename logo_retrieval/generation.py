"""What answers depend on, as of one generation of an index: classes, items, their vectors, the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logo_retrieval.bundle import ModelBundle
from logo_retrieval.heads.cosine import HEAD_FILE, CosineHead, HeadVectors
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
    """

    number: int
    classes: tuple[str, ...]
    item_ids: Int64Array
    item_classes: Int64Array
    most_views: int
    index: VectorIndex
    head: CosineHead | None

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


def read_generation(store: IndexStore, learned: HeadVectors | None) -> Generation:
    """Reads the index as it is now.

    Args:
        store: the open index.
        learned: the model's head, if it has one.

    Raises:
        IndexStoreError: when the index is damaged.
    """
    snapshot, index = _open_search(store)
    classes = snapshot.classes if OTHER in snapshot.classes else (*snapshot.classes, OTHER)
    head = None
    if learned is not None:
        untrained = store.class_vectors(set(classes) - set(learned.classes))
        head = CosineHead(learned, classes, {classes.index(name): unit_mean(own) for name, own in untrained.items()})
    return Generation(
        number=snapshot.generation,
        classes=classes,
        item_ids=snapshot.item_ids,
        item_classes=snapshot.item_classes,
        most_views=int(np.bincount(snapshot.vector_items).max(initial=1)),
        index=index,
        head=head,
    )


def unit_mean(vectors: Float32Array) -> Float32Array:
    """The (d,) mean of (r, d) vectors, of unit length."""
    mean: Float32Array = vectors.mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def read_head(model: ModelBundle, dim: int) -> HeadVectors | None:
    """What training learned, None when the model has no head.

    Raises:
        ModelError: when it is damaged or does not fit the embedding width `dim`.
    """
    return HeadVectors.read(model.path(HEAD_FILE), dim) if HEAD_FILE in model.config.files else None


def _open_search(store: IndexStore) -> tuple[Snapshot, VectorIndex]:
    """Searches the vectors kept in the cache where it is current, else those of the SQLite file."""
    cached = read_cache(store.folder, backend=FAISS_FLAT) if faiss_is_installed() else None
    generation, payload = cached or (None, b"")
    snapshot = store.snapshot(held_generation=generation)
    if snapshot.vectors is None:
        return snapshot, FaissIndex.from_bytes(payload, snapshot.vector_items)
    index = open_index(snapshot.vectors, snapshot.vector_items)
    if isinstance(index, FaissIndex) and len(snapshot.vectors) >= _CACHED_FROM_ROWS:
        write_cache(store.folder, index.to_bytes(), generation=snapshot.generation, backend=FAISS_FLAT)
        if store.generation() != snapshot.generation:  # what was removed meanwhile must not stay in the cache
            remove_cache(store.folder)
    return snapshot, index
