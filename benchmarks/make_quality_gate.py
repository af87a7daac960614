"""Makes the fixture of the quality gate: `python benchmarks/make_quality_gate.py WORK`, after `export_starter.py WORK`.

Embeddings by the held-out network, 8 bits a number, and traits: some drawings of each company that it knows and of
`other`, some of its targets, and as queries drawings by artists, of brands and of companies that it has not seen, with
what is read on them. A test asks them of the weights that ship, and has a floor for each figure, so that a worse
decision does not pass.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from calibration import LEAST_DRAWINGS
from logobench_data import OTHER
from networks import BRANDS, CLEAN, NOVEL_CLEAN, Queries, both_networks
from small import options

from logo_retrieval.packed import packed
from logo_retrieval.types import Int64Array

FILE = Path(__file__).resolve().parents[1] / "tests" / "open_set" / "held_out.npz"
OF_EACH, OF_OTHER, TARGETS = 6, 300, 500
KNOWN, UNKNOWN, NOVEL, OF_NOVEL = 260, 260, 20, 8
SEED = 0


def some(chance: np.random.Generator, rows: Int64Array, most: int) -> Int64Array:
    """At most so many of some rows by lot, in their order."""
    return np.sort(chance.choice(rows, min(most, len(rows)), replace=False))


def arrays_of(queries: Queries, name: str) -> dict[str, np.ndarray]:
    """What a test needs of some queries."""
    return {
        f"{name}_vectors": packed(queries.vectors),
        f"{name}_traits": queries.traits,
        f"{name}_owners": queries.owners.astype(np.int16),
        f"{name}_labels": queries.labels.astype(np.str_),
        f"{name}_texts": np.array(
            [json.dumps([[line.text, round(line.confidence, 3)] for line in each]) for each in queries.texts]
        ),
    }


def main() -> None:
    """Chooses by lot, writes."""
    arguments = options(__doc__, cache=True, work="folder that `export_starter.py` has filled").parse_args()
    _, network = both_networks(arguments.work, arguments.cache)
    chance = np.random.default_rng(SEED)
    seen = network.gallery(others="seen")
    seen = seen[network.parts[seen] == "train"]
    gallery = np.concatenate(
        [
            some(chance, seen[network.labels[seen] == name], OF_OTHER if name == OTHER else OF_EACH)
            for name in network.classes
        ]
    )
    assert network.head is not None  # noqa: S101
    targets = np.array(network.head.classes)
    kept = np.concatenate([np.flatnonzero(targets != OTHER), some(chance, np.flatnonzero(targets == OTHER), TARGETS)])
    known = network.queries(network.drawn, network.unseen, CLEAN)
    known = known.only(some(chance, np.flatnonzero(known.labels != OTHER), KNOWN))
    novel = network.wide_queries(network.further, network.brands, NOVEL_CLEAN, named=True)
    names, counts = np.unique(novel.labels, return_counts=True)
    enrolled = some(chance, np.flatnonzero(counts >= LEAST_DRAWINGS + 1), NOVEL)
    rows = [some(chance, np.flatnonzero(novel.labels == names[each]), OF_NOVEL) for each in enrolled]
    unknown = network.wide_queries(network.further, network.brands, BRANDS, named=False)
    strangers = np.flatnonzero(~np.isin(unknown.groups, names[enrolled]))
    arrays = dict(
        gallery_vectors=packed(network.drawn.of(np.sort(gallery), all_views=False)[0]),
        gallery_traits=network.drawn.traits_of(gallery, all_views=False),
        gallery_labels=network.labels[np.sort(gallery)].astype(np.str_),
        head_vectors=packed(network.head.vectors[kept]),
        head_classes=targets[kept].astype(np.str_),
        names=np.array(json.dumps(network.names)),
        scale=np.array(
            [getattr(network.scale, name) for name in ("nearest_low", "nearest_high", "head_low", "head_high")]
        ),
        **arrays_of(known, "known"),
        **arrays_of(novel.only(np.sort(np.concatenate(rows))), "novel"),
        **arrays_of(unknown.only(some(chance, strangers, UNKNOWN)), "unknown"),
    )
    np.savez_compressed(FILE, allow_pickle=False, **arrays)
    print(f"{FILE.name}: {FILE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
