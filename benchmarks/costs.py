"""What programs cost: seconds of CPU and of wall time, and the memory of the largest process."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Collection, Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    """Of a command: CPU seconds with its child processes, and the memory of the largest process in MB (2^20 bytes)."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def cost_of(command: Sequence[str], fine: Collection[int] = (0,)) -> Cost:
    """Runs a command whose output nobody needs; it must end with one of the exit codes that are fine."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in fine:
        raise SystemExit(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def cpu_s(who: int = resource.RUSAGE_SELF) -> float:
    """User and system seconds so far, of this process or of `resource.RUSAGE_CHILDREN`, those that have ended."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
