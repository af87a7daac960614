"""Work done a little ahead of who asks for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def results_ahead(
    threads: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], depth: int
) -> Iterator[Result]:
    """The results of `work` on each item, in order; at most `depth` are under way, and items are taken no earlier.

    What has not begun when the iterator is dropped is cancelled.
    """
    ahead: deque[Future[Result]] = deque()
    try:
        for item in items:
            ahead.append(submitted(threads, partial(work, item)))
            if len(ahead) >= depth:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for future in ahead:
            future.cancel()


def submitted(threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Future[Result]:
    """Has a thread do something; where they take nothing more, as once the main thread has ended, does it here."""
    try:
        return threads.submit(work)
    except RuntimeError:
        future: Future[Result] = Future()
        try:
            future.set_result(work())
        except BaseException as error:  # whatever it is, whoever asks for the result gets it
            future.set_exception(error)
        return future
