"""Writes `benchmarks/data/vintage.*` from the earlier marks: `python benchmarks/make_vintage_data.py SOURCE`.

SOURCE holds `vintage.csv` and the drawings that it names, taken from older major versions of icon packs, each with a
label given by eye. A drawing goes by the name of its pack in LogoBench, where that has a later version of it, so that
who holds out an artist holds out all of the artist's work.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from logobench_data import DATA, VINTAGE, VINTAGE_CATALOGUE, read_rows
from make_logobench_data import Row, as_csv, pack
from PIL import Image
from small import options

from logo_retrieval.images.fingerprint import perceptual_hash
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.training.art import Art
from logo_retrieval.training.augment import plain_view

LATER = {
    "devicon-2.2.0": "devicon",
    "iconify-json-fa-brands-1.2.2": "fa6-brands",
    "iconify-json-logos-1.1.0": "logos",
    "ionicons-4.6.3": "ion",
    "mdi-svg-3.9.97": "mdi",
    "simple-icons-1.19.1": "simple-icons",
    "simple-icons-6.23.0": "simple-icons",
    "super-tiny-icons-0.4.0": "super-tiny-icons",
}
"""What LogoBench calls the pack."""

FIRST_GROUP = 1_000_000
"""Shapes of their own: no drawing here is one of LogoBench's."""


def catalogued(row: Row, source: Path, pool: DecoderPool, group: int) -> dict[str, str]:
    """A row of the catalogue.

    Args:
        row: the drawing's path, collection, package, name, brand, label and licence.
        source: the folder in which the path is.
        pool: draws it.
        group: number of its shape.
    """
    (pixels,) = pool.rasterise([(source / row["path"]).read_bytes()])
    art = Art.of(Image.fromarray(np.asarray(pixels), "RGBA"))
    return {
        "path": row["path"],
        "collection": row["collection"],
        "package": row["package"],
        "name": row["name"],
        "variant": "",
        "brand": row["brand"],
        "label": row["label"],
        "licence": row["licence"],
        "style": "mono" if art.mono else "colour",
        "hex": "",
        "format": Path(row["path"]).suffix[1:],
        "width": str(art.pixels.width),
        "height": str(art.pixels.height),
        "bg": "white",
        "phash": f"{perceptual_hash(plain_view(art.pixels, 224)) % 2**64:016x}",
        "dup_group": str(group),
        "scope": "brand",
    }


def main() -> None:
    """Writes the archive, its catalogue and who drew it."""
    source: Path = options(__doc__, source="folder of the unpacked art").parse_args().source
    with DecoderPool(Preparation(size_px=224)) as pool:
        rows = [
            catalogued(
                {**row, "collection": LATER.get(row["collection"], row["collection"]), "brand": row["label"]},
                source,
                pool,
                FIRST_GROUP + place,
            )
            for place, row in enumerate(read_rows(source / "vintage.csv"))
        ]
    VINTAGE.write_bytes(pack(rows, source))
    VINTAGE_CATALOGUE.write_text(as_csv(rows), encoding="utf-8", newline="")
    lines = [
        f"# The earlier marks\n\nThese {len(rows)} drawings are the work of the artists of the packages named here, "
        "under their licences. They were not\nedited. Keep this file wherever the drawings go. Logos are trademarks of "
        "their owners, who endorse neither this project\nnor the packages.\n",
        "| drawing | package | licence |\n|---|---|---|",
        *(f"| {row['path']} | {row['package']} | {row['licence']} |" for row in rows),
    ]
    (DATA / "VINTAGE_ATTRIBUTION.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
