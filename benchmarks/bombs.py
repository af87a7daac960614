"""What each bomb costs a decoder process: behind the whole guard, and behind one that caps nothing.

    python benchmarks/bombs.py [--output JSON]

Bombs are those of `bomb_drawings`. Each is decoded by a pool of its own, and a plain drawing after it, which tells
whether the batch goes on. Seconds and bytes are those of the pool's workers together, their start included: the row
"nothing" tells what that is. What the caps let through is decoded once.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import Any

from bomb_drawings import BOMBS, NEARLY, svg
from small import options, parsed
from surroundings import write_result

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.guard import guard
from logo_retrieval.images.pool import processes
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation

PLAIN = svg('<circle cx="40" cy="40" r="30" fill="#06c"/>')

SMALL = 2
"""Bombs of a small run."""

_UNCAPPED = """
import logo_retrieval.images.guard.guard as guard
guard.check_caps = lambda *drawing: None
"""


def decoded(data: bytes, capped: bool) -> dict[str, Any]:
    """What became of one drawing, and what it cost. To be run in a process that has had no other children.

    Args:
        data: the drawing.
        capped: whether the guard caps what it asks for.

    Returns:
        `end`: "drawn", even if what is drawn is blank, or the reason why not; `goes_on`: whether the next drawing had
        its answer.
    """
    if not capped:
        path, _, main = processes._START.partition("from logo_retrieval")
        processes._START = f"{path}{_UNCAPPED}from logo_retrieval{main}"
    with DecoderPool(Preparation(), processes=1) as pool:
        start = time.perf_counter()
        ends = list(pool.decode([data, PLAIN], all_views=True))
        wall_s = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "end": str(ends[0]) if isinstance(ends[0], UnreadableImage) and ends[0].code != "empty" else "drawn",
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "wall_s": round(wall_s, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
        "goes_on": not isinstance(ends[1], UnreadableImage),
    }


def guarded_ms(data: bytes) -> float:
    """CPU time that the guard takes, whatever it says."""
    start = time.process_time()
    try:
        guard(data)
    except UnreadableImage:
        pass
    return round(1000 * (time.process_time() - start), 1)


def gather() -> dict[str, bytes]:
    """All bombs by name."""
    found = {"nothing": PLAIN} | {name: svg(body) for name, body in BOMBS.items()}
    return found | {f"nearly: {name}": svg(body) for name, body in NEARLY.items()}


def summary(bombs: dict[str, dict[str, Any]], kind: str) -> dict[str, int]:
    """How many ended in which way."""
    ends = [bomb[kind] for bomb in bombs.values()]
    stopped = [end["end"].partition(":")[0] for end in ends]
    return {
        "drawn under 1 s": sum(end["end"] == "drawn" and end["cpu_s"] < 1 for end in ends),
        "drawn slower": sum(end["end"] == "drawn" and end["cpu_s"] >= 1 for end in ends),
        "ended by the clock": stopped.count("timeout"),
        "crashed": stopped.count("crashed"),
        "refused": sum(end not in ("drawn", "timeout", "crashed") for end in stopped),
        "batch stopped": sum(not end["goes_on"] for end in ends),
    }


def main() -> None:
    """Runs the benchmark, prints and writes its result."""
    arguments = parsed(options(__doc__, output="bombs.json"))
    bombs: dict[str, dict[str, Any]] = {}
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as measuring:
        for name, data in islice(gather().items(), SMALL if arguments.small else None):
            bomb: dict[str, Any] = {
                "guard_ms": guarded_ms(data),
                "guard": measuring.submit(decoded, data, True).result(),
            }
            refused = bomb["guard"]["end"].startswith("unsafe")
            bomb["worker alone"] = measuring.submit(decoded, data, False).result() if refused else bomb["guard"]
            bombs[name] = bomb
            print(name, json.dumps(bombs[name]), flush=True)
    sums = {kind: summary(bombs, kind) for kind in ("guard", "worker alone")}
    write_result(arguments.output, "bombs", {**sums, "bombs": bombs})
    print(json.dumps(sums, indent=2))


if __name__ == "__main__":
    main()
