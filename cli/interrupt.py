"""Ctrl-C that waits for a place where nothing can lose it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], None]]:
    """Holds the first SIGINT back until the function that it yields is called; a second one ends the process at once.

    Python raises KeyboardInterrupt wherever it happens to be: in a callback of a library or in a destructor it is lost,
    in an import it may come out as another error. An error after the first SIGINT, such as that of a decoder process
    which got it while it started, counts as its consequence. Where SIGINT is ignored, as under nohup, it stays so.

    Raises:
        KeyboardInterrupt: at a call of that function, or in the place of an error, once SIGINT came.
    """
    before = signal.getsignal(signal.SIGINT)
    came = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with suppress(OSError):  # not through sys.stderr, which may be in the midst of a line
            os.write(2, b"stopping at the next step; a second interrupt ends it at once\n")

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, hold)
    try:
        yield check
    except Exception:
        check()
        raise
    finally:
        signal.signal(signal.SIGINT, before)
