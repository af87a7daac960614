"""Files of pixels, by Pillow and by hand."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def saved(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    """The file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes, checksum: int | None = None) -> bytes:
    """A part of a PNG, its checksum right unless it is given."""
    found = zlib.crc32(name + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", found)


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of these parts between its header and its end."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")
