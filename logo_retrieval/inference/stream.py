"""Answers to a stream of files: decoded ahead, decided in batches, and the same content once."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.source import Source, files_or_bytes, read_source
from logo_retrieval.inference.engine import BATCH, Engine
from logo_retrieval.inference.predict import Policy
from logo_retrieval.store.answers import AnswerCache
from logo_retrieval.types import Decision, LogoImage

_AHEAD = 4
"""Pictures that are decoded meanwhile, for each decoder."""

_REMEMBERED = 20_480
"""Labels that the answers of a run list which are at hand for the same content, nearly 1 kB each."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of a file before it is decided.

    Attributes:
        content: SHA-256 of its bytes; empty where they could not be read.
        found: the picture, or its fault, or the answer that the same content had.
        state: that such an answer is of; empty where there is none.
    """

    content: bytes
    found: LogoImage | UnreadableImage | Decision
    state: bytes = b""


class Answers:
    """The answers to files by one policy, in their order; a content that was answered before is not decoded again.

    An answer counts as long as the index is what it was; after a change all are given anew.
    """

    def __init__(self, engine: Engine, policy: Policy, cache: AnswerCache | None = None) -> None:
        """Takes an open index, how odds become answers, and the answers of earlier runs."""
        self._engine = engine
        self._policy = policy
        self._cache = cache
        self._state = engine.state(policy)
        self._known: dict[bytes, Decision] = {}
        self._most_known = max(_REMEMBERED // policy.top, 1)

    def to(self, sources: Iterable[Source]) -> Iterator[Decision]:
        """One decision a source; sources are taken a little ahead of the answers that are asked for."""
        pool = self._engine.pool
        ahead = BATCH + _AHEAD * pool.processes
        waiting: deque[tuple[bytes | Path, Future[_Read]]] = deque()
        with self._engine.while_open():
            try:
                for source in files_or_bytes(sources):
                    waiting.append((source, pool.run(partial(self._read, source))))
                    if len(waiting) == ahead:
                        yield from self._settled([waiting.popleft() for _ in range(BATCH)])
                while waiting:
                    yield from self._settled([waiting.popleft() for _ in range(min(BATCH, len(waiting)))])
            finally:
                for _, future in waiting:
                    future.cancel()

    def _read(self, source: bytes | Path, *, anew: bool = False) -> _Read:
        """Reads a file and decodes it, unless its content has an answer; in a thread of the decoders."""
        try:
            data = read_source(source)
        except UnreadableImage as fault:
            return _Read(b"", fault)
        content, state = hashlib.sha256(data).digest(), self._state
        answer = None if anew else self._answer_before(content, state)
        if answer is not None:
            return _Read(content, answer, state)
        lines = self._policy.text != "never"
        return _Read(content, self._engine.pool.decode_one(data, all_views=True, lines=lines))

    def _answer_before(self, content: bytes, state: bytes) -> Decision | None:
        return self._known.get(content) or (self._cache.answer(state, content) if self._cache else None)

    def _settled(self, batch: Sequence[tuple[bytes | Path, Future[_Read]]]) -> list[Decision]:
        """The answers to a batch, all of one state of the index."""
        reads = [future.result() for _, future in batch]
        while True:
            answers, state = self._decided(reads)
            if state != self._state:
                self._known, self._state = {}, state  # in this order: what is known is of no earlier state than is said
            late = [place for place, read in enumerate(reads) if read.state not in (b"", state)]
            if not late:
                self._remember(answers)
                return [answers[read.content] if read.content else _unreadable(read.found) for read in reads]
            for place in late:
                reads[place] = self._read(batch[place][0], anew=True)

    def _decided(self, reads: Sequence[_Read]) -> tuple[dict[bytes, Decision], bytes]:
        """The answer to each content, and the state of the index that fresh ones are of."""
        images = {read.content: read.found for read in reads if isinstance(read.found, LogoImage)}
        if images:
            decisions, state = self._engine.decide_with_state(list(images.values()), self._policy)
        else:
            decisions, state = [], self._engine.state(self._policy)
        answers = dict(zip(images, decisions, strict=True))
        for read in reads:
            if read.content not in answers:
                answers[read.content] = read.found if isinstance(read.found, Decision) else _unreadable(read.found)
        return answers, state

    def _remember(self, answers: dict[bytes, Decision]) -> None:
        fresh = {content: answer for content, answer in answers.items() if content and content not in self._known}
        self._known |= fresh
        for content in list(self._known)[: max(0, len(self._known) - self._most_known)]:
            del self._known[content]
        if self._cache and fresh:
            self._cache.keep(self._state, fresh)


def _unreadable(fault: object) -> Decision:
    return Decision("unreadable", reason=str(fault))
