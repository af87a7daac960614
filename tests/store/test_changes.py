"""Changes of an index leave it sound, however many lines of the log they write, and nothing of what it was before."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from changing import Change, drawing
from manifests import MANIFEST

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.store.cache import CACHE_FILE
from logo_retrieval.store.changes import add_items, compact, remove_items, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.store.vectors import vector_blob

DRAWINGS = [drawing(f"acme/{place}", "acme") for place in range(40)]


def test_every_line_of_a_long_change_has_its_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logo_retrieval.store.seal.PART", 8)
    replace_index(tmp_path, MANIFEST, ["acme"], DRAWINGS)
    remove_items(tmp_path, [each.name for each in DRAWINGS[:30]])
    with IndexStore(tmp_path) as store:
        assert store.faults() == []
        add_items(tmp_path, [drawing(f"{c}/1", c) for c in map(str, range(30))], generation=store.generation())
        assert len(store.changes()) == 61 and store.faults() == []
    compact(tmp_path)


def test_the_log_of_an_index_that_was_moved_away_is_not_applied_to_the_next_one(tmp_path: Path) -> None:
    replace_index(tmp_path, MANIFEST, ["acme"], DRAWINGS[:5])
    log = tmp_path / f"{INDEX_FILE}-wal"
    with closing(sqlite3.connect(tmp_path / INDEX_FILE)) as held, IndexStore(tmp_path) as store:
        held.execute("SELECT 1 FROM items").fetchone()
        add_items(tmp_path, DRAWINGS[5:], generation=store.generation())
        shutil.copyfile(log, tmp_path / "kept")  # as a process leaves it that is killed
    (tmp_path / INDEX_FILE).unlink()
    (tmp_path / "kept").rename(log)
    replace_index(tmp_path, MANIFEST, ["bolt"], [drawing("bolt/1", "bolt")])
    with IndexStore(tmp_path) as store:
        assert store.class_sizes() == {"bolt": 1} and store.faults() == []


def test_what_is_removed_after_a_build_anew_is_in_no_cache_of_before(tmp_path: Path) -> None:
    replace_index(tmp_path, MANIFEST, ["acme"], DRAWINGS)
    Change("cache").make(tmp_path)
    replace_index(tmp_path, MANIFEST, ["acme"], DRAWINGS[::-1])  # under other numbers
    remove_items(tmp_path, [DRAWINGS[3].name])
    blob = vector_blob(DRAWINGS[3].drawing.vectors[0])
    assert not [file.name for file in tmp_path.iterdir() if blob in file.read_bytes()]


def test_an_index_whose_cache_cannot_go_is_not_built_anew(tmp_path: Path) -> None:
    """Nor is one by a build that is killed before it has deleted the cache, which would hold what is removed later."""
    replace_index(tmp_path, MANIFEST, ["acme"], DRAWINGS)
    (tmp_path / CACHE_FILE).mkdir()  # which is no file that can be deleted
    with pytest.raises(IndexStoreError, match="cannot delete"):
        replace_index(tmp_path, MANIFEST, ["bolt"], [drawing("bolt/1", "bolt")])
    with IndexStore(tmp_path) as store:
        assert store.class_sizes() == {"acme": 40}


def test_what_is_removed_is_in_no_cache_that_was_being_written(tmp_path: Path) -> None:
    replace_index(tmp_path, MANIFEST, ["acme"], DRAWINGS)
    Change("cache").make(tmp_path)
    shutil.copyfile(tmp_path / CACHE_FILE, tmp_path / f"{CACHE_FILE}.new")  # as a process leaves it that is killed
    remove_items(tmp_path, [DRAWINGS[3].name])
    assert (tmp_path / CACHE_FILE).exists()  # the rest of it serves
    blob = vector_blob(DRAWINGS[3].drawing.vectors[0])
    assert not [file.name for file in tmp_path.iterdir() if blob in file.read_bytes()]
