"""What an unfinished build has done already: it survives, is its own, and is not mixed with that of another."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from test_store import DIM

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.store.staging import STAGING_FILE, Staging
from logo_retrieval.store.stored import StoredDrawing
from logo_retrieval.types import TRAITS


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


def test_a_damaged_file_of_an_interrupted_build_is_an_error(tmp_path: Path) -> None:
    drawings = {
        bytes([place]) * 32: StoredDrawing(3, bytes(TRAITS), bytes(5000), np.ones((2, DIM), np.float32))
        for place in range(9)
    }
    with Staging(tmp_path, "recipe") as staging:
        staging.add(drawings)
    file = tmp_path / STAGING_FILE
    whole = file.read_bytes()
    for place in range(4096, len(whole), 4096):
        file.write_bytes(whole[:place] + b"\xff" * 4096 + whole[place + 4096 :])
        try:
            with Staging(tmp_path, "recipe") as staging:
                held = {key: staging.get(key).vectors.tolist() for key in drawings if key in staging}
        except IndexStoreError:
            continue
        assert all(vectors == [[1.0] * DIM] * 2 for vectors in held.values())
