"""Pictures inside a drawing, behind the guard."""

import struct
import zlib

import pytest
from bomb_drawings import BOMBS, image, raster, svg
from drawn import guarded
from rasters import chunk, png

from logo_retrieval.errors import UnreadableImage


def gif_with_frame(width: int, height: int) -> bytes:
    data = bytearray(raster("GIF"))
    descriptor = data.index(b"\x2c", 13)
    data[descriptor + 5 : descriptor + 9] = struct.pack("<HH", width, height)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_embedded_rasters_stay(kind: str) -> None:
    text = guarded(svg(image(raster(kind), "image/png")))
    assert f'href="data:image/{kind.lower()};base64,' in text


@pytest.mark.parametrize(
    "element",
    [
        image(raster("BMP"), "image/bmp"),
        image(b"no picture"),
        image(raster()[:20]),
    ],
)
def test_other_embedded_data_is_dropped(element: str) -> None:
    assert "<image" not in guarded(svg(element))


@pytest.mark.parametrize(
    "data", [png(10_000, 10_000, chunk(b"IDAT", zlib.compress(bytes(99)))), gif_with_frame(65_535, 65_535)]
)
def test_embedded_pictures_that_are_too_large_are_told_of(data: bytes) -> None:
    with pytest.raises(UnreadableImage, match="^unsafe: a picture inside the drawing has .* pixels"):
        guarded(svg(image(data)))


def test_embedded_pixels_are_counted_together() -> None:
    picture = image(raster(size=(3500, 3500)))
    assert guarded(svg(picture * 3)).count("<image") == 3
    with pytest.raises(UnreadableImage, match="^unsafe: its pictures have more than 40,000,000 pixels"):
        guarded(svg(picture * 4))


def test_drawings_inside_a_drawing_are_few_and_have_fewer_in_themselves() -> None:
    inner = svg('<path d="M0 0h9v9z"/>')
    assert guarded(svg(image(inner, "image/svg+xml") * 5)).count("data:image/png") == 5
    with pytest.raises(UnreadableImage, match="^unsafe: the SVG holds more than 16 others"):
        guarded(svg(image(inner, "image/svg+xml") * 17))
    hidden = svg(image(svg(image(inner, "image/svg+xml") * 4), "image/svg+xml"))
    with pytest.raises(UnreadableImage, match="^unsafe: the SVG holds more than 4 others"):
        guarded(svg(image(svg(image(inner, "image/svg+xml") * 5), "image/svg+xml")))
    with pytest.raises(UnreadableImage, match="^unsafe: "):
        guarded(svg(image(svg(BOMBS["arcs"]), "image/svg+xml")))
    assert "svg+xml" not in guarded(hidden)
