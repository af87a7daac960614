"""Kinds of TIFF that Pillow does not write."""

from __future__ import annotations

import struct

import pytest

from logo_retrieval.images.raster import RasterPicture

ORDERS = {"<": b"II*\0", ">": b"MM\0*"}


def middle(order: str, photometric: int, bits: int, pixel: bytes, samples: int = 1, **more: int) -> object:
    """The middle of 8 x 8 pixels that are all the same."""
    tags = {256: 8, 257: 8, 258: bits, 259: 1, 262: photometric, 277: samples, 278: 8, 279: 64 * len(pixel)}
    tags |= {int(name[1:]): value for name, value in more.items()}
    tags[273] = 8 + 2 + 12 * (len(tags) + 1) + 4
    directory = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    data = ORDERS[order] + struct.pack(f"{order}IH", 8, len(tags)) + directory + bytes(4) + pixel * 64
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
