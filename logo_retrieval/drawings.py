"""What duplicates are told by, gathered from an index or from files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.gallery.files import visible_files
from logo_retrieval.gallery.reader import Intake, Progress
from logo_retrieval.gallery.records import Gallery, GalleryData, GalleryRecord, free_name, printable, read_gallery
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.source import named_path, read_source
from logo_retrieval.indexing.build import Embed, embedded
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import Float32Array, Int64Array

if TYPE_CHECKING:
    from logo_retrieval.inference.engine import Engine


@dataclass(frozen=True, slots=True)
class Drawings:
    """What duplicates are told by, of n drawings.

    Attributes:
        names: n texts.
        labels: n classes, empty where none is known.
        digests: n SHA-256 of the files.
        hashes: (n,) int64 perceptual hashes.
        vectors: (n, d) float32 of unit length, of the whole drawings.
        unreadable: name and "code: text" of each file that cannot be used; it is none of the n.
    """

    names: Sequence[str]
    labels: Sequence[str]
    digests: Sequence[bytes]
    hashes: Int64Array
    vectors: Float32Array
    unreadable: Sequence[tuple[str, str]] = ()

    def __len__(self) -> int:
        return len(self.names)


def drawings_at_work(engine: Engine, data: GalleryData | None, progress: Progress | None) -> Drawings:
    """Those of files, or of the index that an engine has open; see `LogoClassifier.drawings`."""
    with engine.while_open():
        if data is None:
            engine.current()
            with IndexStore(engine.store.folder) as store:  # which is read beside those who are answered
                return drawings_of_index(store)
        found = drawings_of_files(files_of(data), engine.pool, engine.embed_views, engine.embedder.dim, progress)
        engine.check_usable()
        return found


def drawings_of_index(store: IndexStore) -> Drawings:
    """Those of an index, in the order of their ids."""
    return Drawings(*store.fingerprints())


def drawings_of_files(
    gallery: Gallery, pool: DecoderPool, embed: Embed, dim: int, progress: Progress | None = None
) -> Drawings:
    """Those of files; a file that is there twice is one of the same bytes.

    Args:
        gallery: the files.
        pool: decodes them.
        embed: gives the vectors of a batch of views.
        dim: their width d.
        progress: called after each file.
    """
    intake = Intake(gallery, lambda sha256: False, progress)
    known = {sha: drawing for batch in embedded(intake, pool, embed, all_views=False) for sha, drawing in batch.items()}
    content = {record.name: sha256 for record, sha256 in intake.usable()}
    content |= {name: content[twin] for name, twin in intake.report.duplicates}
    records = [record for record in gallery.records if record.name in content]
    drawings = [known[content[record.name]] for record in records]
    return Drawings(
        [record.name for record in records],
        [record.label for record in records],
        [content[record.name] for record in records],
        np.array([drawing.perceptual_hash for drawing in drawings], np.int64),
        np.array([drawing.vectors[0] for drawing in drawings], np.float32).reshape(len(drawings), dim),
        intake.report.unreadable,
    )


def digests_of_files(gallery: Gallery) -> Drawings:
    """Of files their bytes alone, whatever they hold: enough to tell those of the same bytes, and soon done."""
    records, digests, unreadable = [], [], []
    for record in gallery.records:
        try:
            digests.append(hashlib.sha256(read_source(record.drawing)).digest())
            records.append(record)
        except UnreadableImage as fault:
            unreadable.append((record.name, str(fault)))
    names, labels = [record.name for record in records], [record.label for record in records]
    return Drawings(
        names, labels, digests, np.zeros(len(records), np.int64), np.ones((len(records), 1), np.float32), unreadable
    )


def files_of(data: GalleryData) -> Gallery:
    """All files below a folder, of no class and named by their paths; or those of a table or a gallery.

    A file of a folder to which links lead is there once: who took a link for a copy of it would delete the only one.

    Raises:
        GalleryError: when it is none of these.
        ValueError: when a path is empty.
    """
    if not isinstance(data, str | os.PathLike) or not named_path(data).is_dir():
        return read_gallery(data)
    records: dict[str, GalleryRecord] = {}
    files: dict[str, Path] = {}
    for file in visible_files(Path(data)):
        files.setdefault(os.path.realpath(file), file)
    for file in files.values():
        name = free_name(printable(str(file)), records)
        records[name] = GalleryRecord(name, "", file, str(file))
    return Gallery(tuple(records.values()), ())
