"""The whole line behind one name: bytes, image, embedding, neighbours, decision."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from logo_retrieval.closing import Closable
from logo_retrieval.images.pool.limits import DECODE_LIMIT_S
from logo_retrieval.images.source import Source, check_several, named_path
from logo_retrieval.inference.engine import Engine
from logo_retrieval.inference.other_share import at_share, shown_share
from logo_retrieval.inference.predict import AUTO, Auto, Text
from logo_retrieval.inference.stream import Answers
from logo_retrieval.models.resolve import opened_model, starter_index
from logo_retrieval.open_set.fusion import OTHER_SHARE
from logo_retrieval.store.answers import AnswerCache
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import Decision, Evidence, Float32Array

if TYPE_CHECKING:  # building brings an image library, which answering leaves to the decoder processes
    from logo_retrieval.drawings import Drawings
    from logo_retrieval.gallery.reader import BuildReport, Progress
    from logo_retrieval.gallery.records import GalleryData
    from logo_retrieval.indexing.report import EnrolmentReport
    from logo_retrieval.models.bundle import ModelBundle


class LogoClassifier(Closable):
    """Answers queries from one index. Thin: every step is a function of its own room.

    >>> mark = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h4v4h-7z"/></svg>'
    >>> with LogoClassifier.open() as classifier:
    ...     drawn, broken = classifier.classify([mark, b"no image"])
    >>> drawn.status, len(drawn.neighbours), broken.reason.split(":")[0]
    ('ok', 5, 'unknown-format')

    What other processes enrol or remove takes part in the next answer. Many threads may use one classifier: pictures
    are decoded side by side, the rest is done a batch at a time. A process that was forked opens its own.

    Attributes:
        engine: the open index at work, for programs that put batches together themselves.
        report: of the build, when it came by `build`.
    """

    report: BuildReport | None = None

    def __init__(
        self, store: IndexStore, *, decode_limit_s: float = DECODE_LIMIT_S, cache: AnswerCache | None = None
    ) -> None:
        """Loads model, vectors and constants of an open index; `open` and `build` are the usual ways in.

        Raises:
            IndexStoreError: when the index is damaged or does not fit its model.
            ModelError: when the model in it is missing or damaged.
        """
        self._cache = cache
        self.engine = Engine(store, decode_limit_s=decode_limit_s)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] | None = None,
        *,
        decode_limit_s: float = DECODE_LIMIT_S,
        cache: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Opens the index in a folder, or the one that ships with the package.

        Args:
            folder: of the index.
            decode_limit_s: what decoding one file may take, in seconds of wall time and, rounded up, of CPU time.
            cache: a folder where answers are kept by content, for this run and later ones: what was answered by the
                same index and settings is not decoded again.

        Raises:
            IndexStoreError: when it is missing, damaged, or of another schema version.
            ModelError: when the model in it is missing or damaged.
            ValueError: when a path is empty.
        """
        with ExitStack() as opened:
            store = opened.enter_context(IndexStore(starter_index() if folder is None else named_path(folder)))
            answers = None if cache is None else opened.enter_context(AnswerCache(named_path(cache)))
            classifier = cls(store, decode_limit_s=decode_limit_s, cache=answers)
            opened.pop_all()
        return classifier

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
            ValueError: when a path is empty.
        """
        from logo_retrieval.gallery.records import read_gallery
        from logo_retrieval.indexing.build import build_index

        folder = named_path(index)
        with opened_model(model) as bundle:
            report = build_index(read_gallery(gallery), folder, bundle, progress=progress)
        classifier = cls.open(index)
        classifier.report = report
        return classifier

    def __repr__(self) -> str:
        name, model = f"LogoClassifier of '{self.store.folder}'", self.store.manifest.model
        if self.engine.is_closed:
            return f"<{name}, closed>"
        sizes = self.store.class_sizes()
        return f"<{name}: {len(sizes)} classes, {sum(sizes.values())} drawings, model '{model}'>"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, `other` among them."""
        return self.engine.current().classes

    @property
    def model(self) -> ModelBundle:
        """The bundle that embeds."""
        return self.engine.model

    @property
    def store(self) -> IndexStore:
        """The open index: its manifest, and what it keeps of its drawings."""
        return self.engine.store

    def close(self) -> None:
        """Ends the decoder processes and closes the index; in a forked process it leaves them to their owner."""
        self.engine.close()
        if self._cache is not None:
            self._cache.close()

    def classify(
        self,
        sources: Iterable[Source],
        *,
        top: int = 5,
        max_false_accept: float | None = None,
        other_share: float | Auto = OTHER_SHARE,
        text: Text = "auto",
    ) -> list[Decision]:
        """One decision per source, in their order; a source that cannot be read gets one too.

        Args:
            sources: paths, bytes, open files, Pillow images or arrays, see `images.source.file_or_bytes`.
            top: how many labels and neighbours each decision lists.
            max_false_accept: of logos of no known company, the largest share that may be given a company's name; by
                default `knowledge.DEFAULT_FALSE_ACCEPT`, or the likeliest answer where the model has too few unknown
                logos to vouch for that.
            other_share: how common such logos are among the sources; probabilities follow it, labels do only where
                they are the likeliest. With "auto" it is what all show, see `open_set.mixture.estimated_other_share`.
            text: whether what is written is read: where that could change the answer, always or never.

        Raises:
            ValueError: when top, a share or text is out of range, or a share is less than the model can vouch for.
            ModelError: when a share is asked for and the model has no unknown logos to vouch for it.
        """
        check_several(sources)
        policy = self.engine.policy(top=top, max_false_accept=max_false_accept, other_share=other_share, text=text)
        decisions = list(Answers(self.engine, policy, self._cache).to(sources))
        return at_share(decisions, shown_share(decisions), policy) if policy.other_share == AUTO else decisions

    def classify_stream(
        self,
        sources: Iterable[Source],
        *,
        top: int = 5,
        max_false_accept: float | None = None,
        other_share: float = OTHER_SHARE,
        text: Text = "auto",
    ) -> Iterator[Decision]:
        """The same as `classify`, a batch at a time, so that sources may be endless.

        Raises:
            ValueError, ModelError: as `classify`, and when other_share is "auto", which needs all answers.
        """
        check_several(sources)
        policy = self.engine.policy(top=top, max_false_accept=max_false_accept, other_share=other_share, text=text)
        if policy.other_share == AUTO:
            raise ValueError('other_share "auto" needs the answers to all sources: ask `classify`, or state a number')
        return Answers(self.engine, policy, self._cache).to(sources)

    def embed(self, sources: Iterable[Source]) -> list[Float32Array | None]:
        """The (d,) unit vector of each whole drawing, in the order of the sources; None for one that cannot be read.

        The inner product of two is the cosine that answers are made of; views of parts are left out.
        """
        check_several(sources)
        return self.engine.embed_whole(sources)

    def similar(self, source: Source, *, k: int = 10) -> list[Evidence]:
        """The k gallery drawings most like one image, nearest first.

        Raises:
            UnreadableImage: when the image cannot be used.
            ValueError: when k is below 1.
        """
        return self.engine.similar(source, k)

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

        All of them, in one transaction, or nothing changes. A file or a name that the company has already is left out.

        Args:
            label: the company.
            sources: paths, or the bytes of image files; one drawing is enough, ten are better, with names none will do.
            names: by which the company is known, as it writes them, beside its label.
            force: add a drawing also where the index has the same, or nearly the same, under another class.
            skip_unreadable: add the others where some cannot be read.

        Raises:
            EnrolmentError: when names cannot stand, drawings cannot be read, or the index has them under another class.
            IndexStoreError: when the index cannot be written, or is the one that ships with the package.
        """
        from logo_retrieval.indexing.enrol import drawings_of, enroll, names_of

        gallery, cleaned = drawings_of(label, sources), names_of(label, names)
        return enroll(self.engine, gallery, cleaned, force=force, skip_unreadable=skip_unreadable)

    def enroll_gallery(
        self, gallery: GalleryData, *, force: bool = False, skip_unreadable: bool = False
    ) -> EnrolmentReport:
        """Adds the drawings of several companies, as `build` takes them, in the same way as `enroll`.

        Raises:
            GalleryError: when the gallery cannot be read.
            EnrolmentError, IndexStoreError: as `enroll`.
        """
        from logo_retrieval.gallery.records import read_gallery
        from logo_retrieval.indexing.enrol import enroll

        return enroll(self.engine, read_gallery(gallery), {}, force=force, skip_unreadable=skip_unreadable)

    def unenroll(
        self, label: str | None = None, *, items: Iterable[str] = (), names: Iterable[str] | None = None
    ) -> list[str]:
        """Removes a class, names of a class, or single drawings; no copy of them stays in the index.

        Args:
            label: the class; its names go with it.
            items: names of drawings, as `Evidence.item` has them.
            names: of the class; they alone go. With the last one goes the label, unless it was given as a name itself.

        Returns:
            The classes that are gone: the one asked for, or those that have neither drawings nor names any more.

        Raises:
            ValueError: unless a class, names of a class, or drawings are given.
            TypeError: when one drawing or name is given where several are expected.
            IndexStoreError: when something is not there, or the index may not be written, as the one that ships with
                the package; nothing is removed then. Or when what is removed may still lie in the file, which another
                process is using.
        """
        from logo_retrieval.indexing.enrol import unenroll

        self.engine.check_usable()
        return unenroll(self.store.folder, label, items, names)

    def drawings(self, data: GalleryData | None = None, *, progress: Progress | None = None) -> Drawings:
        """What `near_duplicates.find_clusters` and `find_matches` tell duplicates by.

        Args:
            data: a folder, whose files are taken as they are, or what else `build` takes; by default the index itself.
            progress: called after each file.

        Raises:
            GalleryError: when the gallery cannot be read.
            TypeError: when it is none.
        """
        from logo_retrieval.drawings import drawings_at_work

        return drawings_at_work(self.engine, data, progress)
