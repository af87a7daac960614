"""The committed generic icons: complete, attributed, no brand among them, and none that LogoBench has."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from attributions import attributed
from logobench_data import DATA, read_rows
from wide_data import WideDrawing, load_generic

Drawings = tuple[WideDrawing, ...]


@pytest.fixture(scope="module")
def icons(cache: Path) -> Drawings:
    return load_generic(cache)


def test_there_are_as_many_as_the_readme_says(icons: Drawings) -> None:
    assert all(icon.path.is_file() and icon.path.read_text(encoding="utf-8").startswith("<svg ") for icon in icons)
    assert (len(icons), len({icon.collection for icon in icons}), len({icon.brand for icon in icons})) == (
        5_901,
        34,
        3_919,
    )
    assert {icon.scope for icon in icons} == {"generic"}


def test_none_is_called_like_a_company_or_lies_in_logobench(icons: Drawings) -> None:
    bench = read_rows(DATA / "logobench160.csv")
    companies = {row["label"] for row in bench} - {"other"}
    words = [set(icon.brand.removeprefix("icon ").split("-")) for icon in icons]
    assert not companies & set[str]().union(*words)
    assert not {row["path"] for row in bench} & {icon.key for icon in icons}
    assert not {icon.brand for icon in icons} & {row["brand"] for row in bench}


def test_every_package_is_attributed_as_in_logobench(icons: Drawings) -> None:
    text = (DATA / "GENERIC_ATTRIBUTION.md").read_text(encoding="utf-8")
    named = attributed(text)
    assert named == Counter((icon.collection, icon.package, icon.licence) for icon in icons)
    known = read_rows(DATA / "packages.csv")
    assert set(named) <= {(row["collection"], f"{row['package']}@{row['version']}", row["licence"]) for row in known}
