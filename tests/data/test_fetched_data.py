"""Drawings that are learned and are not here: the table of them, and how they are fetched."""

from __future__ import annotations

import csv
import io
import json
import lzma
import tarfile
from pathlib import Path

import fetched_data
import numpy as np
import pytest
from fetched_data import COLUMNS, TABLE, attribution, load_fetched, path_of
from logobench_data import DATA, OTHER, LogoBench, load_packs, names_by_class, plain
from make_fetched_data import FREE, LICENCES, Offer, new_brands
from starter_data import seen
from wide_data import GENERIC, WideDrawing, load_wide, read_catalogue

MARK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h{}v9z"/></svg>'


def archive(path: Path, files: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages, and a table of three of their drawings."""
    folder = tmp_path / "packages"
    folder.mkdir()
    brand = (
        f'exports.slug = "acme";\nexports.svg = `{MARK.format(1)}`;\nexports.variants = {{\n'
        f'  "default": `{MARK.format(1)}`,\n  "mono": `{MARK.format(2)}`\n}};\n'
    )
    emoji = {"prefix": "noto", "width": 9, "height": 9, "icons": {"bell": {"body": '<path d="M0 0h3v9z"/>'}}}
    archive(folder / "thesvg-icons-3.3.8.tgz", {"dist/acme.cjs": brand, "dist/other.cjs": brand})
    archive(folder / "iconify-json-2.2.535.tgz", {"json/noto.json": json.dumps(emoji), "json/fa.json": "broken"})
    rows = [
        ("@iconify/json@2.2.535", "Apache-2.0", "noto", "json/noto.json#bell", "icon bell", GENERIC, "0"),
        ("@thesvg/icons@3.3.8", "MIT", "thesvg", "dist/acme.cjs#default", "acme", "multi", "0"),
        ("@thesvg/icons@3.3.8", "MIT", "thesvg", "dist/acme.cjs#mono", "acme", "multi", "1"),
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, *rows])
    table = tmp_path / "table.csv.xz"
    table.write_bytes(lzma.compress(text.getvalue().encode()))
    monkeypatch.setattr(fetched_data, "TABLE", table)
    return folder


def test_drawings_are_taken_from_where_the_table_says(packages: Path, tmp_path: Path) -> None:
    bell, acme, mono = load_fetched(packages, tmp_path / "cache")
    assert 'd="M0 0h3v9z"' in bell.path.read_text(encoding="utf-8")
    assert acme.path.read_text(encoding="utf-8") == MARK.format(1)
    assert mono.path.read_text(encoding="utf-8") == MARK.format(2)
    assert (bell.brand, acme.brand) == ("icon bell", "acme")
    assert isinstance(bell, WideDrawing) and bell.key.startswith("fetched/")
    assert mono.dev_other_slug and not acme.dev_other_slug
    (packages / "thesvg-icons-3.3.8.tgz").unlink()
    assert load_fetched(packages, tmp_path / "cache") == (bell, acme, mono)


def test_a_package_without_a_listed_drawing_is_told(packages: Path, tmp_path: Path) -> None:
    archive(packages / "thesvg-icons-3.3.8.tgz", {"dist/acme.cjs": "nothing"})
    with pytest.raises(SystemExit, match=r"3\.3\.8\.tgz lacks dist/acme\.cjs#default, which table\.csv\.xz has"):
        load_fetched(packages, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_the_table_lists_free_drawings_of_others_once() -> None:
    rows = read_catalogue(TABLE)
    assert len(rows) == 20_064
    assert len({path_of(row) for row in rows}) == len({row["source"] for row in rows}) == len(rows)
    assert {row["licence"] for row in rows} <= FREE
    assert all(row["licence"] == LICENCES[row["collection"]] for row in rows if row["collection"] in LICENCES)
    assert (DATA / "FETCHED_ATTRIBUTION.md").read_text(encoding="utf-8") == attribution(rows)
    assert rows == sorted(rows, key=lambda row: (row["package"], row["source"]))


def test_a_network_sees_no_brand_here_that_it_must_not_see(bench: LogoBench, cache: Path) -> None:
    wide = {drawing.brand: drawing.dev_other_slug for drawing in load_wide(cache)}
    others = {drawing.brand for drawing in bench.drawings if drawing.label == OTHER}
    fetched = tuple(fetched_data.drawing_of(row, cache) for row in read_catalogue(TABLE))
    assert not {drawing.brand for drawing in fetched} & {*bench.classes}
    for drawing in fetched:
        assert drawing.dev_other_slug == (drawing.brand in others or wide.get(drawing.brand, False))
    held_out = frozenset(drawing.brand for drawing in fetched[::5])
    learned = seen(bench, fetched, split="collection", held_out=held_out)
    assert learned.further and not held_out & {drawing.brand for drawing in learned.further}
    pairs = zip(bench.drawings, bench.parts["collection"], strict=True)
    trained = {drawing.brand for drawing, part in pairs if part == "train" and drawing.label == OTHER}
    assert {drawing.brand for drawing in learned.further} & others <= trained
    packs = load_packs(cache)
    held = {drawing.brand for drawing in packs if drawing.label == OTHER and drawing.use == "held"}
    assert held & {drawing.brand for drawing in fetched}
    for split in ("collection", None):
        assert not held & {drawing.brand for drawing in seen(bench, fetched, vintage=packs, split=split).further}
    asked = {drawing.path.stem for drawing in bench.drawings if drawing.collection == "twemoji"}
    assert not asked & {drawing.brand.removeprefix("icon ") for drawing in fetched if drawing.scope == GENERIC}


def test_no_company_is_learned_as_another_brand(bench: LogoBench, cache: Path) -> None:
    companies = {plain(name) for names in names_by_class().values() for name in names}
    wide = load_wide(cache)
    assert companies & {plain(drawing.brand) for drawing in wide} == {"googlemail", "microsoftwindows"}
    learned = seen(bench, wide, split=None, coins=True).further
    assert len(learned) > 13_600 and not companies & {plain(drawing.brand) for drawing in learned}


def test_a_new_brand_is_what_is_of_one_name_and_alike() -> None:
    def offer(collection: str, name: str) -> Offer:
        return Offer("p@1", collection, "MIT", f"{collection}#{name}", "", (plain(name),))

    offers = [
        *(offer("thesvg", "Acme"), offer("thesvg", "acme"), offer("selfhst", "acme"), offer("arcticons", "acme")),
        *(offer("thesvg", "Twin"), offer("thesvg", "Ünlike")),
    ]
    angles = np.radians([0, 30, 2, 120, 1, 180])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    # a copy adds nothing, what is unlike under a name is another brand, and of twins the one with more is kept
    assert new_brands(offers, vectors, range(6)) == {"acme": [0, 1], "acme@1": [3], "unlike": [5]}
