"""A decoder process: takes files over a socket, sends back views. Started by `DecoderPool` alone.

The socket is file descriptor 0 at the start; it is moved out of the way, so that nothing that a library prints gets
into it.
"""

from __future__ import annotations

import gc
import io
import os
import resource
import signal
import sys
import time
import types
import warnings
from typing import Any

from PIL import Image

from logo_retrieval.errors import BackendError, UnreadableImage
from logo_retrieval.images.decode import decode_art, decode_views
from logo_retrieval.images.pool.protocol import Want, receive, send
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.sniff import MAX_PIXELS

MAX_ADDRESS_SPACE = 1_500_000_000


def main(preparation: dict[str, Any], cpu_limit_s: int) -> None:
    """Serves until the other end hangs up.

    Args:
        preparation: of `Preparation`.
        cpu_limit_s: whole seconds of CPU time for one file; past them the kernel ends this process with SIGXCPU.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to act on
    stream = _take_over_standard_input()
    _lower_limit(resource.RLIMIT_CORE, 0)
    _lower_limit(resource.RLIMIT_AS, MAX_ADDRESS_SPACE)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    rules = Preparation.from_dict(preparation)
    if rules.engine == "resvg":
        _spare_metadata()
    gc.freeze()  # what was imported stays
    gc.enable()
    send(stream, {}, b"")
    while (message := receive(stream)) is not None:
        asked, data = message
        _lower_limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + cpu_limit_s)
        answer, pixels = _answer(data, rules, asked["want"])
        send(stream, answer, pixels)


def _answer(data: bytes, preparation: Preparation, want: Want) -> tuple[dict[str, Any], bytes]:
    try:
        if want == "art":
            art = decode_art(data, preparation)
            return {"columns": art.columns, "rows": art.rows}, art.pixels
        found = decode_views(data, preparation, all_views=want != "whole", lines=want == "views and lines")
        size = {"width": found.width, "height": found.height}
        return {"format": found.format, **size, "lines": found.lines}, found.pixels
    except UnreadableImage as fault:
        return {"code": fault.code, "text": fault.text}, b""
    except BackendError as fault:
        return {"fault": str(fault)}, b""


def _take_over_standard_input() -> io.BufferedRWPair:
    """The socket on a descriptor of its own; 0 and 1 lead nowhere from now on."""
    connection = os.dup(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return io.BufferedRWPair(io.FileIO(connection, "r", closefd=False), io.FileIO(connection, "w"))


def _spare_metadata() -> None:
    """Keeps importlib.metadata out of this process.

    resvg asks it for a version number that nobody here reads, and for that it would import email, zipfile and sockets,
    which take longer than all the rest of a start.
    """
    metadata = types.ModuleType("importlib.metadata")
    metadata.version = lambda distribution_name: ""  # type: ignore[attr-defined]
    sys.modules["importlib.metadata"] = metadata


def _lower_limit(kind: int, value: int) -> None:
    """Sets a soft limit, as far as the hard one lets it."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
