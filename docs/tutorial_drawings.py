"""What the tutorial begins with: folders of real logos, and pictures of drawings in a row."""

from __future__ import annotations

import csv
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from logo_retrieval import images
from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import Preparation

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
FONT = Path(images.__file__).parent / "fonts" / "LiberationSans-Regular.ttf"

COMPANIES = "airbnb bitcoin dropbox firefox github microsoft slack spotify telegram twitch whatsapp windows".split()
NEW_COMPANY = "figma"
ARTISTS = {
    "my-logos": ("logos", "lucide", "super-tiny-icons"),
    "new-artists": ("hugeicons", "ph", "react-social-icons", "socicon", "twemoji"),
}
"""Whose drawings of the companies and of "other" lie in which folder: no artist is in both."""
ARTISTS_OF_NEW_COMPANY = ("devicon", "logos", "ph", "skill-icons", "tabler")

SIDE_PX, GAP_PX, LETTER_PX = 92, 12, 11
ACROSS = 7


def lay_folders() -> None:
    """Writes into the current folder: `my-logos`, `new-artists`, `figma` and `inbox`."""
    with (BENCHMARKS / "data" / "logobench160.csv").open(encoding="utf-8", newline="") as table:
        places = dict(_places(csv.DictReader(table)))
    with tarfile.open(BENCHMARKS / "data" / "logobench160.tar.xz") as archive:
        for member in archive:
            place, content = places.get(member.name), archive.extractfile(member)
            if place is not None and content is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.read())
    shutil.copytree(BENCHMARKS / "samples", "inbox")


def _places(rows: Iterator[dict[str, str]]) -> Iterator[tuple[str, Path]]:
    """Where each drawing of the catalogue goes, those of the tutorial alone."""
    folders = {artist: folder for folder, artists in ARTISTS.items() for artist in artists}
    for row in rows:
        artist, label = row["collection"], row["label"]
        name = f"{artist}-{Path(row['path']).name}"
        if artist in folders and (label in COMPANIES or (label == "other" and row["scope"] == "generic")):
            yield row["path"], Path(folders[artist], label, name)
        elif label == NEW_COMPANY and artist in ARTISTS_OF_NEW_COMPANY:
            yield row["path"], Path(NEW_COMPANY, name)


def show(files: Sequence[str | Path], captions: Sequence[str]) -> Image.Image:
    """Drawings in rows, as the recogniser sees them, with a caption below each."""
    across, height = min(len(files), ACROSS), SIDE_PX + 2 * LETTER_PX
    sheet = Image.new("RGB", (across * (SIDE_PX + GAP_PX), -(-len(files) // across) * height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(FONT, LETTER_PX)
    for place, (file, caption) in enumerate(zip(files, captions, strict=True)):
        view = Image.fromarray(decode(Path(file).read_bytes(), Preparation(), all_views=False).views[0])
        left, top = place % across * (SIDE_PX + GAP_PX), place // across * height
        sheet.paste(view.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS), (left, top))
        pen.text((left, top + SIDE_PX + LETTER_PX // 3), caption, fill="black", font=font)
    return sheet
