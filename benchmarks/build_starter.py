"""Puts the trained starter into the package: `python benchmarks/build_starter.py WORK`, after `train_starter.py WORK`.

The constants of the decision are fitted with the measured model, on all drawings that it has not seen; the shipped
model, which goes on from it with every drawing, takes them over. The index holds every drawing of LogoBench.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from logobench import Asker, Rooms, embeddings, head_of
from logobench_data import DATA, LogoBench, default_cache, load
from surroundings import RESULTS
from train_starter import MEASURED, SHIPPED, SPLIT

from logo_retrieval.build import build_index
from logo_retrieval.bundle import ModelBundle, read_bundle, write_bundle
from logo_retrieval.decide.decision import DecisionConfig
from logo_retrieval.decide.risk import UNKNOWN_FILE, UnknownLogos
from logo_retrieval.evaluation.fitting import fit_decision, unknown_logos
from logo_retrieval.gallery import Gallery, GalleryRecord
from logo_retrieval.models import starter_index
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.training.export import CARD_FILE
from logo_retrieval.values import Int64Array


def fitted_constants(
    bench: LogoBench, measured: ModelBundle, cache: Path, rows: Int64Array
) -> tuple[DecisionConfig, UnknownLogos]:
    """The constants for queries asked as `classify` asks, all views: from some drawings and degraded copies of them."""
    embedded, worn = embeddings(bench, measured, [SPLIT], cache)
    asker = Asker(bench, head_of(measured), embedded, Rooms.of(bench, SPLIT).train)
    asked = [asker.ask(source, rows) for source in (embedded, worn)]
    fitted = fit_decision(asked, asker.other)
    return fitted, unknown_logos(asked, asker.other, fitted)


def with_constants(
    bundle: ModelBundle, constants: DecisionConfig, unknown: UnknownLogos, folder: Path, card: bytes | None = None
) -> ModelBundle:
    """A copy of a bundle that decides by other constants, with another card if one is given."""
    files = {name: bundle.path(name).read_bytes() for name in bundle.config.files}
    files[UNKNOWN_FILE] = unknown.to_bytes()
    if card is not None:
        files[CARD_FILE] = card
    return write_bundle(folder, replace(bundle.config, decision=constants.to_dict()), files)


def build(bench: LogoBench, bundle: ModelBundle) -> None:
    """The index over every drawing, in the file format that is never written beside."""
    root = bench.drawings[0].path.parents[2]
    records = [GalleryRecord(each.key, each.label, Path(each.key), each.key) for each in bench.drawings]
    with contextlib.chdir(root):  # so that the index keeps names within the art, not of this machine
        report = build_index(Gallery(tuple(records), ()), starter_index(), bundle)
    print(f"{report.indexed} drawings of {report.classes} classes, {len(report.duplicates)} duplicates left out")
    for name, reason in report.unreadable:
        print(f"unreadable: {name}: {reason}")
    connection = sqlite3.connect(starter_index() / INDEX_FILE)
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = DELETE")  # read where it lies, it must leave no log beside it
    connection.close()
    shutil.copyfile(DATA / "ATTRIBUTION.md", starter_index() / "ATTRIBUTION.md")  # goes wherever the drawings go


def measured_quality() -> str:
    """What the benchmark says of the measured model, for the card."""
    results = json.loads((RESULTS / "logobench.json").read_text(encoding="utf-8"))
    figures = results["splits"][SPLIT]["methods"][-1]
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
        "LogoBench-160 with 95 % intervals:\n\n" + "\n".join(lines)
    )


def main() -> None:
    """Fits, builds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder that `train_starter.py` filled")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    bench = load(arguments.cache)
    rooms = Rooms.of(bench, SPLIT)
    unseen = np.union1d(rooms.val, rooms.all)  # the benchmark takes validation drawings alone; here more are better
    constants, unknown = fitted_constants(bench, read_bundle(arguments.work / MEASURED), arguments.cache, unseen)
    print(f"decision: {constants.to_dict()}")
    shipped = read_bundle(arguments.work / SHIPPED)
    card = shipped.path(CARD_FILE).read_bytes()
    card = card.replace(b"## Data", f"{measured_quality()}\n\n## Data".encode(), 1)
    with tempfile.TemporaryDirectory() as scratch:
        build(bench, with_constants(shipped, constants, unknown, Path(scratch) / "b", card))


if __name__ == "__main__":
    main()
