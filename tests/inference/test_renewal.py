"""An index that has changed is read in part, and is then what it would be if it were read whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from weights import fusion

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.prepared import opened
from logo_retrieval.inference.snapshot import IndexSnapshot, read_snapshot, renewed_snapshot
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.packed import unit
from logo_retrieval.search.halves import halves_of
from logo_retrieval.search.open import FAISS_FROM
from logo_retrieval.search.partitions import PartitionedIndex
from logo_retrieval.search.segments import SegmentedIndex
from logo_retrieval.store.cache import CACHE_FILE, Prepared, read_cache, write_cache
from logo_retrieval.store.changes import add_items, compact, remove_class, remove_items, remove_names, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.schema import INDEX_FILE, connect
from logo_retrieval.store.seal import ANSWERED_BY
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.types import OTHER, TRAITS, Float32Array

DIM = 16
MANIFEST = Manifest(
    model="made up",
    model_digest="ab" * 32,
    precision="onnxruntime-fp32",
    dim=DIM,
    preparation={"size_px": 8},
    decision={},
    created="2026-01-01T00:00:00+00:00",
)
CLASSES = ["acme", "bolt", "crux", "dash", OTHER]


def vectors(chance: np.random.Generator, n: int) -> Float32Array:
    """Some of them in crowds, so that targets are claimed."""
    return unit(chance.normal(size=(n, DIM)).astype(np.float32) + 1.5 * (chance.random((n, 1)) < 0.5))


def items(chance: np.random.Generator, labels: Sequence[str]) -> list[StoredItem]:
    names = (f"{label}/{chance.integers(1 << 60)}.svg" for label in labels)
    return [
        StoredItem(
            name,
            label,
            name,
            chance.bytes(32),
            StoredDrawing(0, chance.bytes(TRAITS), b"", vectors(chance, int(chance.integers(1, 4)))),
        )
        for name, label in zip(names, labels, strict=True)
    ]


def made_up(chance: np.random.Generator, *, head: bool = True) -> Knowledge:
    learned = HeadVectors(vectors(chance, 40), ("acme", "bolt", *[OTHER] * 30, *["else"] * 8)) if head else None
    return Knowledge(learned, None, fusion(Scale(0.2, 0.6, 0.2, 0.6)), "made up")


def check_same(one: IndexSnapshot, other: IndexSnapshot, chance: np.random.Generator) -> None:
    assert (one.number, one.classes, one.most_views) == (other.number, other.classes, other.most_views)
    assert one.stored.names == other.stored.names and one.stored.parts == other.stored.parts
    for name in ("item_ids", "item_classes"):
        np.testing.assert_array_equal(getattr(one.stored, name), getattr(other.stored, name))
    items = np.arange(len(other.stored.item_ids))
    np.testing.assert_array_equal(one.stored.item_traits.at(items), other.stored.item_traits.at(items))
    rows = np.arange(len(other.stored.vector_items))
    np.testing.assert_array_equal(one.stored.vector_items, other.stored.vector_items)
    np.testing.assert_array_equal(one.index.vectors_at(rows), other.index.vectors_at(rows))
    asked = vectors(chance, 5)
    for k in (1, 7, 500):
        found, expected = one.index.search(asked, k), other.index.search(asked, k)
        np.testing.assert_array_equal(found.similarities, expected.similarities)
        np.testing.assert_array_equal(found.ids, expected.ids)
    for name in ("counts", "trained", "novel"):
        np.testing.assert_array_equal(getattr(one.profile, name), getattr(other.profile, name))
    assert (one.head is None) == (other.head is None)
    if one.head is not None and other.head is not None and one.derived.imprinted and other.derived.imprinted:
        np.testing.assert_array_equal(one.derived.imprinted.claims, other.derived.imprinted.claims)
        owners = np.arange(5)
        scores = one.head.scores(asked, owners, 5), other.head.scores(asked, owners, 5)
        np.testing.assert_array_equal(*scores)


def served_by(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes of a few dozen vectors are searched as larger ones are, all partitions looked at."""
    monkeypatch.setattr("logo_retrieval.search.open.FAISS_FROM", FAISS_FROM if kind == "numpy" else 20)
    monkeypatch.setattr("logo_retrieval.search.open.PARTITIONED_FROM", 20 if kind == "partitions" else FAISS_FROM)
    monkeypatch.setattr("logo_retrieval.search.open.LONGEST_TAIL", 60)
    monkeypatch.setattr("logo_retrieval.search.partitions.PROBED", 1000)


def built(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, labels: list[str]
) -> tuple[np.random.Generator, list[StoredItem], Knowledge]:
    """Makes an index that is searched as a larger one: the chance so far, its drawings, one for each label, a model."""
    served_by(kind, monkeypatch)
    chance = np.random.default_rng(0)
    drawings = items(chance, labels)
    replace_index(folder, MANIFEST, CLASSES, drawings)
    return chance, drawings, made_up(chance)


def change(folder: Path, chance: np.random.Generator) -> None:
    """Anything that may happen to an index."""
    with IndexStore(folder) as store:
        generation, sizes = store.generation(), store.class_sizes()
        names = [name for label in sizes for name in store.items_of(label)]
    kind = chance.choice(["add", "add", "add", "names", "class", "items", "compact"])
    labels = [*CLASSES, "fern", "gong"]
    if kind == "add":
        chosen = chance.choice(labels, size=int(chance.integers(1, 6))).tolist()
        add_items(folder, items(chance, chosen), generation=generation)
    elif kind == "names":
        add_items(
            folder, [], generation=generation, names={str(chance.choice(labels)): [str(chance.integers(1 << 60))]}
        )
    elif kind == "class" and len(sizes) > 1:
        remove_class(folder, str(chance.choice(list(sizes))))
    elif kind == "items" and names:
        remove_items(folder, chance.choice(names, size=min(3, len(names)), replace=False).tolist())
    else:
        compact(folder)


@pytest.mark.parametrize("kind", ["numpy", "faiss", "partitions"])
@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_renewed_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, head: bool, kind: str
) -> None:
    monkeypatch.setattr("logo_retrieval.store.seal.PART", 8)
    monkeypatch.setattr("logo_retrieval.store.renewal.PART", 8)
    monkeypatch.setattr("logo_retrieval.store.forgetting.PART", 8)
    served_by(kind, monkeypatch)
    chance = np.random.default_rng(seed)
    replace_index(tmp_path, MANIFEST, CLASSES, items(chance, chance.choice(CLASSES, size=120).tolist()))
    knowledge = made_up(chance, head=head)
    with IndexStore(tmp_path) as store:
        held = read_snapshot(store, knowledge, cached=False)
        segmented = 0
        for _ in range(25):
            change(tmp_path, chance)
            held = renewed_snapshot(held, store, knowledge)
            check_same(held, read_snapshot(store, knowledge, cached=False), chance)
            segmented += isinstance(held.index, SegmentedIndex)
    assert (segmented > 0) == (kind != "numpy")


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_opened_from_the_cache_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, head: bool, kind: str
) -> None:
    monkeypatch.setattr("logo_retrieval.store.seal.PART", 8)
    monkeypatch.setattr("logo_retrieval.store.renewal.PART", 8)
    monkeypatch.setattr("logo_retrieval.store.forgetting.PART", 8)
    served_by(kind, monkeypatch)
    chance = np.random.default_rng(seed)
    replace_index(tmp_path, MANIFEST, CLASSES, items(chance, chance.choice(CLASSES, size=120).tolist()))
    knowledge = made_up(chance, head=head)
    written, kept = set(), 0
    with IndexStore(tmp_path) as store:
        for _ in range(25):
            held = read_snapshot(store, knowledge, cached=True)
            check_same(held, read_snapshot(store, knowledge, cached=False), chance)
            cache = tmp_path / CACHE_FILE
            kept += cache.stat().st_ino in written
            written.add(cache.stat().st_ino)
            change(tmp_path, chance)
    assert len(written) > 1 and (kept > 0)


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
def test_what_is_removed_is_in_no_cache_and_the_rest_is_still_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    served_by(kind, monkeypatch)
    chance = np.random.default_rng(0)
    replace_index(tmp_path, MANIFEST, [*CLASSES, "fern"], items(chance, [*CLASSES * 40, "fern"]), {"fern": ["Farn"]})
    knowledge = made_up(chance)
    cache = tmp_path / CACHE_FILE
    with IndexStore(tmp_path) as store:
        before = read_snapshot(store, knowledge, cached=True)
        rows = np.flatnonzero(np.isin(before.stored.vector_items, [1, 5, 201]))  # of acme, of other, and fern
        gone = before.index.vectors_at(rows)
        traces = [row.tobytes() for row in (*gone, *halves_of(gone))] + [b"fern", b"Farn"]
        kept = cache.read_bytes()
        assert all(trace in kept for trace in traces[len(gone) :])
        names = store.item_names([1, 5, 201])
        place = cache.stat().st_ino
        assert remove_items(tmp_path, list(names.values())) == []
        remove_names(tmp_path, "fern", ["Farn"])
        assert cache.stat().st_ino == place and not [trace for trace in traces if trace in cache.read_bytes()]
        check_same(read_snapshot(store, knowledge, cached=True), read_snapshot(store, knowledge, cached=False), chance)
        before.index.search(gone, 5)  # which still has the file open: the vectors are not there any more, nothing else
        assert (cache.stat().st_ino == place) == (kind == "partitions")  # the other is small, and written anew


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("kind", ["numpy", "faiss", "partitions"])
def test_classes_renamed_by_a_build_have_their_new_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, cached: bool
) -> None:
    served_by(kind, monkeypatch)
    chance = np.random.default_rng(0)
    drawings = items(chance, [label for label in ("acme", "bolt", OTHER) for _ in range(20)])
    replace_index(tmp_path, MANIFEST, ["acme", "bolt", OTHER], drawings)
    knowledge = made_up(chance)
    with IndexStore(tmp_path) as store:
        held = read_snapshot(store, knowledge, cached=cached)
        for first, second in (("acme", "dash"), ("dash", "acme"), ("fern", "gong")):
            called = {"acme": first, "bolt": second, OTHER: OTHER}  # nothing else changes, nor does any number
            named = [replace(each, label=called[each.label]) for each in drawings]
            replace_index(tmp_path, MANIFEST, [first, second, OTHER], named)
            held = read_snapshot(store, knowledge, cached=True) if cached else renewed_snapshot(held, store, knowledge)
            check_same(held, read_snapshot(store, knowledge, cached=False), chance)
            assert held.stored.labels_of(np.arange(1)) == [first]


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
def test_what_is_removed_and_comes_back_is_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    chance, drawings, knowledge = built(tmp_path, monkeypatch, kind, CLASSES * 20)
    with IndexStore(tmp_path) as store:
        read_snapshot(store, knowledge, cached=True)
        remove_items(tmp_path, [drawings[-1].name])
        add_items(tmp_path, [drawings[-1]], generation=store.generation())  # under the number that it had
        held = read_snapshot(store, knowledge, cached=True)  # of which the vectors lie in the cache, the traits do not
        check_same(held, read_snapshot(store, knowledge, cached=False), chance)
        remove_items(tmp_path, [drawings[7].name])
        replace_index(tmp_path, MANIFEST, CLASSES, drawings)  # all checksums of parts are what they were
        anew = read_snapshot(store, knowledge, cached=False)
        check_same(renewed_snapshot(held, store, knowledge), anew, chance)  # of one who has the cache open
        check_same(read_snapshot(store, knowledge, cached=True), anew, chance)


def test_a_cache_of_another_model_or_with_parts_that_do_not_fit_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, knowledge = built(tmp_path, monkeypatch, "partitions", CLASSES * 40)
    with IndexStore(tmp_path) as store:
        read_snapshot(store, knowledge, cached=True)
    assert opened(tmp_path, MANIFEST) is not None
    assert opened(tmp_path, replace(MANIFEST, model_digest="cd" * 32)) is None
    assert opened(tmp_path, replace(MANIFEST, decision={"a": 1.0})) is None
    kept = read_cache(tmp_path)
    assert kept is not None
    for name, spoilt in {
        "slots": kept.arrays["slots"] + 1,
        "starts": kept.arrays["starts"][::-1],
        "centroids": kept.arrays["centroids"][1:],
        "item_classes": kept.arrays["item_classes"] + 99,
        "item_ids": kept.arrays["item_ids"] + 1,
        "halves": kept.arrays["halves"][:, 1:],
        "places": kept.arrays["places"] + 99,
        "means": kept.arrays["means"][:, 1:],
        "claims": kept.arrays["claims"] + 99,
        "nearest": kept.arrays["nearest"][1:],
    }.items():
        write_cache(tmp_path, Prepared(kept.facts, {**kept.arrays, name: spoilt}))
        assert opened(tmp_path, MANIFEST) is None, name
    write_cache(tmp_path, kept)
    assert opened(tmp_path, MANIFEST) is not None


def test_a_cache_of_other_targets_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, _, knowledge = built(tmp_path, monkeypatch, "partitions", CLASSES * 40)
    with IndexStore(tmp_path) as store:
        read_snapshot(store, knowledge, cached=True)
        for head in (None, HeadVectors(vectors(chance, 3), ("acme", OTHER, OTHER))):
            other = replace(knowledge, head=head)
            anew = read_snapshot(store, other, cached=False)
            check_same(read_snapshot(store, other, cached=True), anew, chance)


def test_an_index_that_is_small_now_keeps_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, _, knowledge = built(tmp_path, monkeypatch, "faiss", CLASSES * 10)
    with IndexStore(tmp_path) as store:
        read_snapshot(store, knowledge, cached=True)
        assert (tmp_path / CACHE_FILE).exists()
        replace_index(tmp_path, MANIFEST, CLASSES, items(chance, CLASSES))
        read_snapshot(store, knowledge, cached=True)
    assert not (tmp_path / CACHE_FILE).exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"parts": []},
        {"parts": {"vectors": {}}},
        {"parts": dict.fromkeys(ANSWERED_BY, {"9" * 5000: "x"})},
        {"parts": dict.fromkeys(ANSWERED_BY, {"-1": "x"})},
        {"classes": [["acme"], "bolt", "crux", "dash", OTHER]},
        {"names": 5},
        {"scale": None},
    ],
)
def test_facts_of_another_kind_are_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facts: dict[str, object]
) -> None:
    _, _, knowledge = built(tmp_path, monkeypatch, "partitions", CLASSES * 40)
    with IndexStore(tmp_path) as store:
        read_snapshot(store, knowledge, cached=True)
    kept = read_cache(tmp_path)
    assert kept is not None
    write_cache(tmp_path, Prepared({**kept.facts, **facts}, kept.arrays))
    assert opened(tmp_path, MANIFEST) is None


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
def test_additions_leave_the_large_index_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    chance, _, knowledge = built(tmp_path, monkeypatch, kind, CLASSES * 20)
    with IndexStore(tmp_path) as store:
        before = read_snapshot(store, knowledge, cached=False)
        add_items(tmp_path, items(chance, ["newco"]), generation=store.generation())
        after = renewed_snapshot(before, store, knowledge)
        assert isinstance(after.index, SegmentedIndex) and after.index.base is before.index
        assert len(after.index) > len(before.index)
        remove_class(tmp_path, "newco")
        assert renewed_snapshot(after, store, knowledge).index is before.index


def test_removals_leave_partitions_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, _, knowledge = built(tmp_path, monkeypatch, "partitions", CLASSES * 20)
    with IndexStore(tmp_path) as store:
        before = read_snapshot(store, knowledge, cached=False)
        remove_class(tmp_path, "crux")
        after = renewed_snapshot(before, store, knowledge)
    assert isinstance(before.index, PartitionedIndex) and isinstance(after.index, PartitionedIndex)
    assert after.index.partitions is before.index.partitions and len(after.index) < len(before.index)


def test_damage_of_what_is_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, _, knowledge = built(tmp_path, monkeypatch, "numpy", CLASSES)
    with IndexStore(tmp_path) as store:
        before = read_snapshot(store, knowledge, cached=False)
        add_items(tmp_path, items(chance, ["newco"]), generation=store.generation())
        connection = connect(tmp_path / INDEX_FILE, write=True)
        connection.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE item_id = 1 AND view = 0")
        connection.commit()
        connection.close()
        with pytest.raises(IndexStoreError, match="damaged: the table vectors cannot be what was written"):
            renewed_snapshot(before, store, knowledge)


def test_checksums_that_are_none_are_not_relied_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, knowledge = built(tmp_path, monkeypatch, "numpy", CLASSES)
    with IndexStore(tmp_path) as store:
        before = read_snapshot(store, knowledge, cached=False)
        connection = connect(tmp_path / INDEX_FILE, write=True)
        (seal,) = connection.execute("SELECT value FROM meta WHERE key = 'seal'").fetchone()
        for forged in ({"x": "y"}, {"0": ["z"]}, ["0"]):
            kept = {**json.loads(seal), "vectors": forged}
            connection.execute("UPDATE meta SET value = ? WHERE key = 'seal'", (json.dumps(kept),))
            connection.commit()
            assert store.renewed(before.stored) is None
            with pytest.raises(IndexStoreError, match="the table vectors cannot be what was written"):
                renewed_snapshot(before, store, knowledge)
        connection.close()
