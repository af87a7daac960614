"""What was prepared from an index, kept beside it as arrays in one mapped file; never trusted, always replaceable."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from logo_retrieval.fields import read_object
from logo_retrieval.store.schema import storage_errors

CACHE_FILE = "search.cache"
_FRESH = CACHE_FILE + ".new"
_ALIGNED = 64
SUMMED = ("halves", "item_traits")
"""The arrays that are not looked at as a whole, since their rows have checksums of their own."""

_KINDS = ("<f2", "<f4", "<f8", "<i8", "<u4", "|u1")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a cache holds.

    Attributes:
        facts: as JSON has them.
        arrays: by name, of the numbers in `_KINDS`; those of a file that was opened are read as they are used.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]


def read_cache(folder: Path, *, write: bool = False) -> Prepared | None:
    """Opens what `write_cache` has kept; None when it is absent or damaged.

    The first line is the SHA-256 of the second, which is JSON: the facts, and of each array its kind, its shape, its
    place behind the line, and its SHA-256, but for `SUMMED`. Whether it is current is for the caller to see.

    Args:
        folder: of the index.
        write: what is written to the arrays goes to the file, which then must be sealed by `reseal`.
    """
    try:
        with (folder / CACHE_FILE).open("rb") as file:
            claimed, described = file.readline(100).strip().decode(), file.readline()
            start = file.tell()
        if claimed != hashlib.sha256(described).hexdigest():
            return None
        mapped = np.memmap(folder / CACHE_FILE, np.uint8, "r+" if write else "r")
        header = read_object(described)
        arrays = {}
        for name, (kind, shape, place, digest) in header["arrays"].items():
            if kind not in _KINDS or min(place, *shape, 0) < 0:
                return None
            size = np.dtype(kind).itemsize * math.prod(shape)
            part = np.asarray(mapped)[start + place : start + place + size]
            if len(part) != size or _digest(name, part) != digest:
                return None
            arrays[name] = part.view(kind).reshape(shape)
        return Prepared(dict(header["facts"]), arrays)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_cache(folder: Path, prepared: Prepared) -> None:
    """Replaces the cache as a whole; where the folder may not be written or is full, there is just no cache.

    The new one is written under one name, so that kills leave one file at most. Two processes that write it at once may
    mix it up, which its checksums then tell.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in prepared.arrays.items()}
    lines = _header(prepared.facts, arrays)
    with contextlib.suppress(OSError):
        try:
            with (folder / _FRESH).open("wb") as file:
                file.write(lines)
                for array in arrays.values():
                    file.write(array.data)
                    file.write(bytes(-array.nbytes % _ALIGNED))
                file.flush()
                os.fsync(file.fileno())
            (folder / _FRESH).replace(folder / CACHE_FILE)
        except BaseException:
            (folder / _FRESH).unlink(missing_ok=True)
            raise


def reseal(folder: Path, opened: Prepared, facts: Mapping[str, Any]) -> None:
    """Writes the checksums of a cache whose arrays were changed in place, and other facts that take no more room.

    Raises:
        OSError: it cannot be written; the cache is then none.
        ValueError: the facts take more room.
    """
    with (folder / CACHE_FILE).open("r+b") as stream:
        lines = _header(facts, opened.arrays, room=len(stream.readline()) + len(stream.readline()))
        stream.seek(0)
        stream.write(lines)
        stream.flush()
        os.fsync(stream.fileno())


def remove_cache(folder: Path) -> None:
    """Deletes the cache, if there is one, and what a killed process has written of one.

    Raises:
        IndexStoreError: when it may not be deleted.
    """
    remove_unfinished(folder)
    with storage_errors(folder / CACHE_FILE, "delete"):
        (folder / CACHE_FILE).unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Deletes what a killed process has written of a cache.

    Raises:
        IndexStoreError: when it may not be deleted.
    """
    with storage_errors(folder / _FRESH, "delete"):
        (folder / _FRESH).unlink(missing_ok=True)


def _header(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray], room: int = 0) -> bytes:
    """The two lines, of a length that keeps what follows aligned, or of a certain one, if they are no longer."""
    place, described = 0, {}
    for name, array in arrays.items():
        described[name] = [array.dtype.newbyteorder("<").str, array.shape, place, _digest(name, array)]
        place += array.nbytes + -array.nbytes % _ALIGNED
    line = json.dumps({"facts": facts, "arrays": described}).encode()
    length = len(hashlib.sha256().hexdigest()) + 1 + len(line) + 1
    padding = room - length if room else -length % _ALIGNED
    if padding < 0:
        raise ValueError(f"the facts of a cache take {length} bytes, there is room for {room}")
    line += b" " * padding + b"\n"
    return hashlib.sha256(line).hexdigest().encode() + b"\n" + line


def _digest(name: str, array: np.ndarray) -> str:
    return "" if name in SUMMED else hashlib.sha256(array.data).hexdigest()
