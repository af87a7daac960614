"""The committed generic icons: complete, attributed, no brand among them, and none that LogoBench has."""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
DATA = BENCHMARKS / "data"

Drawings = tuple[Any, ...]  # of WideDrawing, whose module is no package that a type checker could find


@pytest.fixture(scope="module")
def loader() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("wide_data")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def icons(loader: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Drawings:
    drawings: Drawings = loader.load_generic(tmp_path_factory.mktemp("cache"))
    return drawings


def test_there_are_as_many_as_the_readme_says(icons: Drawings) -> None:
    assert all(icon.path.is_file() and icon.path.read_text(encoding="utf-8").startswith("<svg ") for icon in icons)
    assert (len(icons), len({icon.collection for icon in icons}), len({icon.brand for icon in icons})) == (
        5_901,
        34,
        3_919,
    )
    assert {icon.scope for icon in icons} == {"generic"}


def test_none_is_called_like_a_company_or_lies_in_logobench(icons: Drawings) -> None:
    bench = importlib.import_module("logobench_data").read_rows(DATA / "logobench160.csv")
    companies = {row["label"] for row in bench} - {"other"}
    words = [set(icon.brand.removeprefix("icon ").split("-")) for icon in icons]
    assert not companies & set.union(*words)
    assert not {row["path"] for row in bench} & {icon.key for icon in icons}
    assert not {icon.brand for icon in icons} & {row["brand"] for row in bench}


def test_every_package_is_attributed_as_in_logobench(icons: Drawings) -> None:
    text = (DATA / "GENERIC_ATTRIBUTION.md").read_text(encoding="utf-8")
    packs = re.findall(r"^\| (\S+) \| (\S+) \(\w+\) \| (\S+) \| (\S+) \| .+ \| ([\d,]+) \|$", text, re.MULTILINE)
    named = {(name, f"{pack}@{version}", licence): int(n.replace(",", "")) for name, pack, version, licence, n in packs}
    assert named == Counter((icon.collection, icon.package, icon.licence) for icon in icons)
    known = importlib.import_module("logobench_data").read_rows(DATA / "packages.csv")
    assert set(named) <= {(row["collection"], f"{row['package']}@{row['version']}", row["licence"]) for row in known}
