"""Pictures inside a drawing: whatever their link looks like, they leave as PNG, JPEG, GIF or WebP of a known size."""

from __future__ import annotations

import binascii
import re
import struct
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.png import still, tones, without_metadata
from logo_retrieval.images.sniff import sniff

if TYPE_CHECKING:
    from PIL import Image

MAX_EMBEDDED_PIXELS = 40_000_000
"""Of all pictures inside a drawing."""

MAX_DRAWINGS = 16
"""SVG inside SVG; a quarter of that inside those, and so on down to one."""

MAX_NESTING = 8
"""Of SVG in SVG in SVG."""

_KEPT_PIXELS = 4_000_000
_SHRUNK_PX = 2048
_DRAWN_PX = 1024
_SHAPED = frozenset(("1", "L", "LA", "P", "RGB", "RGBA"))
_DRAWINGS = frozenset(("svg", "svgz"))
_KEPT_FORMATS = frozenset(("png", "jpeg", "gif", "webp"))
_PIXEL_BYTES = 10
"""At most, those of its row's filter among them."""

_ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
_EXIF_ORIENTATION = 0x0112
_DATA_URL = re.compile(r"data:([^,]*),", re.IGNORECASE)


class Pictures:
    """Those that one drawing holds."""

    def __init__(self, nesting: int) -> None:
        """None yet.

        Args:
            nesting: how many drawings the drawing lies in.
        """
        self._nesting = nesting
        self._drawings = self._pixels = 0

    def put(self, element: Element, link: str) -> None:
        """Gives an element the picture of a `data:` link; of any other link, or of none that can be drawn, nothing.

        Raises:
            UnreadableImage: unsafe, when it is too large, or one too many.
        """
        picture = self._embedded(link)
        if picture is None:
            return
        self._pixels += picture.decoded
        if self._pixels > MAX_EMBEDDED_PIXELS:
            raise UnreadableImage("unsafe", f"its pictures have more than {MAX_EMBEDDED_PIXELS:,} pixels")
        element.pixels = picture.pixels
        element.size = picture.size
        element.attributes["href"] = picture.href

    def _embedded(self, link: str) -> _Embedded | None:
        """The picture of a link; None when there is none that can be drawn."""
        content = content_of(link)
        if content is None:
            return None
        try:
            format = sniff(content)
            return self._drawing(content) if format in _DRAWINGS else _raster(content, format)
        except UnreadableImage as fault:
            if fault.code in ("unsafe", "too-large"):
                raise UnreadableImage("unsafe", fault.text) from None
        except (
            Exception
        ) as fault:  # header readers raise errors of every kind on hostile bytes; the picture goes without
            if type(fault).__name__ == "DecompressionBombError":
                raise _too_many("too many") from None
        return None

    def _drawing(self, content: bytes) -> _Embedded:
        from logo_retrieval.images.svg import SvgPicture

        self._drawings += 1
        allowed = max(1, MAX_DRAWINGS >> 2 * self._nesting)
        if self._drawings > allowed:
            raise UnreadableImage("unsafe", f"the SVG holds more than {allowed} others")
        if self._nesting == MAX_NESTING:
            raise UnreadableImage("unsafe", f"SVG lies in SVG more than {MAX_NESTING} deep")
        picture = SvgPicture.open(content, nesting=self._nesting + 1)
        return _png(picture.render(_DRAWN_PX), _DRAWN_PX**2, (picture.width, picture.height))


class _Embedded(NamedTuple):
    """A picture inside a drawing.

    Attributes:
        href: its clean `data:` link.
        pixels: how many it has.
        decoded: how many it had before it was shrunk.
        size: its width and height by itself, where it was drawn or shrunk.
    """

    href: str
    pixels: int
    decoded: int
    size: tuple[float, float] | None = None


def content_of(link: str) -> bytes | None:
    """The bytes of a `data:` link, whatever type it claims; None when they cannot be had, or it is another link."""
    head = _DATA_URL.match(link)
    if head is None:
        return None
    from urllib.parse import unquote_to_bytes

    content = unquote_to_bytes(link[head.end() :])
    if head[1].lower().replace(" ", "").endswith(";base64"):
        try:
            return binascii.a2b_base64(content + b"==")  # browsers do without these
        except binascii.Error:
            return None
    return content


def _raster(content: bytes, format: str) -> _Embedded:
    """What a renderer shows as browsers do stays as it is; the rest, and large ones, become PNG."""
    from PIL import Image

    from logo_retrieval.images.raster import RasterPicture

    shades = tones(content) if format == "png" else None
    if format == "png" and shades is None:
        content = _sound_png(content)
    if format in _KEPT_FORMATS and shades is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(content), formats=[format.upper()]) as image:
                pixels = _pixels(image)
                if pixels <= _KEPT_PIXELS and _is_plain(image, content):
                    return _link(content, format, pixels)
    picture = RasterPicture.open(content, format)
    longest = round(max(picture.width, picture.height))
    size = (picture.width, picture.height)
    return _png(picture.render(min(longest, _SHRUNK_PX)), round(picture.width * picture.height), size)


def _sound_png(content: bytes) -> bytes:
    """A PNG of one frame with right checksums, which renderers ask for and browsers do without."""
    width, height = struct.unpack_from(">II", content, 16)
    plain = without_metadata(content)
    if b"acTL" in plain:
        return plain
    return still(plain, _PIXEL_BYTES * min(width * height, _KEPT_PIXELS)) or plain


def _pixels(image: Image.Image) -> int:
    """Of the largest frame: one of a GIF may be larger than the screen that its header announces."""
    frames = [extents[2:] for _, extents, *_ in getattr(image, "tile", ()) if extents]
    pixels: int = max(width * height for width, height in (image.size, *frames))
    if pixels > MAX_EMBEDDED_PIXELS:
        raise _too_many(f"{pixels:,}")
    return pixels


def _too_many(pixels: str) -> UnreadableImage:
    limit = f"{MAX_EMBEDDED_PIXELS:,} are allowed"
    return UnreadableImage("unsafe", f"a picture inside the drawing has {pixels} pixels, {limit}")


def _is_plain(image: Image.Image, content: bytes) -> bool:
    whole = _ENDS.get(str(image.format), b"")
    upright = image.getexif().get(_EXIF_ORIENTATION, 1) == 1
    is_still = getattr(image, "n_frames", 1) == 1
    is_usual = _USUAL.get(str(image.format))
    known = image.mode in _SHAPED and (is_usual is None or is_usual(image, content))
    return known and is_still and upright and content.endswith(whole)


def _fills_its_canvas(image: Image.Image, content: bytes) -> bool:
    """Whether a GIF is as large as it says."""
    canvas = struct.unpack_from("<HH", content, 6)
    return image.size == canvas and [each[1] for each in getattr(image, "tile", ())] == [(0, 0, *canvas)]


def _is_as_cameras_write(image: Image.Image, content: bytes) -> bool:
    """Whether a JPEG holds brightness and two colours, not red, green and blue, and begins without a gap."""
    names = bytes(part[0] for part in getattr(image, "layer", ()))
    return image.info.get("adobe_transform") != 0 and names != b"RGB" and content[3] != 0xFF


_USUAL: dict[str, Callable[[Image.Image, bytes], bool]] = {"GIF": _fills_its_canvas, "JPEG": _is_as_cameras_write}
"""Whether a renderer reads a file as browsers do."""


def _png(image: Image.Image, decoded: int, size: tuple[float, float]) -> _Embedded:
    file = BytesIO()
    image.convert("RGBA").save(file, "PNG", compress_level=1)
    return _link(file.getvalue(), "PNG", image.width * image.height, decoded, size)


def _link(
    content: bytes, format: str, pixels: int, decoded: int | None = None, size: tuple[float, float] | None = None
) -> _Embedded:
    text = binascii.b2a_base64(content, newline=False).decode()
    return _Embedded(f"data:image/{format.lower()};base64,{text}", pixels, decoded or pixels, size)
