"""Writes `logo_retrieval/training/fonts` from unpacked font packages: `python benchmarks/make_fonts.py PACKAGES`.

PACKAGES holds a folder for each family, the unpacked npm package `@fontsource/<family>` of that name. Needs `fonttools`
and `brotli`. Of each face stay the glyphs that names are written with, without hinting, kerning and ligatures. None of
the families has a Reserved Font Name, so the subsets keep their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from small import options

from logo_retrieval.training.typesetting import CHARACTERS, FONTS

LICENCE = FONTS / "LICENSE-OFL-1.1.txt"
OFL_TITLE = "SIL OPEN FONT LICENSE Version 1.1"

NAME_IDS = [0, 1, 2, 3, 4, 5, 6, 13, 14]

FACES = {
    "alegreya-sans": ["700-normal"],
    "anton": ["400-normal"],
    "barlow-condensed": ["600-normal"],
    "bebas-neue": ["400-normal"],
    "bodoni-moda": ["600-normal"],
    "caveat": ["700-normal"],
    "chakra-petch": ["600-normal"],
    "cinzel": ["600-normal"],
    "dosis": ["600-normal"],
    "eb-garamond": ["500-normal"],
    "exo-2": ["700-italic"],
    "fraunces": ["700-normal"],
    "fredoka": ["600-normal"],
    "gloock": ["400-normal"],
    "great-vibes": ["400-normal"],
    "grenze-gotisch": ["600-normal"],
    "inter-tight": ["500-normal", "800-normal"],
    "jetbrains-mono": ["600-normal"],
    "jost": ["500-normal"],
    "kanit": ["700-italic"],
    "league-spartan": ["700-normal"],
    "michroma": ["400-normal"],
    "montserrat": ["300-normal", "700-normal"],
    "nunito": ["800-normal"],
    "open-sans": ["600-normal"],
    "oswald": ["500-normal"],
    "outfit": ["600-normal"],
    "pacifico": ["400-normal"],
    "poppins": ["400-normal", "600-normal", "800-italic"],
    "rokkitt": ["600-normal"],
    "rubik": ["700-normal"],
    "saira-stencil-one": ["400-normal"],
    "space-grotesk": ["600-normal"],
    "space-mono": ["700-normal"],
    "syne": ["800-normal"],
    "unbounded": ["600-normal"],
    "urbanist": ["300-normal"],
    "work-sans": ["600-normal"],
    "zilla-slab": ["600-normal"],
}
"""Weights and slopes by family."""


def main() -> None:
    """Writes the subsets and their licence."""
    packages: Path = options(__doc__, packages="folder of the unpacked packages").parse_args().packages
    FONTS.mkdir(exist_ok=True)
    for old in FONTS.iterdir():
        old.unlink()
    for family, faces in FACES.items():
        for face in faces:
            source = packages / family / "files" / f"{family}-latin-{face}.woff2"
            write_subset(source, FONTS / file_name(family, face))
    LICENCE.write_text("\n".join(licence_lines(packages)) + "\n", encoding="utf-8")


def file_name(family: str, face: str) -> str:
    """What a face is called in the folder."""
    return f"{family}-{face.removesuffix('-normal')}.ttf"


def write_subset(source: Path, target: Path) -> None:
    """Keeps the glyphs of names, unhinted, as TrueType."""
    options = subset.Options(hinting=False, layout_features=[], name_IDs=NAME_IDS, notdef_outline=True)
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "kern", "STAT", "meta", "DSIG"]
    font = subset.load_font(source, options)
    cut = subset.Subsetter(options)
    cut.populate(text="".join(CHARACTERS))
    cut.subset(font)
    if "reserved font name" in str(font["name"].getDebugName(0)).lower():
        raise SystemExit(f"{source.name} has a reserved font name: a subset may not bear it")
    font.flavor = None
    subset.save_font(font, target, options)


def licence_lines(packages: Path) -> Iterator[str]:
    """The copyright and the source of each family, then the licence that they share."""
    yield "The fonts in this folder are subsets, without hinting and layout tables, of the families below. Each is"
    yield "licensed under the SIL Open Font License, Version 1.1, which follows the list."
    texts = set()
    for family, faces in FACES.items():
        notice, title, text = (packages / family / "LICENSE").read_text(encoding="utf-8").partition(f"\n{OFL_TITLE}")
        if re.search("reserved font name", notice, re.IGNORECASE):
            raise SystemExit(f"{family} has a reserved font name: a subset may not bear it")
        texts.add(title.lstrip() + text)
        package = json.loads((packages / family / "package.json").read_text(encoding="utf-8"))
        yield ""
        yield f"Files: {', '.join(file_name(family, face) for face in faces)}"
        yield f"Source: {package['name']} {package['version']}"
        yield from copyright_lines(notice)
    (text,) = texts
    yield ""
    yield "-" * 60
    yield text.rstrip()


def copyright_lines(notice: str) -> list[str]:
    """Each holder once: a notice repeats them for every file of the family."""
    holders = re.split(r"\s+\S+\.ttf:\s+", notice.partition("This Font Software is licensed")[0].strip())
    return list(dict.fromkeys(" ".join(holder.split()) for holder in holders))


if __name__ == "__main__":
    main()
