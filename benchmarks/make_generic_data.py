"""Writes the generic icons into `benchmarks/data`: `python benchmarks/make_generic_data.py PACKAGES`.

PACKAGES is a folder with the npm archives of `data/packages.csv`, as `npm pack @iconify-json/NAME@VERSION` leaves them.
Of each pack some icons are taken, by SHA-256 of their names, that show no brand: none that the pack files under brands,
that is called like a brand of LogoBench or of the wide set, or that looks like a drawing of a company. The same packs
give the same files, byte for byte (the archives: with the same version of liblzma).
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from logobench_data import DATA, OTHER, load, read_rows
from make_logobench_data import as_csv, attribution, pack
from small import options
from wide_data import GENERIC, GENERIC_ARCHIVE, GENERIC_CATALOGUE, load_wide

from logo_retrieval.images.fingerprint import perceptual_hash, shape_distance
from logo_retrieval.training.art import rasterised
from logo_retrieval.training.augment import plain_view
from logo_retrieval.training.records import NEAR_BITS
from logo_retrieval.types import Int64Array

TAKEN = {"twemoji": 600, "circle-flags": 150, "flat-color-icons": 200}
"""How many icons of a pack, where it is not `TAKEN_ELSE`: the coloured ones are few packs, and unlike one another."""
TAKEN_ELSE = 160
LEFT_OUT = ("bxl", "material-icon-theme", "vscode-icons")
"""Packs whose icons mostly stand for a product, even where it is not among the known brands."""
_PX = 224
_BRANDS = re.compile(r"brand|logo|social|compan|payment", re.IGNORECASE)
_STYLE = re.compile(
    r"-(bold|fill|filled|line|light|thin|duotone|outline|outlined|solid|sharp|rounded|round|twotone|alt|linear|\d+)$"
)
_SKIN = re.compile(r"-(medium-)?(light|medium|dark)-skin-tone")
_SHORT = 3


def base_name(name: str) -> str:
    """What an icon shows, without the style it is drawn in."""
    name = _SKIN.sub("", name)
    while (shorter := _STYLE.sub("", name)) != name:
        name = shorter
    return name


def icons(archive: Path) -> Iterator[tuple[str, str, str]]:
    """Name, what it shows and SVG text of each icon that is no brand by its category, one for each thing shown."""
    with tarfile.open(archive) as tar:
        members = {member.name.split("/")[-1]: member for member in tar.getmembers()}

        def read(name: str) -> dict[str, Any]:
            stream = tar.extractfile(members[name]) if name in members else None
            values: dict[str, Any] = json.load(stream) if stream else {}
            return values

        pack, categories = read("icons.json"), read("metadata.json").get("categories", {})
    brands = {name for category, names in categories.items() if _BRANDS.search(category) for name in names}
    seen: set[str] = set()
    for name in sorted(pack["icons"], key=lambda name: hashlib.sha256(name.encode()).digest()):
        shown, icon = base_name(name), pack["icons"][name]
        if name in brands or shown in seen or icon.get("hidden"):
            continue
        seen.add(shown)
        width, height = (icon.get(side, pack.get(side, 16)) for side in ("width", "height"))
        left, top = icon.get("left", 0), icon.get("top", 0)
        box = f"{left} {top} {width} {height}"
        yield name, shown, f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{icon["body"]}</svg>'


def words(text: str) -> set[str]:
    """The words of a name, and each two neighbours as one."""
    parts = [part for part in re.split(r"[^a-z0-9]+", text.lower()) if part]
    return {*parts, *("".join(pair) for pair in zip(parts, parts[1:], strict=False)), "".join(parts)}


def main() -> None:
    """Chooses, writes."""
    arguments = options(__doc__, cache=True, packages="folder of the npm archives").parse_args()
    archives, cache = arguments.packages, arguments.cache
    bench = load(cache)
    named = {drawing.label for drawing in bench.drawings if drawing.label != OTHER}
    named |= {drawing.brand for drawing in bench.drawings if drawing.scope == "brand"}
    named |= {drawing.brand for drawing in load_wide(cache)}
    brands = {"".join(re.split(r"[^a-z0-9]+", name.lower())) for name in named}
    packages = [
        row
        for row in read_rows(DATA / "packages.csv")
        if row["collection"] not in LEFT_OUT and (archives / archive_name(row)).is_file()
    ]
    companies = [drawing.path for drawing in bench.drawings if drawing.label != OTHER]
    known = hashes_of(companies, cache)[1]
    there = {drawing.key for drawing in bench.drawings}
    rows: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for package in packages:
            rows += chosen(package, archives / archive_name(package), root, brands, there, known, cache)
            print(f"{package['collection']}: {len(rows)} in all", flush=True)
        GENERIC_ARCHIVE.write_bytes(pack(rows, root))
    GENERIC_CATALOGUE.write_bytes(lzma.compress(as_csv(rows).encode(), preset=9 | lzma.PRESET_EXTREME))
    drawn = {row["collection"] for row in rows}
    packages = [row for row in packages if row["collection"] in drawn]
    text = attribution(rows, packages, "the generic icons", GENERIC_CATALOGUE.name)
    (DATA / "GENERIC_ATTRIBUTION.md").write_text(text, encoding="utf-8", newline="")


def archive_name(package: dict[str, str]) -> str:
    """As npm calls it."""
    return f"{package['package'].removeprefix('@').replace('/', '-')}-{package['version']}.tgz"


def hashes_of(paths: list[Path], cache: Path) -> tuple[list[int], Int64Array]:
    """The places of the files that can be read, and their perceptual hashes."""
    art, places, _ = rasterised(paths, cache, size_px=_PX)
    return places, np.array([perceptual_hash(plain_view(art[row].pixels, _PX)) for row in range(len(art))], np.int64)


def chosen(
    package: dict[str, str],
    archive: Path,
    root: Path,
    brands: set[str],
    there: set[str],
    known: Int64Array,
    cache: Path,
) -> list[dict[str, str]]:
    """The rows of one pack; their files are written below `root`. What LogoBench has of it, `there`, is passed over."""
    wanted = TAKEN.get(package["collection"], TAKEN_ELSE)
    folder = root / "art" / package["collection"]
    folder.mkdir(parents=True)
    candidates: list[tuple[str, str, Path]] = []
    for name, shown, text in icons(archive):
        file = folder / f"{name}.svg"
        is_new = str(file.relative_to(root)) not in there
        if is_new and len(shown) >= _SHORT and not words(shown) & brands and len(candidates) < 2 * wanted:
            file.write_text(text, encoding="utf-8")
            candidates.append((name, shown, file))
    places, hashes = hashes_of([file for _, _, file in candidates], cache)
    near = np.any(shape_distance(hashes[:, None], known) <= NEAR_BITS, axis=1).tolist()
    fit = [candidates[place] for place, like in zip(places, near, strict=True) if not like]
    return [
        {
            "path": str(file.relative_to(root)),
            "collection": package["collection"],
            "package": f"{package['package']}@{package['version']}",
            "brand": f"icon {shown}",
            "name": name,
            "licence": package["licence"],
            "style": "",
            "hex": "",
            "format": "svg",
            "bg": "white",
            "dup_group": "",
            "scope": GENERIC,
            "dev_other_slug": "0",
        }
        for name, shown, file in fit[:wanted]
    ]


if __name__ == "__main__":
    main()
