"""Writes `benchmarks/data/packs.*` from `data/packs_list.csv`: `python benchmarks/collect_packs.py PACKAGES`.

PACKAGES is a folder for the npm archives; those that it lacks are downloaded by `npm pack`. The list says of each
drawing where in which package it is, its licence, its label, given by eye, and its use. The same list gives the same
files, byte for byte (the archive: with the same version of liblzma).
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from logobench_data import DATA, PACKS, PACKS_CATALOGUE, read_rows
from make_generic_data import archive_name
from make_logobench_data import Row, as_csv, pack
from make_vintage_data import catalogued
from packs import drawings
from small import options

from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation

LISTED = DATA / "packs_list.csv"
FIRST_GROUP = 2_000_000
"""Shapes of their own, apart from those of LogoBench and of the earlier marks."""


def archive_of(package: str, folder: Path) -> Path:
    """The archive of name@version, downloaded unless it is there."""
    name, _, version = package.rpartition("@")
    archive = folder / archive_name({"package": name, "version": version})
    if not archive.is_file():
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return archive


def path_of(row: Row) -> str:
    """Where a drawing lies in the archive."""
    name = row["source"].partition("#")[2] or str(Path(row["source"]).with_suffix(""))
    return f"packs/{_plain(row['package'])}/{_plain(name)}.svg"


def unpack(rows: Sequence[Row], packages: Path, root: Path, table: str) -> None:
    """Writes the drawings that a table lists, and no others, below a folder, each to its path.

    Raises:
        SystemExit: a package lacks a drawing.
    """
    for package, grouped in groupby(rows, key=lambda row: row["package"]):
        listed, archive = list(grouped), archive_of(package, packages)
        texts = dict(drawings(archive, {row["source"].partition("#")[0] for row in listed}))
        for row in listed:
            if row["source"] not in texts:
                raise SystemExit(f"{archive} lacks {row['source']}, which {table} has: remove it, to fetch it anew")
            file = root / row["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(texts[row["source"]], encoding="utf-8", newline="")


def attribution(rows: Sequence[Row]) -> str:
    """Who drew what, and under which licence, as Markdown."""
    drawn = Counter((row["package"], row["licence"]) for row in rows)
    lines = [
        "# Drawings of further packs",
        "",
        f"These {len(rows)} drawings are the work of the artists of the {len(drawn)} npm packages named here, under",
        "their licences. They were not edited; packs that keep them as data or as source code are written out as one",
        "SVG a drawing. `packs.csv` names the package and licence of every single drawing. Keep this file wherever the",
        "drawings go. Logos are trademarks of their owners, who endorse neither this project nor the packages.",
        "",
        "| package | licence | drawings |",
        "|---|---|---|",
        *(f"| {package} | {licence} | {n} |" for (package, licence), n in drawn.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Downloads, unpacks, writes."""
    packages: Path = options(__doc__, packages="folder for the npm archives").parse_args().packages
    listed = [{**row, "path": path_of(row)} for row in read_rows(LISTED)]
    with tempfile.TemporaryDirectory() as scratch, DecoderPool(Preparation(size_px=224)) as pool:
        root = Path(scratch)
        unpack(listed, packages, root, LISTED.name)
        rows = [
            {**catalogued({**row, "name": Path(row["path"]).stem}, root, pool, FIRST_GROUP + place), "use": row["use"]}
            for place, row in enumerate(listed)
        ]
        PACKS.write_bytes(pack(rows, root))
    PACKS_CATALOGUE.write_text(as_csv(rows), encoding="utf-8", newline="")
    (DATA / "PACKS_ATTRIBUTION.md").write_text(attribution(rows), encoding="utf-8", newline="")


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")


if __name__ == "__main__":
    main()
