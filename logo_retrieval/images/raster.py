"""Pixel pictures: opened by exactly the Pillow plugin that the bytes call for, within limits, as 8-bit grey or RGB."""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import struct
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import cast

from PIL import Image, ImageChops, ImageFile

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.icon import entries
from logo_retrieval.images.jpeg import without_application_data
from logo_retrieval.images.png import still, without_metadata
from logo_retrieval.images.prepare import ink_share
from logo_retrieval.images.sniff import MAX_PIXELS

MAX_FRAMES = 1024
"""So far an animation is looked at."""

MAX_FRAME_PIXELS = 160_000_000
"""Of all of those frames: each has to be decoded for the next, which takes about 2 s for so many."""

_DRAFT_PX = 2048
_SMALLEST_PX = 4
_FRAMES_SEEN = 8
_CLEARLY_LESS = 0.9  # what the first frame shows, of what the fullest does
_ROUGH_PX = 48
_REDUCING_GAP = 3.0  # from so much more than the size asked for on, whole pixels are averaged first
_JPEG_END = b"\xff\xd9"
_LONGEST_TAIL = 65_536  # of what some cameras and editors write behind the end
_MISSING_SHARE = 0.01
_BLANK_RANGE = 16

_PLUGINS = {
    "png": ("PngImagePlugin", "PngImageFile"),
    "jpeg": ("JpegImagePlugin", "JpegImageFile"),
    "gif": ("GifImagePlugin", "GifImageFile"),
    "webp": ("WebPImagePlugin", "WebPImageFile"),
    "avif": ("AvifImagePlugin", "AvifImageFile"),
    "bmp": ("BmpImagePlugin", "BmpImageFile"),
    "tiff": ("TiffImagePlugin", "TiffImageFile"),
    "ico": ("IcoImagePlugin", "IcoImageFile"),
}
_PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}
_ANIMATED = {"png", "gif", "webp", "avif"}

_EXIF_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


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
        return cls._best_entry(data) if format in ("ico", "cur") else cls._open(data, format)

    @classmethod
    def _best_entry(cls, data: bytes) -> RasterPicture:
        """The largest entry of an icon that decodes and shows something."""
        blank: RasterPicture | None = None
        fault: Exception | None = None
        for format, entry in entries(data):
            try:
                found = cls._open(entry, format)
            except Exception as error:  # whatever ails one entry, the next may be sound
                fault = fault or error
                continue
            if not _is_blank(found._pixels):
                return found
            blank = blank or found
        if blank is None:
            raise fault or UnreadableImage("corrupt", "the icon has no entry that decodes")
        return blank

    @classmethod
    def _open(cls, data: bytes, format: str) -> RasterPicture:
        """Decodes a file of one picture, mended where all of its pixels are there."""
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
            image = _opened(data, format)
            width, height = image.size
            if format == "jpeg" and max(width, height) > _DRAFT_PX:
                image.draft(None, (width * _DRAFT_PX // max(width, height), height * _DRAFT_PX // max(width, height)))
            pixels = _fullest_frame(image) if format in _ANIMATED else _eight_bit(image)
            _check_size(*pixels.size)
            orientation = _orientation(image)
            if orientation in _UPRIGHT:
                pixels = pixels.transpose(_UPRIGHT[orientation])
            if 5 <= orientation <= 8:
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
        drawn = self._premultiplied.resize(size, method, box=box, reducing_gap=_REDUCING_GAP)
        return (drawn.convert("LA") if drawn.mode == "La" else drawn).convert("RGBA")

    @cached_property
    def _premultiplied(self) -> Image.Image:
        """What Pillow would make for every resizing anew."""
        pixels = self._pixels
        if pixels.mode == "RGBA" and cast("tuple[int, int]", pixels.getchannel("A").getextrema())[0] == 255:
            return pixels.convert("RGB")
        return pixels.convert(_PREMULTIPLIED.get(pixels.mode, pixels.mode))


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


def _opened(data: bytes, format: str) -> ImageFile.ImageFile:
    """Reads the header; of all plugins only the right one is ever imported."""
    module_name, class_name = _PLUGINS[format]
    module = importlib.import_module(f"PIL.{module_name}")
    if format == "avif":
        # its pool of threads would reserve a stack and an arena for each core of the machine
        setattr(module, "DEFAULT_MAX_THREADS", 1)  # noqa: B010
    image: ImageFile.ImageFile = getattr(module, class_name)(io.BytesIO(data))
    _check_size(*image.size)
    return image


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnreadableImage("too-large", f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
    if max(width, height) < _SMALLEST_PX or min(width, height) < 2:
        raise UnreadableImage("empty", f"{width} x {height} pixels hold no drawing")


def _fullest_frame(image: ImageFile.ImageFile) -> Image.Image:
    """The first frame, unless a later one shows clearly more: of a few, the last among them, that which shows most."""
    within_budget = min(MAX_FRAMES, MAX_FRAME_PIXELS // (image.width * image.height))
    last = min(getattr(image, "n_frames", 1), within_budget) - 1
    pixels = _eight_bit(image)
    if last < 1:
        return pixels
    pixels = pixels.copy()  # the next frame comes in its place
    first = most = _shown(pixels)
    best = pixels
    for number in sorted({round(last * step / _FRAMES_SEEN) for step in range(1, _FRAMES_SEEN + 1)} - {0}):
        try:
            image.seek(number)
            frame = _eight_bit(image).copy()
        except (EOFError, OSError, SyntaxError, ValueError):
            break  # cut off: what came before counts
        share = _shown(frame)
        if share > most:
            best, most = frame, share
    return best if first < _CLEARLY_LESS * most else pixels


def _shown(pixels: Image.Image) -> float:
    """Of a frame, the share that is drawn, the less the fainter it is."""
    if _is_blank(pixels):
        return 0.0
    rough = pixels.resize((_ROUGH_PX, _ROUGH_PX), Image.Resampling.BOX).convert("RGBA")
    *colours, opaque = (high - low for low, high in cast("tuple[tuple[int, int], ...]", rough.getextrema()))
    return ink_share(rough) * (opaque if opaque > _BLANK_RANGE else max(colours)) / 255


def _with_its_end(data: bytes) -> bytes:
    """A JPEG with its end marker, if that is all that it lacks; else as it is.

    Where all pixels are there, what stands before an added marker changes none of them.
    """
    if _JPEG_END in data[-_LONGEST_TAIL:]:
        return data
    body = data.rstrip(_JPEG_END[:1])
    seen = []
    for filler in (b"", b"\x55" * 4096):
        try:
            image = _opened(body + filler + _JPEG_END, "jpeg")
            image.draft("L", (_DRAFT_PX, _DRAFT_PX))
            image.load()
        except Exception:  # it lacks more than its end
            return data
        seen.append(image.convert("L"))
    changed = ImageChops.difference(*seen).histogram()
    return body + _JPEG_END if sum(changed[1:]) <= _MISSING_SHARE * sum(changed) else data


def _with_its_size(data: bytes) -> bytes:
    """A WebP that claims to be longer than it is, with its true length."""
    (claimed,) = struct.unpack_from("<I", data, 4)
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:] if claimed > len(data) - 8 else data


_MENDED = {"png": without_metadata, "jpeg": _with_its_end, "webp": _with_its_size}
_PLAINER: dict[str, Callable[[bytes], bytes | None]] = {
    "png": lambda data: still(data, 8 * MAX_PIXELS),
    "jpeg": without_application_data,
    "bmp": lambda data: data + bytes(3),  # that fill up the last row
}
"""What to try where a file does not decode as it is."""


def _is_blank(pixels: Image.Image) -> bool:
    """Whether the picture is transparent, or of one colour, all over."""
    ranges = pixels.getextrema()
    bands = [ranges] if isinstance(ranges[0], (int, float)) else list(ranges)
    if pixels.mode in ("LA", "RGBA"):
        lowest_alpha, highest_alpha = bands.pop()
        if highest_alpha <= _BLANK_RANGE or highest_alpha - lowest_alpha > _BLANK_RANGE:
            return highest_alpha <= _BLANK_RANGE
    return all(high - low <= _BLANK_RANGE for low, high in bands)


def _eight_bit(image: ImageFile.ImageFile) -> Image.Image:
    """Decodes, and converts whatever the mode is to L, LA, RGB or RGBA."""
    image.load()
    pixels: Image.Image = image
    if pixels.mode.startswith("I;16"):
        pixels = _sixteen_bit(pixels)
    elif pixels.mode in ("I", "F"):
        pixels = _stretched(pixels)
    if pixels.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in pixels.info:
        return pixels
    if pixels.mode == "1" and "transparency" not in pixels.info:
        return pixels.convert("L")
    return pixels.convert("RGBA" if pixels.has_transparency_data else "RGB")


def _sixteen_bit(pixels: Image.Image) -> Image.Image:
    """16-bit grey to 8 bits; the one value that stands for transparent becomes an alpha plane."""
    wide = pixels.convert("I")
    grey = wide.point(lambda value: value * (1 / 257)).convert("L")
    hole = pixels.info.get("transparency")
    if isinstance(hole, int):
        above = wide.point(lambda value: value * 255 - hole * 255).convert("L")
        below = wide.point(lambda value: value * -255 + hole * 255).convert("L")
        grey.putalpha(ImageChops.lighter(above, below))
    return grey


def _stretched(pixels: Image.Image) -> Image.Image:
    """Wide integers and floats to 8 bits; full scale is 1, 255 or 65,535, the first that fits, else their range."""
    low, high = pixels.getextrema()
    if not (isinstance(low, (int, float)) and isinstance(high, (int, float)) and math.isfinite(high - low)):
        raise UnreadableImage("corrupt", "the pixel values are not finite numbers")
    full_scales = [scale for scale in (1.0, 255.0, 65535.0) if low >= 0 and high <= scale]
    offset, span = (0.0, full_scales[0]) if full_scales else (float(low), float(high - low))
    factor = 255.0 / span
    return pixels.convert("F").point(lambda value: value * factor - offset * factor).convert("L")


def _orientation(image: ImageFile.ImageFile) -> int:
    """From the EXIF block; a damaged one leaves the picture as it lies."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # EXIF is a little TIFF of its own, whose reader can fail in any way
        return 1
