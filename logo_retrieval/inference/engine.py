"""An open index and all that answers from it: models, decoder processes, and the index as it is now."""

from __future__ import annotations

import hashlib
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from numbers import Real
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from logo_retrieval.closing import Closable
from logo_retrieval.embedding import Embedder, load_embedder
from logo_retrieval.embedding.protocol import BATCH_SIZE
from logo_retrieval.errors import BackendError, IndexRebuilt, IndexStoreError, UnreadableImage
from logo_retrieval.images.pool.limits import DECODE_LIMIT_S
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.source import Source, file_or_bytes, files_or_bytes
from logo_retrieval.images.traits import traits_of
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import AUTO, Auto, Policy, Query, Text, decide, how_many, similar
from logo_retrieval.inference.snapshot import IndexSnapshot, read_snapshot, renewed_snapshot
from logo_retrieval.models.resolve import model_of
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import BoolArray, Decision, Evidence, Float32Array, LogoImage, TextLine, UInt8Array

if TYPE_CHECKING:
    from logo_retrieval.reading.recogniser import Recogniser

Answer = TypeVar("Answer")

BATCH = 32
"""Pictures that are decoded, or decided, together."""

_GIVES_WAY_S = 0.001
"""Long enough for a thread that waits for its turn to wake up and take it."""

_LAST_TURN_S = 60


class Engine(Closable):
    """Answers for many threads: pictures are decoded side by side, the rest is done a batch of one thread at a time.

    What other processes enrol or remove takes part in the next answer.

    Attributes:
        store: the open index.
        model: the bundle that embeds.
        knowledge: what the model and the index say about odds.
        pool: the decoder processes, which prepare pictures as the index demands.
        adding: held by the thread that checks drawings against the index and adds them, so that no thread that adds a
            few makes one that adds many check for ever.
        is_closed: whether it answers no more.
    """

    def __init__(self, store: IndexStore, *, decode_limit_s: float = DECODE_LIMIT_S) -> None:
        """Loads model, vectors and constants.

        Args:
            store: the open index.
            decode_limit_s: see `DecoderPool`.

        Raises:
            IndexStoreError: when the index is damaged or does not fit its model.
            ModelError: when the model in it is missing or damaged.
        """
        self.store = store
        self._process = os.getpid()
        self.is_closed = False
        self._lock = threading.RLock()
        self.adding = threading.Lock()
        self._embedding_many = threading.Lock()
        weakref.finalize(self, _last_turn, self._lock, self._process)
        manifest = store.manifest
        self.model = model_of(store.folder, manifest)
        self.embedder: Embedder = load_embedder(self.model, runtime=manifest.precision)
        self.knowledge = Knowledge.read(self.model, manifest.decision)
        try:
            preparation = Preparation.from_dict(manifest.preparation)
        except (TypeError, ValueError) as error:
            raise IndexStoreError(f"the index '{store.folder}' cannot be used: {error}") from error
        config = self.model.config
        if (manifest.dim, preparation.size_px) != (config.dim, config.input_size_px):
            raise IndexStoreError(
                f"the index '{store.folder}' has vectors of width {manifest.dim} from {preparation.size_px} px, "
                f"its model gives {config.dim} from {config.input_size_px} px: build the index again"
            )
        self._held = read_snapshot(store, self.knowledge, cached=True)
        self._digest = -1, b""
        self.pool = DecoderPool(preparation, wall_limit_s=decode_limit_s)

    def close(self) -> None:
        """Ends the decoder processes and closes the index; in a forked process it leaves them to their owner."""
        self.is_closed = True
        if os.getpid() == self._process:
            self.pool.close()
            with self._lock:
                self.store.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This thread's turn at the index and the models.

        Raises:
            BackendError: after `close`, and in a process that was forked after the index was opened, where its threads
                are missing.
        """
        self.check_usable()
        with self._lock:
            self.check_usable()
            yield

    @contextmanager
    def while_open(self) -> Iterator[None]:
        """Work of several turns: what fails in it because the engine was closed meanwhile is told as that.

        Raises:
            BackendError: as `turn`.
        """
        self.check_usable()
        try:
            yield
        except Exception:
            self.check_usable()
            raise

    def check_usable(self) -> None:
        """Refuses what cannot be done any more, or not in this process.

        Raises:
            BackendError: as `turn`.
        """
        if self.is_closed:
            raise BackendError("this classifier is closed: open another")
        if os.getpid() != self._process:
            raise BackendError(
                "this classifier was opened before the process forked, and only works where it was opened: open one in "
                "each process, as with multiprocessing's 'spawn', or after the fork"
            )

    def decoded(
        self, sources: Iterable[Source], *, all_views: bool = True
    ) -> Iterator[list[LogoImage | UnreadableImage]]:
        """The pictures, or why they cannot be used, a batch at a time, in the order of the sources."""
        with self.while_open():
            images = self.pool.decode(files_or_bytes(sources), all_views=all_views)
            while batch := list(islice(images, BATCH)):
                self.check_usable()
                yield batch

    def embed(self, images: Sequence[LogoImage]) -> Query:
        """All views of at least one image, embedded as the index demands."""
        views = np.concatenate([image.views for image in images])
        owners = np.repeat(np.arange(len(images)), [len(image.views) for image in images])
        with self.turn():
            return Query(self.embedder.embed(views), owners, len(images), traits_of(views))

    def embed_views(self, views: UInt8Array) -> Float32Array:
        """(n, d) vectors of (n, s, s, 3) views, n at least 1, for work on many pictures; not to be called in a turn.

        One such work at a time, a few views a turn: whoever asks about a picture meanwhile waits for these few alone.
        """
        vectors = []
        self.check_usable()
        with self._embedding_many:
            for start in range(0, len(views), BATCH_SIZE):
                with self.turn():
                    vectors.append(self.embedder.embed(views[start : start + BATCH_SIZE]))
                time.sleep(_GIVES_WAY_S)  # else this thread would take the next turn, too, before another wakes up
        return np.concatenate(vectors)

    def embed_whole(self, sources: Iterable[Source]) -> list[Float32Array | None]:
        """The (d,) unit vector of each whole drawing; None for one that cannot be read."""
        vectors: list[Float32Array | None] = []
        for batch in self.decoded(sources, all_views=False):
            readable = [image for image in batch if isinstance(image, LogoImage)]
            rows = iter(self.embed(readable).vectors if readable else ())
            vectors += [next(rows) if isinstance(image, LogoImage) else None for image in batch]
        return vectors

    def current(self) -> IndexSnapshot:
        """The index as it is now: read anew when it has changed.

        Raises:
            IndexRebuilt: it was built anew in a way that this engine was not made for, or another has taken its place.
        """
        with self.turn():
            if self.store.is_replaced():
                raise IndexRebuilt(f"another index has taken the place of '{self.store.folder}': open it again")
            if self.store.generation() != self._held.number:
                self._held = renewed_snapshot(self._held, self.store, self.knowledge)
            return self._held

    def policy(self, *, top: int, max_false_accept: float | None, other_share: float | Auto, text: Text) -> Policy:
        """How odds shall become answers; see `LogoClassifier.classify`.

        Raises:
            ValueError: when top is below 1, or a share is out of range or less than the model can vouch for.
            TypeError: when top is no whole number, or a share no real number.
            ModelError: when a share is asked for and the model has no unknown logos to vouch for it.
        """
        if not ((other_share == AUTO or isinstance(other_share, Real)) and isinstance(max_false_accept, Real | None)):
            got = f"other_share={other_share!r} and max_false_accept={max_false_accept!r}"
            raise TypeError(f"a share is a float, a number above 0 and below 1, other_share also {AUTO!r}, got {got}")
        top = how_many("top", top)
        share = self.knowledge.share(None if max_false_accept is None else float(max_false_accept))
        return Policy(share, other_share if other_share == AUTO else float(other_share), top, text)

    def state(self, policy: Policy) -> bytes:
        """A digest of what the answer to a content depends on: the index as it is now, its model, the policy."""
        with self.turn():
            return self._state(self.current(), policy)

    def _state(self, held: IndexSnapshot, policy: Policy) -> bytes:
        if self._digest[0] != held.number:
            self._digest = held.number, self.store.digest()
        manifest = self.store.manifest
        said = f"{manifest.model_digest} {manifest.precision} {held.number} {policy}"
        return hashlib.sha256(said.encode() + self._digest[1]).digest()

    def decide(self, images: Sequence[LogoImage], policy: Policy) -> list[Decision]:
        """One decision for each of at least one image."""
        return self.decide_with_state(images, policy)[0]

    def decide_with_state(self, images: Sequence[LogoImage], policy: Policy) -> tuple[list[Decision], bytes]:
        """One decision for each of at least one image, and the `state` that all of them are of."""
        with self.turn():
            read = None if policy.text == "never" else partial(self._read, images)
            names = self.store.item_names
            query = self.embed(images)

            def answered(held: IndexSnapshot) -> tuple[list[Decision], bytes]:
                decisions = decide(query, held, self.knowledge, policy, names, read)
                return decisions, self._state(held, policy)

            return self._consistent(answered)

    def similar(self, source: Source, k: int) -> list[Evidence]:
        """The k drawings most like one image, nearest first; it is decoded in the thread that asks, behind no others.

        Raises:
            UnreadableImage: when the image cannot be used.
            ValueError: when k is below 1.
            TypeError: when it is no whole number.
        """
        k = how_many("k", k)
        with self.while_open():
            image = self.pool.decode_one(file_or_bytes(source), all_views=True)
        if isinstance(image, UnreadableImage):
            raise image
        with self.turn():
            query = self.embed([image])
            return self._consistent(lambda held: similar(query, held, k, self.store.item_names))[0]

    def _consistent(self, answer: Callable[[IndexSnapshot], Answer]) -> Answer:
        """An answer all of whose parts are of one generation, names read from the file included."""
        while True:
            held = self.current()
            result = answer(held)
            if self.store.generation() == held.number:
                return result

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


def _last_turn(lock: threading.RLock, process: int) -> None:
    """Takes the turn for good when the interpreter ends: a daemon thread that was in a model then would abort it."""
    if os.getpid() == process:
        lock.acquire(timeout=_LAST_TURN_S)
