"""LogoBench-160: 5,911 drawings of logos, their catalogue and their splits, read from `benchmarks/data`."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import tarfile
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from collection_split import connected_groups

DATA = Path(__file__).resolve().parent / "data"
ARCHIVE = DATA / "logobench160.tar.xz"
CATALOGUE = DATA / "logobench160.csv"
CLASSES = DATA / "brands160.txt"
VINTAGE = DATA / "vintage.tar.xz"
VINTAGE_CATALOGUE = DATA / "vintage.csv"
PACKS = DATA / "packs.tar.xz"
PACKS_CATALOGUE = DATA / "packs.csv"
EARLIER = DATA / "earlier"
EARLIER_ATTRIBUTION = DATA / "EARLIER_ATTRIBUTION.md"
ATTRIBUTIONS = (
    *(DATA / name for name in ("ATTRIBUTION.md", "VINTAGE_ATTRIBUTION.md", "PACKS_ATTRIBUTION.md")),
    EARLIER_ATTRIBUTION,
)
"""Who drew what of LogoBench, of the earlier marks in packs, of further packs, and of the earlier marks drawn here."""
FIRST_EARLIER_GROUP = 3_000_000
SPLITS = ("shape", "collection")
OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDrawing:
    """A drawing of an icon pack: what is used of its row in a catalogue.

    Attributes:
        key: its path in the archive and in the split files, `art/<collection>/<file>`.
        path: the unpacked file.
        collection: the icon pack, in most cases the work of one artist.
        package: name@version it was taken from.
        brand: what it shows.
        licence: SPDX identifier.
        style: "mono" (one colour) or "colour".
        hex: colour it is drawn in, where the pack says so; else empty.
        format: "svg" or "png".
        bg: "white" or "dark", the ground on which it shows.
        scope: "brand", "generic" or "maybe"; in the wide set see there.
    """

    key: str
    path: Path
    collection: str
    package: str
    brand: str
    licence: str
    style: str
    hex: str
    format: str
    bg: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing(PackDrawing):
    """One of LogoBench, of the earlier marks or of further packs.

    Attributes:
        label: one of the 160 classes, or `OTHER`.
        dup_group: drawings of one shape share it, across collections.
        use: "train", or "held" where a drawing is only ever asked.
    """

    label: str
    dup_group: int
    use: str = "train"


@dataclass(frozen=True, slots=True)
class LogoBench:
    """The whole set.

    Attributes:
        drawings: in the order of the catalogue.
        classes: the 160 in their published order, then `OTHER`.
        parts: by name of the split, the part of each drawing: "train", "val", "test" or "dropped".
        groups: of each drawing, what must stay on one side, see `group_names`.
    """

    drawings: tuple[Drawing, ...]
    classes: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    groups: tuple[str, ...]

    def without(self, companies: Iterable[str]) -> LogoBench:
        """The same as if these companies had never been in it."""
        gone = set(companies)
        kept = [row for row, drawing in enumerate(self.drawings) if drawing.label not in gone]
        return LogoBench(
            tuple(self.drawings[row] for row in kept),
            tuple(name for name in self.classes if name not in gone),
            {split: tuple(parts[row] for row in kept) for split, parts in self.parts.items()},
            tuple(self.groups[row] for row in kept),
        )


def load(cache: Path | None = None) -> LogoBench:
    """Reads the set; the first call unpacks the archive (13 MB) into a cache folder.

    Args:
        cache: by default `logo-retrieval` under `$XDG_CACHE_HOME`, or under `~/.cache`.
    """
    folder = unpacked(ARCHIVE, "logobench160", cache)
    rows = read_rows(CATALOGUE)
    drawings = tuple(_drawing(row, folder) for row in rows)
    parts = {}
    for split in SPLITS:
        part_of = {row["path"]: row["part"] for row in read_rows(DATA / "splits" / f"{split}.csv")}
        parts[split] = tuple(part_of[drawing.key] for drawing in drawings)
    classes = (*CLASSES.read_text(encoding="utf-8").split(), OTHER)
    return LogoBench(drawings, classes, parts, tuple(group_names(rows)))


def load_vintage(cache: Path | None = None) -> tuple[Drawing, ...]:
    """Earlier marks of the 160 from earlier packs, for training and for galleries; they are never asked."""
    folder = unpacked(VINTAGE, "vintage", cache)
    return tuple(_drawing(row, folder) for row in read_rows(VINTAGE_CATALOGUE))


def load_earlier() -> tuple[Drawing, ...]:
    """Earlier and further marks of the 160 that no pack has, drawn for this project; they are never asked.

    Files are called by their label and the year of the mark, such as `apple-1977.svg`.
    """
    drawings = []
    for place, path in enumerate(sorted(EARLIER.glob("*.svg"))):
        label = path.name.partition("-")[0]
        drawing = Drawing(
            key=f"earlier/{path.name}",
            path=path,
            collection="earlier",
            package="logo-retrieval",
            brand=label,
            label=label,
            licence="CC0-1.0",
            style="colour",
            hex="",
            format="svg",
            bg="white",
            scope="brand",
            dup_group=FIRST_EARLIER_GROUP + place,
        )
        drawings.append(drawing)
    return tuple(drawings)


def load_packs(cache: Path | None = None) -> tuple[Drawing, ...]:
    """Drawings of further packs, of the 160 and of `OTHER`; by their `use` to be learned, or held to be asked."""
    folder = unpacked(PACKS, "packs", cache)
    return tuple(_drawing(row, folder) for row in read_rows(PACKS_CATALOGUE))


def unpacked(archive: Path, name: str, cache: Path | None = None) -> Path:
    """The folder of an archive's content, made by the first call; it exists only when everything is in it.

    Args:
        archive: a tar file, packed in any way that `tarfile` reads.
        name: what the folder is called, in front of the archive's SHA-256.
        cache: where the folder lies; by default `default_cache()`.
    """
    cache = default_cache() if cache is None else cache
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()

    def extract(fresh: Path) -> None:
        with tarfile.open(archive) as tar:
            tar.extractall(fresh, filter="data")

    return filled(cache.absolute() / f"{name}-{digest[:16]}", extract)


def filled(folder: Path, fill: Callable[[Path], object]) -> Path:
    """A folder that the first call fills; it exists only when everything is in it.

    Args:
        folder: where it lies.
        fill: makes it elsewhere, where it is told.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unpacking-") as aside:
        fresh = Path(aside) / folder.name
        fill(fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another process was first; anything else is a fault
            if not folder.is_dir():
                raise
    return folder


def default_cache() -> Path:
    """The folder for what can be made again."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "logo-retrieval"


def names_by_class() -> dict[str, tuple[str, ...]]:
    """The names by which each of the 160 is known, in `data/names160.csv`."""
    found: dict[str, tuple[str, ...]] = {}
    for row in read_rows(DATA / "names160.csv"):
        found[row["class"]] = (*found.get(row["class"], ()), row["name"])
    return found


def plain(name: str) -> str:
    """A name's letters and digits, without case and accents."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", letters)


def read_rows(table: Path) -> list[dict[str, str]]:
    """The rows of a CSV, by column name."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def group_names(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """What may not be on two sides: a shape, and for further brands in `other` the whole brand.

    A brand of `other` that is in training would make its drawings in the test easier to reject than those of a brand
    never seen. Generic icons and doubtful brands go by shape alone, as their names mean nothing.
    """
    brands = [row["brand"] if row["label"] == OTHER and row["scope"] == "brand" else None for row in rows]
    return connected_groups([row["dup_group"] for row in rows], brands)


def attributes_of(kind: type[PackDrawing], row: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """What a row says of a drawing in an unpacked archive, as text but for its path."""
    texts = {field.name: row[field.name] for field in fields(kind) if field.name in row}
    return {**texts, "key": row["path"], "path": folder / row["path"]}


def _drawing(row: Mapping[str, str], folder: Path) -> Drawing:
    return Drawing(**{**attributes_of(Drawing, row, folder), "dup_group": int(row["dup_group"])})
