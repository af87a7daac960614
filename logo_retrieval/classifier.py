"""The whole line behind one name: bytes, image, embedding, neighbours, decision."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from logo_retrieval.closing import Closable
from logo_retrieval.embedding import load_embedder
from logo_retrieval.errors import BackendError, IndexStoreError, UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.source import Source, check_several, file_or_bytes
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import Policy, Query, Text, decide, similar
from logo_retrieval.inference.snapshot import IndexSnapshot, read_snapshot
from logo_retrieval.models.resolve import model_of, opened_model, starter_index
from logo_retrieval.open_set.fusion import OTHER_SHARE
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import (
    BoolArray,
    Decision,
    Evidence,
    Float32Array,
    Int64Array,
    LogoImage,
    TextLine,
)

if TYPE_CHECKING:  # building brings an image library, which answering leaves to the decoder processes
    from logo_retrieval.gallery.reader import BuildReport, Progress
    from logo_retrieval.gallery.records import Gallery, GalleryData
    from logo_retrieval.indexing.report import EnrolmentReport
    from logo_retrieval.near_duplicates import Drawings
    from logo_retrieval.reading.recogniser import Recogniser
    from logo_retrieval.store.changes import Names

Answer = TypeVar("Answer")

_BATCH = 32
_LASTING = ("model_digest", "precision", "dim", "preparation", "decision")
"""What of the manifest an open classifier was made for."""


class LogoClassifier(Closable):
    """Answers queries from one index. Thin: every step is a function of its own room.

    >>> mark = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h4v4h-7z"/></svg>'
    >>> with LogoClassifier.open() as classifier:
    ...     drawn, broken = classifier.classify([mark, b"no image"])
    >>> drawn.status, len(drawn.neighbours), broken.reason.split(":")[0]
    ('ok', 5, 'unknown-format')

    What other processes enrol or remove takes part in the next answer. Many threads may use one classifier: pictures
    are decoded side by side, the rest is done for one thread at a time. A process that was forked opens its own.

    Attributes:
        model: the bundle that embeds.
        report: of the build, when it came by `build`.
    """

    report: BuildReport | None = None

    def __init__(self, store: IndexStore) -> None:
        """Loads model, vectors and constants of an open index; `open` and `build` are the usual ways in.

        Raises:
            IndexStoreError: when the index is damaged or does not fit its model.
            ModelError: when the model in it is missing or damaged.
        """
        self._store = store
        self._process = os.getpid()
        self._lock = threading.RLock()
        manifest = store.manifest
        self.model = model_of(store.folder, manifest)
        self._embedder = load_embedder(self.model, runtime=manifest.precision)
        self._knowledge = Knowledge.read(self.model, manifest.decision)
        try:
            self._preparation = Preparation.from_dict(manifest.preparation)
        except (TypeError, ValueError) as error:
            raise IndexStoreError(f"the index '{store.folder}' cannot be used: {error}") from error
        if (manifest.dim, self._preparation.size_px) != (self._embedder.dim, self._embedder.input_size_px):
            raise IndexStoreError(
                f"the index '{store.folder}' has vectors of width {manifest.dim} from {self._preparation.size_px} px, "
                f"its model gives {self._embedder.dim} from {self._embedder.input_size_px} px: build the index again"
            )
        self._held = read_snapshot(store, self._knowledge, cached=True)
        self._pool = DecoderPool(self._preparation)

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None = None) -> Self:
        """Opens the index in a folder, or the one that ships with the package.

        Raises:
            IndexStoreError: when it is missing, damaged, or of another schema version.
            ModelError: when the model in it is missing or damaged.
        """
        store = IndexStore(starter_index() if folder is None else Path(folder))
        try:
            return cls(store)
        except BaseException:
            store.close()
            raise

    @classmethod
    def build(
        cls,
        gallery: GalleryData,
        *,
        model: str = "starter",
        index: str | os.PathLike[str],
        progress: Progress | None = None,
    ) -> Self:
        """Builds the index of a gallery, and opens it; `report` tells what became of the files.

        Args:
            gallery: a folder of classes, a table, or a pandas DataFrame with the columns path and label.
            model: see `models.resolve.opened_model`.
            index: the folder of the index; made when missing.
            progress: called after each file.

        Raises:
            GalleryError: when the gallery cannot be read.
            ModelError: when the model is unknown or damaged.
            IndexStoreError: when the index cannot be written.
        """
        from logo_retrieval.gallery.records import read_gallery
        from logo_retrieval.indexing.build import build_index

        with opened_model(model) as bundle:
            report = build_index(read_gallery(gallery), Path(index), bundle, progress=progress)
        classifier = cls.open(index)
        classifier.report = report
        return classifier

    def __repr__(self) -> str:
        held = self._held
        return (
            f"<LogoClassifier of '{self._store.folder}': {len(held.classes)} classes, {len(held.item_ids)} drawings, "
            f"model '{self._store.manifest.model}'>"
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, `other` among them."""
        with self._turn():
            return self._current().classes

    @property
    def store(self) -> IndexStore:
        """The open index: its manifest, and what it keeps of its drawings."""
        return self._store

    def close(self) -> None:
        """Ends the decoder processes and closes the index; in a forked process it leaves them to their owner."""
        if os.getpid() == self._process:
            self._pool.close()
            self._store.close()

    def classify(
        self,
        sources: Iterable[Source],
        *,
        top: int = 5,
        max_false_accept: float | None = None,
        other_share: float = OTHER_SHARE,
        text: Text = "auto",
    ) -> list[Decision]:
        """One decision per source, in their order; a source that cannot be read gets one too.

        Args:
            sources: paths, bytes, open files, Pillow images or arrays, see `images.source.file_or_bytes`.
            top: how many labels and neighbours each decision lists.
            max_false_accept: of logos of no known company, the largest share that may be given a company's name; by
                default `knowledge.DEFAULT_FALSE_ACCEPT`, or the likeliest answer where the model has no unknown logos
                to vouch for that.
            other_share: how common such logos are among the sources; probabilities follow it, labels do not.
            text: whether what is written is read: where that could change the answer, always or never.

        Raises:
            ValueError: when top is below 1, or a share is out of range or less than the model can vouch for.
            ModelError: when a share is asked for and the model has no unknown logos to vouch for it.
        """
        asked = self.classify_stream(
            sources, top=top, max_false_accept=max_false_accept, other_share=other_share, text=text
        )
        return list(asked)

    def classify_stream(
        self,
        sources: Iterable[Source],
        *,
        top: int = 5,
        max_false_accept: float | None = None,
        other_share: float = OTHER_SHARE,
        text: Text = "auto",
    ) -> Iterator[Decision]:
        """The same as `classify`, a batch at a time, so that sources may be endless."""
        check_several(sources)
        if top < 1:
            raise ValueError(f"top must be at least 1, got {top}")
        policy = Policy(self._knowledge.share(max_false_accept), other_share, top, text)
        return self._answers(sources, policy)

    def _answers(self, sources: Iterable[Source], policy: Policy) -> Iterator[Decision]:
        for batch in self._decoded(sources, lines=policy.text != "never"):
            readable = [image for image in batch if isinstance(image, LogoImage)]
            decisions = iter(self._decide(readable, policy) if readable else ())
            for image in batch:
                if isinstance(image, UnreadableImage):
                    yield Decision(status="unreadable", reason=str(image))
                else:
                    yield next(decisions)

    def embed(self, sources: Iterable[Source]) -> list[Float32Array | None]:
        """The (d,) unit vector of each whole drawing, in the order of the sources; None for one that cannot be read.

        The inner product of two is the cosine that answers are made of; views of parts are left out.
        """
        check_several(sources)
        vectors: list[Float32Array | None] = []
        for batch in self._decoded(sources, all_views=False):
            readable = [image for image in batch if isinstance(image, LogoImage)]
            with self._turn():
                rows = iter(self._embed(readable)[0] if readable else ())
            vectors += [next(rows) if isinstance(image, LogoImage) else None for image in batch]
        return vectors

    def similar(self, source: Source, *, k: int = 10) -> list[Evidence]:
        """The k gallery drawings most like one image, nearest first.

        Raises:
            UnreadableImage: when the image cannot be used.
            ValueError: when k is below 1.
        """
        (image,) = next(self._decoded([source]))
        if isinstance(image, UnreadableImage):
            raise image
        with self._turn():
            vectors, owners = self._embed([image])
            query = Query(vectors, owners, 1)
            return self._consistent(lambda held: similar(query, held, k, self._store.item_names))[0]

    def enroll(
        self,
        label: str,
        sources: Iterable[Source] = (),
        *,
        names: Iterable[str] = (),
        force: bool = False,
        skip_unreadable: bool = False,
    ) -> EnrolmentReport:
        """Adds drawings and names of a company, known or new; they take part in the next answer of every process.

        All of them, in one transaction, or nothing changes. What lies in the index already, byte for byte and under
        the same company, is left out, and so is a name that the company has.

        Args:
            label: the company.
            sources: paths, or the bytes of image files; one drawing is enough, ten are better. With names there may be
                none: the company is then known by its names alone.
            names: by which the company is known, as it writes them; its label becomes one of them. Without any a
                company is known by its label.
            force: add a drawing also where the index has the same, or nearly the same, under another class.
            skip_unreadable: add the others where some cannot be read.

        Raises:
            EnrolmentError: when a name cannot stand, a drawing cannot be read, or the index has it under another
                class; the error names them all.
            IndexStoreError: when the index cannot be written, or is the one that ships with the package.
        """
        from logo_retrieval.indexing.enrol import drawings_of, names_of

        gallery = drawings_of(label, sources)
        return self._enroll(gallery, names_of(label, names), force=force, skip_unreadable=skip_unreadable)

    def enroll_gallery(
        self, gallery: GalleryData, *, force: bool = False, skip_unreadable: bool = False
    ) -> EnrolmentReport:
        """Adds the drawings of several companies, as `build` takes them, in the same way as `enroll`.

        Raises:
            GalleryError: when the gallery cannot be read.
            EnrolmentError, IndexStoreError: as `enroll`.
        """
        from logo_retrieval.gallery.records import read_gallery

        return self._enroll(read_gallery(gallery), {}, force=force, skip_unreadable=skip_unreadable)

    def _enroll(self, gallery: Gallery, names: Names, *, force: bool, skip_unreadable: bool) -> EnrolmentReport:
        from logo_retrieval.indexing.enrol import Enrolment

        with self._turn():
            enrolment = Enrolment(self._store, self._current, self._pool, self._embedder)
            return enrolment.enroll(gallery, names, force=force, skip_unreadable=skip_unreadable)

    def unenroll(self, label: str | None = None, *, items: Iterable[str] = ()) -> list[str]:
        """Removes a class, or single drawings; no copy of them stays in the index.

        Args:
            label: the class; its names go with it.
            items: names of drawings, as `Evidence.item` has them.

        Returns:
            The classes that are gone: the one asked for, or those whose last drawing went and that have no names.

        Raises:
            ValueError: unless either a class or drawings are given.
            IndexStoreError: when something is not there, the index cannot be written, or it is the one that ships with
                the package; nothing is removed then. Or when what is removed may still lie in the file, which another
                process is using, as the error then says.
        """
        from logo_retrieval.indexing.enrol import unenroll

        return unenroll(self._store.folder, label, list(items))

    def drawings(self, data: str | os.PathLike[str] | None = None, *, progress: Progress | None = None) -> Drawings:
        """What `duplicates.find_clusters` and `find_matches` tell duplicates by.

        Args:
            data: a folder, whose files are taken as they are, or a table; by default those of the index.
            progress: called after each file.

        Raises:
            GalleryError: when the table cannot be read.
        """
        from logo_retrieval.near_duplicates import drawings_of_files, drawings_of_index, files_of

        with self._turn():
            if data is None:
                return drawings_of_index(self._store)
            return drawings_of_files(files_of(Path(data)), self._pool, self._embedder, progress)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """This thread's turn at the index and the models.

        Raises:
            BackendError: in a process that was forked after the classifier was opened, where its threads are missing.
        """
        self._check_process()
        with self._lock:
            yield

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise BackendError(
                "this classifier was opened before the process forked, and only works where it was opened: open one in "
                "each process, as with multiprocessing's 'spawn', or after the fork"
            )

    def _decoded(
        self, sources: Iterable[Source], *, all_views: bool = True, lines: bool = False
    ) -> Iterator[list[LogoImage | UnreadableImage]]:
        self._check_process()
        images = self._pool.decode(map(file_or_bytes, sources), all_views=all_views, lines=lines)
        while batch := list(islice(images, _BATCH)):
            yield batch

    def _embed(self, images: Sequence[LogoImage]) -> tuple[Float32Array, Int64Array]:
        """(m, d) vectors of all views, and the (m,) image that each belongs to."""
        vectors = self._embedder.embed(np.concatenate([image.views for image in images]))
        return vectors, np.repeat(np.arange(len(images)), [len(image.views) for image in images])

    def _current(self) -> IndexSnapshot:
        """The index as it is now: read anew when it has changed."""
        if self._store.generation() != self._held.number:
            now = self._store.read_manifest()
            if any(getattr(now, name) != getattr(self._store.manifest, name) for name in _LASTING):
                raise IndexStoreError(f"the index '{self._store.folder}' was built anew, otherwise: open it again")
            self._held = read_snapshot(self._store, self._knowledge, cached=False)
        return self._held

    def _consistent(self, answer: Callable[[IndexSnapshot], Answer]) -> Answer:
        """An answer all of whose parts are of one generation, names read from the file included."""
        while True:
            held = self._current()
            result = answer(held)
            if self._store.generation() == held.number:
                return result

    def _decide(self, images: Sequence[LogoImage], policy: Policy) -> list[Decision]:
        with self._turn():
            vectors, owners = self._embed(images)
            query = Query(vectors, owners, len(images))
            read = None if policy.text == "never" else partial(self._read, images)
            names = self._store.item_names
            return self._consistent(lambda held: decide(query, held, self._knowledge, policy, names, read))

    def _read(self, images: Sequence[LogoImage], wanted: BoolArray) -> list[tuple[TextLine, ...] | None]:
        """The lines of the images that are wanted."""
        lines = [line for image, looked_at in zip(images, wanted, strict=True) if looked_at for line in image.lines]
        read = iter(self._recogniser.read(lines) if lines else ())
        return [
            tuple(replace(line, place=place) for place, line in zip(image.line_places, read, strict=False))
            if looked_at
            else None
            for image, looked_at in zip(images, wanted, strict=True)
        ]

    @cached_property
    def _recogniser(self) -> Recogniser:
        """Loaded when there is something to read."""
        from logo_retrieval.reading.recogniser import Recogniser

        return Recogniser()
