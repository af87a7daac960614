"""PNG files without what nobody draws: a fault in metadata is no fault of the picture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DRAWN = frozenset((b"tRNS", b"acTL", b"fcTL", b"fdAT", b"eXIf"))
"""Of the ancillary chunks, those that decide how the picture looks."""


def without_metadata(data: bytes) -> bytes:
    """The same file with its critical chunks, and of the others those that are drawn and sound.

    Browsers leave out an ancillary chunk whose checksum is wrong, and read on, whatever its size. What follows a chunk
    that is not all there stays as it is, for the decoder to judge.
    """
    kept = [_SIGNATURE]
    end = len(_SIGNATURE)
    for start, end, name in _chunks(data):
        is_ancillary = name[0] & 0x20
        if not is_ancillary or (name in _DRAWN and _is_sound(data, start, end)):
            kept.append(data[start:end])
    return b"".join([*kept, data[end:]])


def _chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and name of each chunk that is all there."""
    start = len(_SIGNATURE)
    while start + 12 <= len(data):
        size, name = struct.unpack_from(">I4s", data, start)
        end = start + 12 + size
        if end > len(data):
            return
        yield start, end, name
        start = end


def _is_sound(data: bytes, start: int, end: int) -> bool:
    (checksum,) = struct.unpack_from(">I", data, end - 4)
    return bool(zlib.crc32(data[start + 4 : end - 4]) == checksum)
