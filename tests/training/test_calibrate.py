"""The decision for a network that was just trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from art_samples import RED, bar, small_set, store
from PIL import Image, ImageDraw

from logo_retrieval.embedding import load_embedder
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.training.calibrate import calibrated
from logo_retrieval.training.recipe import Recipe

SIZES = {"acme": 6, "borea": 6, **{f"other/{number}": 3 for number in range(6)}}


@pytest.mark.parametrize(
    "held",
    [
        (0, 1, 6, 7, 12, 13, 14, 27, 28, 29),
        (0, 1, 6, 7, 12, 13, 14),
        (0, *range(12, 24)),
    ],
    ids=["brands five targets apart", "one brand", "one company"],
)
def test_those_who_vouch_are_judged_by_weights_that_met_companies_and_others(held: tuple[int, ...]) -> None:
    """Weights that were fitted to one kind alone would put their log-odds 20 too high or too low."""
    embedder = load_embedder(starter_model())
    data = small_set(SIZES, held=held)
    found = calibrated(embedder, None, Recipe(size_px=embedder.input_size_px), data)
    assert found is not None and np.abs(found[1].log_odds).max() < 8


def lockup(place: int) -> Image.Image:
    """One of the shapes, and beside it what may be a name."""
    picture = Image.new("RGBA", (400, 64))
    picture.paste(bar(place))
    pen = ImageDraw.Draw(picture)
    for left in range(90, 400, 24):
        pen.rectangle((left, 20, left + 16, 44), fill=RED)
    return picture


def test_unknown_logos_are_as_near_as_they_are_to_an_index() -> None:
    """Lockups of other brands that hold a company's mark: only as a view of its own the mark is nearly that one."""
    embedder, held = load_embedder(starter_model()), (12, 13, 14, 27, 28, 29)
    data = small_set(SIZES, held=(0, 1, 6, 7, *held))
    pictures = [data.art[row].pixels for row in range(len(data.art))]
    for row, mark in zip(held, (2, 3, 4, 8, 9, 10), strict=True):
        pictures[row] = lockup(mark)
    found = calibrated(embedder, None, Recipe(size_px=embedder.input_size_px), replace(data, art=store(pictures)))
    assert found is not None and found[0].scale is not None and found[0].scale.nearest_low > 0.6
