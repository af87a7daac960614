"""An index that has changed is read in part, and is then what it would be if it were read whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_index import CLASSES, Made, change, check_same, items, made_up, served_by, vectors
from manifests import MANIFEST

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.inference.prepared import keep, opened
from logo_retrieval.search.halves import halves_of
from logo_retrieval.search.partitions import PartitionedIndex
from logo_retrieval.search.segments import SegmentedIndex
from logo_retrieval.store.cache import CACHE_FILE, Prepared, write_cache
from logo_retrieval.store.changes import add_items, remove_class, remove_items, remove_names, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE, connect
from logo_retrieval.store.seal import ANSWERED_BY
from logo_retrieval.types import OTHER

Make = Callable[..., Made]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes an index of one drawing for each label, of those of `CLASSES` where there are no others."""
    with ExitStack() as opened:

        def made(kind: str, labels: Sequence[str], *, seed: int = 0, head: bool = True) -> Made:
            served_by(kind, monkeypatch)
            chance = np.random.default_rng(seed)
            drawings, classes = items(chance, labels), list(dict.fromkeys([*CLASSES, *labels]))
            replace_index(tmp_path, MANIFEST, classes, drawings)
            store = opened.enter_context(IndexStore(tmp_path))
            return Made(tmp_path, store, chance, drawings, made_up(chance, head=head))

        yield made


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("seal", "renewal", "forgetting"):
        monkeypatch.setattr(f"logo_retrieval.store.{room}.PART", 8)


def labels_by_chance(seed: int) -> list[str]:
    chosen: list[str] = np.random.default_rng(seed).choice(CLASSES, size=120).tolist()
    return chosen


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("kind", ["numpy", "faiss", "partitions"])
@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_renewed_is_read_anew(make: Make, seed: int, head: bool, kind: str) -> None:
    made = make(kind, labels_by_chance(seed), seed=seed, head=head)
    held, segmented = made.read(), 0
    for _ in range(25):
        change(made.folder, made.chance)
        held = made.renewed(held)
        made.check(held)
        segmented += isinstance(held.index, SegmentedIndex)
    assert (segmented > 0) == (kind != "numpy")


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("kind", ["faiss", "partitions"])
@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_opened_from_the_cache_is_read_anew(make: Make, seed: int, head: bool, kind: str) -> None:
    made, written, kept = make(kind, labels_by_chance(seed), seed=seed, head=head), set(), 0
    for _ in range(25):
        made.check(made.read(cached=True))
        place = (made.folder / CACHE_FILE).stat().st_ino
        kept += place in written
        written.add(place)
        change(made.folder, made.chance)
    assert len(written) > 1 and (kept > 0)


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
def test_what_is_removed_is_in_no_cache_and_the_rest_is_still_prepared(make: Make, kind: str) -> None:
    made = make(kind, [*CLASSES * 40, "fern"])
    add_items(made.folder, [], generation=made.store.generation(), names={"fern": ["Farn"]})
    cache, before = made.folder / CACHE_FILE, made.read(cached=True)
    rows = np.flatnonzero(np.isin(before.stored.vector_items, [1, 5, 201]))  # of acme, of other, and fern
    gone = before.index.vectors_at(rows)
    traces = [row.tobytes() for row in (*gone, *halves_of(gone))] + [b"fern", b"Farn"]
    kept = cache.read_bytes()
    assert all(trace in kept for trace in traces[len(gone) :])
    place = cache.stat().st_ino
    assert remove_items(made.folder, list(made.store.item_names([1, 5, 201]).values())) == []
    remove_names(made.folder, "fern", ["Farn"])
    assert cache.stat().st_ino == place and not [trace for trace in traces if trace in cache.read_bytes()]
    made.check(made.read(cached=True))
    before.index.search(gone, 5)  # which still has the file open: the vectors are not there any more, nothing else
    assert (cache.stat().st_ino == place) == (kind == "partitions")  # the other is small, and written anew


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("kind", ["numpy", "faiss", "partitions"])
def test_classes_renamed_by_a_build_have_their_new_names(make: Make, kind: str, cached: bool) -> None:
    made = make(kind, [label for label in ("acme", "bolt", OTHER) for _ in range(20)])
    replace_index(made.folder, MANIFEST, ["acme", "bolt", OTHER], made.drawings)
    held = made.read(cached=cached)
    for first, second in (("acme", "dash"), ("dash", "acme"), ("fern", "gong")):
        called = {"acme": first, "bolt": second, OTHER: OTHER}  # nothing else changes, nor does any number
        named = [replace(each, label=called[each.label]) for each in made.drawings]
        replace_index(made.folder, MANIFEST, [first, second, OTHER], named)
        held = made.read(cached=True) if cached else made.renewed(held)
        made.check(held)
        assert held.stored.labels_of(np.arange(1)) == [first]


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
def test_what_is_removed_and_comes_back_is_there_again(make: Make, kind: str) -> None:
    made = make(kind, CLASSES * 20)
    made.read(cached=True)
    remove_items(made.folder, [made.drawings[-1].name])
    made.add(made.drawings[-1])  # under the number that it had
    held = made.read(cached=True)  # of which the vectors lie in the cache, the traits do not
    made.check(held)
    remove_items(made.folder, [made.drawings[7].name])
    replace_index(made.folder, MANIFEST, CLASSES, made.drawings)  # all checksums of parts are what they were
    made.check(made.renewed(held))  # of one who has the cache open
    made.check(made.read(cached=True))


def test_a_cache_of_another_model_or_with_parts_that_do_not_fit_is_none(make: Make) -> None:
    made = make("partitions", CLASSES * 40)
    kept = made.cache()
    assert opened(made.folder, MANIFEST) is not None
    assert opened(made.folder, replace(MANIFEST, model_digest="cd" * 32)) is None
    assert opened(made.folder, replace(MANIFEST, decision={"a": 1.0})) is None
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
        write_cache(made.folder, Prepared(kept.facts, {**kept.arrays, name: spoilt}))
        assert opened(made.folder, MANIFEST) is None, name
    for name, whole in kept.arrays.items():
        write_cache(made.folder, Prepared(kept.facts, {**kept.arrays, name: whole[1:]}))
        assert opened(made.folder, MANIFEST) is None, name
    write_cache(made.folder, kept)
    assert opened(made.folder, MANIFEST) is not None


def test_facts_of_another_kind_are_no_cache(make: Make) -> None:
    made = make("partitions", CLASSES * 40)
    kept = made.cache()
    others: list[dict[str, object]] = [
        {"parts": []},
        {"parts": {"vectors": {}}},
        {"parts": dict.fromkeys(ANSWERED_BY, {"9" * 5000: "x"})},
        {"parts": dict.fromkeys(ANSWERED_BY, {"-1": "x"})},
        {"classes": [["acme"], "bolt", "crux", "dash", OTHER]},
        {"names": 5},
        {"scale": None},
    ]
    for facts in others:
        write_cache(made.folder, Prepared({**kept.facts, **facts}, kept.arrays))
        assert opened(made.folder, MANIFEST) is None, facts


def test_a_cache_of_other_targets_is_not_used(make: Make) -> None:
    made = make("partitions", CLASSES * 40)
    made.read(cached=True)
    for head in (None, HeadVectors(vectors(made.chance, 3), ("acme", OTHER, OTHER))):
        other = replace(made, knowledge=replace(made.knowledge, head=head))
        anew = other.read()
        check_same(other.read(cached=True), anew, made.chance)


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
def test_what_is_removed_while_the_cache_is_written_does_not_stay_in_it(
    make: Make, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made = make(kind, CLASSES * 20)

    def keep_late(*arguments: Any) -> None:  # noqa: ANN401 - as they come
        remove_items(made.folder, [made.drawings[0].name])
        keep(*arguments)

    monkeypatch.setattr("logo_retrieval.inference.snapshot.keep", keep_late)
    before = made.read(cached=True)
    assert not (made.folder / CACHE_FILE).exists()
    made.check(made.renewed(before))


def test_an_index_that_is_small_now_keeps_no_cache(make: Make) -> None:
    made = make("faiss", CLASSES * 10)
    made.read(cached=True)
    assert (made.folder / CACHE_FILE).exists()
    replace_index(made.folder, MANIFEST, CLASSES, items(made.chance, CLASSES))
    made.read(cached=True)
    assert not (made.folder / CACHE_FILE).exists()


@pytest.mark.parametrize("kind", ["faiss", "partitions"])
def test_additions_leave_the_large_index_where_it_is(make: Make, kind: str) -> None:
    made = make(kind, CLASSES * 20)
    before = made.read()
    made.add(*items(made.chance, ["newco"]))
    after = made.renewed(before)
    assert isinstance(after.index, SegmentedIndex) and after.index.base is before.index
    assert len(after.index) > len(before.index)
    remove_class(made.folder, "newco")
    assert made.renewed(after).index is before.index


def test_removals_leave_partitions_where_they_are(make: Make) -> None:
    made = make("partitions", CLASSES * 20)
    before = made.read()
    remove_class(made.folder, "crux")
    after = made.renewed(before)
    assert isinstance(before.index, PartitionedIndex) and isinstance(after.index, PartitionedIndex)
    assert after.index.partitions is before.index.partitions and len(after.index) < len(before.index)


def test_damage_of_what_is_read_is_told(make: Make) -> None:
    made = make("numpy", CLASSES)
    before = made.read()
    made.add(*items(made.chance, ["newco"]))
    with closing(connect(made.folder / INDEX_FILE, write=True)) as connection, connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE item_id = 1 AND view = 0")
    with pytest.raises(IndexStoreError, match="damaged: the table vectors cannot be what was written"):
        made.renewed(before)


def test_checksums_that_are_none_are_not_relied_on(make: Make) -> None:
    made = make("numpy", CLASSES)
    before = made.read()
    with closing(connect(made.folder / INDEX_FILE, write=True)) as connection:
        (seal,) = connection.execute("SELECT value FROM meta WHERE key = 'seal'").fetchone()
        for forged in ({"x": "y"}, {"0": ["z"]}, ["0"]):
            kept = {**json.loads(seal), "vectors": forged}
            connection.execute("UPDATE meta SET value = ? WHERE key = 'seal'", (json.dumps(kept),))
            connection.commit()
            assert made.store.renewed(before.stored) is None
            with pytest.raises(IndexStoreError, match="the table vectors cannot be what was written"):
                made.renewed(before)
