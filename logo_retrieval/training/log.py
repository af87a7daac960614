"""The log of a training: one entry an epoch, as lines of JSON. Light: no TensorFlow."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from logo_retrieval.durable import take_place, write_synced
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
    """Appends one entry, before the checkpoint that it belongs to: that must not outlive it."""
    with (folder / LOG).open("ab") as file:
        file.write(_line(entry))
        file.flush()
        os.fsync(file.fileno())


def shorten_log(folder: Path, epochs: int) -> None:
    """Takes out what a kill left there of epochs that the checkpoint does not hold, and what it tore."""
    if (folder / LOG).exists():
        aside = folder / f".{LOG}.new"
        write_synced(aside, b"".join(_line(entry) for entry in read_log(folder) if entry["epoch"] <= epochs))
        take_place(aside, folder / LOG)


def _line(entry: Entry) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def kept_entry(log: Sequence[Entry], keep: str = "best") -> Entry:
    """The epoch whose weights `fit` returns: of the second phase, the first of the best or, unmeasured, the last.

    Args:
        log: of a training.
        keep: as in its recipe.
    """
    second = [entry for entry in log if entry["phase"] == "all"]
    measured = [entry for entry in second if F2 in entry] if keep == "best" else []
    return max(measured, key=lambda entry: float(entry[F2])) if measured else (second or log)[-1]
