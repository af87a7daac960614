"""Companies and drawings removed while an index is in use."""

from __future__ import annotations

import shutil
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest
from drawings import lay_classes, ring
from enrolled import answers, files

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.search.halves import halves_of
from logo_retrieval.store.cache import CACHE_FILE
from logo_retrieval.store.changes import add_items, compact, remove_class
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.store.transactions import IndexChanged


@pytest.mark.parametrize("partitioned_from", [1, 1000])
def test_removed_without_trace(
    mine: Path, classifier: LogoClassifier, monkeypatch: pytest.MonkeyPatch, partitioned_from: int
) -> None:
    monkeypatch.setattr("logo_retrieval.search.open.FAISS_FROM", 1)
    monkeypatch.setattr("logo_retrieval.search.open.PARTITIONED_FROM", partitioned_from)
    before = answers(mine)
    for place in range(5):
        classifier.enroll("ring", [ring(place)])
    assert answers(mine) != before and (mine / CACHE_FILE).exists()
    vectors = classifier.store.class_vectors(["ring"])["ring"]
    names = [f"{place}" for place in classifier.store.class_sizes()]
    assert "ring" in names
    with sqlite3.connect(mine / INDEX_FILE) as connection:
        rows = connection.execute(
            "SELECT sha256, webp, items.name FROM items JOIN thumbnails ON item_id = items.id "
            "JOIN classes ON classes.id = class_id WHERE classes.name = 'ring'"
        ).fetchall()
    connection.close()
    traces = [trace for sha256, webp, name in rows for trace in (sha256, webp[20:], name.encode())]
    traces += [row.tobytes() for row in (*vectors, *halves_of(vectors))]
    assert len(traces) == 25
    classifier.unenroll("ring")
    kept = files(mine)
    assert not [name for name, content in kept.items() for trace in traces if trace in content]
    assert CACHE_FILE in kept and b"ring" not in kept[CACHE_FILE]
    assert answers(mine) == before


def test_single_drawings_go_and_the_last_takes_its_class_along(mine: Path, classifier: LogoClassifier) -> None:
    before = answers(mine)
    names = [name for name, _ in classifier.enroll("ring", [ring(0), ring(1)]).added]
    assert classifier.unenroll(items=names[:1]) == []
    assert classifier.store.class_sizes()["ring"] == 1
    assert classifier.unenroll(items=names[1:]) == ["ring"]
    assert answers(mine) == before


def test_an_index_may_lose_all_but_other(classifier: LogoClassifier) -> None:
    for label in ("disc", "bars", "ärzte"):
        classifier.unenroll(label)
    assert classifier.classify([ring()])[0].label == "other"


def test_an_index_may_become_empty_and_begin_anew(tmp_path: Path) -> None:
    gallery = lay_classes(tmp_path / "gallery", per_class=1)
    shutil.rmtree(gallery / "other")
    with LogoClassifier.build(gallery, index=tmp_path / "index") as classifier:
        for label in ("disc", "bars", "ärzte"):
            classifier.unenroll(label)
        decision = classifier.classify([ring()])[0]
        assert (decision.label, decision.neighbours) == ("other", ())
        classifier.enroll("ring", [ring()])
        assert classifier.classify([ring(1)])[0].label == "ring"


def test_what_is_not_there_cannot_be_removed(mine: Path, classifier: LogoClassifier) -> None:
    before = files(mine)
    with pytest.raises(IndexStoreError, match="there is no class 'DISC' .*, but there is 'disc'"):
        classifier.unenroll("DISC")
    with pytest.raises(IndexStoreError, match="there is no drawing 'disc/9.svg'"):
        classifier.unenroll(items=["disc/0.svg", "disc/9.svg"])
    with pytest.raises(IndexStoreError, match="'other' is what unknown logos are told by"):
        classifier.unenroll("other")
    for nothing in (
        {},
        {"names": ["Disc"]},
        {"label": "disc", "names": []},
        {"label": "disc", "items": ["disc/0.svg"]},
    ):
        with pytest.raises(ValueError, match="either a class, one or more names of a class, or drawings"):
            classifier.unenroll(**nothing)
    assert files(mine) == before


def test_a_change_since_the_checks_is_noticed(mine: Path, classifier: LogoClassifier) -> None:
    generation = classifier.store.generation()
    remove_class(mine, "bars")
    with pytest.raises(IndexChanged):
        add_items(mine, [], generation=generation)


def test_removed_by_any_unicode_form_of_its_name(classifier: LogoClassifier) -> None:
    classifier.enroll("Café", [ring()])
    assert classifier.unenroll(unicodedata.normalize("NFD", " Café ")) == ["Café"]


def test_a_removal_beside_a_reader_says_what_is_left(mine: Path, classifier: LogoClassifier) -> None:
    classifier.enroll("ring", [ring()])
    with closing(sqlite3.connect(mine / INDEX_FILE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM items").fetchone()
        with pytest.raises(IndexStoreError, match="may lie in the file until `logo-retrieval compact` has run"):
            classifier.unenroll("ring")
    assert "ring" not in classifier.classes
    compact(mine)
    assert classifier.store.faults() == []
