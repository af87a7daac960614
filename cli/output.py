"""How answers are written: a table for people, jsonl and csv for programs."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from .options import real_path

FORMATS = ("table", "jsonl", "csv")
Row = Mapping[str, object]
_WIDEST_PATH = 60
_SURROGATES = re.compile(r"[\ud800-\udfff]+")


def json_line(row: Row) -> str:
    """One line of JSON."""
    return json_text(row) + "\n"


def json_text(value: object, indent: int | None = None) -> str:
    """JSON that strict readers take, too: bytes of file names that are no UTF-8 come as backslash escapes."""
    from logo_retrieval.gallery.records import printable

    def escaped(bytes_of_name: re.Match[str]) -> str:
        return json.dumps(printable(bytes_of_name[0]), ensure_ascii=False)[1:-1]

    return _SURROGATES.sub(escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def csv_line(values: Iterable[object]) -> str:
    """One line of CSV, with the same escapes."""
    from logo_retrieval.gallery.records import printable

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return printable(line.getvalue())


def row_writer(kind: str, file: TextIO, *, paths: Sequence[str], top: int, header: bool) -> Callable[[Row], None]:
    """A function that writes one answered input and flushes, so that an interrupt loses nothing.

    It raises `click.ClickException` where a row cannot be written, such as on a full disk; those before are whole.
    """
    width = max((len(shown(path)) for path in paths), default=4) if kind == "table" else 0
    if file.isatty():  # only there is a path ever cut
        width = min(width, _WIDEST_PATH)

    def lines(row: Row) -> str:
        if kind == "jsonl":
            return json_line(row)
        if kind == "csv":
            from logo_retrieval.rows import flattened

            flat = flattened(row, top)
            return (csv_line(flat) if header else "") + csv_line(flat.values())
        head = f"{'path':{width}}  {'label':20}  prob.  nearest drawing\n"
        return (head if header else "") + table_line(row, width)

    def write(row: Row) -> None:
        nonlocal header
        text = lines(row)
        end = _end(file)
        try:
            file.write(text)
            file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            _give_up(file, end)
            raise click.ClickException(
                f"cannot write to {file.name}: {error.strerror}; rows before are whole"
            ) from error
        header = False

    return write


def _end(file: TextIO) -> int | None:
    """Where a file of its own ends; None where others may write to it as well."""
    if file is sys.stdout or not file.seekable():
        return None
    return os.fstat(file.fileno()).st_size


def _give_up(file: TextIO, end: int | None) -> None:
    """Cuts a torn row off a file that takes no more, and drops what of it waits to be written."""
    if end is not None:
        with suppress(OSError):
            os.ftruncate(file.fileno(), end)
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())


def table_line(row: Row, width: int) -> str:
    """One answered input for people, the path cut from the left where it is too wide."""
    from logo_retrieval.types import cut

    path = shown(str(row["path"]))
    path = path if len(path) <= width else "…" + path[len(path) - width + 1 :]
    if row["status"] != "ok":
        return f"{path:{width}}  {'(unreadable)':20}      -  {shown(str(row['reason']))}\n"
    neighbours = row["neighbours"]
    assert isinstance(neighbours, list)  # noqa: S101
    nearest = f"{neighbours[0]['similarity']:.2f} {shown(neighbours[0]['item'])}" if neighbours else ""
    probability = row["probability"]
    assert isinstance(probability, float)  # noqa: S101
    return f"{path:{width}}  {shown(str(row['label'])):20}  {cut(probability, 3):5.3f}  {nearest}\n"


def shown(text: str) -> str:
    """Text that cannot steer a terminal: control characters and undecodable bytes are escaped."""
    from logo_retrieval.gallery.records import printable

    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in ("Cc", "Cf") else letter
        for letter in printable(text)
    )


def warn(prefix: str, sentences: Iterable[str], most: int | None = 20) -> None:
    """Sentences on stderr, one a line; of very many the first ones, unless `most` is None."""
    lines = list(sentences)
    for sentence in lines[:most]:
        click.echo(f"{prefix}{shown(sentence)}", err=True)
    if most is not None and len(lines) > most:
        click.echo(f"{prefix}and {len(lines) - most} more", err=True)


def warn_unreadable(files: Iterable[tuple[str, str]]) -> None:
    """Names files that cannot be used, each with its reason."""
    warn("unreadable: ", (f"{name}: {reason}" for name, reason in files), most=None)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """What is done to write a file; where that fails, the message names it.

    Raises:
        click.ClickException: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"cannot write '{file}': {error.strerror}") from error


def opened(file: Path, *, append: bool) -> TextIO:
    """A file of text to be written.

    Raises:
        click.ClickException: it cannot be.
    """
    with writing(file):
        return file.open("a" if append else "w", encoding="utf-8", newline="")


@contextmanager
def still_as_it_was(file: Path) -> Iterator[None]:
    """That a file cannot be written shows before the work; what lies there stays until the new one is made.

    Raises:
        click.ClickException: it cannot be.
    """
    was_there, place = file.exists(), real_path(file)  # a link stays
    opened(file, append=True).close()
    try:
        yield
    except BaseException:
        if not was_there:
            place.unlink(missing_ok=True)
        raise


def stdout() -> TextIO:
    """Standard output.

    Raises:
        click.ClickException: it is closed.
    """
    if sys.stdout is None:
        raise click.ClickException("standard output is closed: send it to a file, or to /dev/null")
    return sys.stdout
