"""Every transform by itself, and what holds of all of them together."""

from __future__ import annotations

import numpy as np
import pytest
from art_samples import asymmetric, sign
from PIL import Image, ImageFilter, ImageOps

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.training.art import Art
from logo_retrieval.training.augment import augmented, plain_view, prepared
from logo_retrieval.training.transforms import TRANSFORMS, Scene, Transform
from logo_retrieval.types import Float32Array

SIZE_PX = 64
PALE = (246, 247, 244)
TWO_COLOURED = {"hue", "grey"}
"""Transforms to which art of one dark colour would be no test."""
WRITING = ("name alone", "lockup")
ALL_OFF = {transform.name: 0.0 for transform in TRANSFORMS}


def scene(picture: Image.Image) -> Scene:
    return Scene(picture, Art.of(picture).mono, (30, 160, 90), "north-wind")


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.name)
def test_each_transform_changes_a_picture_and_keeps_its_mode(transform: Transform) -> None:
    picture = asymmetric((200, 60, 40), (20, 40, 160) if transform.name in TWO_COLOURED else None)
    before = picture.tobytes()
    changed = [transform.apply(scene(picture), np.random.default_rng(seed)) for seed in range(30)]
    assert all(each.picture.mode == "RGBA" and min(each.picture.size) > 0 for each in changed)
    assert sum(each.picture.tobytes() != before for each in changed) >= 15
    assert picture.tobytes() == before
    assert all(each.name == "north-wind" and each.colour == (30, 160, 90) for each in changed)


@pytest.mark.parametrize("name", [None, "3m", "百度百科"])
def test_a_name_that_cannot_be_written_does_not_stand_alone(name: str | None) -> None:
    symbol = scene(asymmetric())._replace(name=name)
    alone = next(transform for transform in TRANSFORMS if transform.name == "name alone")
    assert alone.apply(symbol, np.random.default_rng(0)) is symbol


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.name)
@pytest.mark.parametrize("size", [(64, 12), (64, 2), (1, 64)])
def test_each_transform_takes_a_strip(transform: Transform, size: tuple[int, int]) -> None:
    clear = Image.new("RGBA", size)
    clear.paste((200, 60, 40, 255), (0, 0, max(1, size[0] // 2), max(1, size[1] // 2)))
    for picture in (clear, Image.new("RGBA", size, (20, 40, 160, 255))):
        for seed in range(120):
            changed = transform.apply(scene(picture), np.random.default_rng(seed)).picture
            assert changed.mode == "RGBA" and min(changed.size) > 0


def test_the_names_in_the_table_are_distinct_and_the_shares_shares() -> None:
    assert len(ALL_OFF) == len(TRANSFORMS)
    assert all(0 < transform.probability <= 1 for transform in TRANSFORMS)


def test_the_same_chance_gives_the_same_view() -> None:
    one, again = (augmented(scene(asymmetric()), SIZE_PX, np.random.default_rng(7), {}) for _ in range(2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, augmented(scene(asymmetric()), SIZE_PX, np.random.default_rng(8), {}))


def test_a_view_is_that_of_a_query_when_nothing_is_applied() -> None:
    picture = asymmetric()
    view = augmented(scene(picture), SIZE_PX, np.random.default_rng(0), ALL_OFF)
    assert view.shape == (SIZE_PX, SIZE_PX, 3) and view.dtype == np.uint8
    near = np.abs(view.astype(int) - plain_view(picture, SIZE_PX)).mean()
    assert near < 4  # of 255: it was shrunk twice


def test_a_strip_that_is_a_sliver_at_the_size_of_the_training_is_shown_all_the_same() -> None:
    strip = Image.new("RGBA", (224, 7), "white")
    strip.paste((20, 40, 160, 255), (0, 3, 224, 4))
    strip.paste((220, 220, 220, 255), (100, 0, 101, 7))  # a stroke too fine for the smaller size
    assert prepared(strip, 224).shape == (224, 224, 3)
    with pytest.raises(UnreadableImage, match="sliver"):
        prepared(strip, 96)
    changed = augmented(scene(strip), 96, np.random.default_rng(0), ALL_OFF)
    for view in (plain_view(strip, 96), changed):
        assert view.shape == (96, 96, 3) and (view != 255).any(axis=2).sum() >= 96


@pytest.mark.parametrize("name", [name for name in ALL_OFF if name not in WRITING])
def test_nothing_mirrors(name: str) -> None:
    """Over many draws a view is nearer to the drawing than to its mirror images, whatever its colours and size."""
    pictures = (asymmetric(), asymmetric(second=(20, 40, 160)), sign())
    nearest = []
    for number, picture in enumerate(pictures):
        images = (picture, ImageOps.mirror(picture), ImageOps.flip(picture))
        wanted = [np.stack([_edges(each) for each in _sizes(image)]) for image in images]
        for seed in range(number, 24, len(pictures)):
            chance = np.random.default_rng(seed)
            view = augmented(scene(picture), SIZE_PX, chance, {**ALL_OFF, name: 1.0})
            edges = _edges(Image.fromarray(view))
            nearest.append(int(np.argmax([(each * edges).sum(axis=(1, 2)).max() for each in wanted])))
    assert nearest.count(0) >= 0.75 * len(nearest)  # a flip in half of the draws would leave about half


def _sizes(picture: Image.Image) -> list[Image.Image]:
    """As it is and smaller, since a ground and grain keep the margins from being trimmed."""
    view = Image.fromarray(plain_view(picture, SIZE_PX))
    sizes = []
    for side in range(24, SIZE_PX + 1, 8):
        page = Image.new("RGB", view.size, view.getpixel((SIZE_PX - 1, 0)))
        page.paste(view.resize((side, side)), ((SIZE_PX - side) // 2, (SIZE_PX - side) // 2))
        sizes.append(page)
    return sizes


def _edges(view: Image.Image) -> Float32Array:
    """Where a view changes, softened and of unit length: the same whatever the colours."""
    down, across = np.gradient(np.asarray(view.convert("L"), np.float32))
    steep = Image.fromarray(np.minimum(np.hypot(down, across), 255).astype(np.uint8))
    soft = np.asarray(steep.filter(ImageFilter.BoxBlur(2)), np.float32)
    edges = soft - soft.mean()
    unit: Float32Array = edges / np.linalg.norm(edges)
    return unit


@pytest.mark.parametrize("colour", [PALE, (255, 255, 255), (32, 32, 32), (0, 0, 0)])
def test_art_of_any_shade_never_vanishes(colour: tuple[int, int, int]) -> None:
    for seed in range(200):
        view = augmented(scene(asymmetric(colour)), SIZE_PX, np.random.default_rng(seed), {})
        assert np.ptp(view.reshape(-1, 3).astype(int), axis=0).max() >= 16, seed


def test_opaque_art_is_never_laid_on_a_ground() -> None:
    by_name = {transform.name: transform for transform in TRANSFORMS}
    for name in ("ground", "badge", "reverse", "tint"):
        for seed in range(20):
            before = scene(sign())
            assert by_name[name].apply(before, np.random.default_rng(seed)).picture is before.picture


def test_an_opaque_picture_keeps_its_shape() -> None:
    wide = Image.new("RGBA", (200, 100), (0, 80, 200, 255))
    wide.paste((255, 240, 0, 255), (0, 0, 100, 50))
    probabilities = {**ALL_OFF, "tint": 1.0, "reverse": 1.0, "badge": 1.0, "ground": 1.0}
    for seed in range(20):
        view = augmented(scene(wide), SIZE_PX, np.random.default_rng(seed), probabilities)
        assert np.array_equal(view, augmented(scene(wide), SIZE_PX, np.random.default_rng(0), ALL_OFF))
        rows = np.flatnonzero((view != view[0, 0]).any(axis=(1, 2)))
        assert 30 <= len(rows) <= 34


def test_a_probability_in_the_place_of_the_table() -> None:
    always = {**ALL_OFF, "invert": 1.0}
    view = augmented(scene(sign()), SIZE_PX, np.random.default_rng(0), always)
    plain = augmented(scene(sign()), SIZE_PX, np.random.default_rng(0), ALL_OFF)
    assert np.abs(view.astype(int) - (255 - plain.astype(int))).mean() < 3


def test_what_is_prepared_is_what_a_query_would_show() -> None:
    white_on_clear = asymmetric((255, 255, 255))
    assert tuple(prepared(white_on_clear, SIZE_PX)[0, -1]) == (32, 32, 32)
