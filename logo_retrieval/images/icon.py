"""Windows icons and cursors: handing their entries on, one by one.

Pillow reads such files too, but trusts the directory's bit depths (a cursor keeps its hot spot there), takes a zero
alpha plane for an invisible picture, and looks at every entry. Here each entry leaves as a PNG or as an ICO of that
entry alone, with the directory rewritten from the entry's own header.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from logo_retrieval.errors import UnreadableImage

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_ENTRIES = 1024
_MOST_TRIED = 16
_HEADER_SIZE = 40
_BIT_FIELDS = 3
_MAX_BITMAP_SIDE = 2048


def entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The entries of an ICO or CUR file, that with the most pixels first, of equals the deepest.

    What the directory says of an entry is believed as little as a browser does: its bytes go on to the end of the file,
    and its own header tells its size.

    Args:
        data: a whole file that starts like an icon or a cursor.

    Returns:
        ("png", a PNG file) or ("ico", an icon file with one entry), each made when it is asked for.

    Raises:
        UnreadableImage: "corrupt" when there is no usable entry, "too-large" when a size is absurd; raised when the
            faulty entry is asked for, if no other comes before it.
    """
    kind, count = struct.unpack_from("<2xHH", data) if len(data) >= 6 else (0, 0)
    if not 0 < count <= _MAX_ENTRIES or len(data) < 6 + 16 * count:
        raise UnreadableImage("corrupt", f"the icon's directory of {count} entries is not usable")
    directory = [struct.unpack_from("<BBBxHHII", data, 6 + 16 * number) for number in range(count)]

    def rank(entry: tuple[int, ...]) -> tuple[int, int, int]:
        width, height, _, _, bits, size, _ = entry
        return (width or 256) * (height or 256), bits if kind == 1 else 0, size

    fault: UnreadableImage | None = None
    usable = 0
    for _, height, *_, offset in sorted(directory, key=rank, reverse=True)[:_MOST_TRIED]:
        image = data[offset:]
        try:
            found = ("png", image) if image.startswith(_PNG_SIGNATURE) else ("ico", _alone(image, height or 256))
        except UnreadableImage as error:
            fault = fault or error
            continue
        usable += 1
        yield found
    if not usable and fault is not None:
        raise fault


def _alone(bitmap: bytes, claimed_height: int) -> bytes:
    """An icon file around one bitmap without a file header: colour rows, then a 1-bit mask."""
    if len(bitmap) < _HEADER_SIZE:
        raise UnreadableImage("corrupt", "the icon's largest entry lies outside the file")
    header_size, width, doubled_height, planes, bits, compression = struct.unpack_from("<IiiHHI", bitmap)
    height = abs(doubled_height) // 2
    if abs(doubled_height) == claimed_height and claimed_height == width:
        height = claimed_height  # not doubled, as the mask would have it
    masks_size = 12 if compression == _BIT_FIELDS and header_size == _HEADER_SIZE else 0
    packed = compression == _BIT_FIELDS and bits in (16, 32)
    if header_size < _HEADER_SIZE or width < 1 or height < 1 or bits not in (1, 4, 8, 16, 24, 32):
        raise UnreadableImage("corrupt", "the icon's largest entry is neither a PNG nor a bitmap")
    if compression != 0 and not packed:
        raise UnreadableImage("corrupt", f"the icon's largest entry is compressed in way {compression}")
    if max(width, height) > _MAX_BITMAP_SIDE:
        raise UnreadableImage("too-large", f"an icon of {width} x {height} pixels, more than {_MAX_BITMAP_SIDE} a side")
    (colours,) = struct.unpack_from("<I", bitmap, 32)
    palette_size = 4 * (colours or 1 << bits) if bits <= 8 else 0
    rows_start = header_size + masks_size + palette_size
    rows_end = rows_start + height * _stride(width * bits)
    if len(bitmap) < rows_end:
        raise UnreadableImage("corrupt", "the icon's largest entry ends before its last row")
    mask_size = height * _stride(width)
    rows = bitmap[rows_start:rows_end]
    mask = bitmap[rows_end : rows_end + mask_size].ljust(mask_size, b"\0")  # without a mask all of it shows
    if doubled_height < 0:
        rows, mask = _upside_down(rows, height), _upside_down(mask, height)
    has_alpha = bits == 32 and any(rows[3::4])
    doubled = struct.pack("<IiiHHI", header_size, width, 2 * height, planes, bits, compression)
    image = doubled + bitmap[len(doubled) : rows_start] + rows + mask
    claimed_bits = bits if has_alpha else min(bits, 24)  # 32 tells Pillow to use the alpha plane, less to use the mask
    return struct.pack("<HHHBBBxHHII", 0, 1, 1, width % 256, height % 256, 0, 1, claimed_bits, len(image), 22) + image


def _upside_down(rows: bytes, count: int) -> bytes:
    """Rows from the last to the first."""
    size = len(rows) // count
    return b"".join(rows[start : start + size] for start in range(len(rows) - size, -1, -size))


def _stride(bits: int) -> int:
    """Bytes of a row of so many bits, padded to 4."""
    return (bits + 31) // 32 * 4
