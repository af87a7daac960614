"""The index file: round trips, transactions, damage, other processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import manifests
import numpy as np
import pytest
from traces import found_in

from logo_retrieval.errors import IndexRebuilt, IndexStoreError
from logo_retrieval.store.changes import add_items, compact, remove_class, remove_items, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.schema import INDEX_FILE, SCHEMA_VERSION, connect
from logo_retrieval.store.seal import seal
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.store.vectors import vector_blob, vectors_of
from logo_retrieval.types import TRAITS

DIM = 4
MANIFEST = replace(manifests.MANIFEST, dim=DIM, decision={"k": 3})


def item(name: str, label: str, *places: int) -> StoredItem:
    return StoredItem(
        name,
        label,
        f"from/{name}",
        name.encode().ljust(32),
        StoredDrawing(-5, name.encode()[:1] * TRAITS, b"webp", np.eye(DIM, dtype=np.float32)[list(places)]),
    )


ITEMS = [item("ä.svg", "ärzte", 0), item("b.svg", "beta", 1, 2), item("c.svg", "beta", 3)]
CLASSES = ["beta", "ärzte"]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    return tmp_path


def test_round_trip(index: Path) -> None:
    with IndexStore(index) as store:
        assert store.manifest == MANIFEST
        assert store.class_sizes() == {"beta": 2, "ärzte": 1}
        assert store.faults() == []
        snapshot = store.snapshot()
        assert store.item_names(snapshot.item_ids) == {1: "ä.svg", 2: "b.svg", 3: "c.svg"}
    assert snapshot.classes == tuple(CLASSES)
    assert list(snapshot.item_classes) == [1, 0, 0]
    traits = snapshot.item_traits.at(np.arange(len(ITEMS))).tolist()
    assert traits == [[each.drawing.traits[0]] * TRAITS for each in ITEMS]
    assert list(snapshot.vector_items) == [1, 2, 2, 3]
    np.testing.assert_array_equal(snapshot.vectors, np.eye(DIM, dtype=np.float32))


def test_replacing_counts_a_generation_and_an_open_reader_sees_it_next_time(index: Path) -> None:
    with IndexStore(index) as store:
        assert store.snapshot().generation == 1
        replace_index(index, MANIFEST, ["new"], [item("n.svg", "new", 0)])
        after = store.snapshot()
    assert (after.generation, after.classes) == (2, ("new",))


def test_rows_of_another_build_are_not_read_for_the_manifest_that_was(index: Path) -> None:
    """However late it comes: an engine that has loaded one model must not compare with the vectors of another."""
    with IndexStore(index) as store:
        before = store.snapshot()
        replace_index(index, replace(MANIFEST, model_digest="cd" * 32), CLASSES, ITEMS)
        for read in (store.snapshot, lambda: store.renewed(before)):
            with pytest.raises(IndexRebuilt, match="was built anew, otherwise"):
                read()


def test_a_failed_replacement_leaves_the_index_as_it_was(index: Path) -> None:
    before = (index / INDEX_FILE).read_bytes()

    def breaks() -> Iterator[StoredItem]:
        yield ITEMS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_index(index, MANIFEST, CLASSES, breaks())
    with IndexStore(index) as store:
        assert store.class_sizes() == {"beta": 2, "ärzte": 1}
    assert (index / INDEX_FILE).read_bytes() == before


def test_a_failed_first_build_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(IndexStoreError, match="cannot write"):
        replace_index(tmp_path, MANIFEST, CLASSES, [ITEMS[0], ITEMS[0]])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_the_index(index: Path) -> None:
    """The limit on pages makes SQLite answer as it does on a full disk."""
    connection = connect(index / INDEX_FILE, write=True)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("CREATE TABLE filler AS SELECT zeroblob(1000000)")
    connection.close()
    from logo_retrieval.store.schema import storage_errors

    with pytest.raises(IndexStoreError, match="the disk is full, .* free some space"), storage_errors(index, "write"):
        raise caught.value
    with IndexStore(index) as store:
        assert store.faults() == []


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexStoreError, match="there is no index at .*build-index"):
        IndexStore(tmp_path / "absent")


def test_another_schema_version(index: Path) -> None:
    with sqlite3.connect(index / INDEX_FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(IndexStoreError, match=f"schema version 99, this release reads {SCHEMA_VERSION}"):
        IndexStore(index)
    with pytest.raises(IndexStoreError, match="schema version 99"):
        replace_index(index, MANIFEST, CLASSES, ITEMS)


def test_some_other_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / INDEX_FILE) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(IndexStoreError, match="not an index of logo-retrieval"):
        IndexStore(tmp_path)


@pytest.mark.parametrize("junk", [b"not a database at all" * 100, b""])
def test_junk_in_place_of_the_file(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / INDEX_FILE).write_bytes(junk)
    with pytest.raises(IndexStoreError, match=r"damaged|not an index"):
        IndexStore(tmp_path)


def test_faults_are_named(index: Path) -> None:
    with sqlite3.connect(index / INDEX_FILE) as connection:
        connection.execute("INSERT INTO classes (name) VALUES ('hollow')")
        connection.execute("DELETE FROM vectors WHERE item_id = 3")
        connection.execute("UPDATE vectors SET vector = ? WHERE item_id = 1", (vector_blob(np.zeros(DIM, np.float32)),))
    connection.close()
    with IndexStore(index) as store:
        assert store.faults() == [
            "the table classes does not have its checksum",
            "the table vectors does not have its checksum",
            "item 'c.svg' has no vector",
            "class 'hollow' has neither an item nor a name",
            "a vector of item 1 is not of unit length",
        ]


def test_additions_have_checksums_and_touch_those_of_the_last_rows_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logo_retrieval.store.seal.PART", 4)
    replace_index(tmp_path, MANIFEST, ["beta"], [item(f"{place}.svg", "beta", 0, 1) for place in range(9)])
    add_items(tmp_path, [item("new.svg", "gamma", 2)], generation=1, names={"beta": ["B"]})
    with IndexStore(tmp_path) as store:
        assert store.faults() == []
        assert len(store.snapshot().item_ids) == 10
    with sqlite3.connect(tmp_path / INDEX_FILE) as connection:
        connection.execute("UPDATE items SET source = 'elsewhere' WHERE id = 2")
    add_items(tmp_path, [item("newer.svg", "gamma", 2)], generation=2)  # what lies far from it is not looked at
    with sqlite3.connect(tmp_path / INDEX_FILE) as connection, IndexStore(tmp_path) as store:
        assert store.faults() == ["the table items does not have its checksum"]
        connection.execute("UPDATE items SET source = 'elsewhere' WHERE id = 11")
        connection.commit()
    with pytest.raises(IndexStoreError, match="items"):  # or its checksum would be right again
        add_items(tmp_path, [item("newest.svg", "gamma", 2)], generation=3)


def test_removals_touch_the_checksums_of_what_they_remove_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logo_retrieval.store.seal.PART", 4)
    classes = ["beta"] * 6 + ["gamma"] * 6
    items = [item(f"{place}.svg", label, 0, 1) for place, label in enumerate(classes)]
    replace_index(tmp_path, MANIFEST, ["beta", "gamma"], items, {"gamma": ["G"]})
    remove_items(tmp_path, ["1.svg", "11.svg"])
    with IndexStore(tmp_path) as store:
        assert store.faults() == []
    with sqlite3.connect(tmp_path / INDEX_FILE) as connection:
        connection.execute("UPDATE items SET source = 'elsewhere' WHERE id = 3")
    remove_class(tmp_path, "gamma")
    with IndexStore(tmp_path) as store:
        assert store.faults() == ["the table items does not have its checksum"]
        assert len(store.snapshot().item_ids) == 5
    with pytest.raises(IndexStoreError, match="items"):  # or its checksum would be right again
        remove_items(tmp_path, ["0.svg"])
    with pytest.raises(IndexStoreError, match="items"):
        compact(tmp_path)
    remove_items(tmp_path, ["5.svg"])


def test_vectors_of_a_wrong_width(index: Path) -> None:
    with sqlite3.connect(index / INDEX_FILE) as connection:
        connection.execute("UPDATE vectors SET vector = x'00' WHERE item_id = 1")
        seal(connection)
    connection.close()
    with IndexStore(index) as store, pytest.raises(IndexStoreError, match="not 4 wide"):
        store.snapshot()


def test_manifest_with_other_fields() -> None:
    with pytest.raises(IndexStoreError, match=r"the manifest must hold .* missing fields \['created', .*\], unknown"):
        Manifest.from_json('{"model": "x"}')
    assert Manifest.from_json(replace(MANIFEST, model="ü").to_json()).model == "ü"


def test_a_log_that_has_just_gone_does_not_count(index: Path) -> None:
    (index / f"{INDEX_FILE}-gone").symlink_to("nowhere")  # listed, and not there
    assert sum(compact(index)) > 0


def test_removed_rows_leave_no_copy_where_pages_were_split(tmp_path: Path) -> None:
    """Pages that split or merge keep copies of their rows in the gaps, which zeroing what is freed does not reach."""
    rng = np.random.default_rng(1)

    def drawings(label: str) -> list[StoredItem]:
        vectors = rng.standard_normal((150, 1, DIM)).astype(np.float32)
        sizes = rng.integers(300, 3000, len(vectors))
        return [
            StoredItem(
                f"{rng.integers(1 << 60):x}/{label}",
                label,
                "",
                rng.bytes(32),
                StoredDrawing(0, rng.bytes(TRAITS), rng.bytes(size), own),
            )
            for size, own in zip(sizes, vectors / np.linalg.norm(vectors, axis=2, keepdims=True), strict=True)
        ]

    secret = []
    replace_index(tmp_path, MANIFEST, ["plain"], drawings("plain"))
    for generation in range(1, 21, 2):
        secret += (new := drawings("secret"))
        add_items(tmp_path, new, generation=generation)
        add_items(tmp_path, drawings("plain"), generation=generation + 1)
    assert remove_class(tmp_path, "secret") == 1500
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    traces = [
        (item.name.encode(), item.sha256, item.drawing.thumbnail[:40], vector_blob(item.drawing.vectors[0]))
        for item in secret
    ]
    assert found_in(content, [trace for each in traces for trace in each]) == []
    with IndexStore(tmp_path) as store:
        assert store.class_sizes() == {"plain": 1650} and store.faults() == []


def test_vectors_lose_less_than_a_thousandth_of_a_cosine_in_16_bits() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    blobs = [vector_blob(each) for each in vectors]
    assert {len(blob) for blob in blobs} == {2 * DIM}
    back = vectors_of(blobs, DIM)
    assert back is not None and back.dtype == np.float32
    assert np.abs(back @ back.T - vectors @ vectors.T).max() < 1e-3
    assert vectors_of([*blobs, b"00"], DIM) is None
