"""Files that every browser shows though something about them is off; and those of which too much is missing."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw
from rasters import chunk, saved

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.images.sniff import sniff

SIZE = 64


def drawing(mode: str = "RGB", share: float = 1.0) -> Image.Image:
    """A disc, of which the left part is there."""
    image = Image.new(mode, (SIZE, SIZE), (255, 255, 255, 0)[: len(mode)])
    pen = ImageDraw.Draw(image)
    pen.ellipse((6, 6, 58, 58), fill=(200, 30, 30, 255)[: len(mode)])
    pen.rectangle((24, 20, 34, 50), fill=(30, 30, 200, 255)[: len(mode)])
    if share < 1:
        image.paste((255, 255, 255, 0)[: len(mode)], (round(SIZE * share), 0, SIZE, SIZE))
    return image


def shown(data: bytes) -> np.ndarray:
    return np.asarray(RasterPicture.open(data, sniff(data)).render(SIZE), np.int16)


def same(data: bytes, expected: Image.Image, within: float = 6.0) -> bool:
    found, wanted = shown(data), np.asarray(expected.convert("RGBA"), np.int16)
    return float(np.abs(found - wanted)[wanted[..., 3] > 0].mean()) < within


# ---- PNG


def with_chunk(inserted: bytes) -> bytes:
    data = saved(drawing(), "PNG")
    return data[:33] + inserted + data[33:]


@pytest.mark.parametrize(
    "inserted",
    [
        chunk(b"tEXt", b"Comment\0x", checksum=7),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"x" * 3_000_000),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(random.Random(1).randbytes(2_000_000))),
        chunk(b"iCCP", b"icc\0\0damaged"),
        chunk(b"gAMA", b"\0"),
        chunk(b"tRNS", b"\0\1\0\2\0\3", checksum=7),
        chunk(b"tRNS", bytes(7)),
        chunk(b"acTL", b"\0"),
        chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", struct.pack(">5I2HBB", 0, 99, 99, 9, 9, 1, 1, 0, 0)),
        chunk(b"pHYs", b""),
        chunk(b"xxXx", bytes(9)),
    ],
    ids=[
        "checksum",
        "large XMP",
        "large text",
        "large profile",
        "damaged profile",
        "short",
        "tRNS",
        "tRNS of a wrong size",
        "animation that is none",
        "frame beyond the picture",
        "empty",
        "unknown",
    ],
)
def test_what_is_wrong_with_metadata_is_not_wrong_with_the_picture(inserted: bytes) -> None:
    assert same(with_chunk(inserted), drawing(), within=0.01)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_png_made_for_another_screen_has_its_shades(mode: str) -> None:
    picture = Image.effect_noise((SIZE, SIZE), 90).convert(mode)
    data = saved(picture, "PNG")
    odd = data[:33] + chunk(b"gAMA", struct.pack(">I", 100_000)) + data[33:]
    grey = np.asarray(picture.convert("L"), float)
    assert np.abs(shown(odd)[..., 0] - 255 * (grey / 255) ** (1 / 2.2)).max() <= 1
    assert (shown(odd)[..., 3] == 255).all()
    for usual in (chunk(b"gAMA", struct.pack(">I", 45_455)), chunk(b"gAMA", bytes(4)), chunk(b"gAMA", b"\0" * 3)):
        assert np.array_equal(shown(data[:33] + usual + data[33:]), shown(data))
    assert np.array_equal(shown(odd[:33] + chunk(b"sRGB", b"\0") + odd[33:]), shown(data))


def test_a_palette_with_more_transparencies_than_colours() -> None:
    data = saved(drawing().quantize(8), "PNG")
    place = data.index(b"IDAT") - 4
    odd = data[:place] + chunk(b"tRNS", bytes(200)) + data[place:]
    assert np.array_equal(shown(odd), shown(data))


def test_a_wrong_checksum_of_all_the_pixels_is_forgiven() -> None:
    data = saved(drawing(), "PNG")
    start = data.index(b"IDAT")
    (size,) = struct.unpack_from(">I", data, start - 4)
    packed = data[start + 4 : start + size] + bytes(4)
    assert same(data[: start - 4] + chunk(b"IDAT", packed) + chunk(b"IEND", b""), drawing(), within=0.01)
    with pytest.raises(Exception, match="."):
        shown(data[: start - 4] + chunk(b"IDAT", packed[: size // 2]) + chunk(b"IEND", b""))


def test_a_webp_that_claims_to_be_longer_is_whole() -> None:
    data = saved(drawing(), "WEBP", lossless=True)
    assert same(data[:4] + struct.pack("<I", len(data) + 100) + data[8:], drawing(), within=0.01)
    with pytest.raises(Exception, match="."):
        shown(data[: len(data) // 2])


def test_what_is_wrong_with_the_picture_still_is() -> None:
    data = bytearray(saved(drawing(), "PNG"))
    data[data.index(b"IDAT") + 8] ^= 255
    with pytest.raises(Exception, match="."):
        shown(bytes(data))


# ---- JPEG


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_its_end_alone_is_whole(progressive: bool) -> None:
    data = saved(drawing(), "JPEG", quality=90, progressive=progressive)
    assert data.endswith(b"\xff\xd9")
    assert np.array_equal(shown(data[:-2]), shown(data))
    assert np.array_equal(shown(data[:-1]), shown(data))
    assert np.array_equal(shown(data + b"what an editor left behind"), shown(data))
    small = saved(drawing().resize((16, 16)), "JPEG")  # as cameras put it in front, with an end of its own
    assert np.array_equal(
        shown(data[:2] + b"\xff\xe1" + struct.pack(">H", len(small) + 2) + small + data[2:-2]), shown(data)
    )


@pytest.mark.parametrize(
    "segment",
    [b"\xff\xee\0\x08Adobe\0", b"\xff\xe0\0\x04JF", b"\xff\xe1\0\x09Exif\0\0x", b"\xff\xff\xff\xed\0\x05\xff\xd9x"],
    ids=["Adobe", "JFIF", "Exif", "filled gap"],
)
def test_metadata_of_a_jpeg_may_be_cut_short(segment: bytes) -> None:
    data = saved(drawing(), "JPEG", quality=90)
    assert np.array_equal(shown(data[:2] + segment + data[2:]), shown(data))


def test_the_colours_of_a_jpeg_outlive_a_fault_in_its_metadata() -> None:
    data = saved(drawing().convert("CMYK"), "JPEG", quality=95)
    assert np.array_equal(shown(data[:2] + b"\xff\xee\0\x08Adobe\0" + data[2:]), shown(data))


def test_a_progressive_jpeg_may_lack_details_that_nobody_sees() -> None:
    data = saved(drawing().resize((640, 640), Image.Resampling.BICUBIC), "JPEG", quality=90, progressive=True)
    assert same(data[: round(len(data) * 0.97)], drawing(), within=6)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.95])
def test_a_jpeg_that_lacks_more_is_corrupt(share: float, progressive: bool) -> None:
    noisy = Image.effect_noise((256, 256), 80).convert("RGB")
    data = saved(noisy, "JPEG", quality=80, progressive=progressive)
    with pytest.raises(Exception, match="truncated"):
        shown(data[: round(len(data) * share)])


# ---- animations


def moving(frames: list[Image.Image], format: str, **options: object) -> bytes:
    return saved(frames[0], format, save_all=True, append_images=frames[1:], duration=50, lossless=True, **options)


@pytest.mark.parametrize(
    ("format", "mode"),  # each frame of a GIF with alpha is drawn over those before
    [("GIF", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("WEBP", "RGBA")],
)
def test_an_animation_that_builds_the_logo_up_shows_it_built(format: str, mode: str) -> None:
    data = moving([drawing(mode, share) for share in (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)], format)
    assert same(data, drawing(mode), within=12)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_an_animation_that_fades_in_shows_the_logo_in_full(format: str) -> None:
    frames = [Image.blend(Image.new("RGB", (SIZE, SIZE), "white"), drawing(), part / 4) for part in (0, 1, 2, 3, 4)]
    data = moving(frames, format)
    assert same(data, drawing(), within=12)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("blank", [40, 300])
def test_many_blank_frames_before_the_logo(blank: int, format: str) -> None:
    frames = [Image.new("RGB", (SIZE, SIZE), (255, 255, 255 - number % 2)) for number in range(blank)] + [drawing()]
    data = moving(frames, format)
    assert same(data, drawing(), within=12)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_a_logo_that_shows_but_for_a_moment_is_found(format: str) -> None:
    blank = [Image.new("RGB", (SIZE, SIZE), (255, 255, 255 - number % 2)) for number in range(60)]
    frames = [*blank[:17], drawing(), *blank[18:]]
    data = moving(frames, format)
    assert same(data, drawing(), within=12)


def test_an_animation_whose_frames_show_as_much_is_known_by_its_first() -> None:
    turned = [drawing().rotate(angle, fillcolor=(255, 255, 255)) for angle in (0, 40, 80, 120)]
    data = moving(turned, "GIF")
    assert same(data, drawing(), within=12)


def test_an_animation_that_is_damaged_shows_what_came_before() -> None:
    parts = [Image.new("RGB", (SIZE, SIZE), "white") for _ in range(6)]
    for part in parts:
        part.paste(Image.effect_noise((24, 24), 200), (20, 20))
    data = moving([drawing(), *parts], "AVIF")
    half = len(data) // 2
    assert same(data[:half] + random.Random(1).randbytes(len(data) - half), drawing(), within=12)


def test_what_is_drawn_where_animations_are_not_known_is_none_of_the_frames() -> None:
    """Browsers know them."""
    frames = [drawing().rotate(angle, fillcolor=(255, 255, 255)) for angle in (120, 0, 40, 80)]
    data = moving(frames, "PNG", default_image=True)
    assert same(data, drawing(), within=12)


# ---- icons


def bitmap(
    image: Image.Image, *, doubled: bool = True, mask: bool = True, fields: bool = False, upward: bool = True
) -> bytes:
    """A 32-bit entry without a file header."""
    height = image.height * (2 if doubled else 1) * (1 if upward else -1)
    rows = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if upward else image
    pixels = rows.convert("RGBA").tobytes("raw", "BGRA")
    compression = 3 if fields else 0
    head = struct.pack("<IiiHHIIiiII", 40, image.width, height, 1, 32, compression, len(pixels), 0, 0, 0, 0)
    masks = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF) if fields else b""
    return head + masks + pixels + (bytes(image.height * (image.width + 31) // 32 * 4) if mask else b"")


def icon(*entries: tuple[bytes, int, int]) -> bytes:
    """An icon of entries as (content, side, size that the directory claims)."""
    offset, head, body = 6 + 16 * len(entries), struct.pack("<HHH", 0, 1, len(entries)), b""
    for content, side, size in entries:
        head += struct.pack("<BBBxHHII", side % 256, side % 256, 0, 1, 32, size, offset + len(body))
        body += content
    return head + body


def small() -> Image.Image:
    return drawing("RGBA").resize((16, 16), Image.Resampling.BOX)


WHOLE = bitmap(drawing("RGBA"))
ICONS: dict[str, Callable[[], bytes]] = {
    "as it should be": lambda: icon((WHOLE, SIZE, len(WHOLE))),
    "height not doubled": lambda: icon((part := bitmap(drawing("RGBA"), doubled=False), SIZE, len(part))),
    "mask missing": lambda: icon((bitmap(drawing("RGBA"), mask=False), SIZE, len(WHOLE))),
    "rows from the top": lambda: icon((bitmap(drawing("RGBA"), upward=False), SIZE, len(WHOLE))),
    "size too small": lambda: icon((WHOLE, SIZE, 40)),
    "size too large": lambda: icon((WHOLE, SIZE, 10 * len(WHOLE))),
    "bit fields": lambda: icon((part := bitmap(drawing("RGBA"), fields=True), SIZE, len(part))),
    "largest cut off": lambda: icon((png := saved(drawing("RGBA"), "PNG"), SIZE, len(png)), (WHOLE[:900], 128, 900)),
    "largest blank": lambda: icon((blank := bitmap(Image.new("RGBA", (128, 128))), 128, len(blank)), (WHOLE, SIZE, 1)),
    "largest no picture": lambda: icon((b"no picture" * 9, 128, 90), (WHOLE, SIZE, len(WHOLE))),
}


@pytest.mark.parametrize("name", ICONS)
def test_icons_whose_directory_or_entries_are_off(name: str) -> None:
    assert same(ICONS[name](), drawing("RGBA"), within=3)


def test_an_icon_without_one_sound_entry_is_corrupt() -> None:
    with pytest.raises(UnreadableImage, match="corrupt"):
        shown(icon((WHOLE[:900], SIZE, 900)))
    with pytest.raises(Exception, match="."):
        shown(icon((saved(drawing(), "PNG")[:200], SIZE, 200)))


# ---- BMP


def test_a_bmp_may_lack_what_fills_its_last_row() -> None:
    picture = drawing().resize((31, 31))
    data = saved(picture, "BMP")
    assert np.array_equal(shown(data[:-3]), shown(data))
    with pytest.raises(Exception, match="truncated"):
        shown(data[:-100])
