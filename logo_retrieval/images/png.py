"""PNG files without what nobody draws: a fault in metadata is no fault of the picture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = b"\0\0\0\0IEND\xaeB`\x82"
_STEP = 1 << 20
_DRAWN = frozenset((b"tRNS", b"acTL", b"fcTL", b"fdAT", b"eXIf"))
"""Of the ancillary chunks, those that decide how the picture looks."""

_REPLACED = frozenset((b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"))
_EARLY = 65_536
_USUAL_GAMMA = 100_000 / 2.2
_LEAST_CHANGE, _MOST_CHANGE = 0.05, 9.0
_AROUND = 12  # size, name and checksum
_TRANSPARENT = {0: 2, 2: 6}
"""Colour type -> bytes that say which colour is transparent; with a palette it is one for each colour, or fewer."""

_GREY_SCALES = {b"\2\0": 85, b"\4\0": 17}
"""Bits and colour type of grey that Pillow scales to 8 bits -> by how much; it leaves the transparent grey as it is."""


def without_metadata(data: bytes) -> bytes:
    """The same file with its critical chunks, and of the others those that are drawn and sound.

    Browsers leave out an ancillary chunk whose checksum is wrong, and read on, whatever its size. What follows a chunk
    that is not all there stays as it is, for the decoder to judge.
    """
    kept = [_SIGNATURE]
    end = len(_SIGNATURE)
    colours = 0
    for start, end, name in _chunks(data):
        is_ancillary = name[0] & 0x20
        if name == b"PLTE":
            colours = (end - start - _AROUND) // 3
        if not is_ancillary or (name in _DRAWN and _is_sound(data, start, end, colours)):
            scale = _GREY_SCALES.get(data[24:26]) if name == b"tRNS" else None
            kept.append(_chunk(name, _scaled(data[start + 8 : end - 4], scale)) if scale else data[start:end])
    return b"".join([*kept, data[end:]])


def tones(data: bytes) -> list[int] | None:
    """What each shade, 0 to 255, is on a usual screen; None where it is itself.

    A shade stands for light to the power of 1/gAMA, a usual screen shows it to the power of 2.2 (PNG, section 13.13).
    A profile, or that the colours are usual ones, counts for more.

    Args:
        data: a whole file.
    """
    if data.find(b"gAMA", 0, _EARLY) < 0:
        return None
    gamma = 0
    for start, end, name in _chunks(data):
        if name in (b"iCCP", b"sRGB", b"cICP"):
            return None
        if name == b"gAMA" and end - start == _AROUND + 4:
            (gamma,) = struct.unpack_from(">I", data, start + 8)
        if name in (b"PLTE", b"IDAT"):
            break
    exponent = _USUAL_GAMMA / gamma if gamma else 1.0
    if not _LEAST_CHANGE < abs(exponent - 1) < _MOST_CHANGE:
        return None
    return [round(255 * (shade / 255) ** exponent) for shade in range(256)]


def still(data: bytes, most: int) -> bytes | None:
    """The same file without its animation and with a right checksum of its pixels; None where they are not all there.

    Args:
        data: a whole file.
        most: bytes that its pixels may have.
    """
    chunks = list(_chunks(data))
    packed = b"".join(data[start + 8 : end - 4] for start, end, name in chunks if name == b"IDAT")
    inflater = zlib.decompressobj(wbits=-15)
    checksum, rest = 1, packed[2:]
    try:
        while rest and not inflater.eof and most > 0:
            step = inflater.decompress(rest, _STEP)
            checksum, most = zlib.adler32(step, checksum), most - len(step)
            rest = inflater.unconsumed_tail
    except zlib.error:
        return None
    if not inflater.eof:
        return None
    body = packed[: len(packed) - len(inflater.unused_data)] + struct.pack(">I", checksum)
    head = b"".join(data[start:end] for start, end, name in chunks if name not in _REPLACED)
    return _SIGNATURE + head + _chunk(b"IDAT", body) + _END


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _scaled(grey: bytes, scale: int) -> bytes:
    """A grey of two bytes, of which only the bits count that the picture has."""
    return struct.pack(">H", (grey[1] & 255 // scale) * scale)


def _chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and name of each chunk that is all there."""
    start = len(_SIGNATURE)
    while start + _AROUND <= len(data):
        size, name = struct.unpack_from(">I4s", data, start)
        end = start + _AROUND + size
        if end > len(data):
            return
        yield start, end, name
        start = end


def _is_sound(data: bytes, start: int, end: int, colours: int) -> bool:
    """Whether an ancillary chunk counts: its checksum is right and, of `tRNS`, its size."""
    size, (checksum,) = end - start - _AROUND, struct.unpack_from(">I", data, end - 4)
    if data[start + 4 : start + 8] == b"tRNS" and size != _TRANSPARENT.get(data[25], min(size, colours)):
        return False
    return bool(zlib.crc32(data[start + 4 : end - 4]) == checksum)
