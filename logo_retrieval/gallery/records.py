"""A folder with one sub-folder a class, or a table with the columns path and label, as records."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from logo_retrieval.errors import GalleryError
from logo_retrieval.gallery.files import is_stray, visible_files
from logo_retrieval.gallery.tables import FURTHER_COLUMNS, Row, rows_of_table
from logo_retrieval.images.source import is_there, named_path
from logo_retrieval.types import OTHER

if TYPE_CHECKING:
    from pandas import DataFrame

GalleryData: TypeAlias = "str | os.PathLike[str] | DataFrame | Gallery"
"""What a gallery may come as, see `read_gallery`."""

_LONGEST_CLASS_NAME = 255
"""In characters, as that of a folder."""

_HALVES = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates but for those that stand for bytes of a file name."""

_PARTS = frozenset(("train", "training", "val", "valid", "validation", "test", "testing"))
"""What the folders of a data set that is divided are called, in lower case."""

_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")


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
        content: the bytes that stand for the file, of a drawing that is none; else None.
    """

    name: str
    label: str
    path: Path
    given: str
    group: str | None = None
    part: str | None = None
    colour: str | None = None
    content: bytes | None = None

    @property
    def drawing(self) -> bytes | Path:
        """What there is to read."""
        return self.path if self.content is None else self.content


@dataclass(frozen=True, slots=True)
class Gallery:
    """Records in a fixed order, and remarks about what was passed over, one sentence each.

    Raises:
        GalleryError: when two records have one name.
    """

    records: tuple[GalleryRecord, ...]
    remarks: tuple[str, ...]

    def __post_init__(self) -> None:
        places: dict[str, int] = {}
        for place, record in enumerate(self.records, start=1):
            if (first := places.setdefault(record.name, place)) != place:
                raise GalleryError(
                    f"the records of a gallery need names of their own, got {record.name!r} for number {first}, "
                    f"'{self.records[first - 1].given}', and for number {place}, '{record.given}'"
                )

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in ascending order, `other` last."""
        return tuple(sorted({record.label for record in self.records}, key=lambda name: (name == OTHER, name)))


def read_gallery(data: GalleryData) -> Gallery:
    """Reads a folder of classes, a .csv, .tsv or .parquet table, or a DataFrame with the columns path and label.

    Paths in a table are relative to the table, those in a DataFrame to the working directory. Both may have the further
    columns group, part and colour, which only training looks at.

    Args:
        data: the folder, the table, or the DataFrame; a gallery is taken as it is.

    Raises:
        GalleryError: when there is nothing to read, or it cannot be, a column is missing, or class names cannot stand.
        BackendError: when a .parquet is given and pyarrow is not installed.
        TypeError: when the data are none of these.
        ValueError: when a path is empty.
    """
    if isinstance(data, str | os.PathLike):
        try:
            gallery = _from_path(named_path(data))
        except OSError as error:
            raise GalleryError(f"'{data}' cannot be read: {' '.join(str(error.strerror or error).split())}") from error
    elif isinstance(data, Gallery):
        gallery = data
    else:
        from logo_retrieval.frames import gallery_of_frame

        gallery = gallery_of_frame(data)
    check_distinct(gallery.classes)
    return gallery


def _from_path(data: Path) -> Gallery:
    if data.is_dir():
        return _from_folder(data)
    if data.suffix.lower() in (".csv", ".tsv", ".parquet"):
        if not data.is_file():
            raise GalleryError(f"there is no table '{data}'")
        return gallery_of_rows(rows_of_table(data), f"'{data}'", data.parent)
    raise GalleryError(f"expected a folder, or a table as .csv, .tsv or .parquet, got '{data}'")


def class_name(text: str, where: str) -> str:
    """A class name in Unicode form NFC, without white space around it.

    Raises:
        GalleryError: when nothing of it can be seen, it holds control characters, is longer than a folder's name may
            be, is one or two dots, or is a spelling of the reserved `other`.
    """
    name = plain_name(text)
    if len(name) > _LONGEST_CLASS_NAME:
        raise GalleryError(
            f"a class name may have {_LONGEST_CLASS_NAME} characters, got one of {len(name)}, {name[:40]!r}... {where}"
        )
    if not spelling(name) or any(unicodedata.category(letter) == "Cc" for letter in name):
        raise GalleryError(
            f"a class name must be text without control characters, of which something is seen, got {text!r} {where}"
        )
    if name in (".", ".."):
        raise GalleryError(f"a class name must not be '.' or '..', which mean a folder, got {text!r} {where}")
    if spelling(name) == OTHER and name != OTHER:
        raise GalleryError(f"'{OTHER}' is reserved for drawings of no known company: rename the class {name!r} {where}")
    return name


def plain_name(text: str) -> str:
    """A class name as the index has it: in Unicode form NFC, without white space around it."""
    return unicodedata.normalize("NFC", printable(text)).strip()


def spelling(name: str) -> str:
    """What two names that people would take for the same class have in common.

    Case, Unicode form, white space and what cannot be seen are left out of account.
    """
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join(seen.split()).casefold()


def printable(text: str) -> str:
    """Text that any file can hold: bytes of a file name that are no UTF-8 come as backslash escapes.

    So do halves of characters, which JSON and Python can write alone.

    Raises:
        TypeError: when it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected text, got {text!r:.80} of type {type(text).__name__}")
    whole = _HALVES.sub(lambda half: f"\\u{ord(half[0]):x}", text)
    return whole.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def numbered(name: str) -> Iterator[str]:
    """The name, then the same with numbers behind it: what comes again takes the first that is free."""
    yield name
    yield from (f"{name}#{number}" for number in count(2))


def free_name(name: str, taken: Container[str]) -> str:
    """The first of the `numbered` names that is not taken."""
    return next(each for each in numbered(name) if each not in taken)


def _from_folder(data: Path) -> Gallery:
    entries = sorted(each for each in data.iterdir() if not each.name.startswith(".") and not is_stray(each.name))
    folders = [entry for entry in entries if entry.is_dir()]
    if not folders:
        raise GalleryError(
            f"expected one sub-folder a class in '{data}', got {len(entries)} files and no sub-folder: "
            "put the drawings of each company into a folder with its name"
        )
    if len(folders) > 1 and all(folder.name.lower() in _PARTS and any(folder.glob("*/")) for folder in folders):
        parts = ", ".join(folder.name for folder in folders)
        raise GalleryError(
            f"expected one sub-folder a class in '{data}', got the parts of a data set, {parts}: give one of them, as "
            f"'{folders[0]}', or a table with the column part"
        )
    remarks = [
        f"passed over '{entry.name}': it {'lies outside the class folders' if is_there(entry) else 'leads nowhere'}"
        for entry in entries
        if not entry.is_dir()
    ]
    records: dict[str, GalleryRecord] = {}
    for folder in folders:
        label = class_name(folder.name, f"in '{data}'")
        files = list(visible_files(folder))
        if not files:
            remarks.append(f"passed over class '{label}': there is no picture in its folder")
        for file in files:
            within = file.relative_to(data)
            group = (plain_name(within.parts[1]) or None) if label == OTHER and len(within.parts) > 2 else None
            name = free_name(printable(within.as_posix()), records)
            records[name] = GalleryRecord(name, label, file, str(file), group)
    if not records:
        raise GalleryError(f"expected drawings in the sub-folders of '{data}', got {len(folders)} empty folders")
    parents = {record.path.parent for record in records.values()}
    if len({record.label for record in records.values()}) == 1 and len(parents) > 1 and parents.isdisjoint(folders):
        label = next(iter(records.values())).label
        remarks.append(f"all is of one class, '{label}': if its sub-folders are the classes, give '{data / label}'")
    return Gallery(tuple(records.values()), tuple(remarks))


def gallery_of_rows(rows: Iterable[Row], table: str, folder: Path) -> Gallery:
    """The gallery of a table's rows.

    Args:
        rows: as `rows_of_table` gives them.
        table: what it is called in messages.
        folder: what its paths are relative to.

    Raises:
        GalleryError: when there are no rows, a path is missing, or a class name cannot stand.
    """
    records: dict[str, GalleryRecord] = {}
    remarks: list[str] = []
    seen: set[tuple[str, str]] = set()
    for number, row in rows:
        where = f"in row {number} of {table}"
        for column in ("path", "label"):
            if not row[column].strip():
                raise GalleryError(f"the column {column} is empty {where}")
        name, label = printable(row["path"]), class_name(row["label"], where)
        if (name, label) in seen:
            remarks.append(f"passed over row {number}: '{name}' stands there twice for class '{label}'")
            continue
        seen.add((name, label))
        name = free_name(name, records)
        group, part, colour = (plain_name(row.get(column, "")) or None for column in FURTHER_COLUMNS)
        records[name] = GalleryRecord(name, label, _file_of(folder, row["path"]), row["path"], group, part, colour)
    if not records:
        raise GalleryError(f"expected rows below the header of {table}, got none")
    return Gallery(tuple(records.values()), tuple(remarks))


def _file_of(folder: Path, path: str) -> Path:
    """The file that a table names.

    Where there is none, it is the same without spaces, with slashes, in a Unicode form, or with the bytes that
    `printable` has escaped.
    """
    bare = path.strip()
    forms = (unicodedata.normalize(form, bare) for form in ("NFC", "NFD"))
    for other in (path, bare, bare.replace("\\", "/"), *forms, _unescaped(bare)):
        if is_there(folder / other):
            return folder / other
    return folder / path


def _unescaped(path: str) -> str:
    """The file name of which `printable` made this."""
    escaped = path.encode("utf-8", "surrogatepass")
    return os.fsdecode(_ESCAPED.sub(lambda byte: bytes.fromhex(byte[1].decode()), escaped))


def check_distinct(names: Iterable[str]) -> None:
    """Refuses names that people would take for the same class.

    Raises:
        GalleryError: when two differ in case, Unicode form, white space or what cannot be seen only.
    """
    spellings: dict[str, str] = {}
    for name in names:
        if (first := spellings.setdefault(spelling(name), name)) != name:
            folded = {unicodedata.normalize("NFKC", each).casefold() for each in (first, name)}
            differ = "case or Unicode form" if len(folded) == 1 else "white space or characters that cannot be seen"
            raise GalleryError(f"the classes {first!r} and {name!r} differ only in {differ}: rename or merge one")
