"""The whole line behind one name: bytes, image, embedding, neighbours, decision."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from logo_retrieval.decide.decision import DecisionConfig, class_probabilities, nearest_of_classes
from logo_retrieval.embedding import load_embedder
from logo_retrieval.errors import IndexStoreError, UnreadableImage
from logo_retrieval.heads.cosine import HEAD_FILE, CosineHead, HeadVectors
from logo_retrieval.images.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.models import model_of, opened_model, starter_index
from logo_retrieval.search.faiss_index import FAISS_FLAT, FaissIndex, faiss_is_installed
from logo_retrieval.search.open import open_index
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.store.cache import read_cache, write_cache
from logo_retrieval.store.index_store import IndexStore, Snapshot
from logo_retrieval.values import (
    MISSING_ID,
    OTHER,
    Decision,
    Evidence,
    Float32Array,
    Int64Array,
    LogoImage,
    Neighbours,
    ScoredLabel,
)

if TYPE_CHECKING:  # building brings an image library, which answering leaves to the decoder processes
    from logo_retrieval.intake import BuildReport, Progress

Source = str | os.PathLike[str] | bytes
"""A path, or the bytes of an image file."""

_BATCH = 32
_CACHED_FROM_ROWS = 20_000
"""Fewer vectors are read from SQLite about as fast as from a cache whose checksum is verified."""


class LogoClassifier:
    """Answers queries from one index. Thin: every step is a function of its own room.

    >>> mark = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h4v4h-7z"/></svg>'
    >>> with LogoClassifier.open() as classifier:
    ...     drawn, broken = classifier.classify([mark, b"no image"])
    >>> drawn.status, len(drawn.neighbours), broken.reason.split(":")[0]
    ('ok', 5, 'unknown-format')

    Attributes:
        classes: names, `other` among them.
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
        manifest = store.manifest
        self.model = model_of(store.folder, manifest)
        self._embedder = load_embedder(self.model, runtime=manifest.precision)
        try:
            self._preparation = Preparation.from_dict(manifest.preparation)
            self._decision = DecisionConfig.from_dict(manifest.decision)
        except (TypeError, ValueError) as error:
            raise IndexStoreError(f"the index '{store.folder}' cannot be used: {error}") from error
        if (manifest.dim, self._preparation.size_px) != (self._embedder.dim, self._embedder.input_size_px):
            raise IndexStoreError(
                f"the index '{store.folder}' has vectors of width {manifest.dim} from {self._preparation.size_px} px, "
                f"its model gives {self._embedder.dim} from {self._embedder.input_size_px} px: build the index again"
            )
        snapshot, self._index = _open_search(store)
        self.classes = snapshot.classes if OTHER in snapshot.classes else (*snapshot.classes, OTHER)
        self._item_ids = snapshot.item_ids
        self._item_classes = snapshot.item_classes
        self._most_views = int(np.bincount(snapshot.vector_items).max(initial=1))
        self._head = self._open_head()
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
        gallery: str | os.PathLike[str],
        *,
        model: str = "starter",
        index: str | os.PathLike[str],
        progress: Progress | None = None,
    ) -> Self:
        """Builds the index of a folder of classes or a table, and opens it; `report` tells what became of the files.

        Raises:
            GalleryError: when the gallery cannot be read.
            ModelError: when the model is unknown or damaged.
            IndexStoreError: when the index cannot be written.
        """
        from logo_retrieval.build import build_index
        from logo_retrieval.gallery import read_gallery

        with opened_model(model) as bundle:
            report = build_index(read_gallery(Path(gallery)), Path(index), bundle, progress=progress)
        classifier = cls.open(index)
        classifier.report = report
        return classifier

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def store(self) -> IndexStore:
        """The open index: its manifest, and what it keeps of its drawings."""
        return self._store

    def close(self) -> None:
        """Ends the decoder processes and closes the index."""
        self._pool.close()
        self._store.close()

    def classify(self, sources: Iterable[Source], *, top: int = 5) -> list[Decision]:
        """One decision per source, in their order; a source that cannot be read gets one too.

        Raises:
            ValueError: when top is below 1.
        """
        return list(self.classify_stream(sources, top=top))

    def classify_stream(self, sources: Iterable[Source], *, top: int = 5) -> Iterator[Decision]:
        """The same as `classify`, a batch at a time, so that sources may be endless.

        Raises:
            ValueError: when top is below 1.
        """
        if top < 1:
            raise ValueError(f"top must be at least 1, got {top}")
        for batch in self._decoded(sources):
            readable = [image for image in batch if isinstance(image, LogoImage)]
            decisions = iter(self._decide(readable, top) if readable else ())
            for image in batch:
                if isinstance(image, UnreadableImage):
                    yield Decision(status="unreadable", reason=str(image))
                else:
                    yield next(decisions)

    def similar(self, source: Source, *, k: int = 10) -> list[Evidence]:
        """The k gallery drawings most like one image, nearest first.

        Raises:
            UnreadableImage: when the image cannot be used.
            ValueError: when k is below 1.
        """
        (image,) = next(self._decoded([source]))
        if isinstance(image, UnreadableImage):
            raise image
        neighbours = self._nearest(*self._embed([image]), 1, k)
        return self._evidence(neighbours, self._classes_of(neighbours), k)[0]

    def _decoded(self, sources: Iterable[Source]) -> Iterator[list[LogoImage | UnreadableImage]]:
        as_values = (source if isinstance(source, bytes) else Path(source) for source in sources)
        images = self._pool.decode(as_values, all_views=True)
        while batch := list(islice(images, _BATCH)):
            yield batch

    def _embed(self, images: Sequence[LogoImage]) -> tuple[Float32Array, Int64Array]:
        """(m, d) vectors of all views, and the (m,) image that each belongs to."""
        vectors = self._embedder.embed(np.concatenate([image.views for image in images]))
        return vectors, np.repeat(np.arange(len(images)), [len(image.views) for image in images])

    def _nearest(self, vectors: Float32Array, owners: Int64Array, n_images: int, k: int) -> Neighbours:
        found = self._index.search(vectors, k * self._most_views)
        return best_over_views(found, owners, n_images, k)

    def _open_head(self) -> CosineHead | None:
        """The model's head, fitted to the classes of this index; None when the model has none."""
        if HEAD_FILE not in self.model.config.files:
            return None
        learned = HeadVectors.read(self.model.path(HEAD_FILE), self._embedder.dim)
        untrained = set(self.classes) - set(learned.classes)
        means = self._store.class_means(untrained)
        return CosineHead(learned, self.classes, {self.classes.index(name): mean for name, mean in means.items()})

    def _classes_of(self, neighbours: Neighbours) -> Int64Array:
        """(n, k) positions in `classes`, -1 where there is no neighbour."""
        places = np.searchsorted(self._item_ids, neighbours.ids.clip(min=self._item_ids[0]))
        return np.where(neighbours.ids == MISSING_ID, -1, self._item_classes[places])

    def _decide(self, images: Sequence[LogoImage], top: int) -> list[Decision]:
        vectors, owners = self._embed(images)
        neighbours = self._nearest(vectors, owners, len(images), max(top, self._decision.k))
        classes = self._classes_of(neighbours)
        k = self._decision.k
        nearest = nearest_of_classes(neighbours.similarities[:, :k], classes[:, :k], len(self.classes))
        head = None if self._head is None else self._head.scores(vectors, owners, len(images))
        probabilities = class_probabilities(nearest, head, self.classes.index(OTHER), self._decision)
        decisions = []
        for row, evidence in zip(probabilities, self._evidence(neighbours, classes, top), strict=True):
            likeliest = np.argsort(-row, kind="stable")[:top]
            best = tuple(ScoredLabel(self.classes[c], float(row[c])) for c in likeliest)
            decisions.append(Decision("ok", best[0].label, best[0].probability, top=best, neighbours=tuple(evidence)))
        return decisions

    def _evidence(self, neighbours: Neighbours, classes: Int64Array, k: int) -> list[list[Evidence]]:
        ids = neighbours.ids[:, :k]
        names = self._store.item_names({int(item) for item in ids.ravel() if item != MISSING_ID})
        return [
            [
                Evidence(names[int(item)], self.classes[int(c)], float(similarity))
                for item, c, similarity in zip(row_ids, row_classes, row_similarities, strict=True)
                if item != MISSING_ID
            ]
            for row_ids, row_classes, row_similarities in zip(
                ids, classes[:, :k], neighbours.similarities[:, :k], strict=True
            )
        ]


def _open_search(store: IndexStore) -> tuple[Snapshot, VectorIndex]:
    """Searches the vectors kept in the cache where it is current, else those of the SQLite file."""
    cached = read_cache(store.folder, backend=FAISS_FLAT) if faiss_is_installed() else None
    generation, payload = cached or (None, b"")
    snapshot = store.snapshot(held_generation=generation)
    if snapshot.vectors is None:
        return snapshot, FaissIndex.from_bytes(payload, snapshot.vector_items)
    index = open_index(snapshot.vectors, snapshot.vector_items)
    if isinstance(index, FaissIndex) and len(snapshot.vectors) >= _CACHED_FROM_ROWS:
        write_cache(store.folder, index.to_bytes(), generation=snapshot.generation, backend=FAISS_FLAT)
    return snapshot, index
