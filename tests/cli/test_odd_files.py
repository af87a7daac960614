"""Names that no file can have, folders that are locked, and rows that were torn."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run, without_root
from drawings import svg

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.source import read_source
from logo_retrieval_cli.inputs import expand

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


def test_a_glob_in_a_locked_folder_is_denied(open_folder: Path) -> None:
    locked = open_folder / "locked"
    locked.mkdir()
    (locked / "a.svg").write_bytes(svg("disc"))
    locked.chmod(0)
    with without_root():
        (asked,) = expand([str(locked / "*.svg")])
        with pytest.raises(UnreadableImage) as refusal:
            read_source(Path(asked))
    locked.chmod(0o755)
    assert refusal.value.code == "denied"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**", ["a.svg", "deep/b.png", "deep/c.svg"]),
        ("**/*.svg", ["a.svg", "deep/c.svg"]),
        ("deep/**/*.svg", ["deep/c.svg"]),
        ("d*/**", ["deep/b.png", "deep/c.svg"]),
        ("**/deep/[ab].*", ["deep/b.png"]),
        ("**/*.gif", ["**/*.gif"]),
    ],
)
def test_a_glob_of_any_depth_follows_no_link_in_circles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, found: list[str]
) -> None:
    for name in ("a.svg", "deep/b.png", "deep/c.svg", ".hidden/d.svg", "Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "deep" / "round").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert expand([pattern])[: len(found) + 1] == found


def test_rows_of_csv_as_long_as_a_name_may_be_are_known_again(run: Run, index: Path, tmp_path: Path) -> None:
    listed, file = tmp_path / "list.txt", tmp_path / "answers.csv"
    listed.write_text("a" * 200_000)
    call = ("classify", f"@{listed}", "--index", index, "--output", file)
    assert run(*call).code == 3
    whole = file.read_text()
    assert run(*call, "--resume").code == 3 and file.read_text() == whole


def test_resume_after_a_row_of_csv_was_torn_inside_a_name_of_two_lines(run: Run, index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "drawings"
    folder.mkdir()
    for name in ("a.svg", "b\nc.svg", "d.svg"):
        (folder / name).write_bytes(svg("disc"))
    file = tmp_path / "answers.csv"
    call = ("classify", folder, "--index", index, "--output", file)
    assert run(*call).code == 0
    whole = file.read_text()
    file.write_text(whole[: whole.index("b\n") + 2])
    assert run(*call, "--resume").code == 0
    assert [row["path"] for row in csv.DictReader(io.StringIO(file.read_text()))] == [
        str(folder / name) for name in ("a.svg", "b\nc.svg", "d.svg")
    ]


@pytest.mark.parametrize(("kind", "torn"), [("jsonl", '{"pa'), ("csv", "path,st"), ("jsonl", "\0\0\0"), ("csv", "")])
def test_resume_after_the_first_line_was_torn(
    run: Run, index: Path, queries: Path, tmp_path: Path, kind: str, torn: str
) -> None:
    file = tmp_path / f"answers.{kind}"
    file.write_text(torn)
    assert run("classify", queries / "a.svg", "--index", index, "--output", file, "--resume").code == 0
    assert file.read_text().count("\n") == (2 if kind == "csv" else 1)


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


def test_a_table_with_more_cells_than_titles_is_no_file_of_rows(
    run: Run, index: Path, queries: Path, tmp_path: Path
) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("path,status,index,settings\na.svg,ok,starter,,more\n")
    outcome = run("classify", queries, "--index", index, "--output", file, "--resume")
    assert outcome.code == 2 and "holds no csv rows of an earlier run" in outcome.err


def test_an_index_in_a_folder_whose_name_is_no_text(run: Run, index: Path, tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9"
    shutil.copytree(index, odd)
    assert run("verify", "--index", odd).code == 0
