"""README and docs say what is true."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import Run
from drawings import ring

from logo_retrieval.errors import UNREADABLE_CODES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = (DOCS / "rows.md").read_text(encoding="utf-8")


def test_tables_are_those_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import tables

    page = (DOCS / "measured.md").read_text(encoding="utf-8")
    assert tables.filled(page, tables.TABLES) == page
    growth = tables.GROWTH.read_text(encoding="utf-8")
    assert tables.filled(growth, tables.OF_GROWTH) == growth
    assert tables.filled(README, tables.OF_README) == README


def python_of(page: str) -> list[str]:
    """The blocks of Python on a page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_every_code_of_an_unreadable_image_is_explained() -> None:
    explained = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", ROWS, flags=re.MULTILINE))
    assert {code: explained.get(code) for code in UNREADABLE_CODES} == UNREADABLE_CODES


def test_the_transcript_is_what_the_command_prints(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels and files; numbers may differ in the last digit from one processor to another."""
    monkeypatch.chdir(ROOT)
    printed = run("classify", "benchmarks/samples", "--index", ROOT / "logo_retrieval" / "starter").out
    shown = "\n".join(line.strip() for line in README.splitlines() if line.startswith("    benchmarks/samples/"))
    pattern = re.compile(r"^(benchmarks/samples/\S+)\s+(\S+)", flags=re.MULTILINE)
    assert pattern.findall(shown) == pattern.findall(printed) != []


@pytest.mark.parametrize(("page", "lines"), [("README.md", 2), ("docs/use.md", 3)])
def test_python_on_the_pages_runs(
    page: str,
    lines: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    index: Path,
) -> None:
    block = python_of(page)[0]
    samples = ROOT / "benchmarks" / "samples"
    (tmp_path / "a.svg").write_bytes((samples / "lockup.svg").read_bytes())
    (tmp_path / "b.png").write_bytes((samples / "transparent.png").read_bytes())
    shutil.copytree(index, tmp_path / "indexes" / "mine")
    for drawing in (tmp_path / "newco.svg", tmp_path / "newco.png"):  # of one company, but not of the same bytes
        drawing.write_bytes((samples / "unknown.svg").read_bytes() + drawing.name.encode().join((b"<!--", b"-->")))
    monkeypatch.chdir(tmp_path)
    exec(compile(block, page, "exec"), {"__name__": "page"})  # noqa: S102
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[:2]] == ["slack", "spotify"]
    assert len(printed) == lines and all(line.startswith("[Cluster(") for line in printed[2:])


def test_the_example_with_scikit_learn_and_pandas_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], classes: Path
) -> None:
    rows = "".join(f"{file},{file.parent.name}\n" for file in sorted(classes.rglob("*.svg")))
    (tmp_path / "logos.csv").write_text(f"path,label\n{rows}", encoding="utf-8")
    for place, drawing in enumerate((tmp_path / "newco.svg", tmp_path / "newco.png")):
        drawing.write_bytes(ring(place))
    monkeypatch.chdir(tmp_path)
    exec(compile(python_of("docs/use.md")[1], "docs/use.md", "exec"), {"__name__": "page"})  # noqa: S102
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "['newco'] (1, 5)" and float(printed[1]) > 0.5
    assert printed[2].split() == ["label", "probability", "neighbour_1_item"] and printed[-3] == "Empty DataFrame"


def test_the_reference_is_what_the_code_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    import reference

    for name, page in reference.PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == page(), "run docs/reference.py"


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        if name.startswith("https:"):
            continue
        file = page.parent / name if name else page
        assert file.exists(), target
        titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE) if anchor else []
        assert not anchor or anchor in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


def test_the_readme_is_a_page() -> None:
    assert len(README.splitlines()) <= 130
