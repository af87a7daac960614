"""The files of a gallery read once each: what is unreadable, what is there twice, what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.gallery.records import Gallery, GalleryRecord
from logo_retrieval.images.source import read_source

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""


@dataclass(slots=True)
class BuildReport:
    """What became of a gallery's files; every file is in `indexed`, `unreadable` or `duplicates`.

    Attributes:
        indexed: how many drawings the index holds.
        classes: how many classes.
        resumed: how many of the drawings an earlier, unfinished build had embedded.
        unreadable: name and "code: text" of files that could not be used.
        duplicates: name of a file left out, and of the file of the same class that has the same bytes.
        conflicts: names of two files of the same bytes in two classes; both are kept, and speak against each other.
        remarks: further sentences about the gallery.
    """

    indexed: int = 0
    classes: int = 0
    resumed: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    conflicts: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON."""
        return {
            "indexed": self.indexed,
            "classes": self.classes,
            "resumed": self.resumed,
            "unreadable": [{"item": name, "reason": reason} for name, reason in self.unreadable],
            "duplicates": [{"item": name, "of": twin} for name, twin in self.duplicates],
            "conflicts": [{"item": name, "of": twin} for name, twin in self.conflicts],
            "remarks": list(self.remarks),
        }


class Intake:
    """Iterates over the contents that still need decoding; the rest it settles itself.

    Attributes:
        report: filled while iterating.
    """

    def __init__(
        self,
        gallery: Gallery,
        is_done: Callable[[bytes], bool],
        progress: Progress | None = None,
    ) -> None:
        """Reads nothing yet.

        Args:
            gallery: whose files to read.
            is_done: says whether an earlier run has dealt with the file of a SHA-256.
            progress: called after each file.
        """
        self.report = BuildReport(remarks=list(gallery.remarks))
        self._gallery = gallery
        self._is_done = is_done
        self._progress = progress
        self._records: dict[bytes, list[GalleryRecord]] = {}
        self._spoilt: dict[bytes, str] = {}

    def new_contents(self) -> Iterator[tuple[bytes, bytes]]:
        """Reads the files in order; yields SHA-256 and bytes of each content that is met for the first time."""
        for done, record in enumerate(self._gallery.records, start=1):
            if self._progress is not None:
                self._progress(done, len(self._gallery.records))
            try:
                data = read_source(record.drawing)
            except UnreadableImage as error:
                self.report.unreadable.append((record.name, str(error)))
                continue
            sha256 = hashlib.sha256(data).digest()
            if self._is_new(record, sha256):
                yield sha256, data

    def _is_new(self, record: GalleryRecord, sha256: bytes) -> bool:
        known = self._records.setdefault(sha256, [])
        twin = next((earlier for earlier in known if earlier.label == record.label), None)
        if twin is not None:
            self.report.duplicates.append((record.name, twin.name))
            return False
        known.append(record)
        if len(known) > 1:
            self.report.conflicts.append((record.name, known[0].name))
            return False
        if self._is_done(sha256):
            self.report.resumed += 1
            return False
        return True

    def spoilt(self, sha256: bytes, error: UnreadableImage) -> None:
        """Notes that a content cannot be decoded."""
        self._spoilt[sha256] = str(error)

    def usable(self) -> list[tuple[GalleryRecord, bytes]]:
        """The records to index with their SHA-256, in the gallery's order; settles the report's lists of files."""
        report = self.report
        spoilt = {record.name: reason for sha256, reason in self._spoilt.items() for record in self._records[sha256]}
        report.unreadable += spoilt.items()
        report.unreadable += [(name, spoilt[twin]) for name, twin in report.duplicates if twin in spoilt]
        report.duplicates = [pair for pair in report.duplicates if pair[1] not in spoilt]
        report.conflicts = [pair for pair in report.conflicts if pair[1] not in spoilt]
        contents = {record.name: sha256 for sha256, records in self._records.items() for record in records}
        return [
            (record, contents[record.name])
            for record in self._gallery.records
            if record.name in contents and record.name not in spoilt
        ]
