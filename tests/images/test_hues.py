"""Hues of pictures: what is counted, and what two have in common."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.images.hues import agreement, hue_histograms
from logo_retrieval.types import HUES, UInt8Array

RED, ORANGE, BLUE, GREY = (220, 30, 30), (235, 90, 20), (30, 60, 220), (120, 120, 120)


def picture(*bars: tuple[tuple[int, int, int], int], side: int = 192) -> UInt8Array:
    """White, with bars of some colours, each so many hundredths wide."""
    pixels = np.full((side, side, 3), 255, np.uint8)
    left = 0
    for colour, width in bars:
        right = left + width * side // 100
        pixels[:, left:right] = colour
        left = right
    return pixels


def hues(*pictures: UInt8Array) -> UInt8Array:
    return hue_histograms(np.stack(pictures))


def test_one_colour_agrees_with_itself_however_much_of_it_there_is() -> None:
    little, much = hues(picture((RED, 10)), picture((RED, 60), (GREY, 20)))
    assert agreement(little, much) > 0.98


def test_tones_agree_with_their_neighbours_and_not_with_what_lies_across() -> None:
    red, orange, blue = hues(*(picture((colour, 40)) for colour in (RED, ORANGE, BLUE)))
    assert agreement(red, blue) == 0.0
    assert 0.2 < agreement(red, orange) < 0.95


def test_two_colours_agree_by_half_with_one_of_them() -> None:
    both, one = hues(picture((RED, 30), (BLUE, 30)), picture((BLUE, 50)))
    assert agreement(both, one) == pytest.approx(0.5, abs=0.05)


def test_what_is_without_colour_says_nothing() -> None:
    black, dot, red = hues(picture(((0, 0, 0), 50)), picture((GREY, 50), (RED, 2)), picture((RED, 50)))
    assert not black.any() and not dot.any()
    assert np.isnan(agreement(black, red)) and np.isnan(agreement(red, black))


def test_size_hardly_matters() -> None:
    large, small = (hues(picture((RED, 30), (BLUE, 20), side=side))[0] for side in (260, 64))
    assert agreement(large, small) > 0.95


@given(st.integers(0, 2**32 - 1))
def test_a_picture_alone_has_the_hues_that_it_has_among_others(seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (3, 70, 70, 3), dtype=np.uint8)
    alone = np.concatenate([hue_histograms(each[None]) for each in pictures])
    np.testing.assert_array_equal(hue_histograms(pictures), alone)
    assert alone.shape == (3, HUES) and abs(alone.sum(axis=1, dtype=int) - 255).max() <= HUES // 2
    same = agreement(alone, alone)
    np.testing.assert_allclose(same, 1.0)
    assert (agreement(alone[0], alone) == agreement(alone, alone[0])).all()
