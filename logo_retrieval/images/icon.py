"""Windows icons and cursors: choosing one entry and handing it on alone.

Pillow reads such files too, but trusts the directory's bit depths (a cursor keeps its hot spot there), takes a zero
alpha plane for an invisible picture, and looks at every entry. Here one entry leaves as a PNG or as an ICO of that
entry alone, with the directory rewritten from the entry's own header.
"""

from __future__ import annotations

import struct

from logo_retrieval.errors import UnreadableImage

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_ENTRIES = 1024
_MAX_BITMAP_SIDE = 2048


def largest_entry(data: bytes) -> tuple[str, bytes]:
    """Takes the entry with the most pixels, the deepest of equals, out of an ICO or CUR file.

    Args:
        data: a whole file that starts like an icon or a cursor.

    Returns:
        ("png", a PNG file) or ("ico", an icon file with one entry).

    Raises:
        UnreadableImage: "corrupt" when there is no entry or the chosen one is not all there, "too-large" when its size
            is absurd.
    """
    kind, count = struct.unpack_from("<2xHH", data) if len(data) >= 6 else (0, 0)
    if not 0 < count <= _MAX_ENTRIES or len(data) < 6 + 16 * count:
        raise UnreadableImage("corrupt", f"the icon's directory of {count} entries is not usable")
    entries = [struct.unpack_from("<BBBxHHII", data, 6 + 16 * number) for number in range(count)]

    def rank(entry: tuple[int, ...]) -> tuple[int, int, int]:
        width, height, _, _, bits, size, _ = entry
        return (width or 256) * (height or 256), bits if kind == 1 else 0, size

    *_, size, offset = max(entries, key=rank)
    image = data[offset : offset + size]
    if len(image) < size or size < 40:
        raise UnreadableImage("corrupt", "the icon's largest entry lies outside the file")
    if image.startswith(_PNG_SIGNATURE):
        return "png", image
    return "ico", _alone(image)


def _alone(bitmap: bytes) -> bytes:
    """An icon file around one bitmap without a file header: colour rows, then a 1-bit mask."""
    header_size, width, doubled_height, _, bits, compression = struct.unpack_from("<IiiHHI", bitmap)
    height = abs(doubled_height) // 2
    if header_size < 40 or width < 1 or height < 1 or bits not in (1, 4, 8, 16, 24, 32) or compression != 0:
        raise UnreadableImage("corrupt", "the icon's largest entry is neither a PNG nor a bitmap")
    if max(width, height) > _MAX_BITMAP_SIDE:
        raise UnreadableImage("too-large", f"an icon of {width} x {height} pixels, more than {_MAX_BITMAP_SIDE} a side")
    (colours,) = struct.unpack_from("<I", bitmap, 32)
    palette_size = 4 * (colours or 1 << bits) if bits <= 8 else 0
    rows_end = header_size + palette_size + height * _stride(width * bits)
    if len(bitmap) < rows_end:
        raise UnreadableImage("corrupt", "the icon's largest entry ends before its last row")
    mask_size = height * _stride(width)
    mask = bitmap[rows_end : rows_end + mask_size].ljust(mask_size, b"\0")  # without a mask all of it shows
    has_alpha = bits == 32 and any(bitmap[header_size + 3 : rows_end : 4])
    image = bitmap[:rows_end] + mask
    claimed_bits = bits if has_alpha else min(bits, 24)  # 32 tells Pillow to use the alpha plane, less to use the mask
    return struct.pack("<HHHBBBxHHII", 0, 1, 1, width % 256, height % 256, 0, 1, claimed_bits, len(image), 22) + image


def _stride(bits: int) -> int:
    """Bytes of a row of so many bits, padded to 4."""
    return (bits + 31) // 32 * 4
