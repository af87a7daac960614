"""One index folder: its SQLite file read as arrays. What writes it is in `changes`."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from logo_retrieval.closing import Closable
from logo_retrieval.errors import IndexRebuilt, IndexStoreError
from logo_retrieval.packed import unit
from logo_retrieval.store.arrays import arranged, items_of, names_of, numbers_of, stored_vectors, unit_vectors
from logo_retrieval.store.faults import faults_of
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.renewal import are_renamed, changed_parts, joined, outside
from logo_retrieval.store.schema import (
    INDEX_FILE,
    connect,
    is_read_only,
    may_write,
    number_of,
    storage_errors,
    transaction,
)
from logo_retrieval.store.seal import (
    ANSWERED_BY,
    ITEM_FACTS,
    WIPE,
    Seals,
    check_none_broken,
    generation_of,
    rows_of,
)
from logo_retrieval.store.stored import Change, Renewal, StoredIndex
from logo_retrieval.store.traits import ItemTraits
from logo_retrieval.types import MISSING_ID, Float32Array, Int64Array

_LASTING = ("model_digest", "precision", "dim", "preparation", "decision")
"""What of the manifest rows are read for."""


class IndexStore(Closable):
    """Reads one index folder, for many threads in turn. Use as a context manager, or call `close`."""

    def __init__(self, folder: Path) -> None:
        """Opens an index for reading.

        Raises:
            IndexStoreError: when it is missing, damaged or of another schema version.
        """
        self.folder = folder.absolute()  # it stays the same index wherever the process goes
        self.file = self.folder / INDEX_FILE
        self._lock = threading.RLock()
        self._connect()
        try:
            self._number = number_of(self.file)
            self.manifest = self.read_manifest()
        except BaseException:
            self._connection.close()
            raise

    def _connect(self) -> None:
        seen = None if may_write(self.file) else self._state()
        self._connection = connect(self.file, write=False)
        self._seen = seen  # only now: where it could not be opened, the next one who asks tries again

    def _state(self) -> tuple[object, ...] | None:
        """What changes with the file, and with whether somebody keeps a log of it; None where there is none."""
        with suppress(OSError):
            status = self.file.stat()
            return status.st_size, status.st_mtime_ns, is_read_only(self.file)
        return None

    @contextmanager
    def _reading(self, doing: str = "read") -> Iterator[None]:
        """The connection is one thread's: it has one transaction, in which any other would read what was before."""
        with storage_errors(self.file, doing), self._lock:
            yield

    @contextmanager
    def _reading_all(self) -> Iterator[None]:
        """One consistent view of the file.

        Raises:
            IndexRebuilt: its rows are not of the manifest by which the index was opened.
        """
        with self._reading(), transaction(self._connection):
            now = self.read_manifest()
            if any(getattr(now, name) != getattr(self.manifest, name) for name in _LASTING):
                raise IndexRebuilt(f"the index '{self.folder}' was built anew, otherwise: open it again")
            yield

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def is_replaced(self) -> bool:
        """Whether another file is in the place of the open one, which is read on where there is none."""
        return number_of(self.file) not in (None, self._number)

    def read_manifest(self) -> Manifest:
        """The manifest as it is now; `manifest` is that of when the index was opened.

        Raises:
            IndexStoreError: when it is missing or cannot be read.
        """
        rows = self._rows("SELECT value FROM meta WHERE key = 'manifest'")
        if not rows:
            raise IndexStoreError(f"'{self.file}' has no manifest: build the index again")
        try:
            return Manifest.from_json(rows[0][0])
        except IndexStoreError as error:
            raise IndexStoreError(f"'{self.file}': {error}") from error

    def generation(self) -> int:
        """How many transactions have changed the index; read anew each time.

        A file that may only be read is opened anew where somebody else has changed it.

        Raises:
            IndexStoreError: when the file is damaged.
        """
        with self._reading():
            if self._seen is not None and self._state() not in (None, self._seen):
                before = self._connection
                self._connect()
                before.close()
            return generation_of(self._connection, self.file)

    def digest(self) -> bytes:
        """SHA-256 of the checksums of all tables, as they were when the index was last changed."""
        rows = self._rows("SELECT key, value FROM meta ORDER BY key")
        return hashlib.sha256(repr(rows).encode()).digest()

    def snapshot(self) -> StoredIndex:
        """Reads classes, their names, items and vectors in one consistent view of the file.

        Raises:
            IndexRebuilt: it was built anew since it was opened, in a way that its manifest does not tell of.
            IndexStoreError: when the file is damaged or the vectors do not have the manifest's width.
        """
        with self._reading_all():
            seals = Seals(self._connection)
            generation = generation_of(self._connection, self.file)
            tables = ("meta", "classes", ITEM_FACTS, "names", "vectors")
            rows = {table: list(rows_of(self._connection, table)) for table in tables}
        check_none_broken([table for table in tables if not seals.fit(table, rows[table])], self.file)
        vectors = unit_vectors([row[2] for row in rows["vectors"]], self.manifest.dim, self.file)
        item_ids, item_classes, traits = items_of(rows[ITEM_FACTS], rows["classes"], self.file)
        items = item_ids, item_classes, ItemTraits.of(traits)
        return arranged(generation, rows, items, numbers_of(rows["vectors"]), vectors, seals.parts(), self.file)

    def renewed(self, before: StoredIndex) -> Renewal | None:
        """The index as it is now, of which only that is read which has changed since it was read before.

        Returns:
            None where its checksums do not tell what has changed.

        Raises:
            IndexRebuilt: as `snapshot`.
            IndexStoreError: when what is read is damaged.
        """
        with self._reading_all():
            seals = Seals(self._connection)
            parts = changed_parts(before, seals)
            if parts is None:
                return None
            generation = generation_of(self._connection, self.file)
            rows = {table: list(rows_of(self._connection, table)) for table in ("meta", "classes", "names")}
            fresh = {table: list(rows_of(self._connection, table, {table: parts})) for table in ANSWERED_BY}
        broken = [table for table in rows if not seals.fit(table, rows[table])]
        broken += [table for table in fresh if not seals.fit(table, fresh[table], {table: parts})]
        check_none_broken(broken, self.file)
        if are_renamed(before, dict(rows["classes"])):
            return None
        place = {name: position for position, (_, name) in enumerate(rows["classes"])}
        moved = np.array([place.get(name, MISSING_ID) for name in before.classes], np.int64)
        stay, kept = (np.flatnonzero(outside(ids, parts)) for ids in (before.item_ids, before.vector_items))
        if before.item_traits.are_wiped(stay):  # what was removed has come back, but not to the cache that is open
            return None
        came_ids, came_classes, came_traits = items_of(fresh[ITEM_FACTS], rows["classes"], self.file)
        item_ids, order = joined(before.item_ids[stay], came_ids)
        item_classes = np.concatenate([moved[before.item_classes[stay]], came_classes])[order]
        items = item_ids, item_classes, before.item_traits.renewed(stay, came_traits, order)
        vector_items, order = joined(before.vector_items[kept], numbers_of(fresh["vectors"]))
        stored = arranged(generation, rows, items, vector_items, None, seals.parts(), self.file)
        vectors = unit_vectors([row[2] for row in fresh["vectors"]], self.manifest.dim, self.file)
        return Renewal(stored, kept, np.flatnonzero(order < len(kept)), vectors)

    def class_names(self) -> dict[str, tuple[str, ...]]:
        """The names by which each class is known, by class, in the order stored; () where none are stored."""
        with self._reading(), transaction(self._connection):
            names = names_of(rows_of(self._connection, "names"))
            classes = self._connection.execute("SELECT id, name FROM classes ORDER BY id").fetchall()
        return {label: names.get(class_id, ()) for class_id, label in classes}

    def item_names(self, item_ids: Iterable[int]) -> dict[int, str]:
        """Names of some items by id; one that is gone is left out."""
        query = "SELECT id, name FROM items WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._rows(query, json.dumps([*map(int, item_ids)])))

    def thumbnails(self, names: Iterable[str]) -> dict[str, bytes]:
        """The small WebP pictures of some items, by item name."""
        query = "SELECT webp FROM thumbnails JOIN items ON items.id = item_id WHERE name = ?"
        rows = {name: self._rows(query, name) for name in names}
        return {name: found[0][0] for name, found in rows.items() if found}

    def held(self, digests: Iterable[bytes]) -> dict[bytes, list[tuple[str, str]]]:
        """Of some SHA-256 digests those of files that are in the index, each with name and class of its items."""
        query = (
            "SELECT items.name, classes.name FROM items JOIN classes ON classes.id = class_id "
            "WHERE sha256 = ? ORDER BY items.id"
        )
        rows = {digest: self._rows(query, digest) for digest in digests}
        return {digest: items for digest, items in rows.items() if items}

    def has_item(self, name: str) -> bool:
        """Whether an item is called so."""
        return bool(self._rows("SELECT 1 FROM items WHERE name = ?", name))

    def changes(self) -> list[Change]:
        """The audit log, oldest first."""
        return [Change(*row) for row in self._rows("SELECT at, action, detail FROM audit ORDER BY id")]

    def class_vectors(self, names: Iterable[str]) -> dict[str, Float32Array]:
        """The (r, d) vectors of some classes, by name; a class without any is left out."""
        query = (
            "SELECT vector FROM vectors JOIN items ON items.id = item_id JOIN classes ON classes.id = class_id "
            "WHERE classes.name = ? ORDER BY item_id, view"
        )
        found = {name: [vector for (vector,) in self._rows(query, name)] for name in names}
        return {name: unit(stored_vectors(own, self.manifest.dim, self.file)) for name, own in found.items() if own}

    def fingerprints(self) -> tuple[list[str], list[str], list[bytes], Int64Array, Float32Array]:
        """Names, classes, SHA-256, (n,) perceptual hashes and (n, d) vectors of the whole drawings, by item id."""
        query = (
            "SELECT items.name, classes.name, sha256, perceptual_hash, vector FROM items "
            "JOIN classes ON classes.id = class_id JOIN vectors ON item_id = items.id AND view = 0 ORDER BY items.id"
        )
        rows = self._rows(query)
        names, labels, digests, hashes, vectors = zip(*rows, strict=True) if rows else ((),) * 5
        return (
            list(names),
            list(labels),
            list(digests),
            np.array(hashes, np.int64),
            unit(stored_vectors(vectors, self.manifest.dim, self.file)),
        )

    def items_of(self, label: str) -> list[str]:
        """The names of a class's items, in the order stored."""
        query = (
            "SELECT items.name FROM items JOIN classes ON classes.id = class_id "
            "WHERE classes.name = ? ORDER BY items.id"
        )
        return [name for (name,) in self._rows(query, label)]

    def class_sizes(self) -> dict[str, int]:
        """How many items each class has, by name."""
        query = (
            "SELECT classes.name, COUNT(items.id) FROM classes LEFT JOIN items ON items.class_id = classes.id "
            "GROUP BY classes.id ORDER BY classes.id"
        )
        return dict(self._rows(query))

    def is_wiped(self) -> bool:
        """Whether nothing that was removed may still lie in the file, as after a removal that was killed."""
        return not self._rows("SELECT 1 FROM meta WHERE key = ?", WIPE)

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._reading():
            return self._connection.execute(query, values).fetchall()

    def faults(self) -> list[str]:
        """Everything that is wrong with the file, one sentence each; empty when it is sound."""
        with self._reading("check"), transaction(self._connection):
            faults = faults_of(self._connection, self.manifest.dim)
            try:
                generation_of(self._connection, self.file)
            except IndexStoreError as error:
                faults.append(str(error))
        return faults
