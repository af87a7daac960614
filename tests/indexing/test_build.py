"""An index built anew while it is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from drawings import ring

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.indexing.build import build_index, check_replaceable
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE


def test_a_build_does_not_wipe_what_is_enrolled_while_it_is_at_work(mine: Path, classes: Path) -> None:
    def enrol_at_the_last(done: int, total: int) -> None:
        if done == total:
            with LogoClassifier.open(mine) as elsewhere:
                elsewhere.enroll("ring", [ring()])

    gallery, model = read_gallery(classes), starter_model()
    with pytest.raises(IndexStoreError, match="has 1 enrolment.* since it was built, which a build would wipe"):
        build_index(gallery, mine, model, progress=enrol_at_the_last, keep_enrolments=True)
    with IndexStore(mine) as store:
        assert store.class_sizes()["ring"] == 1 and store.faults() == []
    assert build_index(gallery, mine, model).resumed == 12
    check_replaceable(mine)


def test_an_index_that_cannot_be_replaced_is_told_before_a_picture_is_read(mine: Path, classes: Path) -> None:
    with closing(sqlite3.connect(mine / INDEX_FILE)) as connection:
        connection.execute("PRAGMA user_version = 1")
    read: list[int] = []
    with pytest.raises(IndexStoreError, match="has schema version 1"):
        build_index(read_gallery(classes), mine, starter_model(), progress=lambda done, total: read.append(done))
    assert read == []


@pytest.mark.parametrize("there", [[], ["index"]])
def test_a_folder_made_for_a_build_that_is_interrupted_at_once_goes_again(
    classes: Path, tmp_path: Path, there: list[str]
) -> None:
    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    for name in there:
        (tmp_path / name).mkdir()
    with pytest.raises(KeyboardInterrupt):
        build_index(read_gallery(classes), tmp_path / "index", starter_model(), progress=interrupted)
    assert [path.name for path in tmp_path.iterdir()] == there
