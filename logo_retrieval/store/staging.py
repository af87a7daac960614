"""Work already done by a build that has not ended: embeddings by content, so that a second run goes on."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.store.schema import number_of, storage_errors
from logo_retrieval.store.stored import StoredDrawing

STAGING_FILE = "build.sqlite"
_FORMAT = 3
"""Of the tables; what another release has left is of another recipe."""


class Staging:
    """Drawings by SHA-256 for one recipe (model, preparation, precision); another recipe starts afresh.

    Holds the file exclusively: a second build of the same index fails with a clear error instead of mixing in. A build
    that fails before anything is staged leaves no file.
    """

    def __init__(self, folder: Path, recipe: str) -> None:
        """Opens or creates the staging file of an index folder.

        Raises:
            IndexStoreError: when it cannot be written, or another build holds it.
        """
        self._file = folder / STAGING_FILE
        with storage_errors(self._file, "write"):
            while not self._is_held(recipe):
                self._connection.close()

    def _is_held(self, recipe: str) -> bool:
        """Opens the file; false where the build that held it so far has ended meanwhile, and deleted it."""
        self._file.touch()
        number = number_of(self._file)
        self._connection = sqlite3.connect(self._file, timeout=0.5)
        try:
            self._prepare(recipe)
        except BaseException:
            self._connection.close()
            raise
        return number_of(self._file) == number

    def _prepare(self, recipe: str) -> None:
        run = self._connection.execute
        recipe = f"{_FORMAT} {recipe}"
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA synchronous = NORMAL")
        run("BEGIN EXCLUSIVE")
        run("CREATE TABLE IF NOT EXISTS recipe (text TEXT NOT NULL)")
        if run("SELECT text FROM recipe").fetchall() != [(recipe,)]:
            run("DROP TABLE IF EXISTS drawings")
            run("DELETE FROM recipe")
            run("INSERT INTO recipe VALUES (?)", (recipe,))
        run(
            "CREATE TABLE IF NOT EXISTS drawings (sha256 BLOB PRIMARY KEY, perceptual_hash INTEGER NOT NULL, "
            "traits BLOB NOT NULL, thumbnail BLOB NOT NULL, dim INTEGER NOT NULL, vectors BLOB NOT NULL, "
            "checksum BLOB NOT NULL)"
        )
        self._connection.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(sqlite3.DatabaseError):  # of a damaged file, which the error has told
                if self._connection.execute("SELECT 1 FROM drawings LIMIT 1").fetchone() is None:
                    self.discard()
        self._connection.close()

    def __contains__(self, sha256: bytes) -> bool:
        with storage_errors(self._file, "read"):
            row = self._connection.execute("SELECT 1 FROM drawings WHERE sha256 = ?", (sha256,)).fetchone()
        return row is not None

    def add(self, drawings: dict[bytes, StoredDrawing]) -> None:
        """Keeps a batch; it survives a kill right after.

        Raises:
            IndexStoreError: when it cannot be written.
        """
        with storage_errors(self._file, "write"):
            for sha256, drawing in drawings.items():
                vectors = drawing.vectors.shape[1], drawing.vectors.tobytes()
                content = (drawing.perceptual_hash, drawing.traits, drawing.thumbnail, *vectors)
                self._connection.execute(
                    "INSERT OR REPLACE INTO drawings VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (sha256, *content, _checksum(content)),
                )
            self._connection.commit()

    def get(self, sha256: bytes) -> StoredDrawing:
        """The drawing of these bytes.

        Raises:
            KeyError: when it was never added.
            IndexStoreError: when the file is damaged.
        """
        with storage_errors(self._file, "read"):
            row = self._connection.execute(
                "SELECT perceptual_hash, traits, thumbnail, dim, vectors, checksum FROM drawings WHERE sha256 = ?",
                (sha256,),
            ).fetchone()
        if row is None:
            raise KeyError(sha256.hex())
        *content, checksum = row
        if _checksum(tuple(content)) != checksum:
            raise IndexStoreError(f"'{self._file}' is damaged: delete it, and build the index again")
        perceptual_hash, traits, thumbnail, dim, vectors = content
        return StoredDrawing(perceptual_hash, traits, thumbnail, np.frombuffer(vectors, np.float32).reshape(-1, dim))

    def discard(self) -> None:
        """Removes the file: the build has ended."""
        for file in (self._file, self._file.with_name(self._file.name + "-journal")):
            file.unlink(missing_ok=True)  # while it is held: whoever waits can tell, and has none yet
        self._connection.close()


def _checksum(content: tuple[object, ...]) -> bytes:
    return hashlib.sha256(ascii(content).encode()).digest()


def remove_staging(folder: Path) -> None:
    """Deletes what an interrupted build has left, if there is anything.

    Raises:
        IndexStoreError: when it may not be deleted, or a build holds it.
    """
    if (folder / STAGING_FILE).exists():
        with Staging(folder, "") as staging, storage_errors(folder / STAGING_FILE, "delete"):
            staging.discard()
