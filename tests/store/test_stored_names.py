"""The names of classes in the index file: kept, removed, and absent from files of the time before."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from test_store import CLASSES, ITEMS, MANIFEST, item

from logo_retrieval.errors import IndexStoreError, NotEnrolled
from logo_retrieval.store.changes import add_items, compact, remove_class, remove_items, remove_names, replace_index
from logo_retrieval.store.index_store import IndexStore

NAMES = {"ärzte": ["Die Ärzte", "BelaFarinRod"], "ghost": ["Ghost GmbH"]}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    return tmp_path


def test_names_stand_beside_the_classes_in_the_order_stored(tmp_path: Path) -> None:
    replace_index(tmp_path, MANIFEST, ["beta", "ghost", "ärzte"], ITEMS, NAMES)
    with IndexStore(tmp_path) as store:
        snapshot = store.snapshot()
        assert snapshot.classes == ("beta", "ghost", "ärzte")
        assert snapshot.names == ((), ("Ghost GmbH",), ("Die Ärzte", "BelaFarinRod"))
        assert list(snapshot.item_classes) == [2, 0, 0], "a class without drawings keeps its place"
        assert store.class_names() == {"beta": (), "ghost": ("Ghost GmbH",), "ärzte": ("Die Ärzte", "BelaFarinRod")}
        assert store.faults() == []
        add_items(tmp_path, [], generation=1, names={"beta": ["Beta AG"], "late": ["Late", "Later"]})
        after = store.snapshot()
        assert (after.generation, after.classes) == (2, ("beta", "ghost", "ärzte", "late"))
        assert after.names == (("Beta AG",), ("Ghost GmbH",), ("Die Ärzte", "BelaFarinRod"), ("Late", "Later"))
        assert [change.detail.partition(",")[0] for change in store.changes()[1:]] == [
            "class 'beta': 1 name",
            "class 'late': 2 names",
        ]
        compact(tmp_path)
        assert store.snapshot().names == after.names
        replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
        assert store.snapshot().names == ((), ())


def test_names_that_cannot_be_added_leave_the_index_as_it_was(index: Path) -> None:
    add_items(index, [], generation=1, names={"beta": ["Beta AG"]})
    with pytest.raises(IndexStoreError, match="cannot write"):
        add_items(index, [item("d.svg", "delta", 0)], generation=2, names={"beta": ["Beta AG"]})
    with IndexStore(index) as store:
        assert store.class_names() == {"beta": ("Beta AG",), "ärzte": ()} and store.generation() == 2


def test_a_class_with_names_outlives_its_last_drawing(tmp_path: Path) -> None:
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS, {"beta": ["Beta AG"]})
    assert remove_items(tmp_path, ["b.svg", "c.svg", "ä.svg"]) == ["ärzte"]
    with IndexStore(tmp_path) as store:
        assert store.class_sizes() == {"beta": 0} and store.class_names() == {"beta": ("Beta AG",)}
        assert store.faults() == []
        empty = store.snapshot()
        assert empty.item_classes.shape == empty.item_ids.shape == (0,)


def test_single_names_go_and_the_label_with_the_last(tmp_path: Path) -> None:
    names = {"beta": ["Beta AG", "Secret Beta", "beta"], "ghost": ["Ghost GmbH", "ghost"]}
    replace_index(tmp_path, MANIFEST, [*CLASSES, "ghost"], ITEMS, names)
    assert remove_names(tmp_path, "beta", ["Secret Beta"]) == []
    assert b"Secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    with IndexStore(tmp_path) as store:
        assert store.class_names()["beta"] == ("Beta AG", "beta") and store.generation() == 2
        change = store.changes()[-1]
        assert (change.action, change.detail.partition(",")[0]) == ("unenroll", "class 'beta': 1 name")
        for label, name, words in (
            ("beta", "Secret Beta", "class 'beta' has no name 'Secret Beta' .*'Beta AG', 'beta'"),
            ("ärzte", "Die Ärzte", "it has none"),
            ("Beta", "Beta AG", "there is no class 'Beta'"),
        ):
            with pytest.raises(NotEnrolled, match=words):
                remove_names(tmp_path, label, ["Beta AG", name])
        assert store.generation() == 2 and store.class_names()["beta"] == ("Beta AG", "beta")
        assert remove_names(tmp_path, "beta", ["Beta AG"]) == []
        assert remove_names(tmp_path, "ghost", ["Ghost GmbH"]) == ["ghost"]
        assert store.class_names() == {"beta": (), "ärzte": ()} and store.faults() == []


def test_a_label_that_was_given_itself_stays_and_one_that_came_along_goes(tmp_path: Path) -> None:
    names = {"ghost": ["ghost", "G.", "Ghost GmbH"], "beta": ["Beta AG", "beta", "B."]}
    replace_index(tmp_path, MANIFEST, [*CLASSES, "ghost"], ITEMS, names)
    assert [remove_names(tmp_path, "ghost", [name]) for name in ("Ghost GmbH", "G.")] == [[], []]
    assert remove_names(tmp_path, "beta", ["Beta AG"]) == []
    with IndexStore(tmp_path) as store:
        assert store.class_names() == {"beta": ("B.", "beta"), "ärzte": (), "ghost": ("ghost",)}
        assert remove_names(tmp_path, "beta", ["B."]) == []
        assert store.class_names()["beta"] == () and store.faults() == []
    assert remove_names(tmp_path, "ghost", ["ghost"]) == ["ghost"]


def test_names_of_a_removed_class_leave_no_copy_where_pages_were_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)

    def names(kind: str) -> list[str]:
        sizes = rng.integers(1, 60, 40)
        return [f"{kind} {rng.integers(1 << 60):x} {'of Long Standing ' * size}" for size in sizes]

    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    for generation in range(1, 31):
        both = {f"{kind} {generation % 3}": names(kind) for kind in ("Secret", "Plain")}
        add_items(tmp_path, [], generation=generation, names=both)
    for place in range(3):
        assert remove_class(tmp_path, f"Secret {place}") == 0
    with IndexStore(tmp_path) as store:
        kept = {label: len(own) for label, own in store.class_names().items() if own}
        assert kept == {f"Plain {place}": 400 for place in range(3)} and store.faults() == []
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert content.count(b"Plain ") > 1200 and not re.search(rb"Secret [0-9a-f]{4}", content)
