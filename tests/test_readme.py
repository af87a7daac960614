"""The README says what is true."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import Run

from logo_retrieval.errors import UNREADABLE_CODES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_tables_are_those_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import tables

    page = (ROOT / "docs" / "measured.md").read_text(encoding="utf-8")
    assert tables.filled(page, tables.TABLES) == page
    assert tables.filled(README, tables.OF_README) == README


def test_every_code_of_an_unreadable_image_is_explained() -> None:
    explained = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", README, flags=re.MULTILINE))
    assert {code: explained.get(code) for code in UNREADABLE_CODES} == UNREADABLE_CODES


def test_the_transcript_is_what_the_command_prints(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels and files; numbers may differ in the last digit from one processor to another."""
    monkeypatch.chdir(ROOT)
    printed = run("classify", "benchmarks/samples", "--index", ROOT / "logo_retrieval" / "starter").out
    shown = "\n".join(line.strip() for line in README.splitlines() if line.startswith("    benchmarks/samples/"))
    pattern = re.compile(r"^(benchmarks/samples/\S+)\s+(\S+)", flags=re.MULTILINE)
    assert pattern.findall(shown) == pattern.findall(printed) != []


def test_python_in_the_readme_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], index: Path
) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    samples = ROOT / "benchmarks" / "samples"
    (tmp_path / "a.svg").write_bytes((samples / "lockup.svg").read_bytes())
    (tmp_path / "b.png").write_bytes((samples / "transparent.png").read_bytes())
    shutil.copytree(index, tmp_path / "indexes" / "mine")
    for drawing in (tmp_path / "newco.svg", tmp_path / "newco.png"):  # of one company, but not of the same bytes
        drawing.write_bytes((samples / "unknown.svg").read_bytes() + drawing.name.encode().join((b"<!--", b"-->")))
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[:2]] == ["slack", "spotify"]
    assert len(printed) == 3 and printed[2].startswith("[Cluster(")
