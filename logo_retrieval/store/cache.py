"""The search structure derived from an index, kept beside it; never trusted, always replaceable."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from logo_retrieval.fields import read_object
from logo_retrieval.store.schema import storage_errors

CACHE_FILE = "search.cache"
_FRESH = CACHE_FILE + ".new"


def read_cache(folder: Path, *, backend: str) -> tuple[int, bytes] | None:
    """IndexSnapshot and payload kept for this backend; None when absent or damaged.

    The header is one line of JSON with the generation, the backend and the payload's SHA-256: FAISS itself loads
    most corrupted files without complaint. Whether the generation is still the index's is for the caller to see.
    """
    try:
        header, _, payload = (folder / CACHE_FILE).read_bytes().partition(b"\n")
        claimed = read_object(header)
    except (OSError, ValueError):
        return None
    generation = claimed.get("generation")
    if type(generation) is not int or claimed != _header(payload, generation, backend):
        return None
    return generation, payload


def write_cache(folder: Path, payload: bytes, *, generation: int, backend: str) -> None:
    """Replaces the cache as a whole; where the folder may not be written or is full, there is just no cache.

    The new one is written under one name, so that kills leave one file at most. Two processes that write it at once may
    mix it up, which its checksum then tells.
    """
    header = json.dumps(_header(payload, generation, backend)).encode()
    with contextlib.suppress(OSError):
        try:
            with (folder / _FRESH).open("wb") as file:
                file.write(header + b"\n" + payload)
                file.flush()
                os.fsync(file.fileno())
            (folder / _FRESH).replace(folder / CACHE_FILE)
        except BaseException:
            (folder / _FRESH).unlink(missing_ok=True)
            raise


def remove_cache(folder: Path) -> None:
    """Deletes the cache, if there is one, and what a killed process has written of one.

    Raises:
        IndexStoreError: when it may not be deleted.
    """
    with storage_errors(folder / CACHE_FILE, "delete"):
        for name in (_FRESH, CACHE_FILE):
            (folder / name).unlink(missing_ok=True)


def _header(payload: bytes, generation: int, backend: str) -> dict[str, object]:
    return {"generation": generation, "backend": backend, "sha256": hashlib.sha256(payload).hexdigest()}
