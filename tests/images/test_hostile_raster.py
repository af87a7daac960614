from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest
from PIL import Image, ImageChops, ImageDraw
from rasters import chunk, png, saved

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import Preparation

PREPARATION = Preparation(size_px=64)


def logo(mode: str = "RGB", side: int = 128) -> Image.Image:
    image = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(image)
    for number in range(8):
        pen.ellipse(
            (number * 9, number * 5, side - number * 4, side - number * 7), fill=(number * 30, 90, 200 - number)
        )
    return image.convert(mode)


def bmp(width: int, height: int, compression: int = 0, bits: int = 24, body: bytes = bytes(30)) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + info + body


def tiff(width: int, height: int, **tags: int) -> bytes:
    entries = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: 100}
    entries.update({int(tag[1:]): value for tag, value in tags.items()})
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + struct.pack("<I", 8)


def icon(*entries: tuple[int, int, int, int], data: bytes = b"") -> bytes:
    """Entries as (width, height, size, offset)."""
    head = struct.pack("<HHH", 0, 1, len(entries))
    return head + b"".join(struct.pack("<BBBxHHII", w, h, 0, 1, 32, s, o) for w, h, s, o in entries) + data


def resized_jpeg(width: int, height: int) -> bytes:
    data = bytearray(saved(logo(), "JPEG"))
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, height, width)
    return bytes(data)


def resized_gif(width: int, height: int) -> bytes:
    data = bytearray(saved(logo("P"), "GIF"))
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


def resized_webp(width: int, height: int) -> bytes:
    body = (
        b"VP8X" + struct.pack("<IB3x", 10, 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    image = saved(logo(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(body) + len(image)) + b"WEBP" + body + image


ZEROS = zlib.compress(bytes(50_000_000), 9)
BOMB = png(20_000, 20_000, chunk(b"IDAT", ZEROS))

LYING_HEADERS = {
    "png 2^31": png(2**31 - 1, 2**31 - 1),
    "png 65k": png(65_000, 65_000, chunk(b"IDAT", ZEROS)),
    "png 7000 x 7000": png(7000, 7000, chunk(b"IDAT", ZEROS)),
    "png wide": png(2**31 - 1, 2, chunk(b"IDAT", ZEROS)),
    "png 0 wide": png(0, 10, chunk(b"IDAT", ZEROS)),
    "png bits 16": png(30_000, 30_000, chunk(b"IDAT", ZEROS), depth=16, colour=6),
    "jpeg 65k": resized_jpeg(65_000, 65_000),
    "jpeg 0 wide": resized_jpeg(0, 100),
    "jpeg 0 high": resized_jpeg(100, 0),
    "gif 65k": resized_gif(65_000, 65_000),
    "webp 16k": resized_webp(16_000, 16_000),
    "webp 2^24": resized_webp(2**24, 2**24),
    "bmp 65k": bmp(65_000, 65_000),
    "bmp top down": bmp(65_000, -65_000),
    "bmp 2^31": bmp(2**31 - 1, 2**31 - 1),
    "bmp negative": bmp(-100, 100),
    "bmp rle": bmp(30_000, 30_000, compression=1, bits=8, body=b"\xff\0" * 500),
    "bmp truncated": bmp(6_000, 6_000),
    "bmp bits 7": bmp(100, 100, bits=7),
    "tiff 60k": tiff(60_000, 60_000),
    "tiff 2^32": tiff(2**32 - 1, 2**32 - 1),
    "tiff truncated": tiff(6_000, 6_000),
    "tiff strip outside": tiff(100, 100, t273=2**31),
    "tiff tile": tiff(100, 100, t322=2**30, t323=2**30, t324=8, t325=100),
    "tiff samples": tiff(100, 100, t277=60_000),
    "ico bomb": icon((16, 16, len(BOMB), 22), data=BOMB),
    "ico offset": icon((32, 32, 5_000, 2**31)),
    "ico size": icon((32, 32, 2**32 - 1, 22), data=bytes(5_000)),
    "ico no entries": icon(),
    "ico 65535 entries": b"\0\0\1\0\xff\xff" + bytes(16 * 1000),
    "ico in itself": icon((32, 32, 38, 0)),
    "ico bitmap 2^31": icon(
        (32, 32, 60, 22), data=struct.pack("<IiiHHI", 40, 2**31 - 1, 2**31 - 2, 1, 32, 0) + bytes(36)
    ),
    "ico bitmap palette": icon(
        (32, 32, 60, 22), data=struct.pack("<IiiHHIIiiI", 40, 32, 64, 1, 8, 0, 0, 0, 0, 2**32 - 1) + bytes(24)
    ),
    "cur of nothing": b"\0\0\2\0\1\0" + bytes(16),
}


@pytest.mark.parametrize("name", LYING_HEADERS)
def test_lying_headers_are_refused_without_the_memory(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableImage) as refusal:
            decode(LYING_HEADERS[name], PREPARATION, all_views=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refusal.value.code in ("too-large", "corrupt", "empty"), refusal.value
    assert peak < 40 << 20


WHOLE = {
    "png": saved(logo(), "PNG"),
    "interlaced": saved(logo(), "PNG", interlace=1),
    "palette": saved(logo().quantize(64), "PNG"),
    "jpeg": saved(logo(), "JPEG"),
    "progressive": saved(logo(), "JPEG", progressive=True),
    "gif": saved(logo().quantize(64), "GIF"),
    "webp": saved(logo(), "WEBP"),
    "webp lossless": saved(logo(), "WEBP", lossless=True),
    "avif": saved(logo(), "AVIF"),
    "bmp": saved(logo(), "BMP"),
    "tiff": saved(logo(), "TIFF"),
    "tiff lzw": saved(logo(), "TIFF", compression="tiff_lzw"),
    "ico": saved(logo("RGBA"), "ICO", sizes=[(64, 64)]),
    "ico bitmap": saved(logo("RGBA"), "ICO", sizes=[(64, 64)], bitmap_format="bmp"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_truncated_files_are_unreadable(name: str) -> None:
    data = WHOLE[name]
    decode(data, PREPARATION, all_views=True)
    for sixteenth in range(16):
        with pytest.raises(UnreadableImage) as refusal:
            decode(data[: len(data) * sixteenth // 16], PREPARATION, all_views=True)
        assert refusal.value.code in ("corrupt", "unknown-format")


@pytest.mark.parametrize("name", WHOLE)
def test_appended_bytes_do_no_harm(name: str) -> None:
    whole = decode(WHOLE[name], PREPARATION, all_views=True)
    longer = decode(WHOLE[name] + b"<script>" * 100, PREPARATION, all_views=True)
    assert (whole.views == longer.views).all()


@pytest.mark.parametrize(
    "hidden",
    [
        chunk(b"zTXt", b"Comment\0\0" + ZEROS),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + ZEROS),
        chunk(b"iCCP", b"profile\0\0" + ZEROS),
        chunk(b"tEXt", b"Comment\0" + bytes(2_000_000)),
    ],
)
def test_hidden_text_is_never_inflated_whole(hidden: bytes) -> None:
    rows = zlib.compress(b"".join(bytes([0]) + bytes([n % 251, 3, 99]) * 64 for n in range(64)))
    tracemalloc.start()
    try:
        decode(png(64, 64, hidden, chunk(b"IDAT", rows)), PREPARATION, all_views=True)
    except UnreadableImage as refusal:
        assert refusal.code in ("too-large", "corrupt")
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20 << 20


def test_many_large_blank_frames_stay_within_the_budget() -> None:
    """500 frames of 9 million pixels each in a few kilobytes."""
    still = saved(Image.new("L", (3000, 3000), 255), "GIF")
    first_frame = 13 + 3 * (2 << (still[10] & 7))
    data = still[:first_frame] + still[first_frame:-1] * 500 + b";"
    with pytest.raises(UnreadableImage) as refusal:
        decode(data, PREPARATION, all_views=True)
    assert refusal.value.code == "empty"


def test_a_gif_that_is_cut_off_anywhere_shows_what_came_before() -> None:
    frames = [ImageChops.offset(logo(), 8 * number) for number in range(3)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    third = data.rindex(b"\x21\xf9\x04")
    whole = decode(data[:third], PREPARATION, all_views=False)
    for end in range(third, third + 40):
        cut = decode(data[:end], PREPARATION, all_views=False)
        assert (cut.views[0] == whole.views[0]).all()
