"""What can be wrong with the file of an index that opens."""

from __future__ import annotations

import sqlite3

from logo_retrieval.store.seal import Seals, rows_of
from logo_retrieval.store.vectors import are_unit, vectors_of
from logo_retrieval.types import TRAITS


def faults_of(connection: sqlite3.Connection, dim: int) -> list[str]:
    """Everything that is wrong, one sentence each; empty when the file is sound.

    Args:
        connection: in a transaction.
        dim: the width of the vectors.
    """
    return _of_structure(connection) or [*_of_seals(connection), *_of_rows(connection), *_of_vectors(connection, dim)]


def _of_structure(connection: sqlite3.Connection) -> list[str]:
    check = connection.execute
    return [
        *(f"SQLite: {text}" for (text,) in check("PRAGMA integrity_check(20)") if text != "ok"),
        *(f"row {row[1]} of {row[0]} refers to no {row[2]}" for row in check("PRAGMA foreign_key_check")),
    ]


def _of_seals(connection: sqlite3.Connection) -> list[str]:
    return [f"the table {table} does not have its checksum" for table in Seals(connection).broken()]


def _of_rows(connection: sqlite3.Connection) -> list[str]:
    check = connection.execute
    return [
        *(
            f"item '{name}' has no vector"
            for (name,) in check("SELECT name FROM items WHERE id NOT IN (SELECT item_id FROM vectors)")
        ),
        *(
            f"item '{name}' has a checksum of {length} bytes, not 32"
            for name, length in check("SELECT name, length(sha256) FROM items WHERE length(sha256) <> 32")
        ),
        *(
            f"item '{name}' has traits of {length} bytes, not {TRAITS}"
            for name, length in check(f"SELECT name, length(traits) FROM items WHERE length(traits) <> {TRAITS}")
        ),
        *(
            f"item '{name}' has no thumbnail"
            for (name,) in check("SELECT name FROM items WHERE id NOT IN (SELECT item_id FROM thumbnails)")
        ),
        *(
            f"class '{name}' has neither an item nor a name"
            for (name,) in check(
                "SELECT name FROM classes "
                "WHERE id NOT IN (SELECT class_id FROM items UNION SELECT class_id FROM names) ORDER BY id"
            )
        ),
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
