"""The files below a folder that people put there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from logo_retrieval.models.bundle import CONFIG_NAME, MODEL_FILE
from logo_retrieval.store.schema import INDEX_FILE

_STRAY = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"))
"""What operating systems leave in folders, in lower case."""

_MADE = ({INDEX_FILE}, {CONFIG_NAME, MODEL_FILE})
"""Files by which an index and a model are known, whose folder holds pictures of the training and none of the user's."""


def visible_files(folder: Path, stray: list[Path] | None = None) -> Iterator[Path]:
    """Every file below a folder in sorted order, but for names that begin with a dot, and for indexes and models.

    What operating systems leave there, such as Thumbs.db, is put into `stray` instead, where that is given.

    Links to folders are followed, but not back into a folder that they lie in. A folder that may not be read stands for
    its files, so that whoever opens it says so.
    """
    denied: list[Path] = []
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=lambda error: denied.append(_path(error))):
        if any(made.issubset(names) for made in _MADE):
            folders.clear()
            continue
        inside = {os.path.realpath(above) for above in (Path(parent), *Path(parent).parents)}
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and os.path.realpath(Path(parent, name)) not in inside
        )
        for name in (*folders, *sorted(names)):
            if name.lower() in _STRAY and stray is not None:
                stray.append(Path(parent, name))
        folders[:] = [name for name in folders if name.lower() not in _STRAY]
        yield from (
            Path(parent, name) for name in sorted(names) if not name.startswith(".") and name.lower() not in _STRAY
        )
    yield from denied


def _path(error: OSError) -> Path:
    return Path(os.fsdecode(error.filename))
