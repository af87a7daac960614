"""The SQLite file of an index: its tables, how it is opened, and what its faults are called."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

from logo_retrieval.errors import (
    IndexBusy,
    IndexMissing,
    IndexReadOnly,
    IndexStoreError,
    NoDescriptors,
    StorageFull,
)

SCHEMA_VERSION = 5
INDEX_FILE = "index.sqlite"
_APPLICATION_ID = 0x4C4F474F  # "LOGO"; tells an index from any other SQLite file
_PAGE_BYTES = 16384  # several vectors to a page: at SQLite's 4096 bytes a quarter of the file would be gaps

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    class_id INTEGER NOT NULL REFERENCES classes (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    perceptual_hash INTEGER NOT NULL,
    traits BLOB NOT NULL
) STRICT;
CREATE INDEX items_by_class ON items (class_id);
CREATE INDEX items_by_sha256 ON items (sha256);
CREATE TABLE thumbnails (
    item_id INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    webp BLOB NOT NULL
) STRICT;
CREATE TABLE vectors (
    item_id INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    view INTEGER NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (item_id, view)
) STRICT;
CREATE TABLE audit (id INTEGER PRIMARY KEY, at TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE names (
    class_id INTEGER NOT NULL REFERENCES classes (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (class_id, name)
) STRICT;
"""

HOLLOW_CLASSES = "FROM classes WHERE id NOT IN (SELECT class_id FROM items UNION SELECT class_id FROM names)"
"""The part of a query that means classes with neither items nor names."""


@contextmanager
def storage_errors(path: Path, doing: str) -> Iterator[None]:
    """Turns faults of SQLite and of the file system into one `IndexStoreError` that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        kind, advice = _fault(error)
        raise kind(f"cannot {doing} '{path}': {advice}") from error
    except OSError as error:
        kind, advice = _FAULTS_OF_FILES.get(error.errno or 0, (IndexStoreError, ""))
        raise kind(f"cannot {doing} '{path}': {error.strerror or error}{advice}") from error


_FREE_SPACE = "free some space and try again"
_MORE_FILES = "close some of them, or raise the limit with `ulimit -n`"
_OTHER_RIGHTS = "change the permissions or the mount, or use another folder"
_OTHER_PLACE = "a file lies where a folder has to be: move it away, or use another folder"
_FAULTS_OF_FILES = {
    errno.ENOSPC: (StorageFull, f"; {_FREE_SPACE}"),
    errno.EDQUOT: (StorageFull, f"; {_FREE_SPACE}"),
    errno.EFBIG: (StorageFull, "; raise the limit on the size of files"),
    errno.EROFS: (IndexReadOnly, f"; {_OTHER_RIGHTS}"),
    errno.EACCES: (IndexReadOnly, f"; {_OTHER_RIGHTS}"),
    errno.EPERM: (IndexReadOnly, f"; {_OTHER_RIGHTS}"),
    errno.EEXIST: (IndexReadOnly, f"; {_OTHER_PLACE}"),
    errno.ENOTDIR: (IndexReadOnly, f"; {_OTHER_PLACE}"),
    errno.EMFILE: (NoDescriptors, f"; {_MORE_FILES}"),
    errno.ENFILE: (NoDescriptors, f"; {_MORE_FILES}"),
}
"""By number: the error, and what to do."""

_FULL = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
"""How SQLite says that a quota, or a limit on the size of files, is reached, or that its shared memory has no room."""


_FILES_OF_A_CHANGE = 8
"""More than SQLite has open while it changes an index: the file, its log, shared memory, and what it rewrites."""


def _why_no_file_opens() -> str:
    """What the system says where so many files more cannot be open, which SQLite keeps to itself; else nothing."""
    opened: list[int] = []
    try:
        while len(opened) < _FILES_OF_A_CHANGE:
            opened.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return str(error.strerror)
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return ""


def _fault(error: sqlite3.Error) -> tuple[type[IndexStoreError], str]:
    """Which error it is, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0)
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StorageFull, f"the disk is full, or that of temporary files; {_FREE_SPACE}"
        case sqlite3.SQLITE_IOERR if code in _FULL:
            return StorageFull, f"the disk or a quota is full ({error}); {_FREE_SPACE}"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return IndexBusy, "another process is using it; wait for that to end"
        case sqlite3.SQLITE_CANTOPEN if reason := _why_no_file_opens():
            return NoDescriptors, f"{reason}; {_MORE_FILES}"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return IndexStoreError, f"it may not be opened for that ({error}); check the permissions of the folder"
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            advice = "restore a copy, or move it away: an index has to be built again then"
            return IndexStoreError, f"it is damaged ({error}); {advice}"
        case sqlite3.SQLITE_IOERR:
            return IndexStoreError, f"the disk answers with an error ({error})"
        case _:
            return IndexStoreError, str(error)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Opens the file of an existing index.

    A reader opens it for writing too, where it may, so that the write-ahead log is cleared away by whoever closes
    last. One who may not opens a file without a log as immutable: it could make no log, or one that stays behind and
    that the owner may not write. Such a connection does not see what others change, see `IndexStore.generation`.

    Raises:
        IndexStoreError: when there is no index, it is of another kind or schema version, or has other tables: triggers
            and views would run what somebody else has written. `IndexReadOnly` when it is to be written and may not be.
    """
    with storage_errors(path, "open"):
        is_there = path.is_file()
    if not is_there:
        raise IndexMissing(f"there is no index at '{path.parent}': build one with `logo-retrieval build-index`")
    if write and not may_write(path):
        raise IndexReadOnly(
            f"cannot write '{path}': it may only be read, since the file or its folder may not be written by this "
            "process; change the permissions or the mount, or use a copy of the folder"
        )
    mode = "ro&immutable=1" if not write and is_read_only(path) else "rw"
    with storage_errors(path, "open"):
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}", uri=True, timeout=10.0, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            _check_kind(connection, path)
            _check_tables(connection, path)
            connection.execute("PRAGMA foreign_keys = ON")
            if not write:
                connection.execute("PRAGMA query_only = ON")
            else:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def is_read_only(path: Path) -> bool:
    """Whether this process may not write the file of an index, and nobody keeps a log of it."""
    return path.is_file() and not may_write(path) and not path.with_name(path.name + "-wal").exists()


def may_write(path: Path) -> bool:
    """Whether this process may write the file of an index, and logs beside it."""
    return all(os.access(place, os.W_OK, effective_ids=True) for place in (path, path.parent))


def number_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one in its place: of its device, and there its own; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def create(path: Path) -> None:
    """Creates the empty tables at a path where no file is yet.

    Raises:
        IndexStoreError: when the file cannot be written.
    """
    with storage_errors(path, "create"), closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.executescript(f"BEGIN; {_TABLES} COMMIT;")
    use_log(path)


def use_log(path: Path) -> None:
    """Makes the file of an index keep a write-ahead log, so that it can be read while it is written.

    Raises:
        IndexStoreError: when the file cannot be written.
    """
    with storage_errors(path, "write"), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _check_kind(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION_ID:
        raise IndexStoreError(f"'{path}' is a database, but not an index of logo-retrieval")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise IndexStoreError(
            f"'{path}' has schema version {version}, this release reads {SCHEMA_VERSION}: "
            "move it away and build it again with `logo-retrieval build-index`"
        )


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    if _schema_of(connection) != _own_schema():
        raise IndexStoreError(
            f"the tables of '{path}' are not those of an index of this release: it is damaged, or was changed by "
            "another program; restore a copy, or move it away and build the index again"
        )


def _schema_of(connection: sqlite3.Connection) -> set[tuple[str, str, str, str | None]]:
    return set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))


@cache
def _own_schema() -> set[tuple[str, str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_TABLES)
        return _schema_of(connection)


@contextmanager
def transaction(connection: sqlite3.Connection, *, write: bool = False) -> Iterator[None]:
    """Begins, and commits or rolls back; `sqlite3` itself begins only before writes.

    A write transaction takes the write lock at once, so that it cannot fail half-way for want of it.
    """
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    with connection:
        yield
