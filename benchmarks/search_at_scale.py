"""Kinds of search by the size of the gallery: `python benchmarks/search_at_scale.py [--rows N]... [--output JSON]`.

The gallery is made of real embeddings, those of the starter and of the wide set, widened as `widened.py` says. Half of
the queries show brands of the gallery in drawings that are not in it, half show brands that it does not have. How near
neighbours come is stated for the real drawings too, and for a widened gallery as large as they are.

Each kind is built in a process of its own, kept in files, and opened in another one, where it is asked. Stated are CPU
seconds, one thread of BLAS and FAISS, medians of single queries; memory of the process that answers, mapped files
apart; and of what an exact search finds the share that is found, where equally near neighbours count alike. A peer that
is not installed is left out. A size that was measured is added to the file, beside those that were measured before.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from embedded import embed_wide
from logobench_data import default_cache
from search_kinds import OURS, Kind
from search_peers import PEERS
from small import parsed, wide_of
from surroundings import RESULTS, surroundings
from widened import Real, Widened

from logo_retrieval.models.resolve import starter_index, starter_model
from logo_retrieval.open_set.evidence import NEIGHBOURS
from logo_retrieval.packed import units_of
from logo_retrieval.search.halves import halves_of
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import OTHER, Float32Array, Int64Array

KINDS = OURS + PEERS
ROWS = (6_000, 20_000, 50_000, 100_000, 200_000, 1_000_000)
SMALL = (2_000,)
DRAWINGS_A_BRAND = 100
QUERIES, BATCH, CHANGED = 512, 256, 100
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
RANKS = (1, 10, 100)
LONGEST_S = 15
_EQUAL = 1e-6
_BLOCK = 100_000
SEED = 0
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def real_drawings(arguments: argparse.Namespace) -> Real:
    """The drawings of the starter, of `other` each a brand of its own, and those of the wide set."""
    with IndexStore(starter_index()) as store:
        held = store.snapshot()
    if held.vectors is None:
        raise SystemExit("the starter has no vectors")
    labels = held.labels_of(np.arange(len(held.vectors)))
    brands = [f"{OTHER} {place}" if label == OTHER else label for place, label in enumerate(labels)]
    wide = wide_of(arguments)
    further = embed_wide(wide, np.arange(len(wide)), None, starter_model(), arguments.cache)
    brands += [f"wide {wide[owner].brand}" for owner in further.owners[further.whole]]
    return Real.of(np.concatenate([held.vectors, further.vectors[further.whole]]), brands)


def nearest(queries: Float32Array, gallery: Float32Array, k: int) -> Float32Array:
    """(n, k) the largest products with a gallery, the largest first."""
    found = np.full((len(queries), k), -1, np.float32)
    for start in range(0, len(gallery), _BLOCK):
        products = np.concatenate([found, queries @ gallery[start : start + _BLOCK].T], axis=1)
        found = np.partition(products, -k, axis=1)[:, -k:]
    return -np.sort(-found, axis=1)


def spread(near: Float32Array) -> dict[str, list[float]]:
    """Quantiles of how near the neighbours of some ranks are."""
    ranks = [rank for rank in RANKS if rank <= near.shape[1]]
    return {f"rank {rank}": np.quantile(near[:, rank - 1], QUANTILES).round(3).tolist() for rank in ranks}


def spread_of_real(real: Real, chance: np.random.Generator) -> dict[str, Any]:
    """How near real drawings come to others of their brand or not, and to those of other brands."""
    known = chance.permutation(np.flatnonzero(np.repeat(real.counts, real.counts) > 1))[:QUERIES]
    among_all = real.vectors[known] @ real.vectors.T
    among_all[np.arange(len(known)), known] = -1
    unknown = chance.permutation(len(real.vectors))[:QUERIES]
    among_others = real.vectors[unknown] @ real.vectors.T
    among_others[real.brands[unknown][:, None] == real.brands] = -1
    return {
        name: spread(-np.sort(-products, axis=1)[:, : RANKS[-1]])
        for name, products in (("known brand", among_all), ("unknown brand", among_others))
    }


def gallery_of(real: Real, n_rows: int, n_brands: int, sizes: np.ndarray | None = None) -> tuple[Float32Array, ...]:
    """(n, d) drawings, and queries of brands that are among them and of such as are not."""
    chance = np.random.default_rng(SEED + n_rows)
    brands = Widened(real, n_brands + n_brands // 4 + 1, SEED)
    lot = chance.permutation(n_brands + n_brands // 4 + 1)
    shown = chance.integers(0, n_brands, n_rows) if sizes is None else np.repeat(np.arange(n_brands), sizes)
    known, unknown = chance.choice(shown, QUERIES // 2), chance.integers(n_brands, len(lot), QUERIES // 2)
    gallery, *queries = (brands.drawings(lot[each], chance) for each in (shown, known, unknown))
    return gallery, *queries


def in_process(work: Callable[..., Any], *given: object) -> Any:  # noqa: ANN401 - what the work says
    """What some work in a process of its own says."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_told, args=(work, given, there))
    process.start()
    there.close()
    try:
        return here.recv()
    except EOFError as error:
        raise SystemExit(f"{work.__name__} of {given} failed") from error
    finally:
        process.join()


def _told(work: Callable[..., Any], given: tuple[object, ...], there: Connection) -> None:
    there.send(work(*given))


def built(kind: type[Kind], folder: Path, kept: Path) -> float:
    """CPU seconds of building and keeping."""
    halves = np.load(folder / "gallery.npy")
    start = time.process_time()
    kind.keep(halves, kept)
    return time.process_time() - start


def asked(kind: type[Kind], folder: Path, kept: Path) -> dict[str, Any]:
    """What an opened index costs and finds."""
    queries, fresh = (np.load(folder / f"{what}.npy") for what in ("queries", "fresh"))
    start, before = time.process_time(), memory_mb()
    index = kind(kept)
    index.rows(queries[:1], NEIGHBOURS)
    first = time.process_time() - start
    times, found = [], []
    for query in queries:
        start = time.process_time()
        found.append(index.rows(query[None], NEIGHBOURS)[0])
        times.append(time.process_time() - start)
        if sum(times) > LONGEST_S:  # so many say enough
            break
    start = time.process_time()
    index.rows(queries[:BATCH], NEIGHBOURS)
    together = (time.process_time() - start) / BATCH
    memory = memory_mb() - before
    start = time.process_time()
    index.append(fresh)
    appended = time.process_time() - start
    start = time.process_time()
    can_remove = index.remove(np.arange(0, 10 * CHANGED, 10))
    removed = time.process_time() - start
    return {
        "memory_mb": round(memory),
        "open_to_first_answer_s": round(first, 3),
        "cpu_ms_a_query": {"1": round(1000 * median(times), 3), str(BATCH): round(1000 * together, 3)},
        "recall": recall(np.stack(found), queries[: len(found)], folder),
        "append_ms": round(1000 * appended, 2),
        "remove_ms": round(1000 * removed, 2) if can_remove else None,
    }


def recall(found: Int64Array, queries: Float32Array, folder: Path) -> dict[str, dict[str, float]]:
    """Of the nearest of each rank on the share that is found, of known and of unknown brands."""
    halves, exact = np.load(folder / "gallery.npy", mmap_mode="r"), np.load(folder / "exact.npy")
    near = np.stack([units_of(halves[rows]) @ query for rows, query in zip(found, queries, strict=True)])
    near, exact = -np.sort(-near, axis=1), exact[: len(near)] - _EQUAL
    return {
        part: {
            f"@{rank}": round(float((near[rows, :rank] >= exact[rows, rank - 1 : rank]).mean()), 4) for rank in RANKS
        }
        for part, rows in (("known", slice(0, None, 2)), ("unknown", slice(1, None, 2)))
    }


def memory_mb(kind: str = "RssAnon") -> float:
    """Of this process, by default without mapped files."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


def measured(real: Real, n_rows: int) -> dict[str, Any]:
    """All kinds with a gallery of one size."""
    with tempfile.TemporaryDirectory() as name:
        folder, chance = Path(name), np.random.default_rng(SEED)
        gallery, known, unknown = gallery_of(real, n_rows, max(n_rows // DRAWINGS_A_BRAND, 20))
        queries = np.stack([known, unknown], axis=1).reshape(-1, gallery.shape[1])  # by turns
        halves = halves_of(gallery)
        exact = nearest(queries, units_of(halves), RANKS[-1])
        fresh = units_of(halves[chance.integers(0, n_rows, CHANGED)])
        np.save(folder / "gallery.npy", halves)
        for what, array in {"queries": queries, "exact": exact, "fresh": fresh}.items():
            np.save(folder / f"{what}.npy", array)
        near = {"known brand": spread(exact[::2]), "unknown brand": spread(exact[1::2])}
        del gallery, halves
        kinds = {}
        for kind in KINDS:
            if n_rows > kind.most or not kind.is_installed():
                continue
            kept = folder / "kept"
            kept.mkdir()
            build_s = in_process(built, kind, folder, kept)
            size = sum(file.stat().st_size for file in kept.iterdir())
            entry = {"build_s": round(build_s, 2), "disk_mb": round(size / 1e6, 1)}
            kinds[kind.name] = {**entry, **in_process(asked, kind, folder, kept)}
            shutil.rmtree(kept)
            print(f"{n_rows:>9,} {kind.name:24} {json.dumps(kinds[kind.name])}", flush=True)
    return {"rows": n_rows, "near": near, "kinds": kinds}


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help=f"sizes, by default {ROWS}")
    parser.add_argument("--output", type=Path, default=RESULTS / "search_at_scale.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parsed(parser)
    os.environ.update(dict.fromkeys(THREADS, "1"))  # of the processes that follow
    real, chance = real_drawings(arguments), np.random.default_rng(SEED)
    sizes = chance.permutation(real.counts)
    _, known, unknown = gallery = gallery_of(real, len(real.vectors), len(real.counts), sizes)
    spreads = {
        "real": spread_of_real(real, chance),
        "widened, as many": {
            "known brand": spread(nearest(known, gallery[0], RANKS[-1])),
            "unknown brand": spread(nearest(unknown, gallery[0], RANKS[-1])),
        },
    }
    for name, each in spreads.items():
        print(name, each, flush=True)
    before = json.loads(arguments.output.read_text(encoding="utf-8"))["sizes"] if arguments.output.is_file() else {}
    for rows in SMALL if arguments.small else arguments.rows or ROWS:
        before[str(rows)] = {**measured(real, rows), **surroundings()}
        report = {
            "drawings": len(real.vectors),
            "brands": len(real.counts),
            "quantiles": QUANTILES,
            "spread": spreads,
            "sizes": dict(sorted(before.items(), key=lambda item: int(item[0]))),
        }
        arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
