"""What the network in 8-bit integers saves, and what it changes: `python benchmarks/integers.py MODEL [--output JSON]`.

MODEL is the measured one (`export_starter.py WORK`), whose bundle holds its network in floats and in integers. Gallery,
fit of the decision and queries are those of `logobench.py`; gallery and queries are embedded by the one network, then
by the other. How many answers are the same where each names a company for 2 % of the unknown logos, macro F2 of both,
and the cosines between the vectors of both. CPU of both on the same views, in turn.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from bench_queries import WORN, SplitRows, ask, at_share, fitted_on, fused, index_of, rounded, texts_of
from embedded import Embedded, embed_all, embed_degraded, whole_views
from logobench_data import LogoBench
from small import bench_of, options, parsed
from surroundings import write_result
from written import Texts

from logo_retrieval.embedding import FP32, INT8, Embedder, load_embedder
from logo_retrieval.evaluation.measure import measure
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.types import Int64Array, UInt8Array

TIMED = 256
ROUNDS = 7
DRAWN, DEGRADED = "as drawn", "degraded"


def asked(
    bench: LogoBench, bundle: ModelBundle, cache: Path, texts: tuple[Texts, Texts], runtime: str
) -> tuple[dict[str, Embedded], dict[str, Any], dict[str, Int64Array]]:
    """With one network for everything: the vectors, the figures and the answers."""
    rooms = SplitRows.of(bench)
    drawn = embed_all(bench, bundle, cache, runtime)
    worn = embed_degraded(bench, np.union1d(rooms.val, rooms.all), WORN, bundle, cache, runtime)
    knowledge, _ = fitted_on(bench, drawn, worn, rooms, bundle, texts)
    held = index_of(bench, drawn, rooms.train, knowledge)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    figures, labels = {}, {}
    for kind, source, read in ((DRAWN, drawn, texts[0]), (DEGRADED, worn, texts[1])):
        query = ask(bench, held, knowledge, source, rooms.all, read)
        answers = at_share(fused(query, held.other), query.true, held.other)
        labels[kind] = answers.predicted
        found = measure(answers, query.true, held.other, groups=groups[query.rows])
        figures[kind] = {"drawings": len(query.rows), "macro_f2": rounded(found["macro_f2"])}
    return {DRAWN: drawn, DEGRADED: worn}, figures, labels


def cosines(floats: Embedded, integers: Embedded) -> dict[str, float]:
    """Between the vectors of the same views: the least, and some quantiles."""
    found = np.sum(floats.vectors * integers.vectors, axis=1)
    return {str(share): round(float(np.quantile(found, share)), 4) for share in (0.0, 0.01, 0.05, 0.5)}


def cpu_ms(embedders: dict[str, Embedder], views: UInt8Array, rounds: int) -> dict[str, float]:
    """Medians of CPU time a view, and of the ratio."""
    spent: dict[str, list[float]] = {name: [] for name in embedders}
    for turn in range(rounds + 1):
        for name, embedder in embedders.items():
            start = time.process_time()
            embedder.embed(views)
            if turn:
                spent[name].append(1000 * (time.process_time() - start) / len(views))
    ratios = [quick / slow for quick, slow in zip(spent[INT8], spent[FP32], strict=True)]
    return {name: round(median(each), 2) for name, each in spent.items()} | {"ratio": round(median(ratios), 3)}


def run(bench: LogoBench, bundle: ModelBundle, cache: Path, small: bool) -> dict[str, Any]:
    """Embeds twice, asks twice, compares."""
    texts = texts_of(bench, cache)
    found = {runtime: asked(bench, bundle, cache, texts, runtime) for runtime in (FP32, INT8)}
    (floats, _, labels), (integers, _, quick_labels) = found[FP32], found[INT8]
    views, _ = whole_views(bench, SplitRows.of(bench).val[:TIMED], None, bundle.config.input_size_px)
    embedders = {runtime: load_embedder(bundle, runtime=runtime) for runtime in found}
    return {
        "model": {"name": bundle.config.name, "digest": bundle.digest},
        "figures": {runtime: figures for runtime, (_, figures, _) in found.items()},
        "agree": {kind: round(float(np.equal(labels[kind], quick_labels[kind]).mean()), 4) for kind in labels},
        "cosine": {kind: cosines(floats[kind], integers[kind]) for kind in floats},
        "cpu_ms_a_view": cpu_ms(embedders, views, 1 if small else ROUNDS),
    }


def main() -> None:
    """Runs, prints, writes."""
    parser = options(__doc__, output="integers.json", cache=True)
    parser.add_argument("model", help="a model bundle with a network in integers, or as `--model` of `build-index`")
    arguments = parsed(parser)
    with opened_model(arguments.model) as bundle:
        bench, cache = bench_of(arguments)
        figures = run(bench, bundle, cache, arguments.small)
    write_result(arguments.output, "the network in integers", figures)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
