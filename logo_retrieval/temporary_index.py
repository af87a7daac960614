"""An index for as long as an object lives, which can be pickled."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from logo_retrieval.classifier import LogoClassifier
from logo_retrieval.store.schema import INDEX_FILE, connect

if TYPE_CHECKING:
    from logo_retrieval.gallery.reader import BuildReport
    from logo_retrieval.gallery.records import Gallery


class TemporaryIndex:
    """An index in a temporary folder, which goes when this object does; its copies have folders of their own.

    The folder of a process that is killed stays.

    Attributes:
        folder: of the index.
        close: removes it at once.
    """

    def __init__(self) -> None:
        """Makes the folder, empty."""
        self.folder = Path(tempfile.mkdtemp(prefix="logo-retrieval-"))
        self._lock = threading.Lock()
        self._opened: dict[int, LogoClassifier] = {}  # by process, since a forked one needs its own
        self.close = weakref.finalize(self, _remove, self.folder, self._opened, os.getpid())

    def build(self, gallery: Gallery, model: str) -> BuildReport:
        """Builds the index, once.

        Raises:
            GalleryError, ModelError, IndexStoreError: as `LogoClassifier.build`.
        """
        classifier = LogoClassifier.build(gallery, model=model, index=self.folder)
        self._opened[os.getpid()] = classifier
        assert classifier.report is not None  # noqa: S101
        return classifier.report

    @property
    def classifier(self) -> LogoClassifier:
        """Has the index open in this process."""
        with self._lock:
            if os.getpid() not in self._opened:
                self._opened[os.getpid()] = LogoClassifier.open(self.folder)
            return self._opened[os.getpid()]

    def __getstate__(self) -> dict[str, bytes]:
        """Every file by its path in the folder."""
        models = [file for file in (self.folder / "models").rglob("*") if file.is_file()]
        with closing(connect(self.folder / INDEX_FILE, write=False)) as connection:
            files = {INDEX_FILE: connection.serialize()}  # what the write-ahead log holds is in it
        return files | {file.relative_to(self.folder).as_posix(): file.read_bytes() for file in models}

    def __setstate__(self, files: dict[str, bytes]) -> None:
        self.__init__()  # type: ignore[misc]
        for name, content in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)


def _remove(folder: Path, opened: dict[int, LogoClassifier], owner: int) -> None:
    process = os.getpid()
    if process in opened:
        opened.pop(process).close()
    if process == owner:
        shutil.rmtree(folder, ignore_errors=True)
