"""What `classify --resume` goes on from: the rows that a file holds."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.inference.predict import Auto


class Answered(NamedTuple):
    """What a file of rows already holds.

    Attributes:
        paths: how often each input.
        unreadable: how often each that could not be read.
        indexes: that answered.
        settings: by which they answered.
        neighbours: of an answer, or for which there are columns; None where no row tells.
    """

    paths: Counter[str]
    unreadable: Counter[str]
    indexes: frozenset[str]
    settings: frozenset[str]
    neighbours: int | None


_BEGINNINGS = {"jsonl": b'{"path": ', "csv": b"path,status,"}
NOTHING_ANSWERED = Answered(Counter(), Counter(), frozenset(), frozenset(), None)


def answered(output: Path, kind: str) -> Answered:
    """What a csv or jsonl file already holds; a last line that an interrupt tore is cut off the file.

    Raises:
        click.UsageError: when the file was not written by `classify` in this format.
    """
    from logo_retrieval.fields import read_object
    from logo_retrieval.gallery.records import printable

    if not output.exists():
        return NOTHING_ANSWERED
    data = output.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    while kind == "csv" and whole.count(b'"') % 2:  # torn inside a cell of several lines
        whole = whole[: whole.rfind(b"\n", 0, -1) + 1]
    text = whole.decode("utf-8", "surrogateescape")
    torn, beginning = data[len(whole) :].rstrip(b"\0"), _BEGINNINGS[kind]
    try:
        if not whole and not beginning.startswith(torn[: len(beginning)]):
            raise ValueError("the first line is not how rows begin")
        if kind == "jsonl":
            rows = [read_object(line) for line in text.split("\n") if line]
        else:
            csv.field_size_limit(sys.maxsize)  # a list may name whatever it likes
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
        paths = Counter(printable(row["path"]) for row in rows)
        unreadable = Counter(printable(row["path"]) for row in rows if row["status"] != "ok")
        indexes = frozenset(printable(row["index"]) for row in rows)
        settings = frozenset(row["settings"] for row in rows)
        widths = [_neighbours(row) for row in rows if kind == "csv" or row["status"] == "ok"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise click.UsageError(
            f"'{output}' holds no {kind} rows of an earlier run: leave out --resume, or name another file"
        ) from error
    if len(whole) < len(data):
        with output.open("r+b") as file:
            file.truncate(len(whole))
    return Answered(paths, unreadable, indexes, settings, max(widths, default=None))


def _neighbours(row: Mapping[str, Any]) -> int:
    if "neighbours" in row:
        return len(row["neighbours"])
    return sum(key.startswith("neighbour_") and key.endswith("_item") for key in row)


def check_resumable(kind: str, file: Path | None, page: Path | None, other_share: float | Auto) -> None:
    """Refuses what cannot be gone on with.

    Raises:
        click.UsageError: rows come at the end, are none that are read again, or shall be explained.
    """
    if other_share == "auto":
        raise click.UsageError("--other-share auto looks at all inputs: leave out --resume, or give the share")
    if page is not None:
        raise click.UsageError("--explain shows what this call answers: leave out --resume")
    if file is None or kind == "table":
        raise click.UsageError("--resume goes with --output FILE and --format jsonl or csv")


def check_same_settings(
    earlier: Answered, index: str, settings: str, classifier: LogoClassifier, top: int, kind: str
) -> None:
    """Rows of two indexes, by other settings or of two widths do not go into one file.

    Raises:
        click.UsageError: they would.
    """
    for what, before, now in (("the index", earlier.indexes, index), ("the settings", earlier.settings, settings)):
        if other := before - {now}:
            raise click.UsageError(f"--resume: the rows there are of {what} '{min(other)}', this call's is '{now}'")
    if earlier.neighbours is None:
        return
    neighbours = top if kind == "csv" else min(top, sum(classifier.store.class_sizes().values()))
    if earlier.neighbours != neighbours:
        raise click.UsageError(
            f"--resume: the rows there have {earlier.neighbours} neighbours, this call would write {neighbours}: "
            f"give --top {earlier.neighbours}, or another file"
        )


def not_yet(files: list[str], done: Counter[str]) -> list[str]:
    """The inputs without those that have a row; an input given twice needs two rows."""
    from logo_retrieval.gallery.records import printable

    left = Counter(done)
    waiting = []
    for path in files:
        name = printable(path)
        if left[name] > 0:
            left[name] -= 1
        else:
            waiting.append(path)
    return waiting
