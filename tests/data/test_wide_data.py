"""The committed wide set: complete, attributed, and apart from the 160."""

from __future__ import annotations

import re
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from attributions import attributed
from logobench_data import DATA, read_rows
from wide_data import WideDrawing, load_wide

Drawings = tuple[WideDrawing, ...]


@pytest.fixture(scope="module")
def wide(cache: Path) -> Drawings:
    return load_wide(cache)


@pytest.fixture(scope="module")
def attribution() -> str:
    return (DATA / "WIDE_ATTRIBUTION.md").read_text(encoding="utf-8")


def test_every_drawing_of_the_catalogue_is_unpacked_and_nothing_else(wide: Drawings) -> None:
    folder = wide[0].path.parents[2]
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert len(wide) == 13_656
    assert set(sizes) == {drawing.path for drawing in wide}
    assert all(sizes.values())


def test_brands_are_as_many_as_the_readme_says(wide: Drawings) -> None:
    drawn = {scope: Counter(d.brand for d in wide if d.scope == scope) for scope in ("multi", "single", "coin")}
    assert {scope: (len(brands), brands.total()) for scope, brands in drawn.items()} == {
        "multi": (1_535, 7_389),
        "single": (2_921, 2_921),
        "coin": (1_664, 3_346),
    }
    assert (min(drawn["multi"].values()), max(drawn["multi"].values())) == (2, 12)
    assert not set(drawn["multi"]) & set(drawn["single"])


def test_no_brand_is_one_of_the_160_and_those_of_other_are_marked(wide: Drawings) -> None:
    bench = read_rows(DATA / "logobench160.csv")
    companies = {row["label"] for row in bench} - {"other"}
    others = {row["brand"] for row in bench if row["label"] == "other"}
    assert not companies & {drawing.brand for drawing in wide}
    assert not others & {drawing.brand for drawing in wide if not drawing.dev_other_slug}


def test_every_package_is_attributed_under_a_permissive_licence(wide: Drawings, attribution: str) -> None:
    named = attributed(attribution)
    assert named == Counter((d.collection, d.package, d.licence) for d in wide)
    permissive = {"MIT", "ISC", "Apache-2.0", "CC-BY-4.0", "OFL-1.1", "CC0-1.0", "Unlicense"}
    assert {d.licence for d in wide} <= permissive


def test_attribution_links_only_to_homes_of_the_artists(attribution: str) -> None:
    hosts = set(re.findall(r"https?://([^/\s>,]+)", attribution))
    assert not {host for host in hosts if re.search(r"npm|pypi|registry|cdn", host)}


def test_archive_has_no_times_no_owners_and_only_plain_files() -> None:
    with tarfile.open(DATA / "wide.tar.xz") as tar:
        members = tar.getmembers()
    assert all(m.isreg() and (m.mtime, m.uid, m.gid, m.uname, m.gname) == (0, 0, 0, "", "") for m in members)
    assert len({m.name for m in members}) == len(members)
