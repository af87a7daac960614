"""Changes of an index by chance, made by a process that is killed, and what the index must say after each of them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from manifests import MANIFEST

from logo_retrieval.checksums import row_sums
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.search.halves import halves_of
from logo_retrieval.store.cache import Prepared, write_cache
from logo_retrieval.store.changes import add_items, compact, remove_class, remove_items, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.types import TRAITS

KINDS = ("build", "enroll", "enroll", "unenroll class", "unenroll items", "compact", "cache")
MOST_ITEMS = 60


@dataclass(frozen=True)
class State:
    """Items with their class, and names by class."""

    items: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One change: its kind, the items and names that come, and the items or the class that go."""

    kind: str
    items: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    gone: tuple[str, ...] = ()

    def after(self, state: State) -> State:
        """What the index must say when the change is done."""
        if self.kind == "build":
            return State(self.items, self.names)
        if self.kind == "unenroll class":
            return State(
                {name: label for name, label in state.items.items() if label not in self.gone},
                {label: own for label, own in state.names.items() if label not in self.gone},
            )
        kept = {name: label for name, label in state.items.items() if name not in self.gone}
        labels = {**state.names, **self.names}
        names = {label: (*state.names.get(label, ()), *self.names.get(label, ())) for label in labels}
        return State(kept | dict(self.items), names)

    def make(self, folder: Path) -> None:
        """Makes it."""
        items = [drawing(name, label) for name, label in self.items.items()]
        match self.kind:
            case "build":
                labels = sorted({*self.items.values(), *self.names})
                replace_index(folder, MANIFEST, labels, items, self.names)
            case "enroll":
                with IndexStore(folder) as store:
                    generation = store.snapshot().generation
                add_items(folder, items, generation=generation, names=self.names)
            case "unenroll class":
                remove_class(folder, self.gone[0])
            case "unenroll items":
                remove_items(folder, self.gone)
            case "compact":
                compact(folder)
            case _:
                with IndexStore(folder) as store:
                    held = store.snapshot()
                assert held.vectors is not None
                halves = halves_of(held.vectors)
                arrays = {name: getattr(held, name) for name in ("item_ids", "item_classes", "vector_items")}
                arrays["item_traits"] = held.item_traits.at(np.arange(len(held.item_ids)))
                arrays |= {"halves": halves, "sums": row_sums(halves), "trait_sums": row_sums(arrays["item_traits"])}
                write_cache(
                    folder, Prepared({"classes": held.classes, "names": held.names, "parts": held.parts}, arrays)
                )


def mark(name: str) -> bytes:
    """Bytes that only this drawing has: its thumbnail begins with them."""
    return hashlib.sha256(name.encode()).digest()


def drawing(name: str, label: str) -> StoredItem:
    """The drawing of this name, with one to three views and a thumbnail that may fill pages of its own."""
    own = mark(name)
    rng = np.random.default_rng(list(own))
    vectors = rng.normal(size=(rng.integers(1, 4), MANIFEST.dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    thumbnail = own + rng.bytes(int(rng.integers(100, 30_000)))
    return StoredItem(name, label, f"from/{name}", own, StoredDrawing(-1, own.ljust(TRAITS), thumbnail, vectors))


def next_change(state: State, chance: random.Random) -> Change:
    """Any change that can be made to the index as it is."""
    kind = chance.choice(KINDS)
    label = f"class {chance.randrange(6)}"
    new = {f"{label}/{chance.getrandbits(60):015x}": label for _ in range(chance.randint(1, 5))}
    names = {label: (f"name {chance.getrandbits(60):015x}",)} if chance.random() < 0.4 else {}
    labels = sorted({*state.items.values(), *state.names})
    if not state.items or (kind == "enroll" and len(state.items) > MOST_ITEMS):
        kind = "build"
    match kind:
        case "build" | "enroll":
            return Change(kind, new, names)
        case "unenroll class":
            return Change(kind, gone=(chance.choice(labels),))
        case "unenroll items":
            return Change(kind, gone=tuple(chance.sample(sorted(state.items), min(3, len(state.items)))))
        case _:
            return Change(kind)


def keep_changing(folder: Path, state: State, seed: int, told: Connection) -> None:
    """Makes changes for ever; tells of each before it begins, and says None when it has come back."""
    chance = random.Random(seed)
    while True:
        change = next_change(state, chance)
        told.send(change)
        change.make(folder)
        told.send(None)
        state = change.after(state)


def state_of(folder: Path) -> State:
    """What an index says; all that belongs to each item is looked at.

    Raises:
        IndexStoreError: when it says something of an item that was never written.
    """
    if not (folder / INDEX_FILE).exists():
        return State()
    with IndexStore(folder) as store:
        snapshot = store.snapshot()
        names = store.item_names(snapshot.item_ids)
        items = {
            names[item]: snapshot.classes[c] for item, c in zip(snapshot.item_ids, snapshot.item_classes, strict=True)
        }
        thumbnails = store.thumbnails(items)
        own = {label: own for label, own in store.class_names().items() if own}
        assert snapshot.vectors is not None
        for item, name in names.items():
            expected = drawing(name, items[name]).drawing
            vectors = snapshot.vectors[snapshot.vector_items == item]
            if thumbnails[name] != expected.thumbnail or not np.allclose(vectors, expected.vectors, atol=1e-3):
                raise IndexStoreError(f"'{name}' is not what was written")
    return State(items, own)
