"""The line that all requests share: fair turns at the decoders, batches by arrival, answers in the order asked.

There is no waiting for a batch to fill: while one is embedded, the next gathers, and a picture that comes alone is
answered at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.errors import IndexRebuilt, UnreadableImage
from logo_retrieval.inference.engine import Engine
from logo_retrieval.inference.predict import Policy
from logo_retrieval.serving.metrics import Metrics
from logo_retrieval.types import Decision, LogoImage

BATCH = 32
"""Pictures that are answered at once, at most."""

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


@dataclass(slots=True, eq=False)
class _Turns:
    """Pictures that wait for a decoder: requests take turns, each picture in its request's order."""

    requests: deque[deque[_Asked]] = field(default_factory=deque)

    def take(self) -> _Asked | None:
        """The next picture that somebody still waits for."""
        while self.requests:
            request = self.requests.popleft()
            asked = request.popleft()
            if request:
                self.requests.append(request)
            if not asked.answer.done():
                return asked
        return None


class Line:
    """Answers the pictures of many requests, on the event loop that `run` runs on.

    Attributes:
        waiting: pictures that have no answer yet.
    """

    def __init__(self, metrics: Metrics) -> None:
        """Takes what counts."""
        self._metrics = metrics
        self._turns = _Turns()
        self._ready: deque[_Asked] = deque()
        self._decoders = usable_cores()
        self._decoding = 0
        self._changed = asyncio.Condition()
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
        try:
            async with self._changed:
                self._turns.requests.append(deque(asked))
                self._changed.notify_all()
            for one in asked:
                yield await one.answer
        finally:
            for one in asked:
                one.answer.cancel()

    def _one_less(self, answer: asyncio.Future[Decision]) -> None:
        self.waiting -= 1
        if not answer.cancelled():
            answer.exception()  # of those that nobody takes any more, too

    async def run(self) -> None:
        """Decodes and answers until it is cancelled."""
        with ThreadPoolExecutor(1, thread_name_prefix="logo-answers") as thread:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._decode())
                tasks.create_task(self._answer(thread))

    async def _decode(self) -> None:
        """Keeps every decoder busy, as long as what is decoded is soon answered."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                async with self._changed:
                    await self._changed.wait_for(self._may_decode)
                    asked = self._turns.take()
                    if asked is None:
                        continue
                    self._decoding += 1
                tasks.create_task(self._decode_one(asked))

    def _may_decode(self) -> bool:
        free = self._decoding < self._decoders and len(self._ready) < _READY
        return free and bool(self._turns.requests)

    async def _decode_one(self, asked: _Asked) -> None:
        try:
            lines = asked.policy.text != "never"
            with self._metrics.stage("decode"):
                pool = asked.engine.pool
                decoding = partial(pool.decode_one, asked.data, all_views=True, lines=lines)
                image = await asyncio.wrap_future(pool.run(decoding))
            if asked.answer.done():
                return
            if isinstance(image, UnreadableImage):
                self._metrics.unreadable(image.code)
                asked.answer.set_result(Decision("unreadable", reason=str(image)))
            else:
                asked.image = image
                self._ready.append(asked)
        except (Exception, asyncio.CancelledError) as error:  # cancelled: the pool was closed before its turn
            if not asked.answer.done():
                late = IndexRebuilt("the decoders were ended meanwhile")
                asked.answer.set_exception(error if isinstance(error, Exception) else late)
        finally:
            async with self._changed:
                self._decoding -= 1
                self._changed.notify_all()

    async def _answer(self, thread: ThreadPoolExecutor) -> None:
        """Answers what is decoded, a batch after another."""
        loop = asyncio.get_running_loop()
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._ready)
                taken = [self._ready.popleft() for _ in range(min(BATCH, len(self._ready)))]
                self._changed.notify_all()
            batch = [asked for asked in taken if not asked.answer.done()]
            if not batch:
                continue
            self._metrics.batch(len(batch))
            with self._metrics.stage("answer"):
                await loop.run_in_executor(thread, self._settle, batch, loop)

    def _settle(self, batch: Sequence[_Asked], loop: asyncio.AbstractEventLoop) -> None:
        """Decides, engine by engine and policy by policy, in the thread for it."""
        for _, group in groupby(sorted(batch, key=_kind), key=_kind):
            some = list(group)
            try:
                images = [asked.image for asked in some if asked.image is not None]
                decisions: Sequence[Decision | Exception] = some[0].engine.decide(images, some[0].policy)
            except Exception as error:
                decisions = [error] * len(some)
            loop.call_soon_threadsafe(_give, some, decisions)


def _kind(asked: _Asked) -> tuple[int, str]:
    """What pictures that are answered together have in common."""
    return id(asked.engine), repr(asked.policy)


def _give(asked: Sequence[_Asked], decisions: Sequence[Decision | Exception]) -> None:
    for one, decision in zip(asked, decisions, strict=True):
        if one.answer.done():
            continue
        if isinstance(decision, Exception):
            one.answer.set_exception(decision)
        else:
            one.answer.set_result(decision)
