"""What answers depend on, as of one generation of an index: classes, items, their vectors, the head."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from logo_retrieval.heads.cosine import CosineHead, HeadVectors, Novel
from logo_retrieval.heads.imprinting import NOBODY, Imprinted, imprint
from logo_retrieval.inference.contents import Contents
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.open_set.evidence import ClassProfile, Scale
from logo_retrieval.reading.matching import Names
from logo_retrieval.search.open import is_large, open_index, renewed_index
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.store.cache import read_cache, remove_cache, write_cache
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.renewal import settled_rows
from logo_retrieval.store.stored import Renewal, StoredIndex
from logo_retrieval.types import MISSING_ID, OTHER, Float32Array, Float64Array, Int64Array, Neighbours

_CACHED_AS = "faiss-float32"
"""Names the format of the cache: the vectors in 32 bits, in their order."""


@dataclass(frozen=True, slots=True)
class IndexSnapshot:
    """Loaded whole, and never changed: an index that has changed is another generation.

    Attributes:
        stored: what was read, without its vectors.
        classes: names, `other` among them.
        most_views: the largest number of vectors that an item has, at least 1.
        index: searches the vectors.
        head: of the model, fitted to these classes; None when the model has none.
        profile: what is known of the classes.
        scale: of the network.
        names: by which the classes are known.
        imprinted: what the novel classes with drawings have in the head, in their order; None without a head.
        cohort: (i, d) the impostors that set the bars.
    """

    stored: StoredIndex
    classes: tuple[str, ...]
    most_views: int
    index: VectorIndex
    head: CosineHead | None
    profile: ClassProfile
    scale: Scale
    names: Names
    imprinted: Imprinted | None
    cohort: Float32Array

    @property
    def number(self) -> int:
        """Of the generation."""
        return self.stored.generation

    @property
    def other(self) -> int:
        """The position of `other`."""
        return self.classes.index(OTHER)

    @property
    def novel_places(self) -> Int64Array:
        """Positions of the novel classes that have drawings."""
        return np.flatnonzero(self.profile.novel & (self.profile.counts > 0))

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
        item_ids = self.stored.item_ids
        if len(item_ids) == 0:
            return np.full(neighbours.ids.shape, -1, np.int64)
        places = np.searchsorted(item_ids, neighbours.ids.clip(min=item_ids[0]))
        return np.where(neighbours.ids == MISSING_ID, -1, self.stored.item_classes[places])


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


def renewed_snapshot(before: IndexSnapshot, store: IndexStore, knowledge: Knowledge) -> IndexSnapshot:
    """The index as it is now, the same as `read_snapshot` gives, at the cost of what has changed in it.

    Args:
        before: the same index as it was, with the same model.
        store: the open index.
        knowledge: of its model.

    Raises:
        IndexStoreError: when the index is damaged.
    """
    change = store.renewed(before.stored)
    if change is None:
        return read_snapshot(store, knowledge, cached=False)
    now, ids = change.stored, change.stored.vector_items
    index = renewed_index(before.index, change.kept, change.places, change.fresh, ids, settled_rows(ids))
    return assemble(now, index, knowledge, (before, _touched(before, change)))


def _touched(before: IndexSnapshot, change: Renewal) -> set[str]:
    """The classes that a drawing has come to, or gone from, or of which one is another than before."""
    gone = np.setdiff1d(np.arange(len(before.stored.vector_items)), change.kept, assume_unique=True)

    def drawings(held: StoredIndex, rows: Int64Array, vectors: Float32Array) -> set[tuple[str, int, bytes]]:
        items = held.vector_items[rows]
        labels = held.item_classes[np.searchsorted(held.item_ids, items)]
        lines = zip(labels.tolist(), items.tolist(), vectors, strict=True)
        return {(held.classes[label], item, vector.tobytes()) for label, item, vector in lines}

    was = drawings(before.stored, gone, before.index.vectors_at(gone))
    return {label for label, *_ in was ^ drawings(change.stored, change.fresh_places, change.fresh)}


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


def assemble(
    snapshot: StoredIndex,
    index: VectorIndex,
    knowledge: Knowledge,
    before: tuple[IndexSnapshot, Collection[str]] | None = None,
) -> IndexSnapshot:
    """What follows from the contents of an index and its model, and from nothing else.

    Args:
        snapshot: the contents.
        index: searches their vectors.
        knowledge: of the model.
        before: the index as it was, and the classes that are others now; what it says of the rest need not be
            computed again.
    """
    classes = in_open_world(snapshot.classes)
    learned = knowledge.head
    contents = Contents(classes, snapshot, index.vectors_at)
    targets = set() if learned is None else set(learned.classes)
    company = np.array([name != OTHER for name in classes])
    trained = company & np.array([name in targets for name in classes])
    counts = np.bincount(snapshot.item_classes, minlength=len(classes)).astype(np.int64)
    novel = company & ~trained
    scale = knowledge.fusion.scale or contents.scale(learned)
    places = np.flatnonzero(novel & (counts > 0))
    was = np.full(len(places), NOBODY, np.int64) if before is None else _places_before(places, classes, *before)
    head = imprinted = None
    if learned is not None:
        imprinted = _imprinted(contents, places, was, learned, scale, before)
        head = CosineHead(learned, classes, Novel(places, imprinted))
    bars, cohort = _bars(contents, places, was, knowledge, before)
    return IndexSnapshot(
        stored=replace(snapshot, vectors=None),
        classes=classes,
        most_views=int(np.bincount(snapshot.vector_items).max(initial=1)),
        index=index,
        head=head,
        profile=ClassProfile(counts, trained, novel, bars),
        scale=scale,
        names=Names(_names_of(classes, snapshot.names)),
        imprinted=imprinted,
        cohort=cohort,
    )


def _bars(
    contents: Contents,
    places: Int64Array,
    was: Int64Array,
    knowledge: Knowledge,
    before: tuple[IndexSnapshot, Collection[str]] | None,
) -> tuple[Float64Array, Float32Array]:
    """(c,) the bars of the novel classes, NaN for all others, and the cohort that sets them."""
    found = np.full(len(contents.classes), np.nan)
    cohort = contents.cohort(places, None if knowledge.impostors is None else knowledge.impostors.vectors)
    stays = was != NOBODY
    if before is None or not np.array_equal(cohort, before[0].cohort):
        stays[:] = False
    else:
        found[places[stays]] = before[0].profile.bars[before[0].novel_places[was[stays]]]
    fresh = places[~stays]
    if len(fresh):
        found[fresh] = contents.bars(fresh, cohort)
    return found, cohort


def _places_before(
    places: Int64Array, classes: Sequence[str], before: IndexSnapshot, touched: Collection[str]
) -> Int64Array:
    """(f,) of each novel class with drawings its place among those before; `NOBODY` of one that is touched or new."""
    place = {before.classes[c]: was for was, c in enumerate(before.novel_places.tolist())}
    names = (classes[c] for c in places.tolist())
    return np.array([NOBODY if name in touched else place.get(name, NOBODY) for name in names], np.int64)


def _imprinted(
    contents: Contents,
    places: Int64Array,
    was: Int64Array,
    learned: HeadVectors,
    scale: Scale,
    before: tuple[IndexSnapshot, Collection[str]] | None,
) -> Imprinted:
    """What the novel classes have in the head."""
    nameless = learned.nameless(contents.classes)
    earlier = None if before is None else before[0].imprinted
    if before is None or earlier is None or not np.array_equal(nameless, learned.nameless(before[0].classes)):
        return imprint(contents.means(places), learned.vectors, nameless, scale.head_high)
    means = np.empty((len(places), learned.vectors.shape[1]), np.float32)
    stays = was != NOBODY
    means[stays] = earlier.means[was[stays]]
    means[~stays] = contents.means(places[~stays])
    return imprint(means, learned.vectors, nameless, scale.head_high, (earlier, was))


def _names_of(classes: tuple[str, ...], kept: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The names of each class, by default its own; `other` has none."""
    known = dict(zip(classes, kept, strict=False))
    return [() if name == OTHER else known.get(name) or (name,) for name in classes]


def in_open_world(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The classes with `other`, which is always among those that are answered."""
    return classes if OTHER in classes else (*classes, OTHER)


def _open_search(store: IndexStore, *, cached: bool) -> tuple[StoredIndex, VectorIndex]:
    """Searches the vectors kept in the cache where it is current, else those of the SQLite file."""
    kept = read_cache(store.folder, backend=_CACHED_AS) if cached else None
    snapshot = store.snapshot(held_generation=kept[0] if kept else None)
    vectors, ids = snapshot.vectors, snapshot.vector_items
    if vectors is None:
        numbers = np.frombuffer(kept[1] if kept else b"", np.float32)
        if len(numbers) != len(ids) * store.manifest.dim:  # of another index that had come as far
            return _open_search(store, cached=False)
        vectors = numbers.reshape(len(ids), store.manifest.dim)
    elif cached and is_large(len(vectors)):
        write_cache(store.folder, vectors.tobytes(), generation=snapshot.generation, backend=_CACHED_AS)
        if store.generation() != snapshot.generation:  # what was removed meanwhile must not stay in the cache
            remove_cache(store.folder)
    return snapshot, open_index(vectors, ids, settled=settled_rows(ids))
