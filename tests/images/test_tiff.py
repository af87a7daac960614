"""Kinds of TIFF that Pillow does not write."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from rasters import saved

from logo_retrieval.images.raster import RasterPicture

ORDERS = {"<": b"II*\0", ">": b"MM\0*"}


def middle(
    order: str, photometric: int, bits: int, pixel: bytes, samples: int = 1, *, packed: bool = False, **more: int
) -> object:
    """The middle of 8 x 8 pixels that are all the same."""
    pixels, way = (zlib.compress(pixel * 64), 8) if packed else (pixel * 64, 1)
    tags = {256: 8, 257: 8, 258: bits, 259: way, 262: photometric, 277: samples, 278: 8, 279: len(pixels)}
    tags |= {int(name[1:]): value for name, value in more.items()}
    tags[273] = 8 + 2 + 12 * (len(tags) + 1) + 4
    directory = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    data = ORDERS[order] + struct.pack(f"{order}IH", 8, len(tags)) + directory + bytes(4) + pixels
    return RasterPicture.open(data, "tiff").render(8).getpixel((4, 4))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("alpha", [0, 1, 2])
def test_printing_inks_with_opacity(order: str, alpha: int) -> None:
    assert middle(order, 5, 8, b"\0\xff\xff\0\xff", samples=5, t338=alpha) == (255, 0, 0, 255)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("photometric", "grey"), [(0, 216), (1, 39)])
def test_grey_of_sixteen_bits_from_white_or_from_black(order: str, photometric: int, grey: int) -> None:
    pixel = struct.pack(f"{order}H", 10_000)
    assert middle(order, photometric, 16, pixel) == pytest.approx((grey, grey, grey, 255), abs=1)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_grey_of_sixteen_bits_with_opacity(order: str, packed: bool) -> None:
    """As ImageMagick writes what it drew of an SVG."""
    for alpha, grey in ((1, 19_275), (2, 38_550)):  # premultiplied or not
        pixel = struct.pack(f"{order}HH", grey, 32_896)
        assert middle(order, 1, 16, pixel, samples=2, packed=packed, t338=alpha) == pytest.approx(
            (150, 150, 150, 128), abs=1
        )
    with pytest.raises(SyntaxError, match="apart from its opacity"):
        middle(order, 1, 16, bytes(4), samples=2, packed=packed, t338=2, t284=2)


def test_a_palette_whose_colours_have_eight_bits() -> None:
    """libtiff and others take colours that are all below 256 for ones of 8 bits."""
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([255, 255, 255, 200, 30, 40])
    data = saved(picture, "TIFF")
    wide = struct.pack("<768H", *Image.open(io.BytesIO(data)).tag_v2[320])  # type: ignore[attr-defined]
    narrow = struct.pack("<768H", *(shade // 256 for shade in struct.unpack("<768H", wide)))
    assert wide in data
    for each in (data, data.replace(wide, narrow)):
        assert RasterPicture.open(each, "tiff").render(8).getpixel((4, 4)) == (200, 30, 40, 255)
