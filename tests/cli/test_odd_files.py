"""Names that no file can have, names that steer a terminal, and places without room."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run
from drawings import svg

LONG = "a" * 5000


@pytest.mark.parametrize("name", [LONG, "a/" * 3000, f"[{LONG}]*", f"data:image/png;base64,{LONG}", "a\n.svg"])
def test_a_name_that_no_file_has_is_missing_and_the_rest_is_answered(
    run: Run, index: Path, queries: Path, name: str
) -> None:
    outcome = run("classify", name, queries / "a.svg", "--index", index, "--format", "jsonl")
    missing, answered = map(json.loads, outcome.out.splitlines())
    assert outcome.code == 3 and answered["status"] == "ok"
    assert missing["path"] == name and missing["reason"].startswith("missing: ")


def test_no_message_steers_a_terminal(run: Run, mine: Path, tmp_path: Path) -> None:
    """Whether they are of an index, a model, a file that is missing, or stand in a table."""
    red, table = f"{tmp_path}/red\x1b[31m", tmp_path / "table.csv"
    table.write_text("path,label\n\x1b[31m.svg,a\n")
    drawing = tmp_path / "logos" / "acme" / "a.svg"
    drawing.parent.mkdir(parents=True)
    drawing.write_bytes(svg("disc"))
    for call in (
        ("verify", "--index", red),
        ("classify", "a.svg", "--index", red),
        ("similar", red),
        ("unenroll", "--item", red, "--index", mine),
        ("build-index", table, "--index", tmp_path / "made"),
        ("build-index", tmp_path / "logos", "--model", red, "--index", tmp_path / "made"),
    ):
        outcome = run(*call)
        assert outcome.code in (1, 2, 3) and "\x1b" not in outcome.err and r"\x1b[31m" in outcome.err, call


@pytest.mark.parametrize("option", ["--output", "--explain"])
def test_links_that_lead_to_themselves_cannot_be_written(run: Run, index: Path, tmp_path: Path, option: str) -> None:
    loop, drawing = tmp_path / "loop.csv", tmp_path / "a.svg"
    loop.symlink_to(loop)
    drawing.write_bytes(svg("disc"))
    outcome = run("classify", drawing, "--index", index, option, loop)
    assert outcome.code == 1 and "Too many levels of symbolic links" in outcome.err


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_resume_keeps_a_file_of_one_line_that_it_did_not_write(
    run: Run, index: Path, queries: Path, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"notes.{kind}"
    file.write_text("dear diary")
    outcome = run("classify", queries, "--index", index, "--output", file, "--resume")
    assert outcome.code == 2 and file.read_text() == "dear diary"


def test_a_row_for_which_there_is_no_room_is_cut_off_and_resumed(index: Path, queries: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    call = [sys.executable, "-m", "logo_retrieval_cli", "classify", *12 * [queries], "--index", index, "--output", file]
    limited = ["sh", "-c", 'ulimit -f 80; exec "$@"', "sh", *map(str, call)]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # that writes, too
    ran = subprocess.run(limited, capture_output=True, text=True, timeout=120, env=unmeasured)
    assert ran.returncode == 1 and ran.stderr.count("\n") == 1 and "rows before are whole" in ran.stderr
    before = file.read_text()
    assert 0 < len([json.loads(line) for line in before.splitlines()]) < 84 and before.endswith("\n")
    again = subprocess.run([*map(str, call), "--resume"], capture_output=True, timeout=120)
    assert again.returncode == 3
    assert file.read_text().startswith(before) and file.read_text().count("\n") == 84


def test_a_row_without_room_does_not_stay_in_the_place_of_earlier_ones(index: Path, tmp_path: Path) -> None:
    listed, file = tmp_path / "list.txt", tmp_path / "answers.jsonl"
    listed.write_text("a" * 200_000)
    file.write_text('{"path": "earlier"}\n' * 100)
    call = [sys.executable, "-m", "logo_retrieval_cli", "classify", f"@{listed}", "--index", index, "--output", file]
    limited = ["sh", "-c", 'ulimit -f 80; exec "$@"', "sh", *map(str, call), "--other-share", "auto"]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # that writes, too
    ran = subprocess.run(limited, capture_output=True, text=True, timeout=120, env=unmeasured)
    assert ran.returncode == 1 and "rows before are whole" in ran.stderr
    assert file.read_bytes() == b""


def test_an_index_in_a_folder_whose_name_is_no_text(run: Run, index: Path, tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9"
    missing = run("info", "--index", odd)
    assert missing.code == 1 and missing.err.startswith("Error: there is no index at")
    shutil.copytree(index, odd)
    assert run("verify", "--index", odd).code == 0
