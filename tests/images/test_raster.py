from __future__ import annotations

import struct
import zlib

import pytest
from PIL import GifImagePlugin, Image, ImageDraw
from rasters import chunk, png, saved

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.frames import MAX_FRAMES
from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.images.sniff import sniff

RED, BLUE, WHITE = (220, 30, 30), (30, 30, 220), (255, 255, 255)


def drawing(mode: str = "RGB", size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Left half red, right half blue, on white, so that turns and colours show."""
    image = Image.new("RGB", size, WHITE)
    pen = ImageDraw.Draw(image)
    width, height = size
    pen.rectangle((width // 8, height // 4, width // 2 - 1, 3 * height // 4), fill=RED)
    pen.rectangle((width // 2, height // 4, 7 * width // 8, 3 * height // 4), fill=BLUE)
    return image.convert(mode)


def opened(data: bytes) -> RasterPicture:
    return RasterPicture.open(data, sniff(data))


def of_rows(depth: int, colour: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG of 8 x 8 pixels of a kind that Pillow does not write."""
    return png(8, 8, *chunks, chunk(b"IDAT", zlib.compress(rows)), depth=depth, colour=colour)


def assert_close(got: object, wanted: tuple[int, ...], tolerance: int = 12) -> None:
    assert isinstance(got, tuple)
    assert all(abs(g - w) <= tolerance for g, w in zip(got, wanted, strict=True)), f"{got} is not {wanted}"


FILES = {
    "png": saved(drawing(), "PNG"),
    "png palette": saved(drawing().quantize(16), "PNG"),
    "jpeg": saved(drawing(), "JPEG", quality=95, subsampling=0),
    "progressive jpeg": saved(drawing(), "JPEG", quality=95, subsampling=0, progressive=True),
    "gif": saved(drawing(), "GIF"),
    "webp": saved(drawing(), "WEBP", lossless=True),
    "avif": saved(drawing(), "AVIF", quality=95),
    "bmp": saved(drawing(), "BMP"),
    "tiff": saved(drawing(), "TIFF"),
    "tiff lzw": saved(drawing(), "TIFF", compression="tiff_lzw"),
    "tiff jpeg": saved(drawing(), "TIFF", compression="jpeg", quality=95),
    "ico": saved(drawing("RGBA"), "ICO", sizes=[(96, 64)]),
    "ico bmp": saved(drawing("RGBA"), "ICO", sizes=[(96, 64)], bitmap_format="bmp"),
    "ico 24 bit": saved(drawing("RGB"), "ICO", sizes=[(96, 64)], bitmap_format="bmp"),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_shows_the_same_picture(name: str) -> None:
    picture = opened(FILES[name])
    assert (picture.width, picture.height) == (96, 64)
    image = picture.render(96)
    assert (image.mode, image.size) == ("RGBA", (96, 64))
    for place, colour in (((30, 32), RED), ((66, 32), BLUE), ((4, 4), WHITE)):
        assert_close(image.getpixel(place), (*colour, 255))


def test_cmyk_jpeg_is_not_inverted() -> None:
    image = opened(saved(drawing("CMYK"), "JPEG", quality=95, subsampling=0)).render(96)
    assert_close(image.getpixel((4, 4)), (255, 255, 255, 255))
    assert_close(image.getpixel((30, 32)), (*RED, 255), 30)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "I", "F"])
def test_modes_keep_black_on_white(mode: str) -> None:
    grey = Image.new("L", (40, 40), 255)
    grey.paste(0, (10, 10, 30, 30))
    wide = grey.convert("I").point(lambda value: value * 257)
    image = wide.convert("I;16") if mode == "I;16" else wide if mode == "I" else grey.convert(mode)
    picture = opened(saved(image, "TIFF" if mode in ("I", "F") else "PNG"))
    shown = picture.render(40)
    assert shown.getpixel((20, 20)) == (0, 0, 0, 255)
    assert shown.getpixel((4, 4)) == (255, 255, 255, 255)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 200.0), (0.0, 60000.0), (-3.0, 1e6), (-1.0, 1.0)])
def test_floats_are_scaled_to_what_their_range_suggests(low: float, high: float) -> None:
    image = Image.new("F", (20, 20), high)
    image.paste(low, (5, 5, 15, 15))
    shown = opened(saved(image, "TIFF")).render(20)
    assert shown.getpixel((10, 10)) == (0, 0, 0, 255)
    assert_close(shown.getpixel((2, 2)), (228, 228, 228, 255), 28)


def test_floats_that_are_no_numbers_are_corrupt() -> None:
    with pytest.raises(UnreadableImage, match="corrupt"):
        opened(saved(Image.new("F", (20, 20), float("nan")), "TIFF"))


def test_transparency_of_every_kind() -> None:
    grey = bytes([0]) + bytes(range(0, 80, 10))
    sixteen = bytes([0]) + b"".join(struct.pack(">H", value * 1000) for value in range(8))
    colours = bytes([0]) + b"".join(bytes([value * 10, 0, 0]) for value in range(8))
    indices = bytes([0]) + bytes(range(8))
    palette = chunk(b"PLTE", b"".join(bytes([value * 10, 0, 0]) for value in range(8)))
    kinds = {
        "grey": of_rows(8, 0, grey * 8, chunk(b"tRNS", struct.pack(">H", 30))),
        "grey 4": of_rows(4, 0, b"\0\x01\x23\x45\x67" * 8, chunk(b"tRNS", struct.pack(">H", 0xA03))),
        "grey 16": of_rows(16, 0, sixteen * 8, chunk(b"tRNS", struct.pack(">H", 3000))),
        "rgb": of_rows(8, 2, colours * 8, chunk(b"tRNS", struct.pack(">HHH", 30, 0, 0))),
        "palette": of_rows(8, 3, indices * 8, palette, chunk(b"tRNS", b"\xff\xff\xff\0")),
    }
    for name, data in kinds.items():
        alpha = opened(data).render(8).getchannel("A")
        assert [alpha.getpixel((column, 4)) for column in range(8)] == [255, 255, 255, 0, 255, 255, 255, 255], name


def test_premultiplied_grey() -> None:
    """As ImageMagick writes it: a grey TIFF whose alpha is associated."""
    pixels = Image.merge("LA", (Image.new("L", (8, 8), 60), Image.new("L", (8, 8), 120)))
    extra_samples = struct.pack("<HHI", 338, 3, 1)
    data = saved(pixels, "TIFF").replace(extra_samples + b"\2", extra_samples + b"\1")
    assert_close(opened(data).render(8).getpixel((4, 4)), (127, 127, 127, 120), 1)


def test_sixteen_bits_per_channel_rgba() -> None:
    row = bytes([0]) + struct.pack(">HHHH", 65535, 32896, 0, 32896) * 8
    assert_close(opened(of_rows(16, 6, row * 8)).render(8).getpixel((4, 4)), (255, 128, 0, 128), 1)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(format: str, orientation: int) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # stored turned left, to be turned right again
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = drawing()
    upright.paste((0, 0, 0), (0, 0, 20, 8))  # marks one corner
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright.transpose(turns[orientation]) if orientation in turns else upright
    picture = opened(saved(stored, format, exif=exif))
    assert (picture.width, picture.height) == (96, 64)
    image = picture.render(96)
    assert_close(image.getpixel((8, 4)), (0, 0, 0, 255), 40)
    assert_close(image.getpixel((30, 32)), (*RED, 255), 40)


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("exif", [None, "without an orientation"])
def test_an_orientation_in_xmp_says_nothing(format: str, exif: str | None) -> None:
    block = Image.Exif()
    block[0x0131] = "an editor"
    options = {"exif": block} if exif else {}
    picture = opened(saved(drawing(), format, xmp=b'<rdf:Description tiff:Orientation="6"/>', **options))
    assert (picture.width, picture.height) == (96, 64)


def test_damaged_exif_and_colour_profiles_do_no_harm() -> None:
    for data in (
        saved(drawing(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        saved(drawing(), "JPEG", icc_profile=b"no profile at all"),
        saved(drawing(), "PNG", icc_profile=b"no profile at all"),
    ):
        assert opened(data).render(96).size == (96, 64)


def test_transparent_pixels_do_not_bleed_their_colour() -> None:
    image = Image.new("RGBA", (400, 400), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (101, 101, 299, 299))
    shown = opened(saved(image, "PNG")).render(64)
    green = Image.composite(shown.getchannel("G"), Image.new("L", shown.size), shown.getchannel("A"))
    assert green.histogram()[8:] == [0] * 248


@pytest.mark.parametrize("longest_px", [10, 64, 96, 300])
def test_render_meets_the_longer_side(longest_px: int) -> None:
    picture = opened(FILES["png"])
    assert max(picture.render(longest_px).size) == longest_px
    assert picture.render(longest_px, (0.0, 0.0, 0.25, 1.0)).size[1] == longest_px
    half = picture.render(longest_px, (0.5, 0.25, 1.0, 0.75))
    assert_close(half.getpixel((half.width // 4, half.height // 2)), (*BLUE, 255))


def cut_out(colour: tuple[int, int, int], behind: tuple[int, int, int], one: tuple[int, int, int]) -> Image.Image:
    """A disc with soft edges, transparent around it, and one pixel of another colour."""
    image = Image.new("RGB", (400, 300), behind)
    image.paste(colour, mask=Image.radial_gradient("L").resize(image.size).point(lambda value: 2 * (180 - value)))
    image.putpixel((211, 107), one)
    image.putalpha(Image.radial_gradient("L").resize(image.size).point(lambda value: 3 * (160 - value)))
    return image


BLACK, GREY = (0, 0, 0), (90, 90, 90)
CUT_OUT = {
    "black": cut_out(BLACK, BLACK, BLACK),
    "black but for one pixel": cut_out(BLACK, BLACK, RED),
    "black, and white where nobody sees it": cut_out(BLACK, WHITE, BLACK),
    "grey": cut_out(GREY, WHITE, GREY),
    "grey but for one pixel": cut_out(GREY, WHITE, BLUE),
    "coloured": cut_out(RED, BLUE, WHITE),
}


@pytest.mark.parametrize("longest_px", [96, 700])
@pytest.mark.parametrize("mode", ["RGBA", "RGB"])
@pytest.mark.parametrize("name", CUT_OUT)
def test_channels_that_are_spared_change_no_pixel(name: str, mode: str, longest_px: int) -> None:
    image = (
        CUT_OUT[name] if mode == "RGBA" else Image.alpha_composite(Image.new("RGBA", (400, 300), WHITE), CUT_OUT[name])
    )
    region = (0.1, 0.2, 0.9, 0.7)
    size = (longest_px, round(longest_px * 150 / 320))
    method = Image.Resampling.BICUBIC if longest_px > 320 else Image.Resampling.HAMMING
    plain = image.convert("RGBa").resize(size, method, box=(40, 60, 360, 210), reducing_gap=3.0).convert("RGBA")
    shown = opened(saved(image.convert(mode), "PNG")).render(longest_px, region)
    assert shown.size == size and shown.tobytes() == plain.tobytes()


def test_a_big_jpeg_keeps_its_stored_size() -> None:
    picture = opened(saved(drawing(size=(5000, 1000)), "JPEG"))
    assert (picture.width, picture.height) == (5000, 1000)
    assert_close(picture.render(100).getpixel((30, 10)), (*RED, 255))


def test_an_icon_gives_its_largest_entry() -> None:
    images = [Image.new("RGBA", (side, side), (side, 0, 0, 255)) for side in (16, 64, 32)]
    data = saved(images[1], "ICO", sizes=[(16, 16), (64, 64), (32, 32)], append_images=[images[0], images[2]])
    picture = opened(data)
    assert picture.width == 64
    assert_close(picture.render(64).getpixel((5, 5)), (64, 0, 0, 255), 0)


def test_a_cursor_is_read_like_an_icon() -> None:
    data = bytearray(FILES["ico bmp"])
    data[2] = 2
    struct.pack_into("<HH", data, 10, 3, 5)  # the hot spot, where an icon keeps its depth
    assert sniff(bytes(data)) == "cur"
    assert_close(opened(bytes(data)).render(96).getpixel((30, 32)), (*RED, 255))


def test_an_icon_without_alpha_uses_its_mask() -> None:
    """32 bits, all alpha 0: old programs wrote such icons, and the mask says what shows."""
    pixels = struct.pack("<BBBB", 30, 30, 220, 0) * 16 * 16
    mask = (b"\xff\xff\0\0" * 8) + (b"\0\0\0\0" * 8)  # the lower half (rows go up) is transparent
    bitmap = struct.pack("<IiiHHIIiiII", 40, 16, 32, 1, 32, 0, 0, 0, 0, 0, 0) + pixels + mask
    data = struct.pack("<HHHBBBxHHII", 0, 1, 1, 16, 16, 0, 1, 32, len(bitmap), 22) + bitmap
    image = opened(data).render(16)
    assert image.getpixel((8, 2)) == (220, 30, 30, 255)
    assert image.getchannel("A").getpixel((8, 13)) == 0


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_animation_shows_the_first_frame_that_is_not_blank(format: str) -> None:
    blank = Image.new("RGBA", (96, 64), (0, 0, 0, 0))
    frames = [blank.copy(), drawing("RGBA"), Image.new("RGBA", (96, 64), (0, 255, 0, 255))]
    data = saved(blank, format, save_all=True, append_images=frames, duration=50)
    assert_close(opened(data).render(96).getpixel((30, 32)), (*RED, 255), 40)


@pytest.mark.parametrize("transparency", [None, 0])
def test_what_a_gif_leaves_free_of_its_canvas_is_transparent(transparency: int | None) -> None:
    hole = {} if transparency is None else {"transparency": transparency}
    data = bytearray(saved(drawing("L"), "GIF", **hole))
    data[6:10] = struct.pack("<HH", 192, 64)
    image = opened(bytes(data)).render(192)
    assert image.getchannel("A").getpixel((30, 32)) == 255
    assert image.getchannel("A").crop((97, 0, 192, 64)).getextrema() == (0, 0)


def test_thousands_of_blank_frames_are_not_all_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    still = saved(Image.new("P", (8, 8)), "GIF")
    first_frame = 13 + 3 * (2 << (still[10] & 7))
    data = still[:first_frame] + still[first_frame:-1] * 10_000 + b";"
    seeks: list[int] = []
    original = GifImagePlugin.GifImageFile.seek

    def seek(image: GifImagePlugin.GifImageFile, frame: int) -> None:
        seeks.append(frame)
        original(image, frame)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "seek", seek)
    assert opened(data).render(8).getextrema()[:3] == ((0, 0), (0, 0), (0, 0))
    assert max(seeks) < MAX_FRAMES


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 3)])
def test_a_few_pixels_are_empty(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadableImage) as refusal:
        opened(saved(Image.new("RGB", size), "PNG"))
    assert refusal.value.code == "empty"
