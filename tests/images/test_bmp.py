"""BMP files of every kind look as the same picture does as PNG."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageDraw

from logo_retrieval.images.raster import RasterPicture

SIZE = (33, 24)
COLOURS = [(255, 255, 255), (0, 128, 255), (200, 16, 32), (255, 216, 0)]


def indices() -> np.ndarray:
    """The number of a colour for each pixel, (24, 33) uint8."""
    image = Image.new("L", SIZE)
    pen = ImageDraw.Draw(image)
    pen.rectangle((2, 2, 20, 20), fill=1)
    pen.ellipse((14, 8, 31, 22), fill=2)
    pen.rectangle((5, 5, 9, 9), fill=3)
    return np.asarray(image)


def colours() -> np.ndarray:
    """The picture, (24, 33, 3) uint8 RGB."""
    return np.take(np.array(COLOURS, np.uint8), indices(), axis=0)


def packed(rows: np.ndarray) -> bytes:
    """Rows from the bottom up, each filled up to 4 bytes."""
    return b"".join(row.tobytes() + bytes(-row.nbytes % 4) for row in rows[::-1])


def bmp(bits: int, pixels: bytes, way: int = 0, *, size: int = 40, used: int = 0, more: bytes = b"") -> bytes:
    """A file; `more` are masks and palette."""
    full = struct.pack("<IiiHHIIiiII", size, *SIZE, 1, bits, way, len(pixels), 0, 0, used, 0)
    header = (full if size > 16 else full[:16]) + more
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(header)) + header + pixels


def fields(bits: int, *masks: int) -> bytes:
    """A file whose pixels are made of those bit fields, the last of them alpha."""
    values = np.zeros(indices().shape, np.uint32)
    for mask, plane in zip(masks, (*np.moveaxis(colours(), -1, 0), np.full(indices().shape, 255)), strict=True):
        shift = (mask & -mask).bit_length() - 1
        values |= np.round(plane / 255 * (mask >> shift)).astype(np.uint32) << shift
    return bmp(bits, packed(values.astype(f"<u{bits // 8}")), 3, size=56, more=struct.pack("<4I", *masks))


def runs(*, four: bool, stop: int = 99) -> bytes:
    """The pixels as runs, which end without a word after some rows."""
    out = bytearray()
    for row in indices()[::-1][:stop]:
        at = 0
        while at < len(row):
            end = at
            while end < len(row) and row[end] == row[at]:
                end += 1
            out += bytes((end - at, row[at] * (17 if four else 1)))
            at = end
        out += b"\0\0"
    return bytes(out)


PALETTE = b"".join(bytes((blue, green, red, 0)) for red, green, blue in COLOURS)
BGR = colours()[..., ::-1]
PAIRS = np.pad(indices(), ((0, 0), (0, 3))).reshape(SIZE[1], -1, 4)
TWO_BITS = (PAIRS << np.array([6, 4, 2, 0], np.uint8)).sum(axis=-1).astype(np.uint8)
FILES = {
    "24 bits": bmp(24, packed(BGR)),
    "short header": bmp(24, packed(BGR), size=16),
    "short header, 8 bits": bmp(8, packed(indices()), size=16, more=PALETTE.ljust(1024, b"\0")),
    "10 bits a colour": fields(32, 0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000),
    "4 bits a colour": fields(16, 0xF00, 0xF0, 0xF, 0xF000),
    "4 bits, other order": fields(16, 0xF, 0xF0, 0xF00, 0xF000),
    "odd fields": fields(32, 0x1FE, 0x3FC00, 0x7F80000, 0x80000000),
    "2 bits": bmp(2, packed(TWO_BITS), used=4, more=PALETTE),
    "more colours than there can be": bmp(8, packed(indices()), used=300, more=PALETTE.ljust(1200, b"\0")),
    "runs": bmp(8, runs(four=False) + b"\0\1", 1, used=4, more=PALETTE),
    "runs of halves": bmp(4, runs(four=True) + b"\0\1", 2, used=4, more=PALETTE),
    "runs that just stop": bmp(8, runs(four=False), 1, used=4, more=PALETTE),
    "runs that stop early": bmp(8, runs(four=False, stop=23) + b"\0\1", 1, used=4, more=PALETTE),
    "runs with jumps": bmp(8, b"\0\2\0\0" + runs(four=False) + b"\0\1", 1, used=4, more=PALETTE),
    "runs of halves that stop early": bmp(4, runs(four=True, stop=23) + b"\0\1", 2, used=4, more=PALETTE),
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_bmp(name: str) -> None:
    found = np.asarray(RasterPicture.open(FILES[name], "bmp").render(SIZE[0]), np.int16)
    assert np.abs(found[..., :3] - colours()).max() <= 17  # the step of 4 bits
    assert found[..., 3].min() == 255


@pytest.mark.parametrize(
    "data",
    [
        fields(16, 0xF00, 0xF0, 0xF, 0xF000)[:-400],
        bmp(8, runs(four=False, stop=9), 1, used=4, more=PALETTE),
        bmp(2, packed(TWO_BITS)[:90], used=4, more=PALETTE),
        bmp(24, packed(BGR)[:-300], size=16),
        bmp(8, b"\0\2\xff", 1, used=4, more=PALETTE),
    ],
)
def test_what_is_cut_off_is_no_picture(data: bytes) -> None:
    with pytest.raises(Exception, match="."):
        RasterPicture.open(data, "bmp")


@pytest.mark.parametrize("order", ["GRBA", "BGRA", "ABGR"])
def test_what_shows_nowhere_is_meant_to_show(order: str) -> None:
    planes = dict(zip("RGBA", (*np.moveaxis(colours(), -1, 0), np.zeros(indices().shape, np.uint8)), strict=True))
    pixels = packed(np.dstack([planes[name] for name in order])) + b"of an editor"
    masks = struct.pack("<4I", *(0xFF << 8 * order.index(name) for name in "RGBA"))
    found = np.asarray(RasterPicture.open(bmp(32, pixels, 3, size=56, more=masks), "bmp").render(SIZE[0]))
    assert (found[..., :3] == colours()).all() and found[..., 3].min() == 255


def test_opacity_of_one_bit() -> None:
    solid = indices() > 0
    values = np.where(solid, 0x8000 | 0x7C00, 0).astype("<u2")
    masks = struct.pack("<4I", 0x7C00, 0x3E0, 0x1F, 0x8000)
    found = np.asarray(RasterPicture.open(bmp(16, packed(values), 3, size=56, more=masks), "bmp").render(SIZE[0]))
    assert (found[..., 3] == np.where(solid, 255, 0)).all()
    assert (found[solid] == (255, 0, 0, 255)).all()
