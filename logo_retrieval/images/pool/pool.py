"""Decoding many untrusted files: in parallel, in input order, each within limits of time and memory.

A worker is a plain child process that runs this package's own module and nothing of the user's script, so that a
script needs no `__main__` guard. It gets one file at a time; when it hangs, dies or asks for too much, that file alone
is lost.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from logo_retrieval.closing import Closable
from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.concurrency.prefetch import results_ahead, submitted
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.limits import DECODE_LIMIT_S, LONGEST_S
from logo_retrieval.images.pool.processes import DecoderProcesses
from logo_retrieval.images.pool.protocol import Want
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.source import read_source
from logo_retrieval.types import LogoImage, UInt8Array

Result = TypeVar("Result")

_CLOSED = "this DecoderPool is closed"
_LOOK_AHEAD = 4  # sources under way per process, so that one slow file does not hold up the others


class DecoderPool(Closable):
    """Decoder processes, started when there is work for them and kept warm. Several threads may use one pool.

    Closes at the end of a `with` block, by `close`, when it is forgotten, and when the interpreter ends.
    """

    def __init__(
        self, preparation: Preparation, *, processes: int | None = None, wall_limit_s: float = DECODE_LIMIT_S
    ) -> None:
        """Starts nothing yet.

        Args:
            preparation: size and renderer.
            processes: at most so many at a time, at least 1; default: the CPUs that this process may use.
            wall_limit_s: for one file, in seconds of wall time and, rounded up, of CPU time; above 0, at most a day.

        Raises:
            ValueError: a number out of its range.
        """
        if processes is not None and processes < 1:
            raise ValueError(f"processes must be at least 1, got {processes}")
        if not 0 < wall_limit_s <= LONGEST_S:
            raise ValueError(f"wall_limit_s must be above 0 and at most {LONGEST_S:,}, a day, got {wall_limit_s}")
        self.preparation = preparation
        self.processes = processes or usable_cores()
        self.wall_limit_s = float(wall_limit_s)
        self._processes = DecoderProcesses(preparation, self.wall_limit_s)
        self._threads = ThreadPoolExecutor(self.processes, thread_name_prefix="logo-decoder")
        self._finalizer = weakref.finalize(self, _shut_down, self._threads, self._processes, os.getpid())

    def decode(
        self, sources: Iterable[bytes | Path], *, all_views: bool, lines: bool = False
    ) -> Iterator[LogoImage | UnreadableImage]:
        """Decodes files, lazily: sources are taken only a little ahead of the results that are asked for.

        Args:
            sources: whole files as bytes, or paths.
            all_views: whether the parts that may stand for the whole are views of their own, see `draw_views`.
            lines: whether there is what may be writing, too, beside all views.

        Returns:
            One result per source, in their order; a file that cannot be used gives its error as a value.

        Raises:
            ValueError: the pool is closed; from the iterator, too.
            BackendError: from the iterator, when no decoder process can be started, or the renderer is not installed.
        """
        return self._results(self._decoding(all_views=all_views, lines=lines), sources)

    def decode_one(self, source: bytes | Path, *, all_views: bool, lines: bool = False) -> LogoImage | UnreadableImage:
        """The same for one file, in the thread that asks; as many at a time as there are such threads."""
        self._check_open()
        return _settled(self._decoding(all_views=all_views, lines=lines))(source)

    def run(self, work: Callable[[], Result]) -> Future[Result]:
        """Has a thread of the pool do something with `decode_one`, after what was asked of it before.

        Raises:
            ValueError: the pool is closed.
        """
        self._check_open()
        return submitted(self._threads, work)

    def rasterise(self, sources: Iterable[bytes | Path]) -> Iterator[UInt8Array | UnreadableImage]:
        """Draws files as training wants them, in the same lazy way: trimmed, on no ground, in their own aspect.

        Args:
            sources: whole files as bytes, or paths.

        Returns:
            One result per source, in their order: (h, w, 4) uint8 RGBA with straight alpha, the longer side
            `preparation.size_px`, or its error as a value.

        Raises:
            ValueError, BackendError: as in `decode`.
        """
        processes = self._processes

        def one(source: bytes | Path) -> UInt8Array:
            answer, pixels = processes.decode(read_source(source), "art")
            return np.frombuffer(pixels, dtype=np.uint8).reshape(answer["rows"], answer["columns"], 4)

        return self._results(one, sources)

    def close(self) -> None:
        """Ends all processes at once, busy or not; results not fetched yet are lost. Closing twice does no harm."""
        self._finalizer()

    def _check_open(self) -> None:
        if not self._finalizer.alive:
            raise ValueError(_CLOSED)

    def _results(
        self, decode_one: Callable[[bytes | Path], Result], sources: Iterable[bytes | Path]
    ) -> Iterator[Result | UnreadableImage]:
        self._check_open()
        results = results_ahead(self._threads, _settled(decode_one), sources, _LOOK_AHEAD * self.processes)
        return self._until_closed(results)

    def _until_closed(self, results: Iterator[Result]) -> Iterator[Result]:
        """The results, but none that are fetched once the pool is closed: they would say nothing of the files."""
        try:
            for result in results:
                self._check_open()
                yield result
        except CancelledError:
            raise ValueError(_CLOSED) from None

    def _decoding(self, *, all_views: bool, lines: bool) -> Callable[[bytes | Path], LogoImage]:
        """What decodes one file."""
        want: Want = "views and lines" if lines else "all views" if all_views else "whole"
        side, processes = self.preparation.size_px, self._processes

        def decode_one(source: bytes | Path) -> LogoImage:
            answer, pixels = processes.decode(read_source(source), want)
            size = answer["width"], answer["height"]
            return LogoImage.of_pixels(pixels, side, answer["lines"], answer["format"], *size)

        return decode_one


def _settled(
    decode_one: Callable[[bytes | Path], Result],
) -> Callable[[bytes | Path], Result | UnreadableImage]:
    """The same with a file's error as a value."""

    def settled(source: bytes | Path) -> Result | UnreadableImage:
        try:
            return decode_one(source)
        except UnreadableImage as fault:
            return fault

    return settled


def _shut_down(threads: ThreadPoolExecutor, processes: DecoderProcesses, owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked process has neither the threads nor a right to end the decoders
    threads.shutdown(wait=False, cancel_futures=True)
    processes.dismiss()
    threads.shutdown(wait=True)
