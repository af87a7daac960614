"""Answers of earlier runs, by content: a folder with one SQLite file, which may be deleted at any time."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from logo_retrieval.closing import Closable
from logo_retrieval.errors import PASSING_CODES, IndexStoreError
from logo_retrieval.store.manifest import library_versions
from logo_retrieval.store.schema import storage_errors, transaction
from logo_retrieval.types import Decision, Evidence, ScoredLabel, TextLine

CACHE_FILE = "answers.sqlite"
CACHE_FILES = frozenset(f"{CACHE_FILE}{ending}" for ending in ("", "-wal", "-shm"))

_FORMAT = 2
_KEPT = 1_000_000
"""Answers; beyond them the oldest go."""


class AnswerCache(Closable):
    """Answers by content and by all that they depend on. For several threads and processes.

    Where the file is full, busy or damaged there are just no answers in it.
    """

    def __init__(self, folder: Path) -> None:
        """Opens the cache of a folder, or makes one.

        Raises:
            IndexStoreError: it cannot be written, or holds something else.
        """
        self._versions = json.dumps(library_versions()).encode()
        self._lock = threading.Lock()
        file = folder / CACHE_FILE
        with storage_errors(file, "write"):
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, timeout=1.0, check_same_thread=False, isolation_level=None)
            try:
                self._prepare(file)
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self, file: Path) -> None:
        run = self._connection.execute
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = OFF")  # what is lost is asked again
        tables = {name for (name,) in run("SELECT name FROM sqlite_master")}
        if tables - {"answers", "sqlite_autoindex_answers_1"}:
            raise IndexStoreError(f"'{file}' is no cache of answers: name another folder, or delete it")
        run("CREATE TABLE IF NOT EXISTS answers (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, answer TEXT)")

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def answer(self, state: bytes, content: bytes) -> Decision | None:
        """The answer to a content, as long as what it depends on is the same."""
        try:
            with self._lock:
                query = "SELECT answer FROM answers WHERE key = ?"
                row = self._connection.execute(query, (self._key(state, content),)).fetchone()
            return None if row is None else decision_of(json.loads(row[0]))
        except (sqlite3.Error, ValueError, TypeError, KeyError, RecursionError):
            return None

    def keep(self, state: bytes, answers: Mapping[bytes, Decision]) -> None:
        """Adds answers by content."""
        rows = [
            (self._key(state, content), json.dumps(asdict(answer), ensure_ascii=False))
            for content, answer in answers.items()
            if answer.reason is None or not answer.reason.startswith(PASSING_CODES)
        ]
        insert = "INSERT OR IGNORE INTO answers (key, answer) VALUES (?, ?)"
        forget = "DELETE FROM answers WHERE number <= (SELECT MAX(number) FROM answers) - ?"
        with suppress(sqlite3.Error, UnicodeError), self._lock, transaction(self._connection, write=True):
            self._connection.executemany(insert, rows)
            self._connection.execute(forget, (_KEPT,))

    def _key(self, state: bytes, content: bytes) -> bytes:
        return hashlib.sha256(b"%d %b " % (_FORMAT, self._versions) + state + content).digest()


def decision_of(values: Mapping[str, Any]) -> Decision:
    """The inverse of `dataclasses.asdict`.

    Raises:
        TypeError, KeyError: these are no values of a decision.
    """
    text = values["text"]
    lines = [TextLine(line["text"], line["confidence"], line["place"] and tuple(line["place"])) for line in text or ()]
    top = tuple(ScoredLabel(**label) for label in values["top"])
    neighbours = tuple(Evidence(**neighbour) for neighbour in values["neighbours"])
    told = {"top": top, "neighbours": neighbours, "text": None if text is None else tuple(lines)}
    return Decision(**{**values, **told})
