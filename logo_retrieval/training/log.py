"""The log of a training: one entry an epoch, as lines of JSON. Light: no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from logo_retrieval.errors import ModelError
from logo_retrieval.fields import read_object

LOG = "log.jsonl"

F2 = "validation_macro_f2"
"""Key of an entry, where there are drawings to ask."""

Entry = Mapping[str, Any]


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The whole entries of the log in the folder of a training; none where there is no log.

    Raises:
        ModelError: a line is none that a training writes.
    """
    try:
        text = (folder / LOG).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    try:
        return [read_object(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    except ValueError as error:
        raise ModelError(f"a line of '{folder / LOG}' {error}: remove the folder to begin again") from error


def add_to_log(folder: Path, entry: Entry) -> None:
    """Appends one entry."""
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def shorten_log(folder: Path, epochs: int) -> None:
    """Takes out what a kill left there of epochs that the checkpoint does not hold, and what it tore."""
    if (folder / LOG).exists():
        kept = [entry for entry in read_log(folder) if entry["epoch"] <= epochs]
        aside = folder / f".{LOG}.new"
        aside.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
        aside.replace(folder / LOG)


def kept_entry(log: Sequence[Entry], keep: str = "best") -> Entry:
    """The epoch whose weights `fit` returns: of the second phase, the first of the best or, unmeasured, the last.

    Args:
        log: of a training.
        keep: as in its recipe.
    """
    second = [entry for entry in log if entry["phase"] == "all"]
    measured = [entry for entry in second if F2 in entry] if keep == "best" else []
    return max(measured, key=lambda entry: float(entry[F2])) if measured else (second or log)[-1]
