"""What training learns from beside LogoBench, read from `benchmarks/data`: the wide set and the generic icons.

The wide set is 13,656 drawings of brands outside the 160; the generic icons show no brand at all, such as pictograms,
emoji and flags.
"""

from __future__ import annotations

import csv
import io
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from logobench_data import DATA, PackDrawing, attributes_of, unpacked

ARCHIVE = DATA / "wide.tar.xz"
CATALOGUE = DATA / "wide.csv.xz"
GENERIC_ARCHIVE = DATA / "generic.tar.xz"
GENERIC_CATALOGUE = DATA / "generic.csv.xz"
GENERIC = "generic"
"""The scope of the generic icons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WideDrawing(PackDrawing):
    """A drawing of either. Its brand is none of the 160, and of a generic icon its name after the word "icon".

    Its scope is "multi" (of a brand with 2 to 12 drawings), "single" (with one), "coin" (a ticker) or `GENERIC`.

    Attributes:
        dev_other_slug: whether LogoBench shows this brand in `other`, under this name or one like it.
    """

    dev_other_slug: bool


def load_wide(cache: Path | None = None) -> tuple[WideDrawing, ...]:
    """Reads the set in the order of its catalogue; the first call unpacks the archive (32 MB) into a cache folder.

    Args:
        cache: by default `logo-retrieval` under `$XDG_CACHE_HOME`, or under `~/.cache`.
    """
    folder = unpacked(ARCHIVE, "wide", cache)
    return tuple(_drawing(row, folder) for row in read_catalogue(CATALOGUE))


def load_generic(cache: Path | None = None) -> tuple[WideDrawing, ...]:
    """Reads the generic icons in the same way."""
    folder = unpacked(GENERIC_ARCHIVE, GENERIC, cache)
    return tuple(_drawing(row, folder) for row in read_catalogue(GENERIC_CATALOGUE))


def read_catalogue(file: Path) -> list[dict[str, str]]:
    """The rows of a catalogue, by column name."""
    with lzma.open(file) as packed:
        return list(csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8", newline="")))


def _drawing(row: Mapping[str, str], folder: Path) -> WideDrawing:
    of_other = row["dev_other_slug"] == "1"
    return WideDrawing(**{**attributes_of(WideDrawing, row, folder), "dev_other_slug": of_other})
