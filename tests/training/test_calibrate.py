"""The decision for a network that was just trained."""

from __future__ import annotations

import numpy as np
import pytest
from art_samples import small_set

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
