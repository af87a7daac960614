"""The looks of drawings: what each changes, and what it leaves."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from logo_retrieval.training import looks

SIZE = 96


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def disc() -> Image.Image:
    picture = Image.new("RGBA", (SIZE, SIZE))
    ImageDraw.Draw(picture).ellipse((16, 16, 80, 80), fill=(120, 60, 60, 255))
    return picture


def alpha(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.getchannel("A"), np.int16)


def test_strokes_become_heavier_or_lighter_in_the_colour_that_they_have(disc: Image.Image) -> None:
    sizes = []
    for seed in range(8):
        changed = looks.stroked(disc, np.random.default_rng(seed))
        sizes.append(int((alpha(changed) > 128).sum()) - int((alpha(disc) > 128).sum()))
        colours = np.asarray(changed)[alpha(changed) > 200, :3]
        assert np.abs(colours.astype(int) - (120, 60, 60)).max() <= 2
    assert min(sizes) < 0 < max(sizes)


def test_an_outline_is_the_edge_alone(disc: Image.Image) -> None:
    for seed in range(4):
        drawn = looks.outlined(disc, np.random.default_rng(seed), mono=True)
        edge, room = alpha(drawn), (drawn.width - SIZE) // 2
        assert edge[48 + room, 48 + room] == 0 and edge[0, 0] == 0 and edge[48 + room, 16 + room] == 255
        ink = int((edge > 128).sum())
        assert 0.03 * SIZE < ink / (64 * np.pi) < 0.085 * SIZE, "the stroke is as wide as line icons have it"


def test_an_outline_of_many_colours_goes_between_them_too(disc: Image.Image) -> None:
    ImageDraw.Draw(disc).rectangle((48, 0, 96, 96), fill=(250, 220, 40, 255))
    drawn = {mono: alpha(looks.outlined(disc, rng(), mono=mono)) for mono in (True, False)}
    middle = tuple(side // 2 for side in drawn[True].shape)
    assert drawn[True][middle] == 0 and drawn[False][middle] == 255


def test_what_is_drawn_with_lines_is_known(disc: Image.Image) -> None:
    assert not looks.is_of_lines(disc)
    assert looks.is_of_lines(looks.outlined(disc, rng(), mono=True))


def test_gloss_lights_the_upper_part(disc: Image.Image) -> None:
    lit = np.asarray(looks.glossy(disc, rng()), int)
    plain = np.asarray(disc, int)
    assert (lit[30, 48, :3] > plain[30, 48, :3]).all() and (lit[79, 48] == plain[79, 48]).all()


def test_a_relief_is_lit_at_edges_and_even_within(disc: Image.Image) -> None:
    raised = np.asarray(looks.in_relief(disc, rng()), int)
    plain = np.asarray(disc, int)
    assert (raised[48, 48] == plain[48, 48]).all()
    assert np.abs(raised - plain)[..., :3].max() > 20


def test_a_shadow_lies_under_the_drawing(disc: Image.Image) -> None:
    for seed in range(6):
        with_shadow = looks.with_shadow(disc, np.random.default_rng(seed))
        room = (with_shadow.width - disc.width) // 2
        inside = np.asarray(with_shadow.crop((room, room, room + SIZE, room + SIZE)))
        drawn = alpha(disc) == 255
        assert (inside[drawn] == np.asarray(disc)[drawn]).all()
        assert (alpha(with_shadow) > 0).sum() > (alpha(disc) > 0).sum()


def test_a_tilt_leaves_the_middle_where_it_is(disc: Image.Image) -> None:
    tilted = looks.tilted(disc, rng(), (0, 0, 0, 0))
    assert tilted.size == disc.size and np.asarray(tilted)[48, 48].tolist() == [120, 60, 60, 255]
    assert (alpha(tilted) != alpha(disc)).any()


@pytest.mark.parametrize("seed", range(12))
def test_stuff_changes_an_even_ground_a_little(seed: int) -> None:
    ground = Image.new("RGBA", (SIZE, SIZE), (128, 128, 128, 255))
    changed = np.asarray(looks.of_stuff(ground, np.random.default_rng(seed)), int)[..., :3]
    assert 0 < np.abs(changed - 128).mean() < 40


def test_a_gradient_leaves_the_shape(disc: Image.Image) -> None:
    shaded = looks.shaded(disc, rng())
    assert (alpha(shaded) == alpha(disc)).all() and np.asarray(shaded)[20:76, 48, :3].std(axis=0).max() > 5


def test_a_sign_cuts_off_what_is_larger_than_it(disc: Image.Image) -> None:
    sign = Image.new("RGBA", (48, 60))
    ImageDraw.Draw(sign).ellipse((0, 0, 47, 59), fill=(20, 160, 90, 255))
    printed = looks.printed(sign, disc)
    assert printed.size == sign.size and np.array_equal(alpha(printed), alpha(sign))
    assert printed.getpixel((24, 30)) == (120, 60, 60, 255)


def test_an_emblem_covers_a_corner_and_nothing_else(disc: Image.Image) -> None:
    for seed in range(20):
        marked = looks.with_emblem(disc, np.random.default_rng(seed), (0, 90, 255))
        changed = (np.asarray(marked) != np.asarray(disc)).any(axis=2)
        corners = [changed[:40, :40], changed[:40, -40:], changed[-40:, :40], changed[-40:, -40:]]
        assert sum(corner.any() for corner in corners) == 1
        assert max(corner.sum() for corner in corners) == changed.sum()
        assert 0.2**2 * 0.7 < changed.mean() < 0.4**2
