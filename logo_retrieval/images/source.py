"""Reading a file that somebody named: never waits, never reads more than it must."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.sniff import MAX_BYTES

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

Source: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | np.ndarray"
"""What a picture may come as, see `file_or_bytes`."""

_ADDRESS = re.compile(r"(https?|ftp|data|file):", re.IGNORECASE)
_DRAWING = re.compile(r"\s*<(?:svg|\?xml|!DOCTYPE|!--)", re.IGNORECASE)

_BROKEN = b"\x89PNG\r\n\x1a\n"
"""A PNG without any content, in the place of a picture in memory that has none: it is answered as corrupt."""


def file_or_bytes(source: Source) -> bytes | Path:
    """A source as the decoder takes it: the whole of an open file is read, a picture in memory becomes an upright PNG.

    A Pillow image that cannot be read becomes one that is corrupt, so that it costs no other its answer, and one that
    would be too large a file is made smaller.

    Args:
        source: a path, the bytes of an image file, a file open for reading bytes, a Pillow image, or an array: uint8,
            (h, w), (h, w, 3) RGB or (h, w, 4) RGBA.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(source, str | os.PathLike):
        return Path(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if hasattr(source, "read"):
        if hasattr(source, "seek"):
            with suppress(OSError):  # of a stream
                source.seek(0)  # as Pillow does: behind what was just written to it there is nothing
        data = source.read()
        if isinstance(data, bytes):
            return data
        raise TypeError(
            f"expected a file open for reading bytes, got one that gives {type(data).__name__}: open it 'rb'"
        )
    if hasattr(source, "getbbox") or hasattr(source, "__array_interface__"):  # the first reads no pixels
        return _as_png(source)
    kind = type(source).__name__
    raise TypeError(f"expected a path, bytes, a file open for reading bytes, a Pillow image or an array, got {kind}")


def files_or_bytes(sources: Iterable[Source]) -> Iterator[bytes | Path]:
    """`file_or_bytes` of each, one at a time.

    Raises:
        TypeError: one is no picture; it names the place, as of a missing cell of a DataFrame.
    """
    for place, source in enumerate(sources):
        try:
            plain = file_or_bytes(source)
        except TypeError as error:
            raise TypeError(f"at place {place}: {error}") from error
        yield plain


def _as_png(source: Image.Image | np.ndarray) -> bytes:
    from PIL import Image

    from logo_retrieval.images.orientation import upright
    from logo_retrieval.images.pixels import eight_bit

    if not isinstance(source, Image.Image):
        shape, kind = source.shape, source.dtype
        if kind != "uint8" or not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))) or 0 in shape:
            raise TypeError(f"expected an array of uint8, (h, w), (h, w, 3) or (h, w, 4), got {kind}, {shape}")
        source = Image.fromarray(source)
    try:
        (pixels, _), file = upright(eight_bit(source), source), io.BytesIO()
        pixels.save(file, "PNG", compress_level=1)
        while file.tell() > MAX_BYTES:  # of a photograph that was a small JPEG
            pixels, file = pixels.reduce(2), io.BytesIO()
            pixels.save(file, "PNG", compress_level=1)
    except Exception:  # of any kind, of a file that is read only now and damaged, or of no pixels
        return _BROKEN
    return file.getvalue()


def check_several(sources: object) -> None:
    """Refuses one source where several are expected: a path would be taken for its letters, a picture for its rows.

    Raises:
        TypeError: when it is one.
    """
    shape = getattr(sources, "__array_interface__", {}).get("shape", ())
    is_picture = hasattr(sources, "getbbox") or len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))
    if is_picture or isinstance(sources, str | bytes | os.PathLike) or hasattr(sources, "read"):
        raise TypeError(f"expected several sources, got one, {sources!r:.80}: put it into a list")


def named_path(path: str | os.PathLike[str]) -> Path:
    """A path that is not empty: an unset variable would be taken for the working directory.

    Raises:
        ValueError: it is empty.
    """
    if not os.fspath(path):
        raise ValueError("the path is empty, such as an unset variable")
    return Path(path)


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether there is something of that name that may be looked at; a name that no file can have is no error."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a folder is locked or a name too long


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether it is a folder, in the same way."""
    return os.path.isdir(path)  # noqa: PTH112


def read_source(source: bytes | Path) -> bytes:
    """Reads a file; bytes are taken as they are.

    Raises:
        UnreadableImage: "missing" when there is no regular file of that name, "denied" or "too-large".
    """
    if isinstance(source, bytes):
        _check_size(len(source))
        return source
    if _ADDRESS.match(str(source)) and not is_there(source):
        is_local = str(source)[:5].lower() == "file:"
        address = str(source).replace(":/", ":///" if is_local else "://", 1)  # before it became a path
        advice = "give the path alone" if is_local else "save the picture first"
        raise UnreadableImage("missing", f"{address} is an address, and nothing is fetched: {advice}")
    if _DRAWING.match(str(source)) and not is_there(source):
        advice = "give its path, or in Python its bytes"
        raise UnreadableImage("missing", f"this is the text of a drawing, not the name of a file: {advice}")
    try:
        return _read_file(source)
    except PermissionError:
        raise UnreadableImage("denied", f"{source} may not be read") from None
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the name
        if isinstance(fault, UnreadableImage):
            raise
        reason = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise UnreadableImage("missing", f"{source} cannot be read: {reason}") from None


def _read_file(path: Path) -> bytes:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        os.scandir(path).close()  # one that cannot be read says why
    _check_status(path, status)  # before opening, which would wake whoever writes to a named pipe
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        _check_status(path, os.fstat(descriptor))
        data = file.read(MAX_BYTES + 1)
    _check_size(len(data))
    return data


def _check_status(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableImage("missing", f"{path} is {_kind_name(status.st_mode)}, not a file")
    _check_size(status.st_size)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise UnreadableImage("too-large", f"{size:,} bytes, more than {MAX_BYTES:,}")


def _kind_name(mode: int) -> str:
    names = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return names.get(stat.S_IFMT(mode), "no regular file")
