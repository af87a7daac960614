"""Chooses drawings to learn that are not here: `python benchmarks/make_fetched_data.py PACKAGES MODEL`.

PACKAGES is a folder for archives of npm, as for `fetched_data.load_fetched`; MODEL is a model bundle, which tells what
looks alike. A brand is called as in LogoBench or the wide set, where these have it, so that a network which must not
see it there does not see it here. What is of the 160, may be, or may be of a brand of another name, is left out.

`data/fetched.csv.xz` was made so, by the held-out network of the day. Another network chooses a little otherwise.
"""

from __future__ import annotations

import lzma
import re
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from collect_packs import archive_of
from fetched_data import COLUMNS, TABLE, Row, attribution
from logobench_data import DATA, OTHER, LogoBench, plain, read_rows
from make_logobench_data import as_csv
from packs import drawings
from small import options
from starter_networks import Sources
from wide_data import GENERIC

from logo_retrieval.embedding import load_embedder
from logo_retrieval.models.bundle import ModelBundle, read_bundle
from logo_retrieval.training.art import rasterised
from logo_retrieval.training.augment import plain_view
from logo_retrieval.types import Float32Array

LOGOS, SETS = "@thesvg/icons@3.3.8", "@iconify/json@2.2.535"
"""The packages."""

LICENCES = {
    "selfhst": "CC-BY-4.0",
    "arcticons": "CC-BY-SA-4.0",
    "noto": "Apache-2.0",
    "noto-v1": "Apache-2.0",
    "twemoji": "CC-BY-4.0",
    "openmoji": "CC-BY-SA-4.0",
    "emojione": "CC-BY-4.0",
    "emojione-v1": "CC-BY-SA-4.0",
    "emojione-monotone": "CC-BY-4.0",
    "fluent-emoji-flat": "MIT",
    "fluent-emoji-high-contrast": "MIT",
    "fluent-emoji": "MIT",
}
"""Of the sets that are taken; in `LOGOS` every drawing has its own."""

LINES, LINE_BRANDS = "arcticons", 4_000
"""The set that is drawn as lines alone, and how many brands are taken that only it has."""

EMOJI = frozenset(LICENCES) - {"selfhst", LINES}
FEWEST = 5
"""Artists of an emoji."""

PEOPLE = re.compile(
    r"skin|^(man|woman|men|women|person|people|boy|girl|old|family|couple|kiss|flag|keycap|merman|mermaid)\b"
    r"|face|oclock|thirty|button|hand|finger|-man\b|-woman\b|hair|japanese|letter|moon-|arrow|heart|circle|square"
)
"""Emoji that many others are like: people, their hands and faces, clocks, and signs of plain shapes."""

FREE = {"CC0-1.0", "Unlicense", "MIT", "Apache-2.0", "MPL-2.0", "BSD-2-Clause", "BSD-3-Clause"} | {
    f"CC-BY-{kind}" for kind in ("2.5", "4.0", "SA-2.0", "SA-3.0", "SA-4.0")
}

SAME_BRAND = 0.4
"""Cosine from which drawings of one name show one mark."""

UNSURE, TWIN = 0.8, 0.85
"""Cosine from which a drawing may be of a known brand of another name, and two new brands may be one."""

COPY = 0.985
"""Cosine from which a drawing shows nothing that one before it does not."""

SEED = 3
_PX = 224
_BATCH = 64
_FACT = re.compile(r'^exports\.(title|license) = "([^"]*)"', re.MULTILINE)
_VARIANT = re.compile(r"(.*?)-(light|dark)")
_NUMBERED = re.compile(r"(.*?)(-alt)?(-\d+)?")


class Facts(NamedTuple):
    """What `LOGOS` says of a brand."""

    title: str
    licence: str


class Offer(NamedTuple):
    """A drawing that could be learned, with the plain names under which it may be known, its own one first."""

    package: str
    collection: str
    licence: str
    source: str
    text: str
    names: tuple[str, ...]


def logos(packages: Path) -> Iterator[Offer]:
    """All drawings of logos whose licence is free."""
    archive = archive_of(LOGOS, packages)
    known = facts_of(archive)
    for source, text in drawings(archive):
        place, _, variant = source.partition("#")
        slug = Path(place).stem
        if variant and known[slug].licence in FREE:
            names = (plain(slug), plain(known[slug].title))
            yield Offer(LOGOS, "thesvg", known[slug].licence, source, text, names)
    for offer in icons(packages, ("selfhst", LINES)):
        name = offer.source.partition("#")[2]
        base = (_NUMBERED if offer.collection == LINES else _VARIANT).fullmatch(name)
        if not name.startswith("emoji-"):
            yield offer._replace(names=(plain(base[1] if base else name),))


def emoji(packages: Path, bench: LogoBench) -> Iterator[Offer]:
    """Those that at least `FEWEST` artists drew, of things that few others are like; none that LogoBench has."""
    asked = {drawing.path.stem for drawing in bench.drawings if drawing.collection in EMOJI}
    drawn: dict[str, list[Offer]] = defaultdict(list)
    for offer in icons(packages, EMOJI):
        drawn[offer.source.partition("#")[2]].append(offer)
    for name in sorted(drawn.keys() - asked):
        if len(drawn[name]) >= FEWEST and not PEOPLE.search(name):
            yield from drawn[name]


def icons(packages: Path, collections: Collection[str]) -> Iterator[Offer]:
    """The icons of some sets, of one name each."""
    places = {f"json/{collection}.json": collection for collection in collections}
    for source, text in drawings(archive_of(SETS, packages), places):
        place, _, name = source.partition("#")
        yield Offer(SETS, places[place], LICENCES[places[place]], source, text, (name,))


def facts_of(archive: Path) -> dict[str, Facts]:
    """What `LOGOS` says of each brand."""
    facts = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.name.endswith(".cjs") else None
            if stream is not None:
                found = dict(_FACT.findall(stream.read().decode()))
                facts[Path(member.name).stem] = Facts(found.get("title", ""), found.get("license", ""))
    return facts


class Embed:
    """Vectors of the whole drawings, by one network."""

    def __init__(self, model: ModelBundle, cache: Path) -> None:
        self._embedder, self._cache = load_embedder(model), cache

    def __call__(self, paths: Sequence[Path]) -> tuple[list[int], Float32Array]:
        """The places of the files that can be read, and their vectors."""
        art, places, _ = rasterised(paths, self._cache, size_px=_PX)
        size_px, parts = self._embedder.input_size_px, []
        for first in range(0, len(places), _BATCH):
            rows = range(first, min(first + _BATCH, len(places)))
            parts.append(self._embedder.embed(np.stack([plain_view(art[row].pixels, size_px) for row in rows])))
        return places, np.concatenate(parts)


class Known:
    """The drawings that are here. A brand is ("company", label) or ("brand", name)."""

    def __init__(self, sources: Sources, embed: Embed) -> None:
        own = [*sources.bench.drawings, *sources.vintage]
        further = [*sources.wide, *sources.generic]
        brands = [("brand", each.brand) if each.label == OTHER else ("company", each.label) for each in own]
        brands += [("brand", each.brand) for each in further]
        places, self._vectors = embed([each.path for each in (*own, *further)])
        self._brands = [brands[place] for place in places]
        self._rows: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row, brand in enumerate(self._brands):
            self._rows[brand].append(row)
        self._named = {plain(brand[1]): brand for brand in brands if not brand[1].startswith("icon ")}
        self._named |= {plain(row["name"]): ("company", row["class"]) for row in read_rows(DATA / "names160.csv")}
        self.shown = {each.brand for each in own} | {each.brand for each in sources.wide if each.dev_other_slug}

    def brands(self, offers: Sequence[Offer], vectors: Float32Array) -> Iterator[str | None]:
        """Which brand that is here each drawing shows, "" for a new one; None where it is not plain, or nothing new."""
        for first in range(0, len(offers), _BATCH):
            cosines = vectors[first : first + _BATCH] @ self._vectors.T
            for offer, row in zip(offers[first : first + _BATCH], cosines, strict=True):
                yield self._brand(offer.names, row)

    def _brand(self, names: Sequence[str], cosines: Float32Array) -> str | None:
        nearest = int(cosines.argmax())
        brand = next((self._named[name] for name in names if name in self._named), None)
        if brand is None:
            return "" if cosines[nearest] < UNSURE else None
        own = cosines[self._rows[brand]].max()
        another = self._brands[nearest] != brand and cosines[nearest] >= max(UNSURE, own + 0.05)
        return brand[1] if brand[0] == "brand" and SAME_BRAND <= own <= COPY and not another else None


def new_brands(offers: Sequence[Offer], vectors: Float32Array, rows: Iterable[int]) -> dict[str, list[int]]:
    """Rows by brands that nobody here knows: of one name and alike, without copies and without twins of others."""
    named: dict[str, list[list[int]]] = defaultdict(list)
    for row in rows:
        marks = named[offers[row].names[0]]
        collection = offers[row].collection
        for mark in marks:
            if offers[mark[0]].collection == collection or (vectors[mark] @ vectors[row]).max() >= SAME_BRAND:
                mark.append(row)
                break
        else:
            marks.append([row])
    brands = {
        name if place == 0 else f"{name}@{place}": mark
        for name, marks in named.items()
        for place, mark in enumerate(marks)
    }
    kept: dict[str, list[int]] = {}
    before, filled = np.zeros_like(vectors), 0
    for name in sorted(brands, key=lambda name: -len(brands[name])):
        own = vectors[brands[name]]
        if float((before[: max(filled, 1)] @ own.T).max()) <= TWIN:
            kept[name] = without_copies(brands[name], vectors)
            before[filled : filled + len(own)] = own
            filled += len(own)
    return kept


def without_copies(rows: Sequence[int], vectors: Float32Array) -> list[int]:
    """Those that show something which none before them does."""
    kept: list[int] = []
    for row in rows:
        if not kept or float((vectors[kept] @ vectors[row]).max()) < COPY:
            kept.append(row)
    return kept


def chosen(packages: Path, model: ModelBundle, cache: Path) -> list[Row]:
    """The rows of the table."""
    sources, embed = Sources.loaded(cache), Embed(model, cache)
    known = Known(sources, embed)
    with tempfile.TemporaryDirectory() as scratch:
        offers, vectors = embedded(list(logos(packages)), embed, Path(scratch) / "logos")
        brands = list(known.brands(offers, vectors))
        taken = [(offers[row], brand) for row, brand in enumerate(brands) if brand]
        new = new_brands(offers, vectors, (row for row, brand in enumerate(brands) if brand == ""))
        lines = [name for name, rows in sorted(new.items()) if {offers[row].collection for row in rows} == {LINES}]
        dropped = {*lines} - {*np.random.default_rng(SEED).permutation(lines)[:LINE_BRANDS].tolist()}
        taken += [(offers[row], name) for name, rows in new.items() if name not in dropped for row in rows]
        drawn, _ = embedded(list(emoji(packages, sources.bench)), embed, Path(scratch) / "emoji")
    rows = [
        row_of(offer, brand, GENERIC if brand in lines else "multi", brand in known.shown) for offer, brand in taken
    ]
    rows += [row_of(offer, f"icon {offer.names[0]}", GENERIC, False) for offer in drawn]
    return sorted(rows, key=lambda row: (row["package"], row["source"]))


def embedded(offers: Sequence[Offer], embed: Embed, folder: Path) -> tuple[list[Offer], Float32Array]:
    """The drawings that can be read, and their vectors."""
    folder.mkdir()
    paths = [folder / f"{place}.svg" for place in range(len(offers))]
    for path, offer in zip(paths, offers, strict=True):
        path.write_text(offer.text, encoding="utf-8")
    places, vectors = embed(paths)
    return [offers[place] for place in places], vectors


def row_of(offer: Offer, brand: str, scope: str, shown: bool) -> Row:
    """A row of the table."""
    values = (offer.package, offer.licence, offer.collection, offer.source, brand, scope, str(int(shown)))
    return dict(zip(COLUMNS, values, strict=True))


def main() -> None:
    """Chooses, writes."""
    where = {"packages": "folder for the archives of npm", "model": "model bundle"}
    arguments = options(__doc__, cache=True, **where).parse_args()
    rows = chosen(arguments.packages, read_bundle(arguments.model), arguments.cache)
    TABLE.write_bytes(lzma.compress(as_csv(rows).encode(), preset=9 | lzma.PRESET_EXTREME))
    (DATA / "FETCHED_ATTRIBUTION.md").write_text(attribution(rows), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
