"""Rasterising for training: once, in order, with what cannot be read by name."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from art_samples import asymmetric, sign
from drawings import lay_classes, raster, svg
from PIL import Image

from logo_retrieval.errors import ModelError
from logo_retrieval.training.art import Art, ArtStore, packed, rasterised


def test_what_is_seen_of_a_drawing() -> None:
    assert (Art.of(asymmetric()).transparent, Art.of(asymmetric()).mono) == (True, True)
    assert (Art.of(asymmetric(second=(0, 0, 200))).transparent, Art.of(asymmetric(second=(0, 0, 200))).mono) == (
        True,
        False,
    )
    assert (Art.of(sign()).transparent, Art.of(sign()).mono) == (False, False)
    one_colour = Image.new("RGBA", (50, 50), (9, 9, 9, 255))
    assert Art.of(one_colour).mono is False


def test_packing_keeps_every_pixel() -> None:
    art = Art.of(asymmetric(second=(0, 0, 200)))
    again = ArtStore([packed(art)])[0]
    assert np.array_equal(np.asarray(again.pixels), np.asarray(art.pixels))
    assert (again.transparent, again.mono) == (art.transparent, art.mono)


def test_files_in_their_order_and_faults_by_place(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(svg("disc"))
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "c.jpg").write_bytes(raster("JPEG", "RGB"))
    paths = [tmp_path / name for name in ("a.svg", "b.png", "absent.svg", "c.jpg", "a.svg")]
    seen: list[tuple[int, int]] = []
    art, places, faults = rasterised(paths, tmp_path / "cache", size_px=64, progress=lambda *at: seen.append(at))
    assert places == [0, 3, 4] and len(art) == 3 and seen[-1] == (5, 5)
    assert [(place, fault.code) for place, fault in faults] == [(1, "unknown-format"), (2, "missing")]
    assert art[0].mono and not art[1].transparent and art[0].pixels.size == art[2].pixels.size == (64, 64)


def test_a_second_call_draws_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted(lay_classes(tmp_path / "data").rglob("*.svg"))
    (tmp_path / "data" / "bad.svg").write_bytes(b"<svg")
    paths.append(tmp_path / "data" / "bad.svg")
    first, _, faults = rasterised(paths, tmp_path / "cache", size_px=64)
    with monkeypatch.context() as patch:
        patch.setattr(
            "logo_retrieval.images.pool.pool.DecoderProcesses.decode", None
        )  # would fail as soon as it were called
        second, places, again = rasterised(paths, tmp_path / "cache", size_px=64)
    assert first.digest() == second.digest() and len(places) == len(paths) - 1
    assert [str(fault) for _, fault in faults] == [str(fault) for _, fault in again]


def test_what_a_busy_machine_spoilt_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(svg("disc"))
    rasterised([tmp_path / "a.svg"], tmp_path / "cache", size_px=64)
    (file,) = (tmp_path / "cache").glob("art-*.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE art SET png = NULL, code = 'timeout', text = 'too slow'")
    connection.close()
    art, _, faults = rasterised([tmp_path / "a.svg"], tmp_path / "cache", size_px=64)
    assert len(art) == 1 and not faults


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot write the rasterised art"):
        rasterised([], tmp_path / "file" / "cache")


def test_some_rows_of_a_store() -> None:
    store = ArtStore([packed(Art.of(picture)) for picture in (asymmetric(), sign())])
    assert len(store.chosen([1])) == 1 and not store.chosen([1])[0].transparent
    assert store.chosen([1, 0]).digest() != store.digest() == store.chosen([0, 1]).digest()
