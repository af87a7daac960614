"""What grows with an index: `python benchmarks/growth.py [--index ROWS,CLASSES]... [--output JSON]`.

Whole indexes with the starter's model, with galleries widened from real embeddings by `widened.py` and thumbnails of
usual size; a fifth of the brands is `other`. Stated are CPU seconds with one thread of BLAS, and memory: of the first
opening, which prepares the index, and in another process of an opening up to the first answer, of an answer about one
picture, of its decision alone, of enrolling five drawings, of the answer after it, and of removing them. Of a thousand
decisions, half of them about brands that the index does not have, the share is stated that an exact search leaves as
they are. What an opened index costs is fitted as a + b rows + c classes. An index that was measured is added to the
file, beside those that were measured before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from enrolment_speed import drawings, lay_index
from logobench_data import default_cache
from search_at_scale import THREADS, in_process, memory_mb, real_drawings
from small import parsed
from surroundings import RESULTS, surroundings
from widened import Widened

from logo_retrieval.search.faiss_index import FaissIndex
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.types import OTHER, TRAITS, Float32Array

INDEXES = ((6_000, 100), (50_000, 500), (200_000, 2_000), (200_000, 20_000), (1_000_000, 10_000))
SMALL = ((2_000, 20), (2_000, 40), (4_000, 40))
OTHER_EVERY = 5
ROUNDS, ANSWERS, ASKED = 3, 9, 1000
FITTED = ("open to first answer", "an answer", "decision alone", "answer after enrolling", "enroll", "unenroll")
_THUMBNAIL_BYTES = 900
_SEED = 0
_MILLION, _THOUSAND = 1e6, 1e3


def laid(folder: Path, vectors: Float32Array, shown: np.ndarray) -> None:
    """An index of drawings, given the brand of each."""
    names = [OTHER if brand % OTHER_EVERY == 0 else f"company {brand:06}" for brand in range(int(shown.max()) + 1)]
    chance = np.random.default_rng(_SEED)

    def items(dim: int) -> Iterator[StoredItem]:
        for place in chance.permutation(len(vectors)).tolist():
            label = names[shown[place]]
            name, thumbnail = f"{label}/{place}.svg", chance.bytes(_THUMBNAIL_BYTES)
            number = int(chance.integers(1 << 62))
            vector = vectors[place, None, :dim]
            sha256 = chance.bytes(32)
            yield StoredItem(name, label, name, sha256, StoredDrawing(number, chance.bytes(TRAITS), thumbnail, vector))

    present = {names[brand] for brand in np.unique(shown).tolist()}
    lay_index(folder, sorted(present), items)


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of this process, its decoders apart."""
    start = time.process_time()
    work()
    return time.process_time() - start


def prepared(folder: Path) -> dict[str, float]:
    """The first opening."""
    from logo_retrieval import LogoClassifier

    seconds = timed(lambda: LogoClassifier.open(folder).close())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"prepare": round(seconds, 2), "peak_mb": round(peak)}


def used(folder: Path, queries: Float32Array) -> dict[str, Any]:
    """An index that was prepared."""
    from logo_retrieval import LogoClassifier
    from logo_retrieval.inference.predict import Query, decide

    start = time.process_time()
    with LogoClassifier.open(folder) as classifier:
        picture = drawings(0)[:1]
        classifier.classify(picture)
        times = {"open to first answer": [time.process_time() - start]}
        engine, one = classifier.engine, np.zeros(1, np.int64)
        policy = engine.policy(top=5, max_false_accept=None, other_share=0.5, text="never")

        def note(what: str, work: Callable[[], object]) -> None:
            times.setdefault(what, []).append(timed(work))

        for query in queries[:ANSWERS]:
            note("an answer", partial(classifier.classify, picture))
            asked = Query(query[None], one, 1)
            held, names = engine.current(), engine.store.item_names
            note("decision alone", partial(decide, asked, held, engine.knowledge, policy, names))
            note("search alone", partial(held.nearest, query[None], one, 1, 100))
        memory = {"memory_mb": round(memory_mb()), "mapped_mb": round(memory_mb("RssFile"))}
        held, kept = engine.current(), np.arange(len(engine.current().index))
        exact = replace(held, index=FaissIndex.build(held.index.vectors_at(kept), held.index.ids))
        asked = Query(queries, np.arange(len(queries)), len(queries))
        labels = [
            [each.label for each in decide(asked, one, engine.knowledge, policy, engine.store.item_names)]
            for one in (held, exact)
        ]
        del exact
        alike = sum(one == other for one, other in zip(*labels, strict=True)) / len(queries)
        classifier.enroll("warm", drawings(-1), force=True)  # loads the exact network
        for salt in range(ROUNDS):
            classifier.classify(picture)
            note("enroll", partial(classifier.enroll, "newco", drawings(salt), force=True))
            note("answer after enrolling", partial(classifier.classify, picture))
            note("unenroll", partial(classifier.unenroll, "newco"))
            note("answer after unenrolling", partial(classifier.classify, picture))
    return {
        "cpu_s": {what: round(median(own), 4) for what, own in times.items()},
        **memory,
        "answers as by exact search": round(alike, 4),
    }


def fit_of(indexes: list[dict[str, Any]]) -> dict[str, list[float]]:
    """By what was measured: that of any index, more for each million rows, more for each thousand classes.

    Least squares of relative errors, none below 0 (Lawson and Hanson 1974, "Solving Least Squares Problems", chapter
    23).
    """
    from scipy.optimize import nnls

    counts = np.array([[1, each["rows"] / _MILLION, each["classes"] / _THOUSAND] for each in indexes])
    measured = {f"{what}, CPU s": [each["cpu_s"][what] for each in indexes] for what in FITTED}
    measured |= {"memory, MB": [each["memory_mb"] for each in indexes]}
    return {
        what: nnls(counts / np.array(own)[:, None], np.ones(len(own)))[0].round(4).tolist()
        for what, own in measured.items()
    }


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", action="append", metavar="ROWS,CLASSES", help=f"by default {INDEXES}")
    parser.add_argument("--output", type=Path, default=RESULTS / "growth.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parsed(parser)
    os.environ.update(dict.fromkeys(THREADS, "1"))  # of the processes that follow
    asked = [tuple(map(int, each.split(","))) for each in arguments.index or ()]
    real = real_drawings(arguments)
    indexes = json.loads(arguments.output.read_text(encoding="utf-8"))["indexes"] if arguments.output.is_file() else []
    for rows, classes in SMALL if arguments.small else asked or INDEXES:
        chance = np.random.default_rng(_SEED)
        n_brands = classes * OTHER_EVERY // (OTHER_EVERY - 1)
        brands = Widened(real, n_brands + ASKED // 2, _SEED)
        shown = np.sort(chance.integers(0, n_brands, rows))
        known, unknown = chance.choice(shown, ASKED // 2), n_brands + np.arange(ASKED // 2)
        queries = brands.drawings(chance.permutation(np.concatenate([known, unknown])), chance)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "index"
            laid(folder, brands.drawings(shown, chance), shown)
            sizes = {"rows": rows, "classes": classes, "index_mb": megabytes(folder, "index.sqlite")}
            entry = {**sizes, **in_process(prepared, folder), "cache_mb": megabytes(folder, "search.cache")}
            entry |= {**in_process(used, folder, queries), **surroundings()}
        print(json.dumps(entry), flush=True)
        others = [each for each in indexes if (each["rows"], each["classes"]) != (rows, classes)]
        indexes = sorted([*others, entry], key=lambda each: (each["rows"], each["classes"]))
        report = {"indexes": indexes, "fit": fit_of(indexes) if len(indexes) > 2 else {}}
        arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(report["fit"])


def megabytes(folder: Path, name: str) -> float:
    """Of a file of an index, 0 where there is none."""
    return round(sum(file.stat().st_size for file in folder.glob(name)) / 1e6, 1)


if __name__ == "__main__":
    main()
