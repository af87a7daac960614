"""What answers depend on, as of one generation of an index: classes, items, their vectors, the head."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.heads.cosine import CosineHead, Novel
from logo_retrieval.inference.contents import Contents
from logo_retrieval.inference.derived import Derived, derive, standing
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.prepared import keep, opened
from logo_retrieval.open_set.evidence import NEIGHBOURS, ClassProfile
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.reading.matching import Names
from logo_retrieval.search.open import is_large, is_most_of, merged_index, open_index, renewed_index
from logo_retrieval.search.partitions import PartitionedIndex
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.segments import SegmentedIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.store.cache import remove_cache
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.stored import StoredIndex
from logo_retrieval.store.traits import ItemTraits
from logo_retrieval.types import MISSING_ID, OTHER, TRAITS, Float32Array, Int64Array, Neighbours, UInt8Array


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
        names: by which the classes are known.
        derived: what follows from the drawings and the model.
    """

    stored: StoredIndex
    classes: tuple[str, ...]
    most_views: int
    index: VectorIndex
    head: CosineHead | None
    profile: ClassProfile
    names: Names
    derived: Derived

    @property
    def number(self) -> int:
        """Of the generation."""
        return self.stored.generation

    @property
    def other(self) -> int:
        """The position of `other`."""
        return self.classes.index(OTHER)

    @property
    def scale(self) -> Scale:
        """Of the network."""
        return self.derived.scale

    def nearest(self, vectors: Float32Array, owners: Int64Array, n_images: int, k: int) -> Neighbours:
        """The k nearest items of n images.

        Args:
            vectors: (m, d) of all their views.
            owners: (m,) the image that each view belongs to.
            n_images: n.
            k: how many items; no more columns are made than the evidence needs or items are there.
        """
        k = min(k, max(len(self.stored.item_ids), NEIGHBOURS))
        return best_over_views(self.index.search(vectors, k * self.most_views), owners, n_images, k)

    def classes_of(self, neighbours: Neighbours) -> Int64Array:
        """(n, k) positions in `classes`, -1 where there is no neighbour."""
        if len(self.stored.item_ids) == 0:
            return np.full(neighbours.ids.shape, -1, np.int64)
        return np.where(neighbours.ids == MISSING_ID, -1, self.stored.item_classes[self._places_of(neighbours)])

    def traits_of(self, neighbours: Neighbours) -> UInt8Array:
        """(n, k, 272) by `images.traits.traits_of`; what is said of no neighbour has no meaning."""
        if len(self.stored.item_ids) == 0:
            return np.zeros((*neighbours.ids.shape, TRAITS), np.uint8)
        return self.stored.item_traits.at(self._places_of(neighbours))

    def _places_of(self, neighbours: Neighbours) -> Int64Array:
        """(n, k) positions among at least one item; any where there is no neighbour."""
        item_ids = self.stored.item_ids
        return np.searchsorted(item_ids, neighbours.ids.clip(min=item_ids[0]))


def read_snapshot(store: IndexStore, knowledge: Knowledge, *, cached: bool) -> IndexSnapshot:
    """Reads the index as it is now.

    Args:
        store: the open index.
        knowledge: of its model.
        cached: whether what was prepared may be taken from the cache, and of a large index is kept there.

    Raises:
        IndexStoreError: when the index is damaged.
    """
    if not cached:
        read = store.snapshot()
        if read.vectors is None:
            raise ValueError("the vectors were not read")
        return assemble(read, open_index(read.vectors, read.vector_items), knowledge)
    before = _cached(store, knowledge)
    now = renewed_snapshot(before, store, knowledge) if before else read_snapshot(store, knowledge, cached=False)
    if not is_large(len(now.index)):
        if before is not None:  # the index was larger once
            with suppress(IndexStoreError):
                remove_cache(store.folder)
        return now
    if before is not None and is_most_of(before.index, now.index):
        return now
    keep(store.folder, store.manifest, now.stored, merged_index(now.index), now.derived)
    if store.generation() != now.number:  # what was removed meanwhile must not stay in the cache
        remove_cache(store.folder)
        return now
    written = _cached(store, knowledge)  # so that the vectors are mapped
    return now if written is None or written.number != now.number else written


def _cached(store: IndexStore, knowledge: Knowledge) -> IndexSnapshot | None:
    """The index as its cache has it, as of one generation or another; None where there is none that fits."""
    kept = opened(store.folder, store.manifest)
    return _put_together(*kept, knowledge) if kept is not None and kept[2].fits(knowledge.head) else None


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
    change = change.without_what_stays(before.stored, before.index.vectors_at)
    if _are_wiped(before.index, change.kept):
        return read_snapshot(store, knowledge, cached=False)
    now, gone = change.stored, change.gone(before.stored)
    index = before.index
    if len(gone) or len(change.fresh):
        index = renewed_index(before.index, change.kept, change.places, change.fresh, now.vector_items)
    touched = {*before.stored.labels_of(gone), *now.labels_of(change.fresh_places)}
    return assemble(now, index, knowledge, (before.derived, touched))


def _are_wiped(index: VectorIndex, rows: Int64Array) -> bool:
    """Whether some vectors were wiped from the cache that is open: they were removed, and have come back since."""
    base = index.base if isinstance(index, SegmentedIndex) else index
    if not isinstance(base, PartitionedIndex):
        return False
    return bool((base.partitions.sums[base.slots[rows[rows < len(base)]]] == 0).any())


def snapshot_of(
    classes: tuple[str, ...],
    item_classes: Int64Array,
    vectors: Float32Array,
    items: Int64Array,
    knowledge: Knowledge,
    names: Sequence[tuple[str, ...]] = (),
    traits: UInt8Array | None = None,
) -> IndexSnapshot:
    """An index that lies in memory alone.

    Args:
        classes: c names.
        item_classes: (m,) int64 the class of each item, in 0..c-1.
        vectors: (v, d) unit vectors.
        items: (v,) the item of each, ascending, every item with one vector at least.
        knowledge: of the model that made the vectors.
        names: by which each class is known; () for one that is known by its own.
        traits: (m, 272) by `images.traits.traits_of`; None where they shall say nothing.
    """
    if traits is None:
        traits = np.zeros((len(item_classes), TRAITS), np.uint8)
    class_ids, item_ids = np.arange(len(classes)), np.arange(len(item_classes))
    of_items = ItemTraits.of(traits)
    stored = StoredIndex(0, classes, class_ids, item_ids, item_classes, of_items, items, vectors, tuple(names))
    return assemble(stored, open_index(vectors, items), knowledge)


def assemble(
    stored: StoredIndex,
    index: VectorIndex,
    knowledge: Knowledge,
    before: tuple[Derived, Collection[str]] | None = None,
) -> IndexSnapshot:
    """What follows from the contents of an index and its model, and from nothing else.

    Args:
        stored: the contents.
        index: searches their vectors.
        knowledge: of the model.
        before: see `derive`.
    """
    contents = Contents(stored.open_classes, stored, index.vectors_at)
    return _put_together(stored, index, derive(contents, knowledge, before), knowledge)


def _put_together(stored: StoredIndex, index: VectorIndex, derived: Derived, knowledge: Knowledge) -> IndexSnapshot:
    """All parts of a snapshot."""
    head, classes = None, derived.classes
    if knowledge.head is not None and derived.imprinted is not None:
        head = CosineHead(knowledge.head, classes, Novel(derived.places, derived.imprinted))
    counts = np.bincount(stored.item_classes, minlength=len(classes)).astype(np.int64)
    profile = ClassProfile(counts, *standing(classes, knowledge.head))
    return IndexSnapshot(
        stored=replace(stored, vectors=None),
        classes=classes,
        most_views=int(np.diff(stored.whole_drawings, append=len(stored.vector_items)).max(initial=1)),
        index=index,
        head=head,
        profile=profile,
        names=Names(_names_of(classes, stored.names), by_part=np.flatnonzero(~profile.trained).tolist()),
        derived=derived,
    )


def _names_of(classes: tuple[str, ...], kept: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The names of each class, by default its own; `other` has none."""
    known = dict(zip(classes, kept, strict=False))
    return [() if name == OTHER else known.get(name) or (name,) for name in classes]
