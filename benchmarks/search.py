"""From how many vectors on FAISS is worth its import: `python benchmarks/search.py [--output JSON]`.

Vectors of unit length by lot, as wide as the starter's, and a hundred neighbours of each query, as `classify` asks for.
numpy and FAISS search in turn, in one process; stated are medians of CPU time, their ratio, and how long the import of
FAISS takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from small import parsed
from surroundings import RESULTS, surroundings

from logo_retrieval.open_set.evidence import NEIGHBOURS
from logo_retrieval.packed import unit
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.types import Float32Array

DIM = 256
ROWS = (1_000, 6_000, 20_000, 50_000, 200_000)
BATCHES = (1, 8, 64, 256)
RUNS = 15
IMPORTS = {"numpy": "import numpy", "numpy and faiss": "import numpy, faiss"}
SEED = 0


def cpu_s(index: VectorIndex, queries: Float32Array) -> float:
    """CPU seconds of a search."""
    start = time.process_time()
    index.search(queries, NEIGHBOURS)
    return time.process_time() - start


def drawn(chance: np.random.Generator, n: int) -> Float32Array:
    """(n, d) unit vectors."""
    return unit(chance.standard_normal((n, DIM), dtype=np.float32))


def import_s(n_runs: int) -> dict[str, float]:
    """Median CPU seconds of a Python program that imports."""
    found = {}
    for name, code in IMPORTS.items():
        timed = f"import time; {code}; print(time.process_time())"
        runs = [subprocess.run([sys.executable, "-c", timed], capture_output=True, check=True) for _ in range(n_runs)]
        found[name] = round(median(float(run.stdout) for run in runs), 3)
    return found


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=RESULTS / "search.json")
    arguments = parsed(parser)
    chance = np.random.default_rng(SEED)
    tables: list[dict[str, Any]] = []
    n_runs = 1 if arguments.small else RUNS
    for rows in ROWS[:1] if arguments.small else ROWS:
        vectors, ids = drawn(chance, rows), np.arange(rows)
        indexes: dict[str, VectorIndex] = {"numpy": ExactIndex(vectors, ids), "faiss": FaissIndex.build(vectors, ids)}
        for batch in BATCHES:
            queries = drawn(chance, batch)
            times: dict[str, list[float]] = {name: [] for name in indexes}
            for _ in range(n_runs):
                for name, index in indexes.items():
                    times[name].append(cpu_s(index, queries) / batch)
            entry = {name: round(1000 * median(values), 3) for name, values in times.items()}
            tables.append({"vectors": rows, "batch": batch, "cpu_ms_a_query": entry})
            print(
                f"{rows:>8,} vectors, {batch:>3} queries: {entry}, faiss / numpy {entry['faiss'] / entry['numpy']:.2f}"
            )
    report = {**surroundings(), "neighbours": NEIGHBOURS, "import_cpu_s": import_s(n_runs), "search": tables}
    print(report["import_cpu_s"])
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
