"""The head fitted to enrolled companies while an index is in use."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from drawings import SHAPES, svg
from test_enrolment import answers, files, ring

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import IndexStoreError, ModelError
from logo_retrieval.refit import refit
from logo_retrieval.store.changes import IndexChanged, write_head_rows
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE

UNMET = set(SHAPES) - {"other", "bars"}
"""Training has met bars: a pictogram."""


def head_of(classifier: LogoClassifier, label: str) -> float:
    """What the head says of a ring for a class."""
    (decision,) = classifier.classify([ring(1)], top=9)
    (found,) = (each.head for each in decision.top if each.label == label)
    assert found is not None
    return found


def test_fitted_rows_take_part_in_the_next_answer_of_every_process(mine: Path, classifier: LogoClassifier) -> None:
    classifier.enroll("ring", [ring(0), ring(2)])
    with LogoClassifier.open(mine) as elsewhere:
        by_mean = head_of(elsewhere, "ring"), head_of(elsewhere, "disc")
        report = classifier.refit()
        assert set(report.classes) == {"ring", *UNMET} and report.n_drawings == 2 + 12
        assert head_of(elsewhere, "ring") != by_mean[0] and head_of(elsewhere, "disc") != by_mean[1]
        assert elsewhere.classify([ring(1)])[0].label == "ring"
        assert elsewhere.store.faults() == []


def test_new_drawings_bring_back_the_mean_of_their_class_alone(mine: Path, classifier: LogoClassifier) -> None:
    classifier.enroll("ring", [ring(0)])
    classifier.refit()
    fitted = head_of(classifier, "ring"), head_of(classifier, "disc")
    classifier.enroll("ring", [ring(2)])
    now = head_of(classifier, "ring"), head_of(classifier, "disc")
    assert now[0] != fitted[0] and now[1] == fitted[1]
    assert len(classifier.store.snapshot().head_rows) == len(UNMET)


def test_a_removal_leaves_nothing_of_what_was_learned(mine: Path, classifier: LogoClassifier) -> None:
    before = answers(mine)
    classifier.enroll("ring", [ring(0), ring(2)])
    classifier.refit()
    rows = [row.tobytes() for row in classifier.store.snapshot().head_rows.values()]
    assert len(rows) == 1 + len(UNMET) and all(any(row in each for each in files(mine).values()) for row in rows)
    classifier.unenroll("ring")
    assert answers(mine) == before
    assert not [name for name, content in files(mine).items() for row in rows if row in content]


def test_what_training_has_met_keeps_what_it_learned(mine: Path, classifier: LogoClassifier) -> None:
    icon = (Path(__file__).resolve().parents[1] / "benchmarks" / "samples" / "favicon.ico").read_bytes()
    before = answers(mine)
    classifier.enroll("My Browser", [icon])
    (met,) = classifier.classify([icon])
    report = classifier.refit()
    assert set(report.classes) == UNMET
    unit = np.full(256, 1 / 16, np.float32)
    write_head_rows(mine, {"My Browser": unit}, generation=classifier.store.generation())
    (now,) = classifier.classify([icon])
    assert now.label == met.label == "My Browser"
    assert now.top[0].head == met.top[0].head, "a row fitted before training was known to have met it is passed over"
    classifier.unenroll("My Browser")
    assert answers(mine) == before


def test_fitted_twice_is_fitted_once(mine: Path, classifier: LogoClassifier) -> None:
    classifier.enroll("ring", [ring(0)])
    classifier.refit()
    once = answers(mine)
    classifier.refit()
    assert answers(mine) == once


def test_what_cannot_be_fitted(mine: Path, classifier: LogoClassifier) -> None:
    with LogoClassifier.open() as starter, pytest.raises(IndexStoreError, match="read only"):
        starter.refit()
    before = files(mine)
    with pytest.raises(ModelError, match="has no head"):
        refit(classifier.store, None)
    with pytest.raises(IndexChanged):
        write_head_rows(mine, {}, generation=classifier.store.generation() + 1)
    assert files(mine) == before


def test_damage_is_found(mine: Path, classifier: LogoClassifier) -> None:
    classifier.refit()
    with sqlite3.connect(mine / INDEX_FILE) as connection:
        connection.execute("UPDATE head_rows SET vector = ? WHERE class_id = 2", (np.zeros(256, np.float32).tobytes(),))
    connection.close()
    with IndexStore(mine) as store:
        assert store.faults() == ["the head's row of class 2 is not of unit length"]
    with sqlite3.connect(mine / INDEX_FILE) as connection:
        connection.execute("UPDATE head_rows SET vector = x'00' WHERE class_id = 2")
    connection.close()
    with pytest.raises(IndexStoreError, match="are not 256 wide"):
        LogoClassifier.open(mine)


def test_the_command(run: Run, mine: Path, tmp_path: Path) -> None:
    done = run("refit", "--index", mine)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{mine}: head fitted to 2 classes on 12 drawings\n"
    (tmp_path / "disc.svg").write_bytes(svg("disc", 4))
    assert "disc" in run("classify", "--index", mine, tmp_path / "disc.svg").out
    assert run("refit", "--index", tmp_path / "absent").code == 1


def test_nothing_to_fit(run: Run, tmp_path: Path) -> None:
    from logo_retrieval.models import copy_starter

    copy_starter(tmp_path / "copy")
    done = run("refit", "--index", tmp_path / "copy")
    assert (done.code, done.out) == (0, f"{tmp_path / 'copy'}: training has met every class: nothing to fit\n")


def test_what_came_after_goes_without_what_was_learned_before(mine: Path, classifier: LogoClassifier) -> None:
    classifier.enroll("ring", [ring(0), ring(2)])
    classifier.refit()
    before = answers(mine)
    added = [name for name, _ in classifier.enroll("loop", [ring(1), ring(3)], force=True).added]
    assert answers(mine) != before
    classifier.unenroll(items=added[:1])
    classifier.unenroll("loop")
    assert answers(mine) == before
    classifier.unenroll(items=["disc/0.svg"])
    assert classifier.store.snapshot().head_rows == {}
