"""`classify --resume`: what is there is kept, what is missing is answered, and no file is spoilt."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from conftest import Run
from drawings import svg
from test_classify import rows


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_resume_answers_what_is_missing_and_no_more(
    run: Run, index: Path, queries: Path, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"answers.{kind}"
    call = ("classify", queries, queries / "a.svg", "--index", index, "--format", kind, "--output", file)
    assert run(*call).code == 3
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:4]) + lines[4][:15])  # torn in the fifth line
    assert run(*call, "--resume").code == 3
    resumed = file.read_bytes()
    assert resumed.splitlines(keepends=True)[:4] == lines[:4]
    assert _answers(resumed, kind) == _answers(whole, kind)
    again = run(*call, "--resume")
    assert (again.code, file.read_bytes()) == (3, resumed)


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_resume_refuses_other_settings(run: Run, index: Path, queries: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"answers.{kind}"
    call = ("classify", queries, "--output", file, "--index")
    assert run(*call, index).code == 3
    before = file.read_bytes()
    all_there = run(*call, index, "--resume", "--text", "never")
    assert all_there.code == 2 and "of the settings" in all_there.err and file.read_bytes() == before
    file.write_bytes(before[: before.rfind(b"\n", 0, -1) + 1])
    before = file.read_bytes()
    wider = run(*call, index, "--resume", "--top", "7")
    assert wider.code == 2 and "have 5 neighbours, this call would write 7: give --top 5" in wider.err
    moved = shutil.copytree(index, tmp_path / "moved")
    other = run(*call, moved, "--resume")
    assert other.code == 2 and f"of the index '{index}', this call's is '{moved}'" in other.err
    for option in (("--other-share", "0.9"), ("--max-false-accept", "0.1"), ("--text", "always")):
        changed = run(*call, index, "--resume", *option)
        assert changed.code == 2 and " ".join(option) in changed.err and "of the settings '--other-share" in changed.err
    assert file.read_bytes() == before
    assert run(*call, index, "--resume").code == 3


def _answers(data: bytes, kind: str) -> list[tuple[str, str, str]]:
    """What rows say but for numbers, which depend in the sixth digit on the batch they were computed in."""
    text = data.decode()
    table = rows(text) if kind == "jsonl" else list(csv.DictReader(io.StringIO(text)))
    return [(row["path"], row["label"] or "", row["reason"] or "") for row in table]


def test_resume_refuses_a_file_that_it_did_not_write(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_text("dear diary\n")
    outcome = run("classify", queries, "--index", index, "--format", "jsonl", "--output", file, "--resume")
    assert outcome.code == 2 and "no jsonl rows of an earlier run" in outcome.err
    assert file.read_text() == "dear diary\n"


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_answer_is_kept_whatever_the_name(run: Run, index: Path, tmp_path: Path, kind: str) -> None:
    """Rows of names that are no UTF-8 are UTF-8, and --resume knows them, those of earlier releases, too."""
    folder, file = tmp_path / "files", tmp_path / "rows"
    folder.mkdir()
    (folder / "caf\udce9.svg").write_bytes(svg("disc"))
    call = ("classify", folder, "--index", index, "--format", kind, "--output", file, "--resume")
    assert run(*call).code == 0
    whole = file.read_text(encoding="utf-8")
    assert whole.count("caf") == 1
    assert run(*call).code == 0
    assert file.read_text(encoding="utf-8") == whole
    old = whole.replace(r"\\xe9", r"\udce9") if kind == "jsonl" else whole.replace(r"\xe9", "\udce9")
    file.write_text(old, encoding="utf-8", errors="surrogateescape")
    assert run(*call).code == 0
    assert file.read_text(encoding="utf-8", errors="surrogateescape") == old


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


def test_a_table_with_more_cells_than_titles_is_no_file_of_rows(
    run: Run, index: Path, queries: Path, tmp_path: Path
) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("path,status,index,settings\na.svg,ok,starter,,more\n")
    outcome = run("classify", queries, "--index", index, "--output", file, "--resume")
    assert outcome.code == 2 and "holds no csv rows of an earlier run" in outcome.err


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_inputs_are_added_to_rows_of_others(run: Run, index: Path, queries: Path, tmp_path: Path, kind: str) -> None:
    """What could not be read of those counts no more; the columns of a table stay, though no row has a neighbour."""
    file = tmp_path / f"answers.{kind}"
    call = ("classify", "--index", index, "--output", file)
    assert run(*call, queries / "f.svg").code == 3
    if kind == "csv":
        wider = run(*call, queries / "a.svg", "--resume", "--top", 7)
        assert wider.code == 2 and "have 5 neighbours, this call would write 7: give --top 5" in wider.err
    added = run(*call, queries / "a.svg", "--resume")
    assert (added.code, added.err) == (0, "")
    for _ in range(2):
        more = run(*call, queries / "f.svg", queries / "g.png", "--resume")
        assert more.code == 3
    assert [path for path, *_ in _answers(file.read_bytes(), kind)] == [
        str(queries / name) for name in ("f.svg", "a.svg", "g.png")
    ]
