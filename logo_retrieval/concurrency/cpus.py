"""How many cores there are to use, and what they can."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")
_QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))
"""Where control groups, of version 2 and of version 1, say what a container may use: microseconds of CPU time a period,
"max" or -1 where there is no bound, and the period."""

_FACTS = Path("/proc/cpuinfo")


def usable_cores() -> int:
    """Counts the cores that this process may use, which an affinity or the quota of a container may bound."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for files in _QUOTAS:
        with contextlib.suppress(OSError, ValueError):
            quota, period = map(int, " ".join((_GROUP / file).read_text() for file in files).split())
            if quota > 0:
                cores = min(cores, max(1, math.ceil(quota / period)))
    return cores


def adds_bytes_exactly() -> bool:
    """Whether the processor is known to add products of 8-bit integers in 32 bits at once (VNNI).

    Those before it add pairs of them in 16 bits first, which overflows.
    """
    try:
        return "vnni" in _FACTS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return False
