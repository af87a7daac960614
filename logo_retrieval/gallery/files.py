"""The files below a folder that people put there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from logo_retrieval.models.bundle import CONFIG_NAME, MODEL_FILE
from logo_retrieval.store.answers import CACHE_FILES
from logo_retrieval.store.schema import INDEX_FILE

_STRAY = frozenset(
    (
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
        *("icon\r", "__macosx", "lost+found", "@eadir", "#recycle", "@recycle"),
    )
)
"""What operating systems and network storage leave in folders, in lower case."""

_MADE = ({INDEX_FILE}, {CONFIG_NAME, MODEL_FILE})
"""Files by which an index and a model are known, whose folder holds pictures of the training and none of the user's."""


def is_stray(name: str) -> bool:
    """Whether operating systems put what is called so into folders, as Thumbs.db, a bin or a folder of thumbnails."""
    return name.lower() in _STRAY


def visible_files(folder: Path, stray: list[Path] | None = None) -> Iterator[Path]:
    """Every file below a folder in sorted order, but for hidden ones, indexes, models and the answers of a cache.

    What operating systems leave there, such as Thumbs.db, is put into `stray` instead, where that is given.

    Links to folders are followed, but none back into a folder that it lies in, and of several to one folder the first
    alone: there are ways without number where folders link to one another. A folder that may not be read stands for its
    files, so that whoever opens it says so.
    """
    denied: list[Path] = []
    followed: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=lambda error: denied.append(_path(error))):
        if any(made.issubset(names) for made in _MADE):
            folders.clear()
            continue
        real = os.path.realpath(parent)
        inside = {real, *map(str, Path(real).parents), *map(os.path.realpath, Path(parent).absolute().parents)}
        seen = sorted(name for name in folders if not name.startswith("."))
        files = sorted(name for name in names if not name.startswith(".") and name not in CACHE_FILES)
        for name in (*seen, *files):
            if stray is not None and is_stray(name):
                stray.append(Path(parent, name))
        folders.clear()
        for name in seen:
            path, place = Path(parent, name), os.path.realpath(Path(parent, name))
            if is_stray(name) or place in inside or (path.is_symlink() and place in followed):
                continue
            folders.append(name)
            if path.is_symlink():
                followed.add(place)
        yield from (Path(parent, name) for name in files if not is_stray(name))
    yield from denied


def _path(error: OSError) -> Path:
    return Path(os.fsdecode(error.filename))
