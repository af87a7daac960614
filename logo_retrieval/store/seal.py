"""Checksums of what an index says, kept in the index: SQLite by itself sees damage to the structure of its pages alone.

One SHA-256 a table, written in the transaction that changes the tables. What lies in the gaps of the file says nothing
and has none.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from logo_retrieval.fields import read_object

SEAL = "seal"
"""The row of `meta` with the checksums by table, as JSON, and the generation that they are of."""

GENERATION = "generation"
"""The row of `meta` with the number of changes so far."""

WIPE = "wipe"
"""The row of `meta` that is there while something that was removed may still lie in the file."""

_QUERIES = {
    "meta": f"SELECT key, value FROM meta WHERE key NOT IN ('{SEAL}', '{WIPE}') ORDER BY key",
    "classes": "SELECT id, name FROM classes ORDER BY id",
    "items": "SELECT id, class_id, name, source, sha256, perceptual_hash FROM items ORDER BY id",
    "thumbnails": "SELECT item_id, webp FROM thumbnails ORDER BY item_id",
    "vectors": "SELECT item_id, view, vector FROM vectors ORDER BY item_id, view",
    "audit": "SELECT id, at, action, detail FROM audit ORDER BY id",
    "names": "SELECT class_id, name FROM names ORDER BY rowid",
}
_CHUNK = 4096
"""Rows hashed at once, column by column; another number gives other checksums."""

Row = tuple[Any, ...]


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[Row]:
    """All rows of a table, in their order, with the columns that `_QUERIES` names."""
    return connection.execute(_QUERIES[table])


def seal(connection: sqlite3.Connection) -> None:
    """Writes the checksums of the tables as they are; belongs into the transaction that changes them."""
    kept = {table: _digest(rows_of(connection, table)) for table in _QUERIES}
    kept[GENERATION] = str(_value(connection, GENERATION))
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (SEAL, json.dumps(kept)))


class Seals:
    """The checksums that an index keeps.

    Attributes:
        present: whether there are any of this generation. Earlier releases write none, and leave those that are there
            when they change an index: it is then taken as it is, and has some again from the next change on.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Reads them; what cannot be read counts as none."""
        self._connection = connection
        try:
            self._kept = read_object(_value(connection, SEAL) or "{}")
        except ValueError:
            self._kept = {}
        self.present = self._kept.get(GENERATION) == _value(connection, GENERATION) is not None

    def fit(self, table: str, rows: Sequence[Row]) -> bool:
        """Whether these are the rows that were written."""
        return not self.present or self._kept.get(table) == _digest(iter(rows))

    def broken(self) -> list[str]:
        """The tables whose rows are not those that were written."""
        if not self.present:
            return []
        return [table for table in _QUERIES if self._kept.get(table) != _digest(rows_of(self._connection, table))]


def _value(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def _digest(rows: Iterator[Row]) -> str:
    """SHA-256 of some rows, hexadecimal."""
    digest = hashlib.sha256()
    while chunk := list(islice(rows, _CHUNK)):
        for column in zip(*chunk, strict=True):
            blobs = [each for each in column if isinstance(each, bytes)]
            digest.update(ascii([len(each) if isinstance(each, bytes) else each for each in column]).encode())
            digest.update(b"".join(blobs))
    return digest.hexdigest()
