"""What stands on a sign, whatever the sign's shape and the file's format."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw
from rasters import saved

from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.types import UInt8Array

TEAL, CREAM, WHITE = (0, 128, 128), (250, 240, 200), (255, 255, 255)
PREPARATION = Preparation(size_px=128)


def sign(radius: float, *, page: tuple[int, ...], mark: tuple[int, int, int] = CREAM, offset: int = 0) -> Image.Image:
    """A 200 px page with a 160 px sign, and on it a mark 72 wide and 60 high."""
    picture = Image.new("RGBA", (200, 200), page)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((20, 20, 179, 179), radius=radius, fill=TEAL)
    pen.rectangle((64 + offset, 70, 135 + offset, 129), fill=mark)
    pen.rectangle((80 + offset, 90, 119 + offset, 109), fill=TEAL)
    return picture


def views(picture: Image.Image, kind: str = "PNG") -> UInt8Array:
    return decode(saved(picture.convert("RGBA" if kind == "PNG" else "RGB"), kind), PREPARATION, all_views=True).views


def share(view: UInt8Array, colour: tuple[int, int, int]) -> float:
    return float((np.abs(view.astype(int) - colour).max(axis=2) < 40).mean())


@pytest.mark.parametrize("radius", [0, 12, 36, 56, 80])
@pytest.mark.parametrize("page", [(*WHITE, 255), (0, 0, 0, 0), (40, 40, 40, 255)])
@pytest.mark.parametrize("mark", [CREAM, WHITE])
def test_the_mark_is_shown_alone_and_fills_the_view(
    radius: float, page: tuple[int, ...], mark: tuple[int, int, int]
) -> None:
    whole, alone = views(sign(radius, page=page, mark=mark))
    assert share(whole, mark) < 0.5 and share(whole, TEAL) > 0.5
    frame = (72 * 60 - 40 * 20) * 0.92  # a little air is left around
    assert share(alone, mark) == pytest.approx(frame / 72**2, abs=0.05)  # 72 wide, padded to a square with the sign
    assert share(alone, TEAL) == pytest.approx(1 - frame / 72**2, abs=0.05)


def test_a_compressed_sign_is_one_too() -> None:
    assert len(views(sign(36, page=(*WHITE, 255)), "JPEG")) == 2


def test_drawings_that_are_no_signs() -> None:
    plain = Image.new("RGBA", (200, 200))
    ImageDraw.Draw(plain).ellipse((20, 20, 179, 179), fill=TEAL)
    touching = sign(36, page=(*WHITE, 255), offset=45)  # the mark breaks through the side
    two_colours = sign(36, page=(*WHITE, 255))
    ImageDraw.Draw(two_colours).rectangle((20, 20, 60, 179), fill=(200, 0, 0))
    ring = Image.new("RGBA", (200, 200))
    ImageDraw.Draw(ring).ellipse((20, 20, 179, 179), outline=TEAL, width=24)
    for picture in (touching, two_colours):
        assert len(views(picture)) == 1
    assert len(views(ring)) == 1  # what stands inside is the ground itself
    assert len(views(plain)) == 1


def test_a_picture_that_is_a_sign_to_its_edges_is_trimmed_to_the_mark_at_once() -> None:
    (view,) = views(sign(0, page=(*TEAL, 255)))
    assert share(view, CREAM) > 0.4


def test_a_hole_in_a_sign_is_looked_into_only_where_something_shows_in_it() -> None:
    hole = sign(36, page=(0, 0, 0, 0), mark=TEAL)
    pen = ImageDraw.Draw(hole)
    pen.ellipse((60, 60, 139, 139), fill=(0, 0, 0, 0))
    assert len(views(hole)) == 1
    pen.rectangle((90, 90, 109, 109), fill=CREAM)
    assert len(views(hole)) == 2
    pen.rectangle((90, 90, 109, 109), fill=(*TEAL, 60))
    assert len(views(hole)) == 1
