"""The line that all requests share: fair turns at the decoders, batches by arrival, answers in the order asked.

There is no waiting for a batch to fill: while one is embedded, the next gathers, and a picture that comes alone is
answered at once. Decoders are asked in threads of the line: in those of the pool, pictures of comparisons and of
enrolments lie ahead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from time import perf_counter
from typing import TypeVar

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.inference.engine import BATCH, Engine
from logo_retrieval.inference.predict import Policy
from logo_retrieval.serving.metrics import Metrics
from logo_retrieval.types import Decision, LogoImage

Result = TypeVar("Result")

_READY = 2 * BATCH
"""Decoded pictures that may wait for their batch; then the decoders pause."""


@dataclass(slots=True, eq=False)
class _Asked:
    """One picture of a request."""

    data: bytes
    engine: Engine
    policy: Policy
    answer: asyncio.Future[Decision]
    image: LogoImage | None = None


class Line:
    """Answers the pictures of many requests. To be used on one event loop.

    Attributes:
        waiting: pictures that have no answer yet.
    """

    def __init__(self, metrics: Metrics) -> None:
        """Takes what counts."""
        self._metrics = metrics
        self._requests: deque[deque[_Asked]] = deque()  # what of each waits for a decoder
        self._ready: deque[_Asked] = deque()
        self._decoders = usable_cores()
        self._decoding = 0
        self._is_answering = False
        self._asking = ThreadPoolExecutor(self._decoders, thread_name_prefix="logo-pictures")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="logo-answers")
        self.waiting = 0

    async def answers(self, pictures: Sequence[bytes], engine: Engine, policy: Policy) -> AsyncIterator[Decision]:
        """One decision a picture, in their order; when nobody takes them any more, the rest is given up."""
        loop = asyncio.get_running_loop()
        asked = [_Asked(data, engine, policy, loop.create_future()) for data in pictures]
        if not asked:
            return
        self.waiting += len(asked)
        for one in asked:
            one.answer.add_done_callback(self._one_less)
        request = deque(asked)
        self._requests.append(request)
        self._go_on()
        try:
            for one in asked:
                yield await one.answer
        finally:
            request.clear()  # what nobody waits for takes no memory until its turn
            for one in asked:
                one.answer.cancel()

    def _one_less(self, answer: asyncio.Future[Decision]) -> None:
        self.waiting -= 1
        if not answer.cancelled():
            answer.exception()  # of those that nobody takes any more, too

    def close(self) -> None:
        """Ends the threads, when they have done what they do."""
        self._asking.shutdown()
        self._thread.shutdown()

    def _go_on(self) -> None:
        """Gives thread and decoders what they can take; decoders pause while much is decoded and not yet answered."""
        while self._ready and not self._is_answering:
            taken = [self._ready.popleft() for _ in range(min(BATCH, len(self._ready)))]
            batch = [asked for asked in taken if not asked.answer.done()]
            if batch:
                self._is_answering = True
                self._metrics.batch(len(batch))
                _afterwards(self._thread.submit(_decided, batch), partial(self._answered, perf_counter()))
        while self._decoding < self._decoders and len(self._ready) < _READY:
            asked = self._next()
            if asked is None:
                break
            self._decode(asked)

    def _next(self) -> _Asked | None:
        """The next picture that somebody still waits for: requests take turns, each picture in its request's order."""
        while self._requests:
            request = self._requests.popleft()
            if request:
                self._requests.append(request)
                return request.popleft()
        return None

    def _decode(self, asked: _Asked) -> None:
        work = partial(asked.engine.pool.decode_one, asked.data, all_views=True, lines=asked.policy.text != "never")
        self._decoding += 1
        _afterwards(self._asking.submit(work), partial(self._decoded, asked, perf_counter()))

    def _decoded(self, asked: _Asked, start: float, decoding: Future[LogoImage | UnreadableImage]) -> None:
        """A picture is decoded, or is not."""
        self._decoding -= 1
        self._metrics.stage("decode", perf_counter() - start)
        if not asked.answer.done():
            if (error := decoding.exception()) is not None:
                asked.answer.set_exception(error)
            elif isinstance(image := decoding.result(), UnreadableImage):
                self._metrics.unreadable(image.code)
                asked.answer.set_result(Decision("unreadable", reason=str(image)))
            else:
                asked.image = image
                self._ready.append(asked)
        self._go_on()

    def _answered(self, start: float, deciding: Future[list[tuple[_Asked, Decision | Exception]]]) -> None:
        """A batch is decided."""
        self._is_answering = False
        self._metrics.stage("answer", perf_counter() - start)
        for asked, decision in deciding.result():
            if asked.answer.done():
                continue
            if isinstance(decision, Exception):
                asked.answer.set_exception(decision)
            else:
                asked.answer.set_result(decision)
        self._go_on()


def _afterwards(future: Future[Result], act: Callable[[Future[Result]], None]) -> None:
    """Has this event loop act on what another thread does, when it is done."""
    loop = asyncio.get_running_loop()
    future.add_done_callback(lambda done: loop.call_soon_threadsafe(act, done))


def _decided(batch: Sequence[_Asked]) -> list[tuple[_Asked, Decision | Exception]]:
    """Decides, engine by engine and policy by policy, in the thread for it."""
    decided: list[tuple[_Asked, Decision | Exception]] = []
    for _, group in groupby(sorted(batch, key=_kind), key=_kind):
        some = list(group)
        try:
            images = [asked.image for asked in some if asked.image is not None]
            decisions: Sequence[Decision | Exception] = some[0].engine.decide(images, some[0].policy)
        except Exception as error:
            decisions = [error] * len(some)
        decided += zip(some, decisions, strict=True)
    return decided


def _kind(asked: _Asked) -> tuple[int, str]:
    """What pictures that are answered together have in common."""
    return id(asked.engine), repr(asked.policy)
