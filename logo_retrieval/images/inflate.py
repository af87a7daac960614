"""Gzip data, whose content may come in several members, one after another."""

from __future__ import annotations

import zlib

GZIP = b"\x1f\x8b"
"""How a member begins."""

_MOST_MEMBERS = 1_000
_WITH_GZIP_HEADER = 31


def inflated(data: bytes, most: int) -> tuple[bytes, bool]:
    """The content of gzip data; what follows its last member is left out.

    Args:
        data: that begins with a member.
        most: bytes to inflate.

    Returns:
        At most so many bytes, and whether they are all.

    Raises:
        zlib.error: the data are damaged.
    """
    parts: list[bytes] = []
    for _ in range(_MOST_MEMBERS):
        inflater = zlib.decompressobj(wbits=_WITH_GZIP_HEADER)
        part = inflater.decompress(data, most) if most > 0 else b""
        parts.append(part)
        most, data = most - len(part), inflater.unused_data
        if not inflater.eof:
            return b"".join(parts), False
        if not data.startswith(GZIP):
            return b"".join(parts), True
    return b"".join(parts), False
