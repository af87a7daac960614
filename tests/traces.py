"""Many byte strings looked for in a large file at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_START = 8


def found_in(content: bytes, traces: Iterable[bytes]) -> list[bytes]:
    """Those that occur in the content; each must have eight bytes or more."""
    traces = list(traces)
    assert all(len(each) >= _START for each in traces)
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(content, np.uint8), _START)
    starts = np.ascontiguousarray(windows).view(np.uint64).ravel()
    wanted = np.array([each[:_START] for each in traces], f"S{_START}").view(np.uint64)
    return [each for each, there in zip(traces, np.isin(wanted, starts), strict=True) if there and each in content]
