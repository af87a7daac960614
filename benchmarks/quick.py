"""What a first look in integers saves, and what it changes: `python benchmarks/quick.py MODEL [--output JSON]`.

MODEL is the measured one, with a quick graph (`export_starter.py WORK`). Gallery, fit of the decision and queries are
those of `logobench.py`. By the quick vectors of a query alone, and where those in doubt are looked at again by exact
ones: how many answers are the exact ones', macro F2, and how many are looked at again. The width of the doubt is chosen
on the validation part, and stated for the test part too. CPU of both networks as they ship, in turn, on the same views.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from embedded import Embedded, embed_all, embed_degraded, embed_drawn, sources_of
from logobench import WORN, Asked, SplitRows, ask, fitted_on, index_of, texts_of
from logobench_data import LogoBench, default_cache
from small import bench_of, parsed
from surroundings import RESULTS, surroundings

from logo_retrieval.embedding import Embedder, load_embedder, load_quick_embedder
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.evaluation.metrics import macro_f_beta
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.inference.doubt import in_doubt
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT
from logo_retrieval.inference.snapshot import IndexSnapshot
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import opened_model, starter_model
from logo_retrieval.open_set.fusion import named
from logo_retrieval.types import BoolArray, Float64Array, Int64Array, UInt8Array

WIDTHS = (0.25, 0.5, 1.0, 2.0)
"""Log-odds, of the doubt."""

TIMED = 256
ROUNDS = 7


def agreement(
    held: IndexSnapshot, thresholds: Float64Array, exact: Sequence[Asked], quick: Sequence[Asked]
) -> dict[str, Any]:
    """Of some queries: agreement, macro F2 and the share looked at again, by the width of the doubt."""
    true = np.concatenate([each.true for each in exact])
    found: dict[str, Any] = {"drawings": len(true)}
    classes = np.unique(true)
    labels = [
        np.concatenate([named(each.scores.log_odds, held.other, thresholds) for each in side])
        for side in (exact, quick)
    ]
    found["macro_f2"] = {"exact": round(macro_f_beta(true, labels[0], classes), 4)}
    for width in (0.0, *WIDTHS):
        again = [looked_at_again(each, held, thresholds, width) for each in quick] if width else []
        taken = np.concatenate(again) if again else np.zeros(len(true), bool)
        label = np.where(taken, *labels)
        found[str(width)] = {
            "agree": round(float((label == labels[0]).mean()), 4),
            "macro_f2": round(macro_f_beta(true, label, classes), 4),
            "looked_at_again": round(float(taken.mean()), 4),
        }
    return found


def looked_at_again(asked: Asked, held: IndexSnapshot, thresholds: Float64Array, width: float) -> BoolArray:
    """(n,) whether a query is in doubt."""
    again = np.zeros(len(asked.true), bool)
    again[in_doubt(asked.scores.log_odds, asked.scores.features.nearest, held.other, thresholds, width)] = True
    return again


def cosines(exact: Embedded, quick: Embedded, rows: Int64Array) -> dict[str, float]:
    """Of the quick vectors of some drawings with the exact ones: the least, and some quantiles."""
    rows = np.intersect1d(rows, quick.owners)
    found = np.sum(exact.of(rows, all_views=True)[0] * quick.of(rows, all_views=True)[0], axis=1)
    return {str(share): round(float(np.quantile(found, share)), 4) for share in (0.0, 0.01, 0.05, 0.5)}


def views_of(bench: LogoBench, rows: Int64Array, size_px: int) -> UInt8Array:
    """Whole drawings."""
    with DecoderPool(Preparation(size_px=size_px)) as pool:
        images = pool.decode(sources_of(bench, rows, None), all_views=False)
        return np.concatenate([image.views for image in images if not isinstance(image, UnreadableImage)])


def cpu_ms(embedders: dict[str, Embedder], views: UInt8Array, rounds: int) -> dict[str, float]:
    """Medians of CPU time a view, and of the ratio."""
    spent: dict[str, list[float]] = {name: [] for name in embedders}
    for turn in range(rounds + 1):
        for name, embedder in embedders.items():
            start = time.process_time()
            embedder.embed(views)
            if turn:
                spent[name].append(1000 * (time.process_time() - start) / len(views))
    ratios = [quick / exact for quick, exact in zip(spent["quick"], spent["exact"], strict=True)]
    return {name: round(median(each), 2) for name, each in spent.items()} | {"ratio": round(median(ratios), 3)}


def run(bench: LogoBench, bundle: ModelBundle, cache: Path, small: bool) -> dict[str, Any]:
    """Embeds twice, asks twice, compares."""
    rooms = SplitRows.of(bench)
    rows = np.union1d(rooms.val, rooms.all)
    texts = texts_of(bench, cache)
    drawn = embed_all(bench, bundle, cache)
    worn = embed_degraded(bench, rows, WORN, bundle, cache)
    quick = embed_drawn(bench, rows, bundle, cache, load_quick_embedder)
    quick_worn = embed_degraded(bench, rows, WORN, bundle, cache, load_quick_embedder)
    sides = [(drawn, worn), (quick, quick_worn)]
    knowledge, _ = fitted_on(bench, drawn, worn, rooms, bundle, texts)
    held = index_of(bench, drawn, rooms.train, knowledge)
    thresholds = knowledge.thresholds(DEFAULT_FALSE_ACCEPT, held.profile)
    assert thresholds is not None  # noqa: S101 - it was fitted with unknown logos

    def asked(part: Int64Array) -> list[list[Asked]]:
        return [
            [ask(bench, held, knowledge, source, part, read) for source, read in zip(side, texts, strict=True)]
            for side in sides
        ]

    views = views_of(bench, rooms.val[:TIMED], bundle.config.input_size_px)
    shipped = starter_model()
    embedders = {"exact": load_embedder(shipped), "quick": load_quick_embedder(shipped)}
    return {
        "model": {"name": bundle.config.name, "digest": bundle.digest},
        "cosine": {"as drawn": cosines(drawn, quick, rows), "degraded": cosines(worn, quick_worn, rows)},
        "validation": agreement(held, thresholds, *asked(rooms.val)),
        "test": agreement(held, thresholds, *asked(rooms.all)),
        "cpu_ms_a_view": cpu_ms(embedders, views, 1 if small else ROUNDS),
    }


def main() -> None:
    """Runs, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model bundle with a quick graph, or as `--model` of `build-index`")
    parser.add_argument("--output", type=Path, default=RESULTS / "quick.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parsed(parser)
    with opened_model(arguments.model) as bundle:
        bench, cache = bench_of(arguments)
        results = {
            "benchmark": "a first look in integers",
            **surroundings(),
            **run(bench, bundle, cache, arguments.small),
        }
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
