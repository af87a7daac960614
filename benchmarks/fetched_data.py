"""Drawings that the networks of the starter learn from and that are not here: they are fetched from packages of npm.

`data/fetched.csv.xz` lists 20,064 of them, with the package, the licence and the place of each: official logos,
app icons drawn as lines, and emoji, each of these by up to ten artists. Their brands are none of the 160.
`make_fetched_data.py` chose them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from collect_packs import unpack
from logobench_data import DATA, filled
from wide_data import WideDrawing, read_catalogue

TABLE = DATA / "fetched.csv.xz"
COLUMNS = "package licence collection source brand scope dev_other_slug".split()

Row = dict[str, str]


def load_fetched(packages: Path, cache: Path) -> tuple[WideDrawing, ...]:
    """What the table lists, in its order.

    Args:
        packages: folder for the archives of npm, made when missing; those that it lacks are downloaded (124 MB).
        cache: folder for the drawings, unpacked by the first call.

    Raises:
        SystemExit: a package lacks a drawing.
    """
    rows = read_catalogue(TABLE)
    listed = [{**row, "path": path_of(row)} for row in rows]
    packages.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(TABLE.read_bytes()).hexdigest()
    folder = filled(
        cache.absolute() / f"fetched-{digest[:16]}", lambda fresh: unpack(listed, packages, fresh, TABLE.name)
    )
    return tuple(drawing_of(row, folder) for row in rows)


def attribution(rows: Sequence[Row]) -> str:
    """Who drew what, and under which licence, as Markdown."""
    drawn = Counter((row["package"], row["collection"], row["licence"]) for row in rows)
    lines = [
        "# Drawings that are fetched",
        "",
        f"Networks learn from these {len(rows):,} drawings, which are not here: `fetched_data.py` takes them from the",
        "npm packages named here, under their licences. `fetched.csv.xz` names the package and the licence of every",
        "single one. Logos are trademarks of their owners, who endorse neither this project nor the packages.",
        "",
        "| package | collection | licence | drawings |",
        "|---|---|---|---|",
        *(f"| {' | '.join(names)} | {count:,} |" for names, count in sorted(drawn.items())),
    ]
    return "\n".join(lines) + "\n"


def path_of(row: Row) -> str:
    """Where a drawing lies in the cache."""
    place, _, name = row["source"].partition("#")
    named = name if row["collection"] == Path(place).stem else f"{Path(place).stem}--{name}"
    return f"{row['collection']}/{re.sub(r'[^A-Za-z0-9.]+', '-', named)}.svg"


def drawing_of(row: Row, folder: Path) -> WideDrawing:
    """A row as a drawing in the folder of them all."""
    path = path_of(row)
    return WideDrawing(
        key=f"fetched/{path}",
        path=folder / path,
        collection=row["collection"],
        package=row["package"],
        brand=row["brand"],
        licence=row["licence"],
        style="",
        hex="",
        format="svg",
        bg="white",
        scope=row["scope"],
        dev_other_slug=row["dev_other_slug"] == "1",
    )
