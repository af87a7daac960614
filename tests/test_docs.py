"""The pages of `docs/` are a site, and the tutorial runs."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Run

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
NOTEBOOK = DOCS / "tutorial.ipynb"
MOST_BYTES = 1_000_000


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that builds the site."""
    for name in ("mkdocs", "nbclient", "nbconvert", "ipykernel"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[docs]'")
    monkeypatch.syspath_prepend(str(DOCS))
    import build

    return build


class Loaded(HTMLParser):
    """Collects the files that a page loads, and not where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.files += [values.get("src") or "", values.get("href" if tag == "link" else "data") or ""]


@pytest.mark.docs
def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(build: ModuleType, tmp_path: Path) -> None:
    build.lay_pages(tmp_path / "pages")
    build.build_site(tmp_path / "pages", tmp_path / "site")
    pages = list((tmp_path / "site").rglob("*.html"))
    assert {page.stem for page in DOCS.glob("*.md")} | {"tutorial", "index"} <= {page.stem for page in pages}
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert [file for file in loaded.files if re.match(r"(https?:)?//", file)] == [], page
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r": (docs/\S+\.md)$", (DOCS / "mkdocs.yml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted([*(f"docs/{page.name}" for page in DOCS.glob("*.md")), "docs/tutorial.md"])


@pytest.mark.docs
def test_the_tutorial_runs_and_says_what_it_shows(build: ModuleType) -> None:
    """Every cell; words are compared, without numbers and file names, which processors may change."""
    kept = build.read_notebook()
    fresh = build.executed(kept)
    assert [words(cell) for cell in fresh.cells] == [words(cell) for cell in kept.cells], "run docs/build.py --execute"


def words(cell: dict[str, object]) -> Counter[str]:
    """What a cell printed."""
    return Counter(re.sub(r"\d+", "#", word) for word in printed(cell).split() if "/" not in word)


def printed(cell: dict[str, object]) -> str:
    outputs = cell.get("outputs", [])
    assert isinstance(outputs, list)
    return "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


def test_the_tutorial_is_kept_with_its_outputs_and_without_traces_of_a_machine(build: ModuleType) -> None:
    assert NOTEBOOK.stat().st_size < MOST_BYTES
    cells = [cell for cell in build.read_notebook().cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, 1 + len(cells)))
    text = "\n".join(map(printed, cells))
    assert re.findall(r"(?<![\w.])/\w\S*|\b\d+(?:\.\d+)? ?m?s\b|\d\d:\d\d|\d{4}-\d\d-\d\d", text) == []
    assert not any("execution" in cell.metadata for cell in cells)


def test_every_extra_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    explained = re.findall(r"^\| `([a-z-]+)` \|", (DOCS / "install.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(explained) == sorted(project["optional-dependencies"])


def test_every_field_of_a_row_is_explained(run: Run, index: Path) -> None:
    (row,) = run(
        "classify", ROOT / "benchmarks/samples/lockup.svg", "--index", index, "--format", "jsonl"
    ).out.splitlines()
    page = (DOCS / "rows.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([a-z]+)` \|", page.partition("## Rows of other commands")[0], flags=re.MULTILINE)
    assert explained == list(json.loads(row))
