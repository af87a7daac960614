from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from rasters import saved

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.prepare import draw, square
from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.images.sniff import sniff
from logo_retrieval.images.svg import SvgPicture
from logo_retrieval.types import UInt8Array

WHITE, DARK = (255, 255, 255), (32, 32, 32)
SIDE = 96
PREPARATION = Preparation(size_px=SIDE)


def view(data: bytes) -> UInt8Array:
    """The full view, as (96, 96, 3)."""
    whole: UInt8Array = decode(data, PREPARATION, all_views=False).views[0]
    return whole


def corner_and_middle(data: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    shown = view(data)
    return tuple(shown[0, 0].tolist()), tuple(shown[SIDE // 2, SIDE // 2].tolist())


def ring(ground: str | tuple[int, ...], ink: str | tuple[int, ...], size: tuple[int, int] = (300, 300)) -> Image.Image:
    """A thick cross in the middle, away from the edges."""
    image = Image.new("RGBA", size, ground)
    pen = ImageDraw.Draw(image)
    width, height = size
    pen.rectangle((width * 4 // 10, height // 4, width * 6 // 10, height * 3 // 4), fill=ink)
    pen.rectangle((width // 4, height * 4 // 10, width * 3 // 4, height * 6 // 10), fill=ink)
    return image


CLEAR = (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("image", "corner", "middle"),
    [
        (ring(CLEAR, "black"), WHITE, (0, 0, 0)),
        (ring(CLEAR, "white"), DARK, WHITE),
        (ring(CLEAR, (240, 240, 240, 255)), DARK, (240, 240, 240)),
        (ring(CLEAR, (255, 255, 0, 255)), WHITE, (255, 255, 0)),
        (ring("white", "black"), WHITE, (0, 0, 0)),
        (ring("black", "white"), (0, 0, 0), WHITE),
        (ring((10, 20, 200, 255), "white"), (10, 20, 200), WHITE),
        (ring((9, 9, 9, 0), "black"), WHITE, (0, 0, 0)),
    ],
)
def test_ground(image: Image.Image, corner: tuple[int, ...], middle: tuple[int, ...]) -> None:
    assert corner_and_middle(saved(image)) == (corner, middle)


def test_margins_do_not_matter() -> None:
    small = ring(CLEAR, "black", (200, 200))
    large = Image.new("RGBA", (700, 500), CLEAR)
    large.paste(small, (450, 10))
    near, far = view(saved(small)).astype(int), view(saved(large)).astype(int)
    assert np.abs(near - far).mean() < 8


def test_the_drawing_fills_the_square_and_keeps_its_aspect() -> None:
    image = Image.new("RGBA", (500, 500), CLEAR)
    ImageDraw.Draw(image).polygon([(100, 200), (300, 200), (300, 250), (200, 230), (100, 250)], fill="black")
    rows, columns = np.nonzero(view(saved(image)).min(axis=2) < 128)
    width, height = int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    assert 0.92 * SIDE <= width <= SIDE
    assert width / height == pytest.approx(4, rel=0.1)
    assert abs((rows.min() + rows.max()) / 2 - SIDE / 2) < 2


def test_pictures_that_reach_their_edges_are_padded_with_white() -> None:
    noise = random.Random(1).randbytes(60 * 30 * 3)
    shown = view(saved(Image.frombytes("RGB", (60, 30), noise)))
    assert (shown[:20] == 255).all()
    assert (shown[-20:] == 255).all()
    assert (shown[40:56] != 255).any()


def test_a_small_part_of_a_drawing_is_drawn_anew() -> None:
    """The ink is 2 % of the canvas: enlarged from a first rendering its edges would be grey for many pixels."""
    cross = '<path d="M10 10h4v4h4v4h-4v4h-4v-4h-4v-4h4z"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600">{cross}</svg>'
    grey = view(svg.encode())[..., 0]
    assert ((grey > 40) & (grey < 215)).mean() < 0.1
    assert 0.45 < (grey < 128).mean() < 0.65


def test_hairlines_are_found() -> None:
    image = Image.new("L", (3000, 3000), 255)
    ImageDraw.Draw(image).ellipse((2000, 500, 2400, 900), outline=0, width=1)
    assert view(saved(image)).min() < 220


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{}</svg>'


@pytest.mark.parametrize(
    "data",
    [
        saved(Image.new("RGBA", (64, 64), CLEAR)),
        saved(Image.new("RGBA", (64, 64), (255, 0, 0, 4))),
        saved(Image.new("RGB", (64, 64), "white")),
        saved(ring("white", (250, 250, 250, 255))),
        saved(Image.new("L", (1, 1))),
        saved(Image.new("L", (900, 2))),
        saved(Image.new("L", (2, 900), 7)),
        saved(Image.new("L", (12_000, 4), 7), "JPEG"),
        SVG.format("").encode(),
        SVG.format('<path d="M0 50h100" stroke="red" stroke-width=".5"/>').encode(),
        SVG.format('<circle cx="50" cy="50" r=".3"/>').encode(),
        SVG.format('<path d="M1 1h9z" fill="none"/>').encode(),
    ],
)
def test_nothing_is_empty(data: bytes) -> None:
    with pytest.raises(UnreadableImage) as refusal:
        decode(data, PREPARATION, all_views=True)
    assert refusal.value.code == "empty"


@pytest.mark.parametrize(
    "data",
    [
        SVG.format('<circle cx="50" cy="50" r="40"/>').encode(),
        SVG.format('<rect x="10" y="40" width="80" height="20" fill="#f60"/>').encode(),
        SVG.format('<path d="M0 0L100 90M9 99L80 0" stroke="red" stroke-width=".5"/>').encode(),
        SVG.format('<rect width="100" height="100" fill="#36c"/>').encode(),
        SVG.format('<rect x="20" y="20" width="50" height="50"/>').encode(),
        saved(Image.new("RGB", (64, 64), "black")),
        saved(Image.new("RGB", (200, 50), (0, 90, 200))),
        saved(Image.new("RGBA", (64, 64), (200, 0, 0, 128))),
        saved(ring("white", (220, 220, 220, 255))),
        saved(ring(CLEAR, (0, 0, 0, 60))),
        saved(ring(CLEAR, "black", (16, 16))),
    ],
)
def test_little_is_not_nothing(data: bytes) -> None:
    assert decode(data, PREPARATION, all_views=True).views.shape[1:] == (SIDE, SIDE, 3)


def test_a_drawing_knows_where_it_lies() -> None:
    svg = SVG.format('<circle cx="70" cy="30" r="10"/>').encode()
    for picture in (SvgPicture.open(svg), RasterPicture.open(saved(SvgPicture.open(svg).render(400)), "png")):
        drawing = draw(picture, SIDE)
        assert drawing.region == pytest.approx((0.6, 0.2, 0.8, 0.4), abs=0.012)
        assert square(drawing, SIDE).size == (SIDE, SIDE)


def test_width_and_height_are_those_of_the_file() -> None:
    image = decode(saved(ring("white", "red", (320, 200))), PREPARATION, all_views=False)
    assert (image.format, image.width, image.height) == ("png", 320, 200)


def test_preparation_travels_as_plain_values() -> None:
    preparation = Preparation(size_px=160, engine="cairosvg")
    assert Preparation.from_dict(preparation.to_dict()) == preparation
    assert Preparation.from_dict({}) == Preparation()


@pytest.mark.parametrize("values", [{"size_px": 8}, {"size_px": 5000}, {"engine": "skia"}, {"rules": 0}, {"crop": 1}])
def test_preparation_refuses_what_it_does_not_know(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Preparation.from_dict(values)


def test_decoding_needs_no_numpy() -> None:
    """A decoder process would start at half the speed."""
    script = """
import sys
from logo_retrieval.images.pool.worker import decode_views
from logo_retrieval.images.preparation import Preparation
decode_views(sys.stdin.buffer.read(), Preparation(), all_views=True)
assert not {"numpy", "resvg", "PIL.JpegImagePlugin"} & sys.modules.keys()
"""
    data = saved(ring(CLEAR, "black"))
    subprocess.run([sys.executable, "-c", script], input=data, check=True)


REAL = [saved(ring(CLEAR, "black", (40, 30))), SVG.format('<g fill="red"><circle cx="9" cy="9" r="9"/></g>').encode()]
for _format in ("JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO"):
    REAL.append(saved(ring("white", "black", (48, 48)).convert("RGB"), _format))


def decodes_or_is_unreadable(data: bytes) -> None:
    try:
        decode(data, Preparation(size_px=32), all_views=True)
    except UnreadableImage:
        pass


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_random_bytes_are_unreadable_at_worst(data: bytes) -> None:
    decodes_or_is_unreadable(data)


@settings(max_examples=250)
@given(st.sampled_from(REAL), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=4))
def test_mutated_files_are_unreadable_at_worst(data: bytes, changes: list[tuple[float, bytes]]) -> None:
    changed = bytearray(data)
    for place, patch in changes:
        at = int(place * (len(data) - 1))
        changed[at : at + len(patch)] = patch
    decodes_or_is_unreadable(bytes(changed))


def test_the_right_decoder_is_chosen() -> None:
    assert [sniff(data) for data in REAL] == ["png", "svg", "jpeg", "gif", "webp", "avif", "bmp", "tiff", "ico"]
