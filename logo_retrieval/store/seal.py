"""Checksums of what an index says, kept in the index: SQLite by itself sees damage to the structure of its pages alone.

A SHA-256 for every few thousand rows of a table, written in the transaction that changes the tables; so one that adds
rows hashes these and few others. What lies in the gaps of the file says nothing and has none.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any

from logo_retrieval.fields import read_object

SEAL = "seal"
"""The row of `meta` with the checksums by table, as JSON, and the generation that they are of."""

GENERATION = "generation"
"""The row of `meta` with the number of changes so far."""

WIPE = "wipe"
"""The row of `meta` that is there while something that was removed may still lie in the file."""

ITEM_CLASSES = "items and their classes"
"""What answers need of the table `items`, with checksums of its own."""

_QUERIES = {
    "meta": f"SELECT key, value FROM meta WHERE key >= ? AND key NOT IN ('{SEAL}', '{WIPE}') ORDER BY key",
    "classes": "SELECT id, name FROM classes WHERE id >= ? ORDER BY id",
    "items": "SELECT id, class_id, name, source, sha256, perceptual_hash FROM items WHERE id >= ? ORDER BY id",
    ITEM_CLASSES: "SELECT id, class_id FROM items WHERE id >= ? ORDER BY id",
    "thumbnails": "SELECT item_id, webp FROM thumbnails WHERE item_id >= ? ORDER BY item_id",
    "vectors": "SELECT item_id, view, vector FROM vectors WHERE item_id >= ? ORDER BY item_id, view",
    "audit": "SELECT id, at, action, detail FROM audit WHERE id >= ? ORDER BY id",
    "names": "SELECT class_id, name FROM names WHERE class_id >= ? ORDER BY class_id, rowid",
}
_GROWING = {"items": "id", "thumbnails": "item_id", "vectors": "item_id", "audit": "id"}
"""Tables that are long, and the numbers of their rows, which only climb."""

_LONG = (*_GROWING, ITEM_CLASSES)

_LOWEST = -(2**63)
_PART = 1024
"""Numbers whose rows have one checksum together; another one gives other checksums."""

Row = tuple[Any, ...]
Since = Mapping[str, int]
"""By table the number from which on its rows are meant; of a table that is not named all are."""


def rows_of(connection: sqlite3.Connection, table: str, since: Since = MappingProxyType({})) -> Iterator[Row]:
    """The rows of a table, in their order, with the columns that `_QUERIES` names."""
    return connection.execute(_QUERIES[table], ("" if table == "meta" else since.get(table, _LOWEST),))


def last_parts(connection: sqlite3.Connection) -> Since:
    """Where the part begins to which each long table's next rows belong; those before it stay as they are."""
    last = {
        table: connection.execute(f"SELECT MAX({number}) FROM {table}").fetchone()[0]
        for table, number in _GROWING.items()
    }
    last[ITEM_CLASSES] = last["items"]
    return {table: number // _PART * _PART for table, number in last.items() if number is not None}


def seal(connection: sqlite3.Connection, since: Since = MappingProxyType({})) -> None:
    """Writes the checksums of the tables as they are; belongs into the transaction that changes them.

    Args:
        connection: to the index.
        since: the rows that are new or lie beside them, as `last_parts` tells before the change; what comes before
            keeps the checksums that it has.
    """
    kept: dict[str, Any] = {table: _checksums(table, rows_of(connection, table, since)) for table in _QUERIES}
    before = read_object(_value(connection, SEAL) or "{}")
    for table, first in since.items():
        old = {part: checksum for part, checksum in before[table].items() if _number(part) < first // _PART}
        kept[table] = old | kept[table]
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
        return not self.present or self._kept.get(table) == _checksums(table, iter(rows))

    def broken(self, since: Since = MappingProxyType({})) -> list[str]:
        """The tables whose rows are not those that were written."""
        if not self.present:
            return []
        found = {table: _checksums(table, rows_of(self._connection, table, since)) for table in _QUERIES}
        return [table for table, checksums in found.items() if self._kept_since(table, since) != checksums]

    def _kept_since(self, table: str, since: Since) -> object:
        kept = self._kept.get(table)
        if table not in since or not isinstance(kept, dict):
            return kept
        return {part: checksum for part, checksum in kept.items() if _number(part) >= since[table] // _PART}


def _value(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def _number(part: str) -> int:
    return int(part) if part.removeprefix("-").isdecimal() else 0


def _checksums(table: str, rows: Iterator[Row]) -> dict[str, str]:
    """By part, hexadecimal; the rows come in the order of their numbers."""
    if table not in _LONG:
        return {"0": _digest(list(rows))}
    parts = groupby(rows, lambda row: row[0] // _PART if isinstance(row[0], int) else 0)
    return {str(part): _digest(list(some)) for part, some in parts}


def _digest(rows: Sequence[Row]) -> str:
    """SHA-256 of some rows, column by column."""
    digest = hashlib.sha256()
    for column in zip(*rows, strict=True):
        blobs = [each for each in column if isinstance(each, bytes)]
        digest.update(ascii([len(each) if isinstance(each, bytes) else each for each in column]).encode())
        digest.update(b"".join(blobs))
    return digest.hexdigest()
