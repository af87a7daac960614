"""Where output cannot go: closed, full, or nobody reads; and what is said on a terminal alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from drawings import ring, scrawl

from logo_retrieval.types import OTHER, Decision
from logo_retrieval_cli.tally import Tally

COMMAND = [sys.executable, "-m", "logo_retrieval_cli"]
FULL = Path("/dev/full")
BUFFERED = {**os.environ, "PYTHONUNBUFFERED": ""}
"""The environment of most people: what is written to a pipe or a file waits in Python, and may fail at the end."""


def call(*arguments: object, shell: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command with its streams as a shell would set them, and further variables of the environment."""
    script = f'exec "$@" {shell}'
    return subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={**BUFFERED, **variables},
    )


def test_a_closed_stderr_loses_no_row(index: Path, queries: Path) -> None:
    ran = call("classify", queries, "--index", index, "--format", "jsonl", shell="2>&-")
    assert ran.returncode == 3 and ran.stdout.count("\n") == 7


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_a_full_stderr_changes_neither_rows_nor_exit_code(index: Path, queries: Path) -> None:
    ran = call("classify", queries, "--index", index, "--format", "jsonl", shell=f"2>{FULL}")
    assert ran.returncode == 3 and ran.stdout.count("\n") == 7
    assert call("classify", "-", "--index", index, shell=f"2>{FULL} <&-").returncode == 2
    assert call("info", "--index", queries, shell=f"2>{FULL}").returncode == 1


def test_a_closed_stdin_is_an_empty_list(index: Path) -> None:
    ran = call("classify", "-", "--index", index, "--format", "jsonl", shell="<&-")
    assert ran.returncode == 2 and ran.stderr.endswith("Error: no files to classify in '-'\n")


def test_a_closed_stdout_is_one_sentence(index: Path, queries: Path) -> None:
    ran = call("classify", queries, "--index", index, shell=">&-")
    assert ran.returncode == 1 and ran.stderr.strip() == (
        "Error: standard output is closed: send it to a file, or to /dev/null"
    )


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("kind", ["table", "jsonl", "csv"])
def test_a_full_disk_is_one_sentence_and_no_success(index: Path, queries: Path, kind: str) -> None:
    for arguments, shell in ((("--output", FULL), ""), ((), f">{FULL}")):
        ran = call("classify", queries, "--index", index, "--format", kind, *arguments, shell=shell)
        assert ran.returncode == 1
        assert ran.stderr.count("\n") == 1 and "No space left on device" in ran.stderr


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_a_page_for_which_there_is_no_room_is_named(index: Path, queries: Path) -> None:
    ran = call("classify", queries / "a.svg", "--index", index, "--explain", FULL)
    assert ran.returncode == 1 and ran.stderr == f"Error: cannot write '{FULL}': No space left on device\n"


@pytest.mark.parametrize("command", ["classify", "info", "similar"])
def test_a_reader_who_has_gone_is_told_nothing(index: Path, queries: Path, command: str) -> None:
    """As behind `| head`."""
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [] if command == "info" else [queries / "a.svg"]
    asked = [*COMMAND, command, *map(str, arguments), "--index", str(index)]
    ran = subprocess.run(asked, stdout=writing, stderr=subprocess.PIPE, env=BUFFERED)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_other_commands_on_a_full_disk(index: Path, queries: Path, tmp_path: Path) -> None:
    """Those that end with another exit code than 0, too."""
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "a.svg").write_text("<svg")
    for command in (("info",), ("similar", queries / "a.svg"), ("evaluate", tmp_path)):
        ran = call(*command, "--index", index, shell=f">{FULL}")
        assert ran.returncode == 1 and ran.stderr.count("\n") == 1 and "No space left" in ran.stderr, ran.stderr


@pytest.mark.parametrize("charset", ["latin-1", "ascii"])
def test_names_that_the_charset_of_a_locale_lacks_are_written(mine: Path, tmp_path: Path, charset: str) -> None:
    """As UTF-8: an enrolment that was made must not end in a fault."""
    drawing = tmp_path / "ring.svg"
    drawing.write_bytes(ring())
    for arguments in (("enroll", "--class", "日本", drawing), ("info",), ("unenroll", "--class", "日本")):
        ran = call(*arguments, "--index", mine, PYTHONIOENCODING=charset)
        assert ran.returncode == 0 and "日本" in ran.stdout, ran.stderr


def said_on_a_terminal(*arguments: object, rows: Path) -> tuple[int, str]:
    """Exit code and what a call says where standard error is a terminal."""
    ours, theirs = pty.openpty()
    with rows.open("w") as file:
        call = [*COMMAND, *map(str, arguments)]
        running = subprocess.Popen(call, stdout=file, stderr=theirs)
    os.close(theirs)
    said = b""
    with suppress(OSError):  # once nobody holds the other end
        while part := os.read(ours, 4096):
            said += part
    os.close(ours)
    return running.wait(120), said.decode()


def test_wrong_usage_steers_no_terminal(tmp_path: Path) -> None:
    code, said = said_on_a_terminal("classify", "a.svg", "--output", "red\x1b[31m.xlsx", rows=tmp_path / "rows")
    assert code == 2 and "rows are not written as .xlsx" in said and "\x1b" not in said


def test_a_summary_on_a_terminal_alone(index: Path, queries: Path, tmp_path: Path) -> None:
    code, said = said_on_a_terminal("classify", queries, "--index", index, rows=tmp_path / "rows")
    assert code == 3 and "7 inputs: " in said and ", 2 unreadable" in said
    assert "seems to be" not in said  # seven show too little
    assert "7 inputs: " not in call("classify", queries, "--index", index).stderr


def test_the_summary_tells_where_probabilities_do_not_suit_the_inputs(index: Path, tmp_path: Path) -> None:
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    for turn in range(40):
        (strangers / f"{turn}.svg").write_bytes(scrawl(turn))
    asked = ("classify", strangers, "--index", index)
    _, said = said_on_a_terminal(*asked, rows=tmp_path / "rows")
    assert "of these logos seems to be of no known company; the probabilities are for 0.5: --other-share auto" in said
    _, said = said_on_a_terminal(*asked, "--other-share", "auto", rows=tmp_path / "rows")
    assert "40 inputs: " in said and "seems to be" not in said
    (tmp_path / "rows.csv").write_text("")
    _, said = said_on_a_terminal(*asked, "--output", tmp_path / "rows.csv", "--resume", rows=tmp_path / "rows")
    assert "40 inputs: " in said and "seems to be" not in said  # these may be a part


def test_a_share_that_is_told_can_be_stated(capsys: pytest.CaptureFixture[str]) -> None:
    """All of very many unknown logos are no share of 1."""
    tally = Tally()
    for _ in range(300):
        tally.add(Decision("ok", OTHER, 0.99, log_odds=-9.0))
    tally.show(0.5, is_whole=True)
    assert "a share of 0.9967 of these logos seems" in capsys.readouterr().err


def test_stray_files_are_named_once(index: Path, queries: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    (folder / "__MACOSX").mkdir(parents=True)
    (folder / "a.svg").write_bytes((queries / "a.svg").read_bytes())
    for name in ("Thumbs.db", "desktop.ini", "__MACOSX/a.svg", "Icon\r"):
        (folder / name).write_bytes(b"x")
    ran = call("classify", folder, "--index", index, "--format", "jsonl")
    assert ran.returncode == 0 and ran.stdout.count("\n") == 1
    assert "left out 4 that operating systems put into folders: Icon\\r, Thumbs.db, __MACOSX, desktop.ini" in ran.stderr
    asked = call("classify", folder / "Thumbs.db", "--index", index, "--format", "jsonl")
    assert asked.returncode == 3 and asked.stdout.count("\n") == 1


def test_an_index_that_depends_on_the_folder_is_named(index: Path, queries: Path, tmp_path: Path) -> None:
    (tmp_path / "indexes").mkdir()
    (tmp_path / "indexes" / "default").symlink_to(index)
    environment = {name: value for name, value in os.environ.items() if name != "LOGO_RETRIEVAL_INDEX"}
    ran = subprocess.run(
        [*COMMAND, "classify", queries / "a.svg"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0 and ran.stderr == "index: indexes/default\n"
