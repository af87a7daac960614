"""Pixel pictures: opened by exactly the Pillow plugin that the bytes call for, within limits, as 8-bit grey or RGB."""

from __future__ import annotations

import contextlib
import importlib
import io
import struct
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from PIL import Image, ImageChops, ImageFile

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images import bmp, tiff
from logo_retrieval.images.frames import fullest_frame
from logo_retrieval.images.icon import entries
from logo_retrieval.images.jpeg import without_application_data
from logo_retrieval.images.orientation import upright
from logo_retrieval.images.pixels import eight_bit, is_black, is_blank, is_grey, is_opaque, toned
from logo_retrieval.images.png import still, tones, without_metadata
from logo_retrieval.images.sniff import MAX_PIXELS

_DRAFT_PX = 2048
_SMALLEST_PX = 4
_REDUCING_GAP = 3.0  # from so much more than the size asked for on, whole pixels are averaged first
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"
_MISSING_SHARE = 0.01
_UNSEEN = 32  # by how much pixels may change where all of them are there, but for their finest detail

_PLUGINS = {name.lower(): name for name in ("Png", "Jpeg", "Gif", "WebP", "Avif", "Bmp", "Tiff", "Ico")}
"""By format, how the names of Pillow's module and class begin."""

_PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}
_ANIMATED = {"png", "gif", "webp", "avif"}


class _Source(NamedTuple):
    """What a picture is resized from: its alpha premultiplied, and as few channels as say the same.

    Attributes:
        pixels: of mode L, La, RGB or RGBa.
        is_shadow: whether they are the alpha plane of what is black.
    """

    pixels: Image.Image
    is_shadow: bool = False


class RasterPicture:
    """A decoded pixel picture.

    Attributes:
        width: in pixels, upright, as stored (a JPEG may be decoded smaller).
        height: likewise.
    """

    def __init__(self, pixels: Image.Image, width: int, height: int) -> None:
        self._pixels = pixels
        self.width = float(width)
        self.height = float(height)

    @classmethod
    def open(cls, data: bytes, format: str) -> RasterPicture:
        """Decodes a file.

        Args:
            data: a whole file.
            format: what `sniff` called it.

        Raises:
            UnreadableImage: "too-large", "corrupt", or "empty" when it is but a few pixels.
        """
        return cls._best_entry(data) if format in ("ico", "cur") else cls._single(data, format)

    @classmethod
    def _best_entry(cls, data: bytes) -> RasterPicture:
        """The largest entry of an icon that decodes and shows something."""
        blank: RasterPicture | None = None
        fault: Exception | None = None
        for format, entry in entries(data):
            try:
                found = cls._single(entry, format)
            except Exception as error:  # whatever ails one entry, the next may be sound
                fault = fault or error
                continue
            if not is_blank(found._pixels):
                return found
            blank = blank or found
        if blank is None:
            raise fault or UnreadableImage("corrupt", "the icon has no entry that decodes")
        return blank

    @classmethod
    def _single(cls, data: bytes, format: str) -> RasterPicture:
        """Decodes a file that is no icon, mended where all of its pixels are there, in the shades of a usual screen."""
        found = cls._sound(data, format)
        shades = tones(data) if format == "png" else None
        if shades is not None:
            found._pixels = toned(found._pixels, shades)
        return found

    @classmethod
    def _sound(cls, data: bytes, format: str) -> RasterPicture:
        """Decodes it without the faults that `_MENDED` knows; where that fails, in its plainest form, by `_PLAINER`."""
        mend = _MENDED.get(format)
        data = data if mend is None else mend(data)
        try:
            return cls._decoded(data, format)
        except UnreadableImage:
            raise
        except Exception:  # the plugins raise errors of every kind
            mended = _PLAINER[format](data) if format in _PLAINER else None
            if mended is None:
                raise
            return cls._decoded(mended, format)

    @classmethod
    def _decoded(cls, data: bytes, format: str) -> RasterPicture:
        with _strict_pillow():
            image = _header_read(data, format)
            width, height = image.size
            if format == "jpeg" and max(width, height) > _DRAFT_PX:
                across, down = (max(side * _DRAFT_PX // max(width, height), 1) for side in (width, height))
                image.draft(None, (across, down))
            pixels = fullest_frame(image) if format in _ANIMATED else eight_bit(image)
            if format == "tiff":
                pixels = tiff.as_meant(image, pixels)
            _check_size(*pixels.size)
            pixels, lies_on_its_side = upright(pixels, image)
            if lies_on_its_side:
                width, height = height, width
        return cls(pixels, width, height)

    def render(self, longest_px: int, region: tuple[float, float, float, float] | None = None) -> Image.Image:
        """Draws a part of the picture.

        Shrinks through a Hamming window, enlarges by bicubic interpolation, both with premultiplied alpha, so that the
        colours of transparent pixels do not bleed. (Pillow's box filter counts a pixel wholly or not at all; on logos
        the Hamming window is more than twice as close to a true area average.)

        Args:
            longest_px: of the longer side of the result, always met exactly; the shorter side is at least 1.
            region: left, top, right, bottom as fractions of the picture; default all of it.

        Returns:
            An RGBA image.
        """
        left, top, right, bottom = region or (0.0, 0.0, 1.0, 1.0)
        columns, rows = self._pixels.size
        box = (left * columns, top * rows, right * columns, bottom * rows)
        scale = longest_px / max(box[2] - box[0], box[3] - box[1])
        size = (max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale)))
        method = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.HAMMING
        drawn = self._source.pixels.resize(size, method, box=box, reducing_gap=_REDUCING_GAP)
        if self._source.is_shadow:
            black = Image.new("RGBA", size)
            black.putalpha(drawn)
            return black
        return (drawn.convert("LA") if drawn.mode == "La" else drawn).convert("RGBA")

    @cached_property
    def _source(self) -> _Source:
        """Made once, where Pillow would make the like for every resizing; many logos are black, and more are grey."""
        pixels = self._pixels
        if pixels.mode == "RGBA":
            alpha = pixels.getchannel("A")
            if is_opaque(alpha):
                pixels = pixels.convert("RGB")
            elif is_black(pixels):
                return _Source(alpha, is_shadow=True)
            elif is_grey(pixels):
                pixels = Image.merge("LA", (pixels.getchannel("G"), alpha))
        if pixels.mode == "RGB" and is_grey(pixels):
            pixels = pixels.getchannel("G")
        return _Source(pixels.convert(_PREMULTIPLIED[pixels.mode]) if pixels.mode in _PREMULTIPLIED else pixels)


@contextlib.contextmanager
def _strict_pillow() -> Iterator[None]:
    """Turns what Pillow says about size into "too-large", silences its other warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as fault:
            raise UnreadableImage("too-large", str(fault)) from None


def _header_read(data: bytes, format: str) -> ImageFile.ImageFile:
    """A picture of which no pixel is decoded yet; of all plugins only the right one is ever imported."""
    module = importlib.import_module(f"PIL.{_PLUGINS[format]}ImagePlugin")
    if format == "avif":
        # its pool of threads would reserve a stack and an arena for each core of the machine
        setattr(module, "DEFAULT_MAX_THREADS", 1)  # noqa: B010
    if format == "tiff":
        module.OPEN_INFO.update(tiff.KINDS)
    image: ImageFile.ImageFile = getattr(module, f"{_PLUGINS[format]}ImageFile")(io.BytesIO(data))
    _check_size(*image.size)
    if format == "tiff":
        tiff.set_right(image)
    return image


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnreadableImage("too-large", f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
    if max(width, height) < _SMALLEST_PX or min(width, height) < 2:
        raise UnreadableImage("empty", f"{width} x {height} pixels hold no drawing")


def _with_its_end(data: bytes) -> bytes:
    """A JPEG with its end marker, if that is all that it lacks; else as it is.

    Where all pixels are there, what stands before an added marker changes none of them, or of a progressive one, which
    comes coarse first, only details that nobody sees.
    """
    if data.rfind(_JPEG_END) > data.rfind(_JPEG_SCAN):  # a small picture within it has an end of its own
        return data
    body = data.rstrip(_JPEG_END[:1])
    seen = []
    for filler in (b"", b"\x55" * 4096):
        try:
            image = _header_read(body + filler + _JPEG_END, "jpeg")
            image.draft("L", (_DRAFT_PX, _DRAFT_PX))
            image.load()
        except Exception:  # it lacks more than its end
            return data
        seen.append(image.convert("L"))
    changed = ImageChops.difference(*seen).histogram()
    unseen = _UNSEEN if image.info.get("progressive") else 0
    return body + _JPEG_END if sum(changed[unseen + 1 :]) <= _MISSING_SHARE * sum(changed) else data


def _with_its_size(data: bytes) -> bytes:
    """A WebP that claims to be longer than it is, with its true length."""
    (claimed,) = struct.unpack_from("<I", data, 4)
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:] if claimed > len(data) - 8 else data


_MENDED = {"png": without_metadata, "jpeg": _with_its_end, "webp": _with_its_size, "bmp": bmp.with_alpha}
_PLAINER: dict[str, Callable[[bytes], bytes | None]] = {
    "png": lambda data: still(data, 8 * MAX_PIXELS),
    "jpeg": without_application_data,
    "bmp": bmp.plainer,
}
"""What to try where a file does not decode as it is."""
