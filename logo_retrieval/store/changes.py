"""What changes an index: rebuilt, items added or removed. Each is one transaction, or nothing.

A removal leaves no copy of what it removed (`transactions`). The audit log keeps who, when and what, in words.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from types import MappingProxyType

from logo_retrieval.durable import take_place
from logo_retrieval.errors import IndexStoreError, NotEnrolled
from logo_retrieval.store.cache import remove_cache
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.schema import HOLLOW_CLASSES, INDEX_FILE, connect, create, storage_errors, transaction
from logo_retrieval.store.seal import seal
from logo_retrieval.store.stored import StoredItem
from logo_retrieval.store.transactions import changing, count_generation, note, removing
from logo_retrieval.store.vectors import vector_blob

Names = Mapping[str, Sequence[str]]
"""By class, the names by which it is known."""

_NO_NAMES: Names = MappingProxyType({})


def replace_index(
    folder: Path,
    manifest: Manifest,
    classes: Sequence[str],
    items: Iterable[StoredItem],
    names: Names = _NO_NAMES,
    *,
    keep_enrolments: bool = False,
) -> None:
    """Makes the index hold exactly these items and names: all of them in one transaction, or nothing changes.

    An existing file is rewritten in place rather than swapped for a new one: another process may have it open, and
    the write-ahead log of a swapped file would be applied to its successor.

    Args:
        folder: of the index.
        manifest: of the build.
        classes: all that there are.
        items: each of one of them.
        names: of some of them.
        keep_enrolments: see `check_no_enrolments`.

    Raises:
        IndexStoreError: when the file cannot be written, or the cache not be deleted; the index is then as it was.
    """
    file = folder / INDEX_FILE
    with nullcontext(file) if file.exists() else _aside(file) as written:
        with closing(connect(written, write=True)) as connection, storage_errors(written, "write"):
            with transaction(connection, write=True):
                if keep_enrolments:
                    check_no_enrolments(connection, folder)
                _fill(connection.cursor(), manifest, classes, items, names)
                # Its items have other numbers: what is removed from now on would not be told in it. Here, so that a
                # build that is killed leaves none.
                remove_cache(folder)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    remove_cache(folder)  # that a reader has written since


@contextmanager
def _aside(file: Path) -> Iterator[Path]:
    """Where the file of a new index is written; it takes its place when it is whole."""
    aside = file.with_name(file.name + ".new")
    try:
        _remove_all(aside)  # what a killed build has left
        create(aside)
        yield aside
        with storage_errors(file, "create"):
            _remove_logs(file)  # of an index that was moved away without them: they would be applied to this one
            take_place(aside, file)
    finally:
        _remove_all(aside)


def _remove_all(file: Path) -> None:
    """Deletes a database with its logs."""
    file.unlink(missing_ok=True)
    _remove_logs(file)


def _remove_logs(file: Path) -> None:
    for kind in ("wal", "shm", "journal"):
        file.with_name(f"{file.name}-{kind}").unlink(missing_ok=True)


def add_items(folder: Path, items: Sequence[StoredItem], *, generation: int, names: Names = _NO_NAMES) -> None:
    """Adds items, and names of classes; a class that is not there yet comes into being, if only by its names.

    Args:
        folder: of the index.
        items: with names that no item of the index has.
        generation: of the index that the items were checked against.
        names: that their class does not have yet, one or more for each class.

    Raises:
        IndexChanged: when the index has another generation by now.
        IndexStoreError: when it cannot be written. In each case it is as it was.
    """
    with changing(folder, generation=generation) as cursor:
        sizes = Counter(item.label for item in items)
        for label in sorted({*sizes, *names}):
            cursor.execute("INSERT OR IGNORE INTO classes (name) VALUES (?)", (label,))
            if label in sizes:
                note(cursor, "enroll", f"class '{label}': {_counted(sizes[label], 'drawing')}")
            if label in names:  # the log outlives what it tells of: it counts the names, but holds none
                note(cursor, "enroll", f"class '{label}': {_counted(len(names[label]), 'name')}")
        class_ids = {name: class_id for class_id, name in cursor.execute("SELECT id, name FROM classes")}
        (last,) = cursor.execute("SELECT COALESCE(MAX(id), 0) FROM items").fetchone()
        for item_id, item in enumerate(items, start=last + 1):
            _insert(cursor, item_id, item, class_ids[item.label])
        _insert_names(cursor, names, class_ids)


def remove_class(folder: Path, label: str) -> int:
    """Removes a class with all its items and names, and every copy of them.

    Returns:
        How many items there were.

    Raises:
        IndexStoreError: when there is no such class, or the index cannot be written; it is then as it was. Or when only
            the file cannot be rewritten, as the error then says.
    """

    def items(cursor: sqlite3.Cursor) -> list[int]:
        of_class = "SELECT items.id FROM items JOIN classes ON classes.id = class_id WHERE classes.name = ?"
        return [item for (item,) in cursor.execute(of_class, (label,))]

    with removing(folder, items) as cursor:
        n_items = len(items(cursor))
        if cursor.execute("DELETE FROM classes WHERE name = ?", (label,)).rowcount == 0:
            raise NotEnrolled(_no_class(cursor, folder, label))
        note(cursor, "unenroll", f"class '{label}' with {_counted(n_items, 'drawing')}")
    return n_items


def remove_items(folder: Path, names: Sequence[str]) -> list[str]:
    """Removes items, and every copy of them; a class that loses its last item goes with it, unless it has names.

    Returns:
        The classes that went.

    Raises:
        IndexStoreError: when one of them is not there, or the index cannot be written; it is then as it was. Or when
            only the file cannot be rewritten, as the error then says.
    """

    def items(cursor: sqlite3.Cursor) -> list[int]:
        found = (cursor.execute("SELECT id FROM items WHERE name = ?", (name,)).fetchall() for name in names)
        return [item for rows in found for (item,) in rows]

    with removing(folder, items) as cursor:
        for name in dict.fromkeys(names):
            if cursor.execute("DELETE FROM items WHERE name = ?", (name,)).rowcount == 0:
                raise NotEnrolled(f"there is no drawing '{name}' in the index '{folder}'")
            note(cursor, "unenroll", f"drawing '{name}'")
        return _without_hollow_classes(cursor)


def remove_names(folder: Path, label: str, names: Sequence[str]) -> list[str]:
    """Removes names of a class, and every copy of them; the label, if it came with the first, goes with the last.

    Returns:
        The classes that went: that one, if it has neither names nor items any more.

    Raises:
        IndexStoreError: when there is no such class, it does not have one of the names, or the index cannot be written;
            it is then as it was. Or when only the file cannot be rewritten, as the error then says.
    """
    with removing(folder, lambda _: ()) as cursor:
        row = cursor.execute("SELECT id FROM classes WHERE name = ?", (label,)).fetchone()
        if row is None:
            raise NotEnrolled(_no_class(cursor, folder, label))
        (class_id,) = row
        known = [name for (name,) in cursor.execute("SELECT name FROM names WHERE class_id = ? ORDER BY rowid", row)]
        kept = [name for name in known if name not in names]
        if strange := [name for name in names if name not in known]:
            has = f"its names are {', '.join(map(repr, known))}" if known else "it has none"
            raise NotEnrolled(f"class '{label}' has no name '{strange[0]}' in the index '{folder}': {has}")
        if label in kept and known[0] != label:  # others brought it: it stays behind them, or goes
            kept = [*(name for name in kept if name != label), label] if len(kept) > 1 else []
        cursor.execute("DELETE FROM names WHERE class_id = ?", row)
        _insert_names(cursor, {label: kept}, {label: class_id})
        note(cursor, "unenroll", f"class '{label}': {_counted(len(known) - len(kept), 'name')}")
        return _without_hollow_classes(cursor)


def _without_hollow_classes(cursor: sqlite3.Cursor) -> list[str]:
    """Removes classes that have neither items nor names, and returns which."""
    gone = [label for (label,) in cursor.execute(f"SELECT name {HOLLOW_CLASSES} ORDER BY id")]
    cursor.execute(f"DELETE {HOLLOW_CLASSES}")
    return gone


def _no_class(cursor: sqlite3.Cursor, folder: Path, label: str) -> str:
    names = [name for (name,) in cursor.execute("SELECT name FROM classes ORDER BY id")]
    folded = {name.casefold(): name for name in names}
    like = difflib.get_close_matches(label.casefold(), folded, n=3)
    hint = f", but there is {' and '.join(repr(folded[name]) for name in like)}" if like else ""
    return f"there is no class '{label}' in the index '{folder}'{hint}"


def compact(folder: Path) -> tuple[int, int]:
    """Rewrites the file without gaps.

    Returns:
        Bytes of the index file with its log, before and after.

    Raises:
        IndexStoreError: when it cannot be written, or another process is reading or writing all the time.
    """
    before = _size(folder)
    with removing(folder, None) as cursor:
        note(cursor, "compact", "rewritten without gaps")
    return before, _size(folder)


def _size(folder: Path) -> int:
    size = 0
    for file in folder.glob(INDEX_FILE + "*"):
        with suppress(FileNotFoundError):  # the log goes with whoever closes the index last
            size += file.stat().st_size
    return size


def check_no_enrolments(connection: sqlite3.Connection, folder: Path) -> None:
    """Checks that nothing was enrolled since the index in a folder was built.

    Raises:
        IndexStoreError: there are such enrolments.
    """
    built = "SELECT COALESCE(MAX(id), 0) FROM audit WHERE action = 'build'"
    (count,) = connection.execute(f"SELECT COUNT(*) FROM audit WHERE action = 'enroll' AND id > ({built})").fetchone()
    if count:
        raise IndexStoreError(
            f"the index '{folder}' has {count} enrolment(s) since it was built, which a build would wipe: "
            "name another folder, or say --replace"
        )


def _fill(
    cursor: sqlite3.Cursor, manifest: Manifest, classes: Sequence[str], items: Iterable[StoredItem], names: Names
) -> None:
    for table in ("vectors", "thumbnails", "items", "names", "classes"):
        cursor.execute(f"DELETE FROM {table}")
    cursor.executemany("INSERT INTO classes (id, name) VALUES (?, ?)", enumerate(classes, start=1))
    class_ids = {name: class_id for class_id, name in enumerate(classes, start=1)}
    count = 0
    for count, item in enumerate(items, start=1):
        _insert(cursor, count, item, class_ids[item.label])
    _insert_names(cursor, names, class_ids)
    cursor.execute("INSERT OR REPLACE INTO meta VALUES ('manifest', ?)", (manifest.to_json(),))
    count_generation(cursor)
    note(cursor, "build", f"{len(classes)} classes, {count} items")
    seal(cursor.connection)


def _insert(cursor: sqlite3.Cursor, item_id: int, item: StoredItem, class_id: int) -> None:
    drawing = item.drawing
    cursor.execute(
        "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
        (item_id, item.name, class_id, item.source, item.sha256, drawing.perceptual_hash, drawing.traits),
    )
    cursor.execute("INSERT INTO thumbnails VALUES (?, ?)", (item_id, drawing.thumbnail))
    cursor.executemany(
        "INSERT INTO vectors VALUES (?, ?, ?)",
        ((item_id, view, vector_blob(vector)) for view, vector in enumerate(drawing.vectors)),
    )


def _insert_names(cursor: sqlite3.Cursor, names: Names, class_ids: Mapping[str, int]) -> None:
    rows = ((class_ids[label], name) for label, of_class in names.items() for name in of_class)
    cursor.executemany("INSERT INTO names VALUES (?, ?)", rows)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
