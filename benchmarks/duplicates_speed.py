"""What finding duplicates costs in a large index: `python benchmarks/duplicates_speed.py`.

Indexes of two sizes, one four times the other, of made-up unit vectors; three of ten are copies of an earlier one, from
nearly the same to less alike than the threshold. Timed is the whole command on each, and its largest memory. Where all
pairs are compared, time grows with the square of the number; memory need not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from enrolment_speed import lay_index
from small import parsed
from surroundings import RESULTS, surroundings

from logo_retrieval.store.stored import StoredItem

ITEMS, SMALL = 100_000, 400
SMALLER = 4
COPIES = 0.3
LEAST_ALIKE = 0.7
_SEED = 2018


def made_up_items(n_items: int, dim: int) -> Iterator[StoredItem]:
    """Items of one class, some of them copies."""
    rng = np.random.default_rng(_SEED)
    vectors = np.zeros((n_items, dim), np.float32)
    for place in range(n_items):
        vector = rng.standard_normal(dim)
        vector /= np.linalg.norm(vector)
        if place and rng.random() < COPIES:
            model = vectors[rng.integers(place)]
            vector -= (vector @ model) * model
            cosine = rng.uniform(LEAST_ALIKE, 1)
            vector = cosine * model + np.sqrt(1 - cosine**2) * vector / np.linalg.norm(vector)
        vectors[place] = vector / np.linalg.norm(vector)
        name = f"all/{place}.svg"
        yield StoredItem(
            name, "all", name, rng.bytes(32), int(rng.integers(1 << 62)), rng.bytes(900), vectors[place : place + 1]
        )


def measured(folder: Path) -> dict[str, Any]:
    """The command on an index: seconds of wall time and CPU, largest memory in MB, and what it says it found."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "logo_retrieval_cli", "duplicates", "--index", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101
        lines = sum(bool(line.strip()) for line in process.stdout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the command ended with {process.returncode}")
    return {
        "wall_s": round(time.perf_counter() - started, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "memory_mb": round(usage.ru_maxrss / 1024),
        "lines": lines,
    }


def run(n_items: int) -> dict[str, Any]:
    """Builds both, measures each."""
    sizes = (n_items // SMALLER, n_items)
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for size in sizes:
            folder = Path(scratch) / str(size)
            lay_index(folder, ["all"], partial(made_up_items, size))
            found.append({"items": size, **measured(folder)})
    small, large = found
    return {
        "benchmark": "duplicates within a large index",
        **surroundings(),
        "runs": found,
        "ratios": {name: round(large[name] / small[name], 2) for name in ("items", "wall_s", "cpu_s", "memory_mb")},
        "all_similarities_mb": round(4 * n_items**2 / 1e6),
    }


def main() -> None:
    """Runs, writes, shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--output", type=Path, default=RESULTS / "duplicates_speed.json")
    arguments = parsed(parser)
    results = run(SMALL if arguments.small else arguments.items)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name in ("runs", "ratios", "all_similarities_mb"):
        print(name, results[name])


if __name__ == "__main__":
    main()
