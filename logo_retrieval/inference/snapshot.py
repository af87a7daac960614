"""What answers depend on, as of one generation of an index: classes, items, their vectors, the head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from logo_retrieval.heads.cosine import CosineHead, HeadVectors, Novel
from logo_retrieval.heads.imprinting import imprint
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.open_set.evidence import ClassProfile, Scale
from logo_retrieval.open_set.impostors import FEWEST_IMPOSTORS, bars, spread
from logo_retrieval.packed import unit
from logo_retrieval.reading.matching import Names
from logo_retrieval.runs import run_starts
from logo_retrieval.search.faiss_index import FAISS_FLAT, FaissIndex, faiss_is_installed
from logo_retrieval.search.open import open_index
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.store.cache import read_cache, remove_cache, write_cache
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.stored import StoredIndex
from logo_retrieval.types import MISSING_ID, OTHER, Float32Array, Float64Array, Int64Array, Neighbours

FALLBACK_SCALE = Scale(nearest_low=0.6, nearest_high=0.9, head_low=0.3, head_high=0.6)
"""Of a network of which nothing is known, in an index too small to show it."""

_SCALED_BY = 300
"""So many drawings of an index show the scale of its network."""

_FEWEST_SCALED_BY = 10

_MOST_COMPARISONS = 20_000_000
"""Of impostors with drawings, for the bars of an index: from ten thousand drawings on fewer impostors set them."""

_FEWEST_FOR_MANY = 200


@dataclass(frozen=True, slots=True)
class IndexSnapshot:
    """Loaded whole, and never changed: an index that has changed is another generation.

    Attributes:
        number: of the generation.
        classes: names, `other` among them.
        item_ids: (m,) int64, ascending.
        item_classes: (m,) int64 positions in `classes`.
        most_views: the largest number of vectors that an item has, at least 1.
        index: searches the vectors.
        head: of the model, fitted to these classes; None when the model has none.
        profile: what is known of the classes.
        scale: of the network.
        names: by which the classes are known.
    """

    number: int
    classes: tuple[str, ...]
    item_ids: Int64Array
    item_classes: Int64Array
    most_views: int
    index: VectorIndex
    head: CosineHead | None
    profile: ClassProfile
    scale: Scale
    names: Names

    @property
    def other(self) -> int:
        """The position of `other`."""
        return self.classes.index(OTHER)

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


def read_snapshot(store: IndexStore, knowledge: Knowledge, *, cached: bool) -> IndexSnapshot:
    """Reads the index as it is now.

    Args:
        store: the open index.
        knowledge: of its model.
        cached: whether vectors may be taken from the cache, and of a large index are kept there.

    Raises:
        IndexStoreError: when the index is damaged.
    """
    return assemble(*_open_search(store, cached=cached), knowledge)


def snapshot_of(
    classes: tuple[str, ...],
    item_classes: Int64Array,
    vectors: Float32Array,
    items: Int64Array,
    knowledge: Knowledge,
    names: Sequence[tuple[str, ...]] = (),
) -> IndexSnapshot:
    """An index that lies in memory alone.

    Args:
        classes: c names.
        item_classes: (m,) int64 the class of each item, in 0..c-1.
        vectors: (v, d) unit vectors.
        items: (v,) the item of each, ascending, every item with one vector at least.
        knowledge: of the model that made the vectors.
        names: by which each class is known; () for one that is known by its own.
    """
    held = StoredIndex(0, classes, np.arange(len(item_classes)), item_classes, items, vectors, tuple(names))
    return assemble(held, open_index(vectors, items), knowledge)


def assemble(snapshot: StoredIndex, index: VectorIndex, knowledge: Knowledge) -> IndexSnapshot:
    """What follows from the contents of an index and its model, and from nothing else."""
    classes = in_open_world(snapshot.classes)
    learned = knowledge.head
    contents = Contents(classes, snapshot, index.vectors_at)
    targets = set() if learned is None else set(learned.classes)
    company = np.array([name != OTHER for name in classes])
    trained = company & np.array([name in targets for name in classes])
    counts = np.bincount(snapshot.item_classes, minlength=len(classes)).astype(np.int64)
    novel = company & ~trained
    scale = knowledge.fusion.scale or contents.scale(learned)
    head = None
    if learned is not None:
        places = np.flatnonzero(novel & (counts > 0))
        imprinted = imprint(contents.means(places), learned.vectors, learned.nameless(classes), scale.head_high)
        head = CosineHead(learned, classes, Novel(places, imprinted))
    cohort = None if knowledge.impostors is None else knowledge.impostors.vectors
    return IndexSnapshot(
        number=snapshot.generation,
        classes=classes,
        item_ids=snapshot.item_ids,
        item_classes=snapshot.item_classes,
        most_views=int(np.bincount(snapshot.vector_items).max(initial=1)),
        index=index,
        head=head,
        profile=ClassProfile(counts, trained, novel, contents.bars(np.flatnonzero(novel & (counts > 0)), cohort)),
        scale=scale,
        names=Names(_names_of(classes, snapshot.names)),
    )


def _names_of(classes: tuple[str, ...], kept: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The names of each class, by default its own; `other` has none."""
    known = dict(zip(classes, kept, strict=False))
    return [() if name == OTHER else known.get(name) or (name,) for name in classes]


@dataclass(frozen=True, slots=True)
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
        held = self.snapshot
        items = np.flatnonzero(np.isin(held.item_classes, places))
        items = items[np.argsort(held.item_classes[items], kind="stable")]
        if len(items) == 0:
            return np.zeros((0, self.vectors_at(np.zeros(0, np.int64)).shape[1]), np.float32)
        starts = run_starts(held.item_classes[items])
        return unit(np.add.reduceat(self.vectors_at(held.whole_drawings[items]), starts, axis=0))

    def bars(self, places: Int64Array, cohort: Float32Array | None) -> Float64Array:
        """(c,) the bars of some classes, NaN for all others; by the index's drawings of `other` without a cohort."""
        held = self.snapshot
        found = np.full(len(self.classes), np.nan)
        if len(places) == 0:
            return found
        if cohort is None or len(cohort) < FEWEST_IMPOSTORS:
            others = held.whole_drawings[held.item_classes == self.classes.index(OTHER)]
            cohort = self.vectors_at(spread(others))
        vector_classes = held.item_classes[np.searchsorted(held.item_ids, held.vector_items)]
        rows = np.flatnonzero(np.isin(vector_classes, places))
        cohort = cohort[spread(np.arange(len(cohort)), max(_FEWEST_FOR_MANY, _MOST_COMPARISONS // max(len(rows), 1)))]
        owners = np.searchsorted(places, vector_classes[rows])
        found[places] = bars(cohort, self.vectors_at(rows), owners, len(places))
        return found

    def scale(self, learned: HeadVectors | None) -> Scale:
        """The scale of a network of which nothing is known: to all other classes a drawing is an unknown logo.

        Some hundred drawings are compared with the companies that they do not show; with fewer than ten such drawings
        the scale is `FALLBACK_SCALE`.
        """
        held, other = self.snapshot, self.classes.index(OTHER)
        asked = spread(np.arange(len(held.item_ids)), _SCALED_BY)
        vectors, shown = self.vectors_at(held.whole_drawings[asked]), held.item_classes[asked]
        item_classes = held.item_classes[np.searchsorted(held.item_ids, held.vector_items)]
        everything = self.vectors_at(np.arange(len(held.vector_items)))
        nearest = _nearest_company(vectors, shown, everything, item_classes, other)
        by_head = None
        if learned is not None:
            place = {name: position for position, name in enumerate(self.classes)}
            targets = np.array([place.get(name, other) for name in learned.classes], np.int64)
            by_head = _nearest_company(vectors, shown, learned.vectors, targets, other)
        try:
            return Scale.of_unknown(nearest, by_head) if len(nearest) >= _FEWEST_SCALED_BY else FALLBACK_SCALE
        except ValueError:  # all alike
            return FALLBACK_SCALE


def _nearest_company(
    vectors: Float32Array, shown: Int64Array, gallery: Float32Array, gallery_classes: Int64Array, other: int
) -> Float32Array:
    """(u,) how near each drawing comes to a company that it does not show, where there is another."""
    cosines = vectors @ gallery.T
    cosines[(gallery_classes == shown[:, None]) | (gallery_classes == other)] = -np.inf
    best: Float32Array = cosines.max(axis=1, initial=-np.inf)
    return best[np.isfinite(best)]


def in_open_world(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The classes with `other`, which is always among those that are answered."""
    return classes if OTHER in classes else (*classes, OTHER)


def _open_search(store: IndexStore, *, cached: bool) -> tuple[StoredIndex, VectorIndex]:
    """Searches the vectors kept in the cache where it is current, else those of the SQLite file."""
    kept = read_cache(store.folder, backend=FAISS_FLAT) if cached else None
    generation, payload = kept if kept and faiss_is_installed() else (None, b"")
    snapshot = store.snapshot(held_generation=generation)
    if snapshot.vectors is None:
        try:
            return snapshot, FaissIndex.from_bytes(payload, snapshot.vector_items, store.manifest.dim)
        except ValueError:  # of another index that had come as far
            return _open_search(store, cached=False)
    index = open_index(snapshot.vectors, snapshot.vector_items)
    if cached and isinstance(index, FaissIndex):
        write_cache(store.folder, index.to_bytes(), generation=snapshot.generation, backend=FAISS_FLAT)
        if store.generation() != snapshot.generation:  # what was removed meanwhile must not stay in the cache
            remove_cache(store.folder)
    return snapshot, index
