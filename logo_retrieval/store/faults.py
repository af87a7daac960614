"""What can be wrong with the file of an index that opens."""

from __future__ import annotations

import sqlite3

from logo_retrieval.store.schema import HOLLOW_CLASSES
from logo_retrieval.store.seal import Seals, rows_of
from logo_retrieval.store.stored import LARGEST_ITEM
from logo_retrieval.store.vectors import are_unit, vectors_of
from logo_retrieval.types import TRAITS

_FAULTS_OF_ROWS = {
    "item '{}' has the number {}": f"SELECT name, id FROM items WHERE id NOT BETWEEN 1 AND {LARGEST_ITEM}",
    "item '{}' has no vector": "SELECT name FROM items WHERE id NOT IN (SELECT item_id FROM vectors)",
    "item '{}' has a checksum of {} bytes, not 32": (
        "SELECT name, length(sha256) FROM items WHERE length(sha256) <> 32"
    ),
    f"item '{{}}' has traits of {{}} bytes, not {TRAITS}": (
        f"SELECT name, length(traits) FROM items WHERE length(traits) <> {TRAITS}"
    ),
    "item '{}' has no thumbnail": "SELECT name FROM items WHERE id NOT IN (SELECT item_id FROM thumbnails)",
    "class '{}' has neither an item nor a name": f"SELECT name {HOLLOW_CLASSES} ORDER BY id",
}
"""What is wrong with a row, and the query that finds such rows, with the columns that the sentence names."""


def faults_of(connection: sqlite3.Connection, dim: int) -> list[str]:
    """Everything that is wrong, one sentence each; empty when the file is sound.

    Args:
        connection: in a transaction.
        dim: the width of the vectors.
    """
    if faults := _of_structure(connection):
        return faults
    seals = [f"the table {table} does not have its checksum" for table in Seals(connection).broken()]
    rows = [fault.format(*row) for fault, query in _FAULTS_OF_ROWS.items() for row in connection.execute(query)]
    return [*seals, *rows, *_of_vectors(connection, dim)]


def _of_structure(connection: sqlite3.Connection) -> list[str]:
    check = connection.execute
    return [
        *(f"SQLite: {text}" for (text,) in check("PRAGMA integrity_check(20)") if text != "ok"),
        *(f"row {row[1]} of {row[0]} refers to no {row[2]}" for row in check("PRAGMA foreign_key_check")),
    ]


def _of_vectors(connection: sqlite3.Connection, dim: int) -> list[str]:
    rows = list(rows_of(connection, "vectors"))
    vectors = vectors_of([vector for _, _, vector in rows], dim)
    if vectors is None:
        return [f"the vectors are not {dim} wide"]
    fine = are_unit(vectors)
    return [
        f"a vector of item {item} is not of unit length"
        for (item, _, _), good in zip(rows, fine, strict=True)
        if not good
    ]
