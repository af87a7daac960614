"""What a decoder process and its parent say to each other: JSON for the facts, raw bytes for files and pixels.

A message is a head of two big-endian 32-bit lengths, a JSON object, and bytes:

    ready   {}                                        once the imports are done
    asked   {"want"}                                  and the file
    answer  {"format", "width", "height",
             "lines": [[width, place], ...]}          and the pixels of the views and of the lines, or
            {"columns", "rows"}                       and the pixels of the art, or
            {"code", "text"}                          when it is unreadable, or
            {"fault"}                                 when the renderer is not installed
"""

from __future__ import annotations

import io
import json
import struct
from typing import Any, Literal

from logo_retrieval.fields import read_object

Want = Literal["whole", "all views", "views and lines", "art"]
"""The view of the whole drawing, its parts as well, what may be writing as well, or the drawing on no ground, for
training."""

_HEAD = struct.Struct(">II")


def send(stream: io.BufferedRWPair, message: dict[str, Any], data: bytes) -> None:
    """Sends one message.

    Raises:
        OSError: the other end is gone, or does not read in time.
    """
    text = json.dumps(message).encode()
    stream.write(_HEAD.pack(len(text), len(data)) + text)
    stream.write(data)
    stream.flush()


def receive(stream: io.BufferedRWPair) -> tuple[dict[str, Any], bytes] | None:
    """Receives one message; None when the other end hangs up, even in the middle.

    Raises:
        OSError: the other end is gone, or does not send in time.
        ValueError: it sends something else.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    text_size, data_size = _HEAD.unpack(head)
    text = stream.read(text_size)
    data = stream.read(data_size)
    if len(text) < text_size or len(data) < data_size:
        return None
    return read_object(text), data
