"""The index file: round trips, transactions, damage, other processes."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import without_root
from traces import found_in

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.store.cache import CACHE_FILE, SUMMED, Prepared, read_cache, reseal, write_cache
from logo_retrieval.store.changes import add_items, compact, remove_class, remove_items, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.schema import INDEX_FILE, SCHEMA_VERSION, connect
from logo_retrieval.store.seal import seal
from logo_retrieval.store.staging import STAGING_FILE, Staging
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.store.vectors import vector_blob, vectors_of
from logo_retrieval.types import TRAITS

DIM = 4
MANIFEST = Manifest(
    model="tiny",
    model_digest="ab" * 32,
    precision="onnxruntime-fp32",
    dim=DIM,
    preparation={"size_px": 8},
    decision={"k": 3},
    created="2026-01-01T00:00:00+00:00",
)


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


def test_replacing_counts_a_generation_and_an_open_reader_sees_it_next_time(index: Path) -> None:
    with IndexStore(index) as store:
        assert store.snapshot().generation == 1
        replace_index(index, MANIFEST, ["new"], [item("n.svg", "new", 0)])
        after = store.snapshot()
    assert (after.generation, after.classes) == (2, ("new",))


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


def test_cache_is_read_back_and_refused_when_damaged(tmp_path: Path) -> None:
    arrays: dict[str, np.ndarray] = {
        "numbers": np.arange(9),
        "rows": np.ones((3, 5), np.float32),
        "none": np.zeros((0, 5), "<f2"),
    }
    write_cache(tmp_path, Prepared({"said": ["ü", 1.5]}, arrays))
    held = read_cache(tmp_path)
    assert held is not None and held.facts == {"said": ["ü", 1.5]} and held.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(held.arrays[name], array)
        assert held.arrays[name].dtype == array.dtype
    whole = (tmp_path / CACHE_FILE).read_bytes()
    changed = (whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in range(len(whole)))
    read = 0
    for damaged in (*changed, whole[:-64], b"", b"[]\n", b"{}\nx"):
        (tmp_path / CACHE_FILE).write_bytes(damaged)
        found = read_cache(tmp_path)  # what lies between arrays says nothing
        read += found is not None
        assert found is None or all(np.array_equal(found.arrays[name], arrays[name]) for name in arrays)
    assert read < 64
    assert [path.name for path in tmp_path.iterdir()] == [CACHE_FILE]


@pytest.mark.parametrize("name", SUMMED)
def test_an_array_with_sums_of_its_own_is_only_as_long_as_written(tmp_path: Path, name: str) -> None:
    write_cache(tmp_path, Prepared({}, {"sums": np.arange(8), name: np.ones(32, "<f2")}))
    whole = (tmp_path / CACHE_FILE).read_bytes()
    (tmp_path / CACHE_FILE).write_bytes(whole[:-1] + b"x")
    held = read_cache(tmp_path)
    assert held is not None and held.arrays[name][-1] != 1
    (tmp_path / CACHE_FILE).write_bytes(whole[:-1])
    assert read_cache(tmp_path) is None


def test_a_cache_changed_in_place_is_sealed_anew(tmp_path: Path) -> None:
    write_cache(tmp_path, Prepared({"names": ["a long one"]}, {"numbers": np.arange(8)}))
    held = read_cache(tmp_path, write=True)
    assert held is not None
    held.arrays["numbers"][3] = 0
    assert read_cache(tmp_path) is None
    reseal(tmp_path, held, {"names": [""]})
    after = read_cache(tmp_path)
    assert after is not None and after.facts == {"names": [""]} and after.arrays["numbers"].tolist()[2:5] == [2, 0, 4]
    assert b"a long one" not in (tmp_path / CACHE_FILE).read_bytes()
    with pytest.raises(ValueError, match="there is room for"):
        reseal(tmp_path, held, {"names": ["x" * 100]})


def test_staging_goes_on_after_a_kill_and_forgets_another_recipe(tmp_path: Path) -> None:
    drawing = StoredDrawing(3, bytes(TRAITS), b"thumb", np.ones((2, DIM), np.float32))
    with Staging(tmp_path, "recipe") as staging:
        staging.add({b"a": drawing})
    with Staging(tmp_path, "recipe") as staging:
        assert b"a" in staging and b"b" not in staging
        np.testing.assert_array_equal(staging.get(b"a").vectors, drawing.vectors)
        with pytest.raises(KeyError):
            staging.get(b"b")
    with Staging(tmp_path, "another") as staging:
        assert b"a" not in staging
        staging.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_fails_at_once_leaves_no_staging(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Staging(tmp_path, "recipe"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_two_builds_of_one_index_do_not_mix(tmp_path: Path) -> None:
    with Staging(tmp_path, "recipe"), pytest.raises(IndexStoreError, match="another process is using"):
        Staging(tmp_path, "recipe")
    assert (tmp_path / STAGING_FILE).exists()


def test_a_build_that_waited_for_another_one_has_a_file_of_its_own(tmp_path: Path) -> None:
    waited = []

    def build() -> None:
        with Staging(tmp_path, "recipe") as second:
            waited.append((tmp_path / STAGING_FILE).exists())
            second.discard()

    with Staging(tmp_path, "recipe") as first:
        thread = threading.Thread(target=build)
        thread.start()
        time.sleep(0.1)
        first.discard()
        thread.join()
    assert waited == [True] and not (tmp_path / STAGING_FILE).exists()


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
