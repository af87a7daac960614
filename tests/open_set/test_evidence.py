"""The evidence, by hand."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.open_set.evidence import (
    COMPANY_FEATURES,
    ClassProfile,
    Compared,
    Features,
    gather,
    nearest_of_classes,
    with_text,
)
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.types import Float32Array

OTHER = 2
SCALE = Scale(nearest_low=0.5, nearest_high=0.9, head_low=0.2, head_high=0.7)


PROFILE = ClassProfile(np.array([1, 4, 2]), np.array([True, False, False]), np.array([False, True, False]))


def gathered(
    similarities: list[float],
    classes: list[int],
    head: list[float] | None = None,
    hues: list[float] | None = None,
    shapes: list[float] | None = None,
) -> Features:
    row = None if head is None else np.array([head], np.float32)
    of_hues, of_shapes = np.array([hues or [np.nan] * len(classes)]), np.array([shapes or [0.0] * len(classes)])
    compared = Compared(np.array([similarities], np.float32), np.array([classes]), of_hues, of_shapes)
    return gather(compared, row, OTHER, PROFILE, SCALE)


def of(features: Features, company: int) -> dict[str, float]:
    return dict(zip(COMPANY_FEATURES, features.company[0, company].tolist(), strict=True))


def test_each_class_has_its_nearest_drawing_and_the_absent_the_last_similarity() -> None:
    found = nearest_of_classes(np.array([[0.9, 0.8, 0.7]], np.float32), np.array([[1, 1, 0]]), 4)
    np.testing.assert_allclose(found, [[0.7, 0.9, 0.7, 0.7]])


def test_where_all_drawings_were_seen_the_absent_have_no_evidence() -> None:
    found = nearest_of_classes(np.array([[0.9, -np.inf]], np.float32), np.array([[1, -1]]), 3)
    np.testing.assert_allclose(found, [[-1, 0.9, -1]])
    empty = nearest_of_classes(np.full((1, 2), -np.inf, np.float32), np.full((1, 2), -1), 3)
    np.testing.assert_allclose(empty, [[-1, -1, -1]])


def test_every_feature_worked_by_hand() -> None:
    """On the scale .9 is 1, .7 is .5 and .5 is 0; the head's .7 is 1, .45 is .5 and .2 is 0."""
    found = gathered([0.9, 0.7, 0.5], [1, 0, OTHER], [0.7, 0.45, 0.2])
    nothing = dict.fromkeys(COMPANY_FEATURES, 0.0)
    assert of(found, 0) == pytest.approx(nothing | {"nearest": 0.5, "head": 1.0}, abs=1e-6)
    assert of(found, 1) == pytest.approx(nothing | {"nearest": 1.0, "head": 0.5, "rarity": -log(4)}, abs=1e-6)
    np.testing.assert_allclose(found.rival, [[0.0, 0.0]], atol=1e-6)


def asked_of(
    drawings: int, further: float, rival: float, head: list[float] | None, novel: tuple[bool, ...] = (True, True)
) -> Features:
    """One query of an index of so many drawings, ten of which are near; then come ten others, and one of `other`."""
    trained = [not each for each in novel]
    profile = ClassProfile(np.array([0, drawings, 0]), np.array([*trained, False]), np.array([*novel, False]))
    similarities = np.array([[0.9] * 10 + [further] * 10 + [rival]], np.float32)
    compared = Compared(similarities, np.array([[1] * 20 + [OTHER]]), np.full((1, 21), np.nan), np.zeros((1, 21)))
    return gather(compared, None if head is None else np.array([head], np.float32), OTHER, profile, SCALE)


@pytest.mark.parametrize(
    ("drawings", "novel", "shown"),
    [
        (0, (True, True), 0.0),
        (500, (True, True), 0.5),
        (1000, (True, True), 1.0),
        (9000, (True, True), 1.0),
        (0, (False, True), 0.5),
        (500, (False, True), 0.75),
        (0, (False, False), 1.0),
    ],
)
def test_a_small_index_of_novel_companies_shows_neither_crowds_nor_rivals(
    drawings: int, novel: tuple[bool, ...], shown: float
) -> None:
    """On the scale .3 is -.5, and the head's .45 is .5."""
    found = asked_of(drawings, 0.3, 0.3, [0.2, 0.7, 0.45], novel)
    assert of(found, 1)["isolation"] == pytest.approx(shown * 0.5)
    assert found.rival[0].tolist() == pytest.approx([0.5 - shown, 0.5], abs=1e-6)


@pytest.mark.parametrize("drawings", [0, 500, 1000])
def test_what_a_small_index_does_show_counts(drawings: int) -> None:
    found = asked_of(drawings, 0.7, 0.9, [0.2, 0.7, 0.45])
    assert of(found, 1)["isolation"] == pytest.approx(-6 / 11, abs=1e-6) and found.rival[0, 0] == pytest.approx(1.0)


def test_without_a_head_nothing_else_shows_them() -> None:
    found = asked_of(0, 0.3, 0.3, None)
    assert of(found, 1)["isolation"] == pytest.approx(0.5) and found.rival[0].tolist() == pytest.approx([-0.5, 0.0])


def test_a_name_that_is_read_supports_its_company_and_contradicts_the_others() -> None:
    plain = gathered([0.9, 0.7], [1, 0])
    read = with_text(plain, np.array([[0.2, 0.9, 0.0]], np.float32), np.array([0.8], np.float32))
    first, second = of(read, 0), of(read, 1)
    assert (first["named"], first["contradicted"]) == pytest.approx((0.2, -0.6))
    assert (second["named"], second["contradicted"]) == pytest.approx((0.9, 0.0))
    assert first["nearest"] == of(plain, 0)["nearest"] and of(plain, 1)["named"] == 0.0


def test_where_nothing_was_read_the_evidence_is_that_of_a_picture_that_nobody_read() -> None:
    """To the sign of a zero, so that an answer does not show whether another of its batch was read."""
    plain = gathered([0.9, 0.7], [1, 0])
    read = with_text(plain, np.zeros((1, 3), np.float32), np.zeros(1, np.float32))
    assert read.company.tobytes() == plain.company.tobytes()


def test_the_drawing_whose_hues_agree_most_tells_what_colours_say() -> None:
    """An agreement of .85 says nothing; what is without colour neither."""
    found = gathered([0.9, 0.8, 0.7, 0.6], [0, 0, 1, OTHER], hues=[0.2, 0.925, 0.425, 1.0])
    first, second = of(found, 0), of(found, 1)
    assert (first["colours_agree"], first["colours_differ"]) == pytest.approx((0.5, 0.0))
    assert (second["colours_agree"], second["colours_differ"]) == pytest.approx((0.0, -0.5))
    colourless = of(gathered([0.9, 0.8], [0, 1], hues=[np.nan, 0.85]), 0)
    assert (colourless["colours_agree"], colourless["colours_differ"]) == (0.0, 0.0)


def test_the_drawing_that_fits_best_tells_what_the_shape_says() -> None:
    """A correlation of .7 says nothing yet."""
    found = gathered([0.9, 0.85, 0.83], [0, 0, 1], shapes=[0.3, 0.85, 0.7])
    assert (of(found, 0)["shape"], of(found, 1)["shape"]) == pytest.approx((0.5, 0.0))
    assert of(gathered([0.9], [0], shapes=[1.0]), 1)["shape"] == 0.0


def test_a_drawing_that_is_far_from_the_nearest_fits_in_vain() -> None:
    """Signs of one form fit whatever stands on them."""
    found = gathered([0.9, 0.82, 0.78], [OTHER, 0, 1], shapes=[0.0, 1.0, 1.0])
    assert (of(found, 0)["shape"], of(found, 1)["shape"]) == (1.0, 0.0)


def test_the_tenth_to_sixtieth_neighbours_are_the_crowd() -> None:
    near = [0.9] * 10 + [0.7] * 40
    assert of(gathered(near, [0] * 50), 0)["isolation"] == pytest.approx(-0.5)
    few = [0.9] * 5 + [-np.inf] * 5
    assert of(gathered(few, [0] * 5 + [-1] * 5), 0)["isolation"] == 0.0


def test_without_a_head_nothing_is_said_by_it() -> None:
    found = gathered([0.9], [0])
    assert found.head is None
    assert of(found, 0)["head"] == 0.0


def test_an_empty_index_has_nothing_near() -> None:
    found = gathered([-np.inf, -np.inf], [-1, -1])
    assert of(found, 0)["nearest"] == -1.0
    assert np.isfinite(found.company).all() and np.isfinite(found.rival).all()


@given(
    st.lists(st.tuples(st.floats(-1, 1, width=32), st.integers(0, 2)), min_size=1, max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_how_cosines_are_spread_does_not_matter(pairs: list[tuple[float, int]], seed: int) -> None:
    """A network whose cosines are all half as far from 1 says the same on its own scale."""
    similarities = np.array([sorted((s for s, _ in pairs), reverse=True)], np.float32).clip(min=0.5)
    classes = np.array([[c for _, c in pairs]])
    head = np.random.default_rng(seed).uniform(0.2, 1, (1, 3)).astype(np.float32)
    squeezed = Scale(0.75, 0.95, 0.6, 0.85)

    def half(values: Float32Array) -> Float32Array:
        return (1 - (1 - values) / 2).astype(np.float32)

    hues, shapes = np.random.default_rng(seed).uniform(0, 1, (2, *classes.shape))
    compared = Compared(similarities, classes, hues, shapes)
    plain = gather(compared, head, OTHER, PROFILE, SCALE)
    other = gather(replace(compared, similarities=half(similarities)), half(head), OTHER, PROFILE, squeezed)
    np.testing.assert_allclose(plain.company, other.company, atol=2e-5)
    np.testing.assert_allclose(plain.rival, other.rival, atol=2e-5)


def test_faults_say_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"must be \(n, k\), got \(1, 2\) and \(1, 3\)"):
        nearest_of_classes(np.zeros((1, 2), np.float32), np.zeros((1, 3), np.int64), 3)
    with pytest.raises(ValueError, match="below 3"):
        nearest_of_classes(np.zeros((1, 1), np.float32), np.full((1, 1), 3), 3)
    with pytest.raises(ValueError, match=r"head of shape \(1, 3\), got 2 and \(1, 2\)"):
        gathered([0.9], [0], [0.1, 0.2])
    with pytest.raises(ValueError, match="low end of a scale must be below"):
        Scale(0.5, 0.5, 0, 1)
    with pytest.raises(ValueError, match="one unknown logo at least"):
        Scale.of_unknown(np.zeros(0, np.float32), None)


def test_the_scale_lies_where_unknown_logos_do() -> None:
    near = np.linspace(0, 1, 101, dtype=np.float32)
    scale = Scale.of_unknown(near, (near / 2).astype(np.float32))
    assert (scale.nearest_low, scale.nearest_high) == pytest.approx((0.5, 0.98))
    assert (scale.head_low, scale.head_high) == pytest.approx((0.25, 0.49))
