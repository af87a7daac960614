"""Puts the trained starter into the package: `python benchmarks/build_starter.py WORK`, after `calibrate.py WORK`.

`python benchmarks/build_starter.py --names` changes the names in it alone.

WORK holds the weights of the shipped model and its bundle too (`export_starter.py WORK`). The index holds every drawing
of LogoBench, the earlier marks and the drawings of further packs that are not held to be asked.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from average_weights import card_line, facts_of
from calibrate import DECISION, VOUCHING
from fetched_data import TABLE as FETCHED
from logobench_data import ATTRIBUTIONS, OTHER, Drawing, load, load_earlier, load_packs, load_vintage, names_by_class
from small import options
from starter_networks import SHIPPED
from surroundings import RESULTS
from wide_data import read_catalogue

from logo_retrieval.gallery.records import Gallery, GalleryRecord
from logo_retrieval.heads.cosine import HEAD_FILE
from logo_retrieval.indexing.build import build_index
from logo_retrieval.models.bundle import MODEL_FILE, ModelBundle, int8_name, read_bundle, write_bundle
from logo_retrieval.models.resolve import starter_index
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE, Impostors
from logo_retrieval.store.schema import INDEX_FILE, connect, transaction
from logo_retrieval.store.seal import seal
from logo_retrieval.training.export import CARD_FILE, CURVES_FILE, LOG_FILE, RECIPE_FILE

KEPT = (MODEL_FILE, int8_name(MODEL_FILE), HEAD_FILE, LOG_FILE, CURVES_FILE, RECIPE_FILE, CARD_FILE)
"""Of the trained bundle's files."""


def calibrated(bundle: ModelBundle, work: Path, folder: Path) -> ModelBundle:
    """A copy of a bundle that decides as `calibrate.py` has fitted it, with impostors and a card."""
    with np.load(work / VOUCHING, allow_pickle=False) as kept:
        impostors = Impostors(kept["log_odds"], kept["novel_log_odds"], int(kept["novel_pairs"]))
    files = {name: bundle.path(name).read_bytes() for name in KEPT}
    files[IMPOSTORS_FILE] = impostors.to_bytes()
    card = files[CARD_FILE].decode()
    card = card.replace("\n\n## Data", f"\n\n{measured_quality()}\n\n## Data", 1)
    card = card.replace("\n\n## Training", f"{of_fetched(work)}\n\n## Training", 1)
    mean = card_line(work / f"{SHIPPED}.npz")
    files[CARD_FILE] = card.replace("- Head:", f"{mean}- Head:", 1).encode()
    decision = json.loads((work / DECISION).read_text(encoding="utf-8"))
    return write_bundle(folder, replace(bundle.config, decision=decision), files)


def build(drawings: Sequence[Drawing], bundle: ModelBundle, scratch: Path) -> None:
    """The index over drawings."""
    for drawing in drawings:
        (scratch / drawing.key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(drawing.path, scratch / drawing.key)
    records = [GalleryRecord(drawing.key, drawing.label, Path(drawing.key), drawing.key) for drawing in drawings]
    with contextlib.chdir(scratch):  # so that the index keeps names within the art, not of this machine
        report = build_index(Gallery(tuple(records), ()), starter_index(), bundle, names=names_by_class())
    print(f"{report.indexed} drawings of {report.classes} classes, {len(report.duplicates)} duplicates left out")
    for name, reason in report.unreadable:
        print(f"unreadable: {name}: {reason}")
    finish()
    texts = [file.read_text(encoding="utf-8") for file in ATTRIBUTIONS]  # go wherever the drawings go
    (starter_index() / "ATTRIBUTION.md").write_text("\n".join(texts), encoding="utf-8")


def put_names() -> None:
    """Gives the shipped index the names of `data/names160.csv` in the place of those that it has."""
    connection = connect(starter_index() / INDEX_FILE, write=True)
    with transaction(connection, write=True):
        ids = dict(connection.execute("SELECT name, id FROM classes"))
        rows = [(ids[label], name) for label, names in names_by_class().items() for name in names]
        connection.execute("DELETE FROM names")
        connection.executemany("INSERT INTO names VALUES (?, ?)", rows)
        seal(connection)
    connection.close()
    finish()


def finish() -> None:
    """Leaves the shipped index without gaps, and as a file that is never written beside."""
    connection = sqlite3.connect(starter_index() / INDEX_FILE)
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def measured_quality() -> str:
    """What the benchmark says of the measured model, for the card."""
    results = json.loads((RESULTS / "logobench.json").read_text(encoding="utf-8"))
    figures = results["methods"][-1]
    lines = [
        f"- {what}: macro F2 {{:.3f}} ({{:.3f}} to {{:.3f}}), {figures[asked]['drawings']} drawings.".format(
            *figures[asked]["macro_f2"]
        )
        for asked, what in (
            ("all", "all"),
            ("unseen", "shapes that no drawing known to it has"),
            ("degraded", "degraded copies"),
        )
    ]
    return (
        "The model that this one went on from, which had seen neither these artists nor these brands of 'other', in "
        "LogoBench-160 with 95 % intervals, its decision fitted to drawings by yet others:\n\n" + "\n".join(lines)
    )


def of_fetched(work: Path) -> str:
    """What the card says of drawings that are no part of this project; nothing where none was learned."""
    learned, own = ({*facts_of(work / f"{kind}{SHIPPED}.npz")["targets"]} for kind in ("", "narrowed-"))
    if learned == own:
        return ""
    count = sum(f"{OTHER}/{row['brand']}" in learned for row in read_catalogue(FETCHED))
    return (
        f"\n\nIt also learned from {count:,} drawings that are no part of it: official logos, app icons drawn as "
        "lines, and emoji, of packages that `benchmarks/data/FETCHED_ATTRIBUTION.md` of the sources names."
    )


def main() -> None:
    """Calibrates, builds."""
    parser = options(__doc__, cache=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "work", type=Path, nargs="?", help="folder that `train_starter.py` and `calibrate.py` have filled"
    )
    what.add_argument("--names", action="store_true", help="only put the names of data/names160.csv into the index")
    arguments = parser.parse_args()
    if arguments.names:
        put_names()
        return
    with tempfile.TemporaryDirectory() as scratch:
        shipped = read_bundle(arguments.work / SHIPPED)
        bundle = calibrated(shipped, arguments.work, Path(scratch) / "bundle")
        packs = tuple(drawing for drawing in load_packs(arguments.cache) if drawing.use == "train")
        drawings = load(arguments.cache).drawings + load_vintage(arguments.cache) + packs + load_earlier()
        build(drawings, bundle, Path(scratch) / "art")


if __name__ == "__main__":
    main()
