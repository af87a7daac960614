"""What is read on drawings, kept in the cache under everything that it depends on."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import degrade
from embedded import sources_of, wide_sources_of
from logobench_data import ARCHIVE, LogoBench
from surroundings import RESULTS
from wide_data import ARCHIVE as WIDE_ARCHIVE
from wide_data import WideDrawing

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images import lines
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.open_set.fusion import HEADLESS_NOVEL, NOVEL, TRAINED, Fusion
from logo_retrieval.reading import recogniser
from logo_retrieval.types import Int64Array, TextLine

FOUND_AT_PX = 192
"""Lines are found on drawings of this size, as the starter sees them, whichever network looks at the rest."""

Texts = dict[int, tuple[TextLine, ...]]
"""By row, of drawings with something that may be writing."""


def start_of_fit() -> Fusion:
    """Nothing known but what a name, another text (`clarity.py`) and colours (`traits.py`) say.

    The names of trained companies are reviewed. A fit leaves these weights, `PINNED`, where they are.
    """
    clarity, traits = (
        json.loads((RESULTS / name).read_text(encoding="utf-8")) for name in ("clarity.json", "traits.json")
    )
    said, colours = clarity["weights"], traits["colours"]["weights"]
    blank = Fusion.blank()
    weights = {group: dict(each) for group, each in blank.weights.items()}
    for group in (TRAINED, NOVEL, HEADLESS_NOVEL):
        against = said["else_written_reviewed" if group == TRAINED else "else_written"]
        weights[group].update(named=said["name"], contradicted=against)
        weights[group].update(colours_agree=colours["agree"], colours_differ=colours["differ"])
    return replace(blank, weights=weights)


def read_all(bench: LogoBench, rows: Int64Array, salt: str | None, cache: Path) -> Texts:
    """What is read on some drawings, or with a salt on one degraded copy of each."""
    return _kept(ARCHIVE, sources_of(bench, rows, salt), rows, salt, cache)


def read_wide(wide: tuple[WideDrawing, ...], rows: Int64Array, salt: str | None, cache: Path) -> Texts:
    """The same of the wide set."""
    return _kept(WIDE_ARCHIVE, wide_sources_of(wide, rows, salt), rows, salt, cache)


def _kept(archive: Path, sources: Iterable[bytes | Path], rows: Int64Array, salt: str | None, cache: Path) -> Texts:
    code = (archive, Path(degrade.__file__), Path(str(lines.__file__)), recogniser.FILE)
    made_by = [hashlib.sha256(file.read_bytes()).hexdigest() for file in code]
    recipe = [made_by, hashlib.sha256(rows.tobytes()).hexdigest(), salt, FOUND_AT_PX]
    kept = cache / "texts" / f"{hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]}.json"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        found = _read(sources, rows)
        text = json.dumps({str(row): found[row] for row in found}, ensure_ascii=False)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, suffix=".json", delete=False, encoding="utf-8") as aside:
            aside.write(text)
        Path(aside.name).replace(kept)  # whole, also to a script that runs beside this one
    stored = json.loads(kept.read_text(encoding="utf-8"))
    return {int(row): tuple(TextLine(text, confidence) for text, confidence in each) for row, each in stored.items()}


def _read(sources: Iterable[bytes | Path], rows: Int64Array) -> dict[int, list[tuple[str, float]]]:
    reader = recogniser.Recogniser()
    found = {}
    with DecoderPool(Preparation(size_px=FOUND_AT_PX)) as pool:
        for row, image in zip(rows, pool.decode(sources, all_views=True, lines=True), strict=True):
            if not isinstance(image, UnreadableImage) and image.lines:
                found[int(row)] = [(each.text, each.confidence) for each in reader.read(image.lines)]
    return found
