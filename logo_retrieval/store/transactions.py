"""The transactions that change an index, and what a removal leaves nothing of.

SQLite overwrites what it frees, the file is then rewritten without its gaps, and the write-ahead log is emptied. What
was removed is taken out of the cache, and what an interrupted build has left, which holds vectors too, is deleted. A
removal that is killed before all that is done leaves a note of it, and the next one, or `compact`, does it.
"""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from logo_retrieval.errors import IndexBusy, IndexStoreError
from logo_retrieval.store.cache import remove_cache
from logo_retrieval.store.forgetting import forget
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE, connect, storage_errors, transaction
from logo_retrieval.store.seal import (
    GENERATION,
    WHOLE,
    WIPE,
    Seals,
    check_none_broken,
    generation_of,
    parts_with,
    seal,
)
from logo_retrieval.store.staging import remove_staging

Touched = Callable[[sqlite3.Cursor], Iterable[int]]
"""Gives the numbers of the items that a change touches."""


class IndexChanged(IndexStoreError):
    """Another process has changed the index since it was read."""


@contextmanager
def removing(folder: Path, items: Touched | None) -> Iterator[sqlite3.Cursor]:
    """A transaction after which nothing is left of what it removes, nor of what a killed process has removed.

    Args:
        folder: of the index.
        items: that are removed; None checks all that there are.

    Raises:
        IndexStoreError: when the file cannot be rewritten; what was changed stays changed.
    """
    owed: str | None = None  # the note of what is still to be wiped, whoever has removed it
    gone: list[int] | None = None
    try:
        with changing(folder, items) as cursor:
            (owed,) = cursor.execute("SELECT MAX(value) FROM meta WHERE key = ?", (WIPE,)).fetchone()
            if items is not None and owed is None:
                gone = [*items(cursor)]
            own = f"owed since {generation_of(cursor.connection, folder / INDEX_FILE)}"
            cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (WIPE, own))
            yield cursor
        owed = own
    finally:
        if owed is not None:
            _wipe(folder, gone, owed)


def _wipe(folder: Path, gone: Sequence[int] | None, owed: str) -> None:
    """Leaves in the folder only what the tables say.

    Zeroing what is freed does not suffice: when a page is split, copies of its rows stay in the gap of the old one.

    Args:
        folder: of the index.
        gone: the numbers of all items that were removed; where they are not known, the cache goes as a whole.
        owed: the note that says so; one that a removal beside this one has put in its place stays.

    Raises:
        IndexStoreError: when the file cannot be rewritten; what was changed stays changed.
    """
    file = folder / INDEX_FILE
    try:
        if gone is None:
            remove_cache(folder)
        else:
            with IndexStore(folder) as store:
                forget(folder, gone, store.class_names())
        remove_staging(folder)
        with storage_errors(file, "rewrite"), closing(connect(file, write=True)) as connection:
            connection.execute("VACUUM")
            _empty_log(connection, file)
            with transaction(connection, write=True):
                connection.execute("DELETE FROM meta WHERE key = ? AND value = ?", (WIPE, owed))
    except IndexStoreError as error:
        raise type(error)(
            "what was removed is in no answer any more, but may lie in the file until `logo-retrieval compact` has "
            f"run: {error}"
        ) from error


def _empty_log(connection: sqlite3.Connection, file: Path) -> None:
    (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise IndexBusy(f"cannot rewrite '{file}': another process is reading it; wait for that to end")


@contextmanager
def changing(
    folder: Path, items: Touched | None = lambda _: (), *, generation: int | None = None
) -> Iterator[sqlite3.Cursor]:
    """A transaction that counts a generation.

    Args:
        folder: of the index.
        items: numbers of those that are touched, beside any that are added; None is all that there are.
        generation: that the index must have.

    Raises:
        IndexStoreError: also when what is touched is damaged: its checksums would be right again after the change.
    """
    file = folder / INDEX_FILE
    with (
        closing(connect(file, write=True)) as connection,
        storage_errors(file, "write"),
        transaction(connection, write=True),
    ):
        cursor = connection.cursor()
        seals = Seals(connection)
        last_item, last_line = _last_number(cursor, "items"), _last_number(cursor, "audit")
        before = WHOLE if items is None else parts_with([*items(cursor), last_item], [last_line])
        check_none_broken(seals.broken(before), file)
        if generation not in (None, generation_of(connection, file)):
            raise IndexChanged(f"the index '{folder}' was changed by another process: try again")
        yield cursor
        count_generation(cursor)
        after = parts_with(
            range(last_item + 1, _last_number(cursor, "items") + 1),
            range(last_line + 1, _last_number(cursor, "audit") + 1),
        )
        seal(connection, {table: {*parts, *after[table]} for table, parts in before.items()})


def _last_number(cursor: sqlite3.Cursor, table: str) -> int:
    (last,) = cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()
    return int(last)


def count_generation(cursor: sqlite3.Cursor) -> None:
    """One change more."""
    cursor.execute(
        "INSERT INTO meta VALUES (?, '1') "
        "ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
        (GENERATION,),
    )


def note(cursor: sqlite3.Cursor, action: str, what: str) -> None:
    """A line of the audit log."""
    cursor.execute(
        "INSERT INTO audit (at, action, detail) VALUES (?, ?, ?)",
        (datetime.now(UTC).isoformat(timespec="seconds"), action, f"{what}, by {_actor.get() or _user()}"),
    )


_actor: ContextVar[str] = ContextVar("actor", default="")


@contextmanager
def changes_by(actor: str) -> Iterator[None]:
    """Within the block, changes are logged as those of this actor, not of the user whose process it is."""
    before = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(before)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process without an entry in the password file
        return "an unnamed user"
