"""Pictures inside a drawing: whatever their link looks like, they leave as PNG, JPEG, GIF or WebP of a known size."""

from __future__ import annotations

import binascii
import re
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from logo_retrieval.errors import UnreadableImage

if TYPE_CHECKING:
    from PIL import Image

MAX_EMBEDDED_PIXELS = 40_000_000
"""Of all pictures inside a drawing."""

MAX_DRAWINGS = 4
"""SVG inside SVG."""

_KEPT_PIXELS = 4_000_000
_SHRUNK_PX = 2048
_DRAWN_PX = 1024
_FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]
_DATA_URL = re.compile(r"data:([^,]*),", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture inside a drawing.

    Attributes:
        href: its clean `data:` link.
        pixels: how many it has.
        decoded: how many it had before it was shrunk.
    """

    href: str
    pixels: int
    decoded: int


def is_data(link: str) -> bool:
    """Whether a link holds its picture itself."""
    return link[:5].lower() == "data:"


def content_of(link: str) -> bytes | None:
    """The bytes of a `data:` link, whatever type it claims; None when they cannot be had."""
    head = _DATA_URL.match(link)
    if head is None:
        return None
    content = unquote_to_bytes(link[head.end() :])
    if head[1].lower().replace(" ", "").endswith(";base64"):
        try:
            return binascii.a2b_base64(content)
        except binascii.Error:
            return None
    return content


def embedded_raster(content: bytes) -> Embedded | None:
    """A picture in pixels; large ones are shrunk. None when it is no PNG, JPEG, GIF or WebP, or does not parse.

    Raises:
        UnreadableImage: "unsafe" when it has too many pixels.
    """
    from PIL import Image

    size = "too many"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(content), formats=_FORMATS) as image:
                # A GIF frame may be larger than the screen that its header announces.
                frames = [extents[2:] for _, extents, *_ in getattr(image, "tile", ()) if extents]
                width, height = max((image.size, *frames), key=lambda size: size[0] * size[1])
                if width * height <= _KEPT_PIXELS:
                    return _link(content, str(image.format), width * height)
                if width * height <= MAX_EMBEDDED_PIXELS:
                    return _png(_shrunk(image), width * height)
                size = f"{width} x {height}"
    except Image.DecompressionBombError:
        pass
    except Exception:  # header readers raise errors of every kind on hostile bytes; the picture goes without
        return None
    raise UnreadableImage(
        "unsafe", f"a picture inside the drawing has {size} pixels, {MAX_EMBEDDED_PIXELS:,} are allowed"
    )


def embedded_drawing(content: bytes) -> Embedded | None:
    """An SVG inside an SVG, as pixels; None when it cannot be drawn.

    Raises:
        UnreadableImage: as the guard, when it is too large or unsafe.
    """
    from logo_retrieval.images.svg import SvgPicture

    try:
        return _png(SvgPicture.open(content, nested=True).render(_DRAWN_PX), _DRAWN_PX**2)
    except UnreadableImage as fault:
        if fault.code in ("unsafe", "too-large"):
            raise
        return None


def _shrunk(image: Image.Image) -> Image.Image:
    image.draft(None, (_SHRUNK_PX, _SHRUNK_PX))
    image.thumbnail((_SHRUNK_PX, _SHRUNK_PX), reducing_gap=2.0)
    return image


def _png(image: Image.Image, decoded: int) -> Embedded:
    file = BytesIO()
    image.convert("RGBA").save(file, "PNG", compress_level=1)
    return _link(file.getvalue(), "PNG", image.width * image.height, decoded)


def _link(content: bytes, format: str, pixels: int, decoded: int | None = None) -> Embedded:
    text = binascii.b2a_base64(content, newline=False).decode()
    return Embedded(f"data:image/{format.lower()};base64,{text}", pixels, decoded or pixels)
