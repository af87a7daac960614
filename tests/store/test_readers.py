"""Those who read an index: several threads, those who may not write it, and what they see of what others change."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import without_root
from test_store import CLASSES, ITEMS, MANIFEST, item

from logo_retrieval.errors import NoDescriptors
from logo_retrieval.store import index_store
from logo_retrieval.store.changes import add_items, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE, connect


@pytest.fixture
def index(tmp_path: Path) -> Path:
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    return tmp_path


def test_many_threads_read_by_one_store(index: Path) -> None:
    with IndexStore(index) as store, ThreadPoolExecutor(4) as threads:

        def read(_: int) -> None:
            assert len(store.class_names()) == len(store.snapshot().classes) == len(CLASSES)
            assert store.generation() == 1 and store.faults() == []

        list(threads.map(read, range(40)))


def test_one_who_may_not_write_the_file_leaves_nothing_behind_and_sees_what_others_change(open_folder: Path) -> None:
    """Though the folder may be written: a log of the reader's would be one that the owner may not write."""
    replace_index(open_folder, MANIFEST, CLASSES, ITEMS)
    file = open_folder / INDEX_FILE
    open_folder.chmod(0o777)
    file.chmod(0o444)
    with without_root():
        store = IndexStore(open_folder)
        assert store.snapshot().generation == 1
        assert [each.name for each in open_folder.iterdir()] == [INDEX_FILE]
    file.chmod(0o644)
    add_items(open_folder, [item("d.svg", "delta", 1)], generation=1)
    file.chmod(0o444)
    with without_root():
        assert store.generation() == 2
        assert store.snapshot().classes == (*CLASSES, "delta")
        store.close()
    assert [each.name for each in open_folder.iterdir()] == [INDEX_FILE]


def test_another_file_in_its_place_is_told(index: Path) -> None:
    with IndexStore(index) as store:
        add_items(index, [replace(ITEMS[0], name="more")], generation=store.generation())
        assert not store.is_replaced()
        (index / INDEX_FILE).rename(index / "gone")
        assert not store.is_replaced()
        shutil.copyfile(index / "gone", index / INDEX_FILE)
        assert store.is_replaced()


def test_a_file_that_a_reader_took_for_fixed_has_changed(index: Path, open_folder: Path) -> None:
    """In a folder that it may not write, where it cannot read a log: it is opened anew."""
    shutil.copyfile(index / INDEX_FILE, open_folder / INDEX_FILE)
    open_folder.chmod(0o555)
    with without_root():
        store = IndexStore(open_folder)
    with store:
        before = store.generation()
        open_folder.chmod(0o755)
        add_items(open_folder, [replace(ITEMS[0], name="more")], generation=before)
        open_folder.chmod(0o555)
        with without_root():
            assert store.generation() == before + 1 and not store.is_replaced()
            assert len(store.snapshot().item_ids) == len(ITEMS) + 1


@pytest.fixture
def read_only(index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index that its readers may not write."""
    for module in ("index_store", "schema"):
        monkeypatch.setattr(f"logo_retrieval.store.{module}.may_write", lambda path: False)
    return index


def changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One drawing more, by somebody who may write."""
    with monkeypatch.context() as patch:
        patch.setattr("logo_retrieval.store.schema.may_write", lambda path: True)
        add_items(folder, [replace(ITEMS[0], name="more")], generation=1)


def test_a_log_that_goes_while_the_file_is_opened_does_not_hide_what_changes_later(
    read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = read_only / f"{INDEX_FILE}-wal"
    log.touch()

    def opened_late(path: Path, *, write: bool) -> sqlite3.Connection:
        log.unlink()  # by whoever wrote last
        return connect(path, write=write)

    with monkeypatch.context() as patch:
        patch.setattr(index_store, "connect", opened_late)
        store = IndexStore(read_only)
    with store:
        changed(read_only, monkeypatch)
        assert store.generation() == 2 and len(store.snapshot().item_ids) == len(ITEMS) + 1


def test_a_change_that_could_not_be_read_is_read_by_the_next_one_who_asks(
    read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *, write: bool) -> sqlite3.Connection:
        raise NoDescriptors(f"cannot open '{path}'")

    with IndexStore(read_only) as store:
        changed(read_only, monkeypatch)
        with monkeypatch.context() as patch:
            patch.setattr(index_store, "connect", refused)
            with pytest.raises(NoDescriptors):
                store.generation()
        assert store.generation() == 2
