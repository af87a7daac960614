"""What finding duplicates costs in a large index: `python benchmarks/duplicates_speed.py [--output JSON]`.

Indexes of two sizes, one four times the other, of made-up unit vectors; three of ten are copies of an earlier one, from
nearly the same to less alike than the threshold. Timed is the whole command on each, and its largest memory. Where all
pairs are compared, time grows with the square of the number; memory need not.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from costs import cost_of
from enrolment_speed import lay_index
from small import options, parsed
from surroundings import write_result

from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.types import TRAITS

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
        name, own = f"all/{place}.svg", vectors[place : place + 1]
        number = int(rng.integers(1 << 62))
        yield StoredItem(
            name, "all", name, rng.bytes(32), StoredDrawing(number, rng.bytes(TRAITS), rng.bytes(900), own)
        )


def measured(n_items: int) -> dict[str, Any]:
    """The command on an index of so many: seconds of wall time and CPU, and largest memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        lay_index(Path(folder), ["all"], partial(made_up_items, n_items))
        cost = cost_of([sys.executable, "-m", "logo_retrieval_cli", "duplicates", "--index", folder])
    figures = {"wall_s": round(cost.wall_s, 1), "cpu_s": round(cost.cpu_s, 1), "memory_mb": round(cost.peak_mb)}
    return {"items": n_items, **figures}


def main() -> None:
    """Measures both sizes, writes, shows."""
    arguments = parsed(options(__doc__, output="duplicates_speed.json"))
    n_items = SMALL if arguments.small else ITEMS
    small, large = measured(n_items // SMALLER), measured(n_items)
    ratios = {name: round(large[name] / small[name], 2) for name in small}
    write_result(arguments.output, "duplicates within a large index", {"runs": [small, large], "ratios": ratios})
    print(small, large, ratios, sep="\n")


if __name__ == "__main__":
    main()
