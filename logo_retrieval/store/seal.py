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

SEAL = "seal"
"""The row of `meta` with the checksums by table, as JSON."""

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
    text = json.dumps({table: _digest(rows_of(connection, table)) for table in _QUERIES})
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (SEAL, text))


class Seals:
    """The checksums that an index keeps; without any, as in files of earlier releases, all is taken as it is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Reads them."""
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (SEAL,)).fetchone()
        self.present = row is not None
        self._connection = connection
        self._kept: dict[str, str] = {}
        if row is not None:
            try:
                self._kept = dict(json.loads(row[0]))
            except (ValueError, TypeError, RecursionError):
                pass  # then no table has its checksum

    def fit(self, table: str, rows: Sequence[Row]) -> bool:
        """Whether these are the rows that were written."""
        return not self.present or self._kept.get(table) == _digest(iter(rows))

    def broken(self) -> list[str]:
        """The tables whose rows are not those that were written."""
        if not self.present:
            return []
        return [table for table in _QUERIES if self._kept.get(table) != _digest(rows_of(self._connection, table))]


def _digest(rows: Iterator[Row]) -> str:
    """SHA-256 of some rows, hexadecimal."""
    digest = hashlib.sha256()
    while chunk := list(islice(rows, _CHUNK)):
        for column in zip(*chunk, strict=True):
            blobs = [each for each in column if isinstance(each, bytes)]
            digest.update(ascii([len(each) if isinstance(each, bytes) else each for each in column]).encode())
            digest.update(b"".join(blobs))
    return digest.hexdigest()
