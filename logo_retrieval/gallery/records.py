"""A folder with one sub-folder a class, or a table with the columns path and label, as records."""

from __future__ import annotations

import codecs
import csv
import io
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from logo_retrieval.errors import BackendError, GalleryError
from logo_retrieval.types import OTHER

_COLUMNS = ("path", "label")
_FURTHER_COLUMNS = ("group", "part", "colour")
_KNOWN = {*_COLUMNS, *_FURTHER_COLUMNS}
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class GalleryRecord:
    """One labelled file.

    Attributes:
        name: short and unique in the gallery; becomes the item's id in an index.
        label: its class, in Unicode form NFC.
        path: where the file is; that it exists is not checked here.
        given: the path as the user knows it: the text of the table, or the file in the folder.
        group: of a drawing of `other`, what it belongs to, such as its brand: the text of the table, or the sub-folder
            of `other`; None where that is not known.
        part: the text of the table, None where there is none; training takes "train", "val" or "test".
        colour: likewise; training takes the brand's as "#rrggbb".
    """

    name: str
    label: str
    path: Path
    given: str
    group: str | None = None
    part: str | None = None
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Gallery:
    """Records in a fixed order, and remarks about what was passed over, one sentence each."""

    records: tuple[GalleryRecord, ...]
    remarks: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in ascending order, `other` last."""
        return tuple(sorted({record.label for record in self.records}, key=lambda name: (name == OTHER, name)))


def read_gallery(data: Path) -> Gallery:
    """Reads a folder of classes, or a .csv or .parquet table; paths in a table are relative to the table.

    A table may have the further columns group, part and colour, which only training looks at.

    Raises:
        GalleryError: when there is nothing to read, a column is missing, or class names cannot stand.
        BackendError: when a .parquet is given and pyarrow is not installed.
    """
    if data.is_dir():
        gallery = _from_folder(data)
    elif data.suffix.lower() in (".csv", ".parquet"):
        gallery = _from_table(data)
    else:
        raise GalleryError(f"expected a folder with one sub-folder a class, a .csv or a .parquet, got '{data}'")
    check_distinct(gallery.classes)
    return gallery


def class_name(text: str, where: str) -> str:
    """A class name in Unicode form NFC, without white space around it.

    Raises:
        GalleryError: when nothing of it can be seen, it holds control characters, or is a spelling of the reserved
            `other`.
    """
    name = unicodedata.normalize("NFC", printable(text)).strip()
    if not spelling(name) or any(unicodedata.category(letter) == "Cc" for letter in name):
        raise GalleryError(f"a class name must be text without control characters, got {text!r} {where}")
    if spelling(name) == OTHER and name != OTHER:
        raise GalleryError(f"'{OTHER}' is reserved for drawings of no known company: rename the class {name!r} {where}")
    return name


def spelling(name: str) -> str:
    """What two names that people would take for the same class have in common.

    Case, Unicode form, white space and what cannot be seen are left out of account.
    """
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join(seen.split()).casefold()


def printable(text: str) -> str:
    """Text that any file can hold: bytes of a file name that are no UTF-8 come as backslash escapes."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")


_STRAY = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"))
"""What operating systems leave in folders, in lower case."""


def visible_files(folder: Path, stray: list[Path] | None = None) -> Iterator[Path]:
    """Every file below a folder in sorted order, but for names that begin with a dot.

    What operating systems leave there, such as Thumbs.db, is put into `stray` instead, where that is given.

    Links to folders are followed, but not back into a folder that they lie in. A folder that may not be read stands for
    its files, so that whoever opens it says so.
    """
    denied: list[Path] = []
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=lambda error: denied.append(_path(error))):
        inside = {os.path.realpath(above) for above in (Path(parent), *Path(parent).parents)}
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and os.path.realpath(Path(parent, name)) not in inside
        )
        for name in (*folders, *sorted(names)):
            if name.lower() in _STRAY and stray is not None:
                stray.append(Path(parent, name))
        folders[:] = [name for name in folders if name.lower() not in _STRAY]
        yield from (
            Path(parent, name) for name in sorted(names) if not name.startswith(".") and name.lower() not in _STRAY
        )
    yield from denied


def _path(error: OSError) -> Path:
    return Path(os.fsdecode(error.filename))


def _from_folder(data: Path) -> Gallery:
    entries = [entry for entry in sorted(data.iterdir()) if not entry.name.startswith(".")]
    folders = [entry for entry in entries if entry.is_dir()]
    if not folders:
        raise GalleryError(
            f"expected one sub-folder a class in '{data}', got {len(entries)} files and no sub-folder: "
            "put the drawings of each company into a folder with its name"
        )
    remarks = [f"passed over '{entry.name}': it lies outside the class folders" for entry in entries if entry.is_file()]
    records = []
    for folder in folders:
        label = class_name(folder.name, f"in '{data}'")
        files = list(visible_files(folder))
        if not files:
            remarks.append(f"passed over class '{label}': its folder is empty")
        records += [
            GalleryRecord(
                printable(file.relative_to(data).as_posix()), label, file, str(file), group=_group(file, folder, label)
            )
            for file in files
        ]
    if not records:
        raise GalleryError(f"expected drawings in the sub-folders of '{data}', got {len(folders)} empty folders")
    return Gallery(tuple(records), tuple(remarks))


def _group(file: Path, folder: Path, label: str) -> str | None:
    """The sub-folder of `other` that a file lies in."""
    within = file.relative_to(folder).parts
    return _text(within[0]) if label == OTHER and len(within) > 1 else None


def _text(content: str) -> str | None:
    return unicodedata.normalize("NFC", printable(content)).strip() or None


def _from_table(data: Path) -> Gallery:
    if not data.is_file():
        raise GalleryError(f"there is no table '{data}'")
    rows = _parquet_rows(data) if data.suffix.lower() == ".parquet" else _csv_rows(data)
    records: list[GalleryRecord] = []
    remarks: list[str] = []
    seen: dict[str, set[str]] = {}
    for number, row in rows:
        path, label = row["path"], row["label"]
        where = f"in row {number} of '{data}'"
        if not path:
            raise GalleryError(f"the column path is empty {where}")
        name, label = printable(path), class_name(label, where)
        labels = seen.setdefault(name, set())
        if label in labels:
            remarks.append(f"passed over row {number}: '{name}' stands there twice for class '{label}'")
            continue
        labels.add(label)
        unique = name if len(labels) == 1 else f"{name}#{len(labels)}"
        further = {column: _text(row[column]) for column in _FURTHER_COLUMNS if column in row}
        records.append(GalleryRecord(unique, label, _found(data.parent, path), path, **further))
    if not records:
        raise GalleryError(f"expected rows below the header of '{data}', got none")
    return Gallery(tuple(records), tuple(remarks))


def _csv_rows(data: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Rows of a CSV, also as spreadsheets write it: other signs between columns, encodings, and cases of the header."""
    text = _decoded(data)
    header = text.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=lambda sign: len(_tidy(next(csv.reader([header], delimiter=sign), [])) & _KNOWN))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        names = [name.strip().lower() for name in next(reader, [])]
        columns = _known_columns(data, [name for name in names if name])
        for row in reader:
            cells = dict(zip(names, row, strict=False))
            if any(row):
                yield reader.line_num, {column: cells.get(column, "") for column in columns}
    except csv.Error as error:
        raise GalleryError(f"'{data}' is no well-formed CSV: {error}") from error


def _tidy(names: Iterable[str]) -> set[str]:
    return {name.strip().lower() for name in names}


def _decoded(data: Path) -> str:
    """The text of a table: UTF-8, UTF-16 with its mark, or the code page 1252 of Windows where it reads as words."""
    content = data.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            fault = error
            continue
        if encoding != "cp1252" or all(sign.isalpha() for sign in text if ord(sign) > 127):
            return text
    raise GalleryError(f"'{data}' must be UTF-8 text: {fault}")


def _found(folder: Path, path: str) -> Path:
    """The file that a table names; where there is none, the same without spaces about it and with slashes."""
    file = folder / path
    if not file.exists():
        for other in (path.strip(), path.strip().replace("\\", "/")):
            if (folder / other).exists():
                return folder / other
    return file


def _parquet_rows(data: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise BackendError(f"reading '{data}' needs pyarrow: install the extra [parquet]") from error
    try:
        columns = _known_columns(data, pyarrow.parquet.read_schema(data).names)
        table = pyarrow.parquet.read_table(data, columns=columns)
    except pyarrow.ArrowInvalid as error:
        raise GalleryError(f"'{data}' is no well-formed Parquet file: {error}") from error
    for number, row in enumerate(table.to_pylist(), start=1):
        yield number, {column: "" if row[column] is None else str(row[column]) for column in columns}


def _known_columns(data: Path, names: Sequence[str]) -> list[str]:
    absent = [column for column in _COLUMNS if column not in names]
    if absent:
        raise GalleryError(f"expected the columns path,label in '{data}', got {','.join(names) or 'none'}")
    return [column for column in (*_COLUMNS, *_FURTHER_COLUMNS) if column in names]


def check_distinct(names: Iterable[str]) -> None:
    """Refuses names that people would take for the same class.

    Raises:
        GalleryError: when two differ in case, Unicode form, white space or what cannot be seen only.
    """
    spellings: dict[str, str] = {}
    for name in names:
        first = spellings.setdefault(spelling(name), name)
        if first != name:
            differ = "case or Unicode form"
            if unicodedata.normalize("NFKC", first).casefold() != unicodedata.normalize("NFKC", name).casefold():
                differ = "white space or characters that cannot be seen"
            raise GalleryError(f"the classes {first!r} and {name!r} differ only in {differ}: rename or merge one")
