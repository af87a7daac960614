"""A removal that could not be finished is finished by the next one; the index says so meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Run
from test_store import CLASSES, ITEMS, MANIFEST

from logo_retrieval.errors import IndexBusy, IndexStoreError
from logo_retrieval.store import transactions
from logo_retrieval.store.changes import add_items, compact, remove_class, remove_items, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE, connect, transaction
from logo_retrieval.store.staging import STAGING_FILE, Staging, remove_staging


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """An index from which a class was removed while another build held what it had staged."""
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    with Staging(tmp_path, "recipe"), pytest.raises(IndexStoreError, match="until `logo-retrieval compact` has run"):
        remove_class(tmp_path, "beta")
    return tmp_path


def is_wiped(folder: Path) -> bool:
    with IndexStore(folder) as store:
        assert store.class_sizes() == {"ärzte": 1} and store.faults() == []
        return store.is_wiped()


def test_it_is_finished_by_the_same_removal_once_more(unfinished: Path) -> None:
    assert not is_wiped(unfinished)
    with pytest.raises(IndexStoreError, match="there is no class 'beta'"):
        remove_class(unfinished, "beta")
    assert is_wiped(unfinished)
    assert not (unfinished / STAGING_FILE).exists()


def test_it_is_finished_by_compact(unfinished: Path) -> None:
    add_items(unfinished, [], generation=2, names={"ärzte": ["Die Ärzte"]})
    assert not is_wiped(unfinished)
    compact(unfinished)
    assert is_wiped(unfinished)


def test_a_reader_that_does_not_end_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def soon(path: Path, *, write: bool) -> sqlite3.Connection:
        connection = connect(path, write=write)
        connection.execute("PRAGMA busy_timeout = 50")
        return connection

    monkeypatch.setattr(transactions, "connect", soon)
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    with closing(connect(tmp_path / INDEX_FILE, write=False)) as reader, transaction(reader):
        reader.execute("SELECT * FROM items").fetchall()
        with pytest.raises(IndexBusy, match="another process is reading it"):
            remove_class(tmp_path, "beta")
    assert not is_wiped(tmp_path)


def test_one_that_ends_does_not_take_the_note_of_another_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    begun: list[Path] = []

    def beside(folder: Path) -> None:
        """A removal that cannot be finished, while the first one is."""
        if not begun:
            begun.append(folder)
            with Staging(folder, "recipe"), pytest.raises(IndexStoreError, match="until `logo-retrieval compact`"):
                remove_items(folder, ["c.svg"])
        remove_staging(folder)

    monkeypatch.setattr("logo_retrieval.store.transactions.remove_staging", beside)
    remove_items(tmp_path, ["b.svg"])
    assert begun and not is_wiped(tmp_path)
    compact(tmp_path)
    assert is_wiped(tmp_path)


def test_verify_tells(run: Run, mine: Path) -> None:
    with Staging(mine, "recipe"):
        assert run("unenroll", "--class", "disc", "--index", mine).code == 1
    outcome = run("verify", "--index", mine)
    assert outcome.code == 0 and "may still lie in the file" in outcome.err
    assert run("compact", "--index", mine).code == 0
    assert run("verify", "--index", mine).err == ""
