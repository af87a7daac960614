"""Shapes of pictures: what a template keeps, and how well two fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.images.shapes import correlation, templates
from logo_retrieval.images.traits import hues_in, shapes_in, traits_of
from logo_retrieval.types import SHAPE_PX, TRAITS, UInt8Array

SIDE_PX = 192


def ring(dark: int = 20, light: int = 255, *, side: int = SIDE_PX, hole: float = 0.2) -> UInt8Array:
    """A disc with a hole of some radius, as a share of the side."""
    across = (np.arange(side) + 0.5) / side - 0.5
    radius = np.hypot(across[:, None], across)
    grey = np.where((radius < 0.45) & (radius > hole), dark, light).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def bar(*, side: int = SIDE_PX) -> UInt8Array:
    picture = np.full((side, side, 3), 255, np.uint8)
    picture[:, : side // 3] = 0
    return picture


def fit(one: UInt8Array, other: UInt8Array) -> float:
    return float(correlation(templates(one[None]), templates(other[None])[None])[0, 0])


def test_a_template_is_small_about_its_mean_and_full_where_it_is_farthest() -> None:
    (template,) = templates(ring()[None])
    assert template.dtype == np.int8 and template.shape == (SHAPE_PX**2,)
    assert np.abs(template.astype(int)).max() == 127
    assert abs(template.astype(float).mean()) < 1


def test_what_is_there_is_cut_out_and_stretched() -> None:
    """A pattern of 16 by 16 fields, as a square and as a band."""
    chance = np.random.default_rng(3)
    pattern = chance.integers(0, 200, (SHAPE_PX, SHAPE_PX)).astype(np.uint8)
    square, band = (np.full((SIDE_PX, SIDE_PX, 3), 255, np.uint8) for _ in range(2))
    square[48:144, 48:144] = np.kron(pattern, np.ones((6, 6)))[..., None]
    band[72:120] = np.kron(pattern, np.ones((3, 12)))[..., None]
    assert fit(square, band) > 0.999
    (template,) = templates(square[None])
    assert np.corrcoef(template, pattern.ravel())[0, 1] > 0.999


def test_two_bands_do_not_fit_because_they_are_bands() -> None:
    chance = np.random.default_rng(4)
    bands = np.full((2, SIDE_PX, SIDE_PX, 3), 255, np.uint8)
    for band in bands:
        band[84:108] = np.kron(chance.integers(0, 2, (4, 32)) * 255, np.ones((6, 6)))[..., None]
    assert fit(*bands) < 0.5


def test_a_shape_fits_itself_in_any_contrast_and_colour_and_light_on_dark() -> None:
    tinted = ring().copy()
    tinted[..., 0] = np.where(tinted[..., 0] == 20, 200, 255)
    for other in (ring(), ring(150, 200), ring(255, 0), tinted):
        assert fit(ring(), other) > 0.99


def test_another_shape_does_not_fit_and_a_like_one_does_less() -> None:
    assert fit(ring(), bar()) < 0.3
    assert fit(ring(), bar()) < fit(ring(), ring(hole=0.3)) < fit(ring(), ring(hole=0.22)) < 1


@pytest.mark.parametrize("side", [32, 100, 224, 299])
def test_the_side_of_the_views_does_not_matter(side: int) -> None:
    """Where 64 does not divide the side, a few rows and columns are left out."""
    assert fit(ring(), ring(side=side)) > 0.96


def test_a_picture_that_shows_nothing_fits_nothing() -> None:
    even = np.full((SIDE_PX, SIDE_PX, 3), 254, np.uint8)
    even[0] = 255
    assert not templates(even[None]).any()
    assert fit(even, ring()) == fit(ring(), even) == fit(even, even) == 0.0


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 300]))
def test_fits_are_the_same_alone_and_among_others(seed: int, n: int) -> None:
    chance = np.random.default_rng(seed)
    shapes = chance.integers(-127, 128, (n, SHAPE_PX**2)).astype(np.int8)
    others = chance.integers(-127, 128, (n, 7, SHAPE_PX**2)).astype(np.int8)
    together = correlation(shapes, others)
    alone = np.concatenate([correlation(shapes[[row]], others[[row]]) for row in range(n)])
    np.testing.assert_array_equal(together, alone)
    assert (together >= 0).all() and (together <= 1).all()


def test_traits_are_hues_and_shape_side_by_side() -> None:
    red = ring().copy()
    red[red[..., 0] == 20] = (220, 30, 30)
    traits = traits_of(np.stack([red, bar()]))
    assert traits.shape == (2, TRAITS) and traits.dtype == np.uint8
    assert hues_in(traits)[0].any() and not hues_in(traits)[1].any()
    np.testing.assert_array_equal(shapes_in(traits), templates(np.stack([red, bar()])))
