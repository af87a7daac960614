"""What enrolling costs in a large index: `python benchmarks/enrolment_speed.py [--output JSON]`.

The starter's model, and an index of 100,000 made-up unit vectors with thumbnails of usual size. Timed are, in turn and
several times over, in one process that has the index open: decoding and embedding five drawings, enrolling five (the
same work and the checks and the transaction besides), the next answer beside an answer of an index that did not
change, and removing the class again, for which the file is rewritten.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from small import options, parsed
from surroundings import write_result

from logo_retrieval import LogoClassifier
from logo_retrieval.embedding import load_embedder
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.models.bundle import write_bundle
from logo_retrieval.models.resolve import model_folder, starter_index, starter_model
from logo_retrieval.store.changes import replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.types import OTHER, TRAITS

ITEMS, ROUNDS = 100_000, 7
SMALL = (2000, 1)
DRAWINGS = 5
CLASSES = 1000
OTHER_EVERY = 49
_SEED = 2018
_THUMBNAIL_BYTES = 900


def made_up_items(n_items: int, dim: int) -> Iterator[StoredItem]:
    """Items in a thousand classes and `other`, as large as real ones."""
    rng = np.random.default_rng(_SEED)
    for place in range(n_items):
        vector = rng.standard_normal((1, dim)).astype(np.float32)
        vector /= np.linalg.norm(vector)
        company = f"company {place % CLASSES:04}"
        label, thumbnail = OTHER if place % OTHER_EVERY == 0 else company, rng.bytes(_THUMBNAIL_BYTES)
        name = f"{label}/{place}.svg"
        sha256, number = rng.bytes(32), int(rng.integers(1 << 62))
        yield StoredItem(name, label, name, sha256, StoredDrawing(number, rng.bytes(TRAITS), thumbnail, vector))


def drawings(salt: int) -> list[bytes]:
    """Five drawings of one mark in other colours, unlike those of another salt by their bytes."""
    mark = '<path d="M8 90L50 8l42 82H66L50 56 34 90z"/><circle cx="50" cy="82" r="9"/>'
    frame = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" fill="#{:06x}">{}<!--{}--></svg>'
    return [frame.format(place * 0x2A1F13, mark, salt).encode() for place in range(DRAWINGS)]


def lay_index(folder: Path, labels: Sequence[str], items: Callable[[int], Iterator[StoredItem]]) -> Manifest:
    """An index with the starter's model and these items, made for embeddings of its width; returns its manifest."""
    model = starter_model()
    with IndexStore(starter_index()) as store:
        manifest = store.manifest
    files = {name: model.path(name).read_bytes() for name in model.config.files}
    write_bundle(model_folder(folder, model.digest), model.config, files)
    replace_index(folder, manifest, labels, items(manifest.dim))
    return manifest


def run(n_items: int, rounds: int) -> dict[str, Any]:
    """Builds, times."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "index"
        labels = [*(f"company {place:04}" for place in range(CLASSES)), OTHER]
        manifest = lay_index(folder, labels, partial(made_up_items, n_items))
        times: dict[str, list[float]] = {}

        def note(what: str, work: Callable[[], object]) -> None:
            start = time.perf_counter()
            work()
            times.setdefault(what, []).append(time.perf_counter() - start)

        embedder = load_embedder(starter_model())
        preparation = Preparation.from_dict(manifest.preparation)
        with LogoClassifier.open(folder) as classifier, DecoderPool(preparation) as pool:

            def embed(salt: int) -> None:
                images = list(pool.decode(drawings(salt), all_views=True))
                embedder.embed(np.concatenate([image.views for image in images]))  # type: ignore[union-attr]

            classifier.classify(drawings(0))  # decoder processes started, graphs warm
            embed(0)
            for salt in range(rounds):
                note("decode and embed", partial(embed, salt))
                note("enroll", partial(classifier.enroll, "newco", drawings(salt)))
                note("first answer after it", lambda: classifier.classify(drawings(0)[:1]))
                note("an answer", lambda: classifier.classify(drawings(0)[:1]))
                note("unenroll", lambda: classifier.unenroll("newco"))
                classifier.classify(drawings(0)[:1])
    medians = {what: round(median(own), 4) for what, own in times.items()}
    return {
        "items": n_items,
        "drawings": DRAWINGS,
        "rounds": rounds,
        "median_wall_s": medians,
        "ratios": {
            "enroll / decode and embed": round(medians["enroll"] / medians["decode and embed"], 2),
            "first answer / an answer": round(medians["first answer after it"] / medians["an answer"], 2),
        },
    }


def main() -> None:
    """Runs, writes, shows."""
    arguments = parsed(options(__doc__, output="enrolment_speed.json"))
    results = run(*(SMALL if arguments.small else (ITEMS, ROUNDS)))
    write_result(arguments.output, "enrolment into a large index", results)
    print(results)


if __name__ == "__main__":
    main()
