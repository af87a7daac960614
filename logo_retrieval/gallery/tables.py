"""Rows of a table of labelled files, from CSV or Parquet."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from logo_retrieval.errors import BackendError, GalleryError

_COLUMNS = ("path", "label")
FURTHER_COLUMNS = ("group", "part", "colour")
_KNOWN = {*_COLUMNS, *FURTHER_COLUMNS}
_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r"\"?sep=.\"?\r?", re.IGNORECASE)  # the line by which Excel is told

Row = tuple[int, Mapping[str, str]]
"""Its number, and the text of each of the `known_columns`, empty where there is none."""


def rows_of_table(data: Path) -> Iterator[Row]:
    """The rows of a .csv, .tsv or .parquet.

    Raises:
        GalleryError: when it is no such table, or a column is missing.
        BackendError: when a .parquet is given and pyarrow is not installed.
        OSError: when it cannot be read; so pyarrow also tells that what is behind a sound header is damaged.
    """
    return _parquet_rows(data) if data.suffix.lower() == ".parquet" else _csv_rows(data)


def _csv_rows(data: Path) -> Iterator[Row]:
    """Rows of a CSV, also as spreadsheets write it: other signs between columns, encodings, and cases of the header."""
    text = _decoded(data)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    first, _, rest = text.partition("\n")
    told = _SEPARATOR.fullmatch(first) is not None
    header = rest.partition("\n")[0] if told else first
    try:
        delimiter = max(
            _DELIMITERS,
            key=lambda sign: len(_KNOWN.intersection(_tidy(next(csv.reader([header], delimiter=sign), [])))),
        )
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        if told:
            next(reader)
        names = _tidy(next(reader, []))
        columns = known_columns(f"'{data}'", [name for name in names if name])
        for row in reader:
            if any(cell.strip() for cell in row[len(names) :]):
                raise GalleryError(
                    f"expected {len(names)} cells in row {reader.line_num} of '{data}', as there are titles, got "
                    f"{len(row)}: put quotes around one that has a {delimiter!r} in it"
                )
            cells = dict(zip(names, row, strict=False))
            if any(cell.strip() for cell in row):
                yield reader.line_num, {column: cells.get(column, "") for column in columns}
    except csv.Error as error:
        raise GalleryError(f"'{data}' is no well-formed CSV: {error}") from error


def _tidy(names: Iterable[str]) -> list[str]:
    return [name.strip().lower() for name in names]


def _decoded(data: Path) -> str:
    """The text of a table: UTF-8, UTF-16 or -32, or the code page 1252 of Windows where it reads as words."""
    content = data.read_bytes()
    wide = _wide_encoding(content)
    encodings = [wide] if wide else ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            fault = error
            continue
        if encoding != "cp1252" or all(sign.isalpha() for sign in text if ord(sign) > 127):
            return text.lstrip("\ufeff")
    raise GalleryError(f"'{data}' must be UTF-8 text: {fault}")


def _wide_encoding(content: bytes) -> str | None:
    """UTF-16 or -32, told by a mark or by where the first letter has its zero; None for anything else."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    is_zero = [byte == 0 for byte in content[:2]]
    return "utf-16-le" if is_zero == [False, True] else "utf-16-be" if is_zero == [True, False] else None


def _parquet_rows(data: Path) -> Iterator[Row]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise BackendError(f"reading '{data}' needs pyarrow: install the extra [parquet]") from error
    try:
        columns = known_columns(f"'{data}'", pyarrow.parquet.read_schema(data).names)
        rows = pyarrow.parquet.read_table(data, columns=columns).to_pylist()
    except (pyarrow.ArrowInvalid, UnicodeDecodeError) as error:
        raise GalleryError(f"'{data}' is no well-formed Parquet file: {error}") from error
    for number, row in enumerate(rows, start=1):
        yield number, {column: _text(row[column]) for column in columns}


def _text(cell: object) -> str:
    """What a cell says; text that some writers do not declare as such comes as bytes."""
    if isinstance(cell, bytes):
        return os.fsdecode(cell)
    return "" if cell is None else str(cell)


def known_columns(table: str, names: Sequence[str]) -> list[str]:
    """Of a table's columns those that mean something.

    Raises:
        GalleryError: when path or label is not among them, or one is there twice.
    """
    absent = [column for column in _COLUMNS if column not in names]
    if absent:
        raise GalleryError(f"expected the columns path,label in {table}, got {','.join(names) or 'none'}")
    twice = sorted(column for column in _KNOWN if names.count(column) > 1)
    if twice:
        raise GalleryError(f"the column {twice[0]} is there more than once in {table}: leave one")
    return [column for column in (*_COLUMNS, *FURTHER_COLUMNS) if column in names]
