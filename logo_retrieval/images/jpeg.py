"""JPEG files without what nobody draws: a fault in metadata is no fault of the picture."""

from __future__ import annotations

_DRAWN = {0xE0: (b"JFIF\0", 16), 0xE1: (b"Exif\0\0", 16), 0xEE: (b"Adobe", 14)}
"""Of the application markers, those that decide how the picture looks: how they begin, and their least size."""

_ANCILLARY = frozenset((*range(0xE0, 0xF0), 0xFE))
_SCAN = 0xDA


def without_application_data(data: bytes) -> bytes:
    """The same file with all that is no metadata and, of that, what is drawn and long enough.

    Args:
        data: a whole file.
    """
    kept = [data[:2]]
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _SCAN:
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF:  # what fills the gap before a marker
            at += 1
            continue
        start, least = _DRAWN.get(marker, (b"", 1 << 16))
        if marker not in _ANCILLARY or (size >= least and data.startswith(start, at + 4)):
            kept.append(data[at : at + 2 + size])
        at += 2 + size
    return b"".join([*kept, data[at:]])
