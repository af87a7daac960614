"""An index built anew while it is in use."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawings import ring

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.indexing.build import build_index, check_replaceable
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.store.index_store import IndexStore


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
