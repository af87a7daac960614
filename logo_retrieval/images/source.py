"""Reading a file that somebody named: never waits, never reads more than it must."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.sniff import MAX_BYTES


def check_several(sources: object) -> None:
    """Refuses one source where several are expected: a path would be taken for its letters.

    Raises:
        TypeError: when it is one.
    """
    if isinstance(sources, str | bytes | os.PathLike):
        raise TypeError(f"expected several sources, got one, {sources!r:.80}: put it into a list")


def read_source(source: bytes | Path) -> bytes:
    """Reads a file; bytes are taken as they are.

    Raises:
        UnreadableImage: "missing" when there is no regular file of that name, "denied" or "too-large".
    """
    if isinstance(source, bytes):
        _check_size(len(source))
        return source
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
    _check_status(path, path.stat())  # before opening, which would wake whoever writes to a named pipe
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
