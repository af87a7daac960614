"""BMP files that Pillow does not know as ones that it does: odd bit fields and headers, runs that stop."""

from __future__ import annotations

import struct
from typing import NamedTuple

from PIL import Image, ImageChops

from logo_retrieval.images.sniff import MAX_PIXELS

_FILE_HEADER = 14
_HEADER = struct.Struct("<IiiHHIIiiII")
_RLE = {1: 8, 2: 4}
"""Way of compression -> bits of a pixel."""

_BIT_FIELDS = (3, 6)
_MASKS = struct.Struct("<IIII")
_BGRA = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
_FOUR = [bytes((byte >> 6, byte >> 4 & 3, byte >> 2 & 3, byte & 3)) for byte in range(256)]


class _Bitmap(NamedTuple):
    """What the headers of a file say.

    Attributes:
        width: in pixels.
        height: likewise.
        upward: whether the lowest row comes first.
        bits: of a pixel.
        way: of compression.
        palette: 4 bytes for each colour.
        pixels: all that follows.
        masks: of red, green, blue and alpha.
    """

    width: int
    height: int
    upward: bool
    bits: int
    way: int
    palette: bytes
    pixels: bytes
    masks: tuple[int, int, int, int]


def plainer(data: bytes) -> bytes | None:
    """The same picture with usual bit fields, without runs, and with a usual header; None where too much is missing.

    Args:
        data: a whole file, with a header of 16 bytes or more.
    """
    bitmap = _read(data)
    if bitmap is None or not 0 < bitmap.width * bitmap.height <= MAX_PIXELS:
        return None
    if bitmap.bits in (16, 32):
        return _with_usual_fields(bitmap)
    if bitmap.bits in (1, 4, 24) and not bitmap.way:
        palette = bitmap.palette.ljust(4 << bitmap.bits, b"\0") if bitmap.bits < 24 else b""
        return _file(bitmap, bitmap.bits, 0, b"", palette, bitmap.pixels + bytes(3))  # that fill up the last row
    indices = _expanded(bitmap) if bitmap.way in _RLE else _unpacked(bitmap)
    return None if indices is None else _with_palette(bitmap, indices)


def with_alpha(data: bytes) -> bytes:
    """A picture of 16 bits a pixel with its opacity, which Pillow passes over, and one that shows nowhere as meant."""
    bitmap = _read(data)
    alpha = 0 if bitmap is None else bitmap.masks[3]
    if bitmap is None or not alpha:
        return data
    opacities = bitmap.pixels[(alpha.bit_length() - 1) // 8 : 4 * bitmap.width * bitmap.height : 4]
    is_passed_over = bitmap.bits == 16 or (bitmap.bits == 32 and not any(opacities))
    return (plainer(data) if is_passed_over else None) or data


def _read(data: bytes) -> _Bitmap | None:
    if len(data) < _FILE_HEADER + 16:
        return None
    start, size = struct.unpack_from("<II", data, 10)
    header = data[_FILE_HEADER : _FILE_HEADER + size]
    _, width, height, _, bits, way, *_, used, _ = _HEADER.unpack(header[: _HEADER.size].ljust(_HEADER.size, b"\0"))
    masks = data[_FILE_HEADER + 40 : _FILE_HEADER + 40 + _MASKS.size]
    if way not in _BIT_FIELDS or len(masks) < _MASKS.size:
        red, green, blue, alpha = (0x7C00, 0x3E0, 0x1F, 0) if bits == 16 else (*_BGRA[:3], 0)
    else:
        red, green, blue, alpha = _MASKS.unpack(masks)
        alpha = alpha if size >= 56 or way == 6 else 0
    colours = min(used or 1 << bits, 1 << bits) if bits <= 8 else 0
    palette = data[_FILE_HEADER + size : min(_FILE_HEADER + size + 4 * colours, start)]
    return _Bitmap(width, abs(height), height > 0, bits, way, palette, data[start:], (red, green, blue, alpha))


def _with_usual_fields(bitmap: _Bitmap) -> bytes | None:
    mode, stride = ("LA", (bitmap.width * 2 + 3) // 4 * 4) if bitmap.bits == 16 else ("RGBA", bitmap.width * 4)
    rows = bitmap.pixels[: stride * bitmap.height]
    if len(rows) < stride * bitmap.height:
        return None
    size = (bitmap.width, bitmap.height)
    planes = Image.frombytes(mode, size, rows, "raw", mode, stride, 1).split()
    channels = [_channel(planes, mask) for mask in bitmap.masks]
    if not bitmap.masks[3] or channels[3].getextrema()[1] == 0:  # what shows nowhere is meant to show
        channels[3] = Image.new("L", size, 255)
    pixels = Image.merge("RGBA", channels).tobytes("raw", "BGRA")
    return _file(bitmap, 32, 3, _MASKS.pack(*_BGRA), b"", pixels)


def _channel(planes: tuple[Image.Image, ...], mask: int) -> Image.Image:
    """What a bit field holds, stretched to 0..255: the sum of what each byte of a pixel adds to it."""
    shift = max((mask & -mask).bit_length() - 1, 0)
    channel = Image.new("L", planes[0].size)
    for number, plane in enumerate(planes):
        part = mask >> 8 * number & 0xFF
        if part:
            parts = [((byte & part) << 8 * number) >> shift for byte in range(256)]
            channel = ImageChops.add(channel, plane.point([round(255 * value / (mask >> shift)) for value in parts]))
    return channel


def _unpacked(bitmap: _Bitmap) -> bytes | None:
    """Rows of one byte a pixel from those of a few bits; None where they are not all there."""
    stride = (bitmap.width * bitmap.bits + 31) // 32 * 4
    rows = bitmap.pixels[: stride * bitmap.height]
    if bitmap.way or len(rows) < stride * bitmap.height or bitmap.bits not in (2, 8):
        return None
    lines = (rows[at : at + stride] for at in range(0, len(rows), stride))
    if bitmap.bits == 2:
        lines = (b"".join(_FOUR[byte] for byte in line) for line in lines)
    return b"".join(line[: bitmap.width] for line in lines)


def _expanded(bitmap: _Bitmap) -> bytes | None:
    """Rows of one byte a pixel from runs; None where they stop before the last row without saying so."""
    width, height, four = bitmap.width, bitmap.height, _RLE[bitmap.way] == 4
    rows = bytearray(width * height)
    x = y = at = 0
    data = bitmap.pixels
    while at + 1 < len(data) and y < height:
        count, value = data[at], data[at + 1]
        at += 2
        if count == 0 and value == 0:
            x, y = 0, y + 1
        elif count == 0 and value == 1:
            return bytes(rows)
        elif count == 0 and value == 2:
            x, y, at = x + data[at], y + data[at + 1], at + 2
        else:
            if count:
                run = bytes((value >> 4, value & 15)) * 128 if four else bytes((value,)) * count
            else:
                count, size = value, (value + 1) // 2 if four else value
                packed = data[at : at + size]
                run = bytes(half for byte in packed for half in (byte >> 4, byte & 15)) if four else packed
                at += size + size % 2
            run = run[: min(count, max(width - x, 0))]
            rows[y * width + x : y * width + x + len(run)] = run
            x += count
    return bytes(rows) if y >= height - 1 else None


def _with_palette(bitmap: _Bitmap, indices: bytes) -> bytes:
    stride = (bitmap.width + 3) // 4 * 4
    width = bitmap.width
    rows = b"".join(indices[at : at + width].ljust(stride, b"\0") for at in range(0, len(indices), width))
    return _file(bitmap, 8, 0, b"", bitmap.palette.ljust(1024, b"\0"), rows)


def _file(bitmap: _Bitmap, bits: int, way: int, masks: bytes, palette: bytes, pixels: bytes) -> bytes:
    size = _HEADER.size + len(masks)
    height = bitmap.height if bitmap.upward else -bitmap.height
    header = _HEADER.pack(size, bitmap.width, height, 1, bits, way, len(pixels), 0, 0, 0, 0) + masks
    start = _FILE_HEADER + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + palette + pixels
