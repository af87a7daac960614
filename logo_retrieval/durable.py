"""Files and folders that are still there when the power comes back.

A rename is atomic, but only what was synced before it is certain to be what it was, and only a synced folder is certain
to have the new name.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_synced(file: Path, content: bytes) -> None:
    """Writes a file that nobody reads yet."""
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder certain, but for one that may not be listed, as that of all homes may be."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # nobody but its owner can sync it
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(folder: Path) -> None:
    """Makes all files and names below a folder, and the folder itself, certain."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with Path(parent, name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(parent))


def take_place(fresh: Path, place: Path) -> None:
    """Renames a file or a folder that was synced, for good, even where the folder of its new place is new itself."""
    fresh.replace(place)
    sync_folder(place.parent)
    sync_folder(place.parent.parent)
