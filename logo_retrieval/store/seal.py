"""Checksums of what an index says, kept in the index: SQLite by itself sees damage to the structure of its pages alone.

A SHA-256 for every thousand rows of a table, written in the transaction that changes the tables; so one that adds or
removes rows hashes these and few others. What lies in the gaps of the file says nothing and has none.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeGuard

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.fields import read_object

SEAL = "seal"
"""The row of `meta` with the checksums by table, as JSON."""

GENERATION = "generation"
"""The row of `meta` with the number of changes so far."""

WIPE = "wipe"
"""The row of `meta` that is there while something that was removed may still lie in the file."""

ITEM_FACTS = "classes and traits of items"
"""What answers need of the table `items`, with checksums of its own."""

_QUERIES = {
    "meta": f"SELECT key, value FROM meta WHERE key NOT IN ('{SEAL}', '{WIPE}') ORDER BY key",
    "classes": "SELECT id, name FROM classes ORDER BY id",
    "items": (
        "SELECT id, class_id, name, source, sha256, perceptual_hash, traits FROM items "
        "WHERE id BETWEEN ? AND ? ORDER BY id"
    ),
    ITEM_FACTS: "SELECT id, class_id, traits FROM items WHERE id BETWEEN ? AND ? ORDER BY id",
    "thumbnails": "SELECT item_id, webp FROM thumbnails WHERE item_id BETWEEN ? AND ? ORDER BY item_id",
    "vectors": "SELECT item_id, view, vector FROM vectors WHERE item_id BETWEEN ? AND ? ORDER BY item_id, view",
    "audit": "SELECT id, at, action, detail FROM audit WHERE id BETWEEN ? AND ? ORDER BY id",
    "names": "SELECT class_id, name FROM names ORDER BY class_id, rowid",
}
_OF_ITEMS = ("items", ITEM_FACTS, "thumbnails", "vectors")
_LONG = (*_OF_ITEMS, "audit")
"""Tables with a checksum for each part of their rows."""

_EVERY_NUMBER = (-(2**63), 2**63 - 1)
_DIGITS = len(str(2**63))
PART = 1024
"""Numbers whose rows have one checksum together; another one gives other checksums."""

ANSWERED_BY = (ITEM_FACTS, "vectors")
"""The long tables that answers depend on."""

Row = tuple[Any, ...]
Parts = Mapping[str, Collection[int]]
"""By long table, the numbers of the parts that are looked at; all rows of a table that is not named. The checksums of
parts, which say what is in them, are another thing: see `Seals.parts`."""

WHOLE: Parts = MappingProxyType({})


def rows_of(connection: sqlite3.Connection, table: str, parts: Parts = WHOLE) -> Iterator[Row]:
    """The rows of a table, in their order, with the columns that `_QUERIES` names."""
    if table not in _LONG:
        yield from connection.execute(_QUERIES[table])
    elif table not in parts:
        yield from connection.execute(_QUERIES[table], _EVERY_NUMBER)
    else:
        for part in sorted(parts[table]):
            yield from connection.execute(_QUERIES[table], (part * PART, (part + 1) * PART - 1))


def parts_with(items: Iterable[int], lines: Iterable[int]) -> Parts:
    """The parts that hold some items and some lines of the log, given their numbers."""
    of_items = {item // PART for item in items}
    return {**dict.fromkeys(_OF_ITEMS, of_items), "audit": {line // PART for line in lines}}


def seal(connection: sqlite3.Connection, parts: Parts = WHOLE) -> None:
    """Writes the checksums of the tables as they are; belongs into the transaction that changes them.

    Args:
        connection: to the index.
        parts: where rows were added or removed; all others keep the checksums that they have.
    """
    kept: dict[str, Any] = {table: _checksums(table, rows_of(connection, table, parts)) for table in _QUERIES}
    before = read_object(_value(connection, SEAL) or "{}") if parts else {}
    for table, changed in parts.items():
        kept[table] |= {part: checksum for part, checksum in before[table].items() if _number(part) not in changed}
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (SEAL, json.dumps(kept)))


class Seals:
    """The checksums that an index keeps."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Reads them; what cannot be read counts as none."""
        self._connection = connection
        try:
            self._kept = read_object(_value(connection, SEAL) or "{}")
        except ValueError:
            self._kept = {}

    def fit(self, table: str, rows: Iterable[Row], parts: Parts = WHOLE) -> bool:
        """Whether these are the rows that were written, to some parts of a long table or to all of it."""
        return self._kept_of(table, parts) == _checksums(table, iter(rows))

    def broken(self, parts: Parts = WHOLE) -> list[str]:
        """The tables whose rows are not those that were written."""
        return [table for table in _QUERIES if not self.fit(table, rows_of(self._connection, table, parts), parts)]

    def parts(self) -> dict[str, dict[str, str]]:
        """By table of `ANSWERED_BY` the checksum of each of its parts; empty where there are none."""
        kept = {table: self._kept.get(table) for table in ANSWERED_BY}
        whole = {table: parts for table, parts in kept.items() if are_parts(parts)}
        return whole if len(whole) == len(ANSWERED_BY) else {}

    def _kept_of(self, table: str, parts: Parts) -> object:
        kept = self._kept.get(table)
        if table not in parts or not isinstance(kept, dict):
            return kept
        return {part: checksum for part, checksum in kept.items() if _number(part) in parts[table]}


def check_none_broken(tables: Sequence[str], file: Path) -> None:
    """Refuses the file of an index some of whose tables do not have their checksum.

    Raises:
        IndexStoreError: there are such tables.
    """
    if tables:
        raise IndexStoreError(
            f"'{file}' is damaged: the table{'s' * (len(tables) > 1)} {', '.join(tables)} cannot be what was written; "
            "restore a copy, or build the index again"
        )


def generation_of(connection: sqlite3.Connection, file: Path) -> int:
    """How many transactions have changed an index.

    Raises:
        IndexStoreError: the file does not say.
    """
    value = _value(connection, GENERATION)
    if value is None or not _is_number(value):
        raise IndexStoreError(f"'{file}' has no generation: build the index again")
    return int(value)


def _value(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def are_parts(value: object) -> TypeGuard[dict[str, str]]:
    """Whether these are checksums by part, as `Seals.parts` has them of each table."""
    return isinstance(value, dict) and all(_is_number(part) and isinstance(value[part], str) for part in value)


def _is_number(text: str) -> bool:
    """Whether it is a whole number that the file can hold, and the next one too."""
    return text.isdecimal() and len(text) < _DIGITS


def _number(part: str) -> int:
    return int(part) if _is_number(part.removeprefix("-")) else 0


def _checksums(table: str, rows: Iterator[Row]) -> dict[str, str]:
    """By part, hexadecimal; the rows come in the order of their numbers."""
    if table not in _LONG:
        return {"0": _digest(list(rows))}
    parts = groupby(rows, lambda row: row[0] // PART if isinstance(row[0], int) else 0)
    return {str(part): _digest(list(some)) for part, some in parts}


def _digest(rows: Sequence[Row]) -> str:
    """SHA-256 of some rows, column by column."""
    digest = hashlib.sha256()
    for column in zip(*rows, strict=True):
        blobs = [value for value in column if isinstance(value, bytes)]
        digest.update(ascii([len(value) if isinstance(value, bytes) else value for value in column]).encode())
        digest.update(b"".join(blobs))
    return digest.hexdigest()
