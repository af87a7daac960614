"""The line of pictures, in this process."""

from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import suppress

from drawings import svg

from logo_retrieval import LogoClassifier
from logo_retrieval.serving.line import Line
from logo_retrieval.serving.metrics import Metrics


def test_what_nobody_waits_for_takes_no_memory(classifier: LogoClassifier) -> None:
    """A request that is gone is not counted any more: many of them behind a slow one would fill the memory."""
    engine, picture, line = classifier.engine, svg("disc"), Line(Metrics())
    policy = engine.policy(top=5, max_false_accept=None, other_share=0.5, text="auto")

    async def held_after_leaving() -> int:
        others = line.answers([svg("bars", shade) for shade in range(100)], engine, policy)
        first = asyncio.ensure_future(anext(others))
        await asyncio.sleep(0)  # these have the decoders
        asking = asyncio.ensure_future(anext(line.answers([picture] * 50, engine, policy)))
        await asyncio.sleep(0)
        assert line.waiting == 150
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        del asking
        await asyncio.sleep(0)
        gc.collect()
        held = sys.getrefcount(picture)
        assert (await first).label == "bars"
        return held

    before = sys.getrefcount(picture)
    assert asyncio.run(held_after_leaving()) <= before + 1
    line.close()
