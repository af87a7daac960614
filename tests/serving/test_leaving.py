"""Who goes away before their turn, and what fails in it, in this process."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest
from drawings import svg

from logo_retrieval import LogoClassifier
from logo_retrieval.serving.line import Line
from logo_retrieval.serving.metrics import Metrics
from logo_retrieval.serving.service import Service
from logo_retrieval.serving.settings import Settings


async def left(asking: Awaitable[object]) -> None:
    """Asks, and goes away at once."""
    task = asyncio.ensure_future(asking)
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def held(picture: bytes) -> int:
    """How often something has it."""
    await asyncio.sleep(0)
    gc.collect()
    return sys.getrefcount(picture)


def test_pictures_that_nobody_waits_for_take_no_memory(classifier: LogoClassifier) -> None:
    """A request that is gone is not counted any more: many of them behind a slow one would fill the memory."""
    engine, picture, line = classifier.engine, svg("disc"), Line(Metrics())
    policy = engine.policy(top=5, max_false_accept=None, other_share=0.5, text="auto")

    async def scene() -> None:
        before = await held(picture)
        others = line.answers([svg("bars", shade) for shade in range(100)], engine, policy)
        first = asyncio.ensure_future(anext(others))
        await asyncio.sleep(0)  # these have the decoders
        await left(anext(line.answers([picture] * 50, engine, policy)))
        assert await held(picture) == before and line.waiting == 100
        assert (await first).label == "bars"

    asyncio.run(scene())
    line.close()


def test_nor_do_those_of_a_comparison(index: Path) -> None:
    picture = svg("disc")

    async def scene() -> None:
        service, go = Service(Settings(index)), threading.Event()
        await service.open()
        before = await held(picture)
        others = [asyncio.ensure_future(service.compare(lambda *_: go.wait(60))) for _ in range(4)]
        await asyncio.sleep(0)  # these have the threads
        await left(service.compare(lambda *_, kept=picture: len(kept)))
        assert await held(picture) == before
        go.set()
        assert await asyncio.gather(*others) == [True] * 4
        await service.close()

    asyncio.run(scene())


def test_nor_is_a_change_begun_that_nobody_waits_for(index: Path) -> None:
    """They were told that it was too late. One that had begun is ended, and counted."""

    async def scene() -> None:
        service, go, begun = Service(Settings(index)), threading.Event(), list[str]()
        await service.open()
        first = asyncio.ensure_future(service.change("enroll", "somebody", lambda _: go.wait(60)))
        await asyncio.sleep(0.1)  # it has the thread
        await left(service.change("unenroll", "somebody", lambda _: begun.append("unenroll")))
        first.cancel()
        go.set()
        await service.change("enroll", "somebody", lambda _: begun.append("enroll"))
        assert begun == ["enroll"] and b'logo_index_changes_total{action="enroll"} 2.0' in service.metrics.text()
        await service.close()

    asyncio.run(scene())


def test_a_fault_of_a_decoder_is_told_as_it_is(classifier: LogoClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as an index that was built anew, at which one would come again for ever."""
    engine, line = classifier.engine, Line(Metrics())
    policy = engine.policy(top=5, max_false_accept=None, other_share=0.5, text="auto")

    def decode_one(*_: object, **__: object) -> NoReturn:
        raise ValueError("cannot be reshaped")

    async def scene() -> None:
        monkeypatch.setattr(engine.pool, "decode_one", decode_one)
        with pytest.raises(ValueError, match="cannot be reshaped"):
            await anext(line.answers([svg("disc")], engine, policy))

    asyncio.run(scene())
    line.close()


def test_the_log_has_a_fault_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However often an index is tried again."""
    tries = []

    async def sleep(seconds: float) -> None:
        tries.append(seconds)
        if len(tries) == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Service(Settings(tmp_path)).open())
    assert len(tries) == 3 and [record.levelname for record in caplog.records] == ["ERROR"]


def test_who_comes_behind_one_who_is_gone_is_answered(classifier: LogoClassifier) -> None:
    """Also where as much was decoded for them as may be, which nobody takes any more."""
    metrics = Metrics()
    engine, line = classifier.engine, Line(metrics)
    policy = engine.policy(top=5, max_false_accept=None, other_share=0.5, text="auto")

    async def decoders_pause() -> None:
        before = b""
        while (now := metrics.text()) != before:
            before = now
            await asyncio.sleep(0.5)

    async def scene() -> None:
        with engine.turn():  # so that the answers wait
            asking = asyncio.ensure_future(anext(line.answers([svg("bars")] * 200, engine, policy)))
            await decoders_pause()
            asking.cancel()
            behind = asyncio.ensure_future(anext(line.answers([svg("disc")], engine, policy)))
            await asyncio.sleep(0.1)
        assert (await asyncio.wait_for(behind, 20)).label == "disc"

    asyncio.run(scene())
    line.close()


def test_pictures_that_are_slow_to_decode_hold_up_nothing_that_reads_the_index(index: Path) -> None:
    async def scene() -> None:
        service, go = Service(Settings(index)), threading.Event()
        await service.open()
        asking = [asyncio.ensure_future(service.ask(lambda _: go.wait(60))) for _ in range(4)]
        await asyncio.sleep(0)  # these have the threads
        try:
            assert await asyncio.wait_for(service.read(lambda store: store.items_of("disc")), 20)
        finally:
            go.set()
        assert await asyncio.gather(*asking) == [True] * 4
        await service.close()

    asyncio.run(scene())


def test_who_asks_about_one_picture_does_not_wait_behind_all_of_a_comparison(classifier: LogoClassifier) -> None:
    engine, line, go = classifier.engine, Line(Metrics()), threading.Event()
    policy = engine.policy(top=5, max_false_accept=None, other_share=0.5, text="auto")

    async def scene() -> None:
        asked = anext(line.answers([svg("disc")], engine, policy))
        assert (await asyncio.wait_for(asked, 20)).label == "disc"
        (nearest,) = await asyncio.wait_for(asyncio.to_thread(classifier.similar, svg("disc"), k=1), 20)
        assert nearest.label == "disc"

    ahead = [engine.pool.run(go.wait) for _ in range(4 * engine.pool.processes)]  # as pictures of a comparison are
    try:
        asyncio.run(scene())
    finally:
        go.set()
    assert all(one.result() for one in ahead)
    line.close()
