"""A raster inside a drawing is drawn as the same file is by itself, whatever a renderer asks of it."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest
from drawn import drawn
from PIL import Image, ImageDraw
from rasters import chunk, png, saved

from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.images.sniff import sniff

SIDE = 48
LARGE = 400


def picture() -> Image.Image:
    """Colours and shades."""
    image = Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")
    ImageDraw.Draw(image).ellipse((6, 10, 40, 44), fill=(224, 128, 48))
    return image


def odd_png(*, gamma: int = 0, checksum: bytes = b"", of_chunk: bytes = b"") -> bytes:
    """A file with gamma, or with other checksums than it should have."""
    rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(picture()))
    packed = zlib.compress(rows)
    data = chunk(b"IDAT", packed[:-4] + checksum if checksum else packed)
    tone = chunk(b"gAMA", struct.pack(">I", gamma)) if gamma else b""
    return png(SIDE, SIDE, tone, data[:-4] + of_chunk if of_chunk else data)


def gif(width: int, height: int) -> bytes:
    """A file that claims another canvas than its frame has."""
    data = bytearray(saved(picture(), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def jpeg_with_gap() -> bytes:
    data = saved(picture(), "JPEG", quality=95)
    return data[:2] + b"\xff\xff" + data[2:]


FILES = {
    "PNG with gamma": odd_png(gamma=100_000),
    "PNG with a wrong checksum of its pixels": odd_png(checksum=b"\1\2\3\4"),
    "PNG with a wrong checksum of a chunk": odd_png(of_chunk=b"\1\2\3\4"),
    "PNG without the end of its pixels": odd_png(checksum=b"\1"),
    "GIF with a small canvas": gif(8, 8),
    "GIF with no canvas": gif(0, 0),
    "GIF with a large canvas": gif(SIDE, 2 * SIDE),
    "JPEG of red, green and blue": saved(picture(), "JPEG", quality=95, keep_rgb=True),
    "JPEG with a gap": jpeg_with_gap(),
}


def hairlines() -> bytes:
    """A large file of lines that are finer than the pixels as which it is drawn."""
    image = Image.new("L", (LARGE, LARGE), 255)
    ImageDraw.Draw(image).rectangle((0, 0, LARGE // 2, LARGE), fill=0)
    for at in range(0, LARGE, 8):
        ImageDraw.Draw(image).line((0, at, LARGE, at), fill=128, width=3)
    return saved(image)


FILES["large PNG of fine lines"] = hairlines()


@pytest.mark.parametrize("name", FILES)
def test_drawn_as_by_itself(name: str) -> None:
    data = FILES[name]
    alone = np.asarray(RasterPicture.open(data, sniff(data)).render(50), np.int16)
    link = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    size = f'width="{alone.shape[1]}" height="{len(alone)}"'
    inside = drawn(f'<image {size} href="{link}"/>', size=size)
    assert inside.shape == alone.shape
    assert np.abs(inside - alone).mean() < 8
