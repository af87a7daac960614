"""Writes the wide set into `benchmarks/data`: `python benchmarks/make_wide_data.py SOURCE PACKAGES`.

SOURCE holds `catalog.csv` and `art/`; PACKAGES is a table of packs like `packages.csv`. The same source gives the same
files, byte for byte (the archives: with the same version of liblzma).
"""

from __future__ import annotations

import lzma
from pathlib import Path

from logobench_data import DATA, read_rows
from make_logobench_data import as_csv, attribution, pack
from small import options
from wide_data import ARCHIVE, CATALOGUE

COLUMNS = "path collection package brand name licence style hex format bg dup_group scope dev_other_slug".split()
"""Of the source's catalogue, those that are kept."""


def main() -> None:
    """Writes everything."""
    packages = "CSV of the packs: version, licence, home"
    arguments = options(__doc__, source="folder of the unpacked art", packages=packages).parse_args()
    source: Path = arguments.source
    rows = [{name: row[name] for name in COLUMNS} for row in read_rows(source / "catalog.csv")]
    drawn = {row["collection"] for row in rows}
    listed = [row for row in read_rows(arguments.packages) if row["collection"] in drawn]
    ARCHIVE.write_bytes(pack(rows, source))
    CATALOGUE.write_bytes(lzma.compress(as_csv(rows).encode(), preset=9 | lzma.PRESET_EXTREME))
    text = attribution(rows, listed, "the wide set", CATALOGUE.name)
    (DATA / "WIDE_ATTRIBUTION.md").write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
