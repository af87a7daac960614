"""What `train` leaves for a test: tables of the drawings that it learned from and of those that it never saw."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from .output import csv_line, shown, stdout

if TYPE_CHECKING:
    from logo_retrieval.training.records import Prepared

_TEST_TABLE, _GALLERY_TABLE = "test.csv", "gallery.csv"


def write_tables(prepared: Prepared, work: Path) -> None:
    """The drawings kept for the test, and all others, as tables for `evaluate` and `build-index`."""
    for name, parts in ((_TEST_TABLE, ("test",)), (_GALLERY_TABLE, ("train", "val"))):
        records = [record for part in parts for record in prepared.parts[part] if _is_text(record.path)]
        rows = [("path", "label"), *((str(record.path.absolute()), record.label) for record in records)]
        (work / name).write_text("".join(map(csv_line, rows)), encoding="utf-8", newline="")


def _is_text(path: Path) -> bool:
    """Whether a table, which is UTF-8, can name it."""
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def say_how_to_test(prepared: Prepared, model: Path, work: Path) -> None:
    """Prints the commands that measure a model, and the starter beside it, on the drawings kept for a test, if any."""
    if not prepared.parts["test"]:
        return
    for what, name, folder in (
        (f"To measure it on {len(prepared.parts['test']):,} drawings that it never saw", str(model), "index"),
        ("To see whether it does better than the network that comes with the package", "starter", "starter-index"),
    ):
        paths = (str(work / _GALLERY_TABLE), str(work / _TEST_TABLE), str(work / folder), name)
        gallery, test, index, network = (shown(shlex.quote(path)) for path in paths)
        stdout().write(
            f"{what}:\n"
            f"  logo-retrieval build-index {gallery} --model {network} --index {index}\n"
            f"  logo-retrieval evaluate {test} --index {index}\n"
        )
