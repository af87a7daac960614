"""The contract of `classify`: rows, order, formats, exit codes."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from drawings import svg

from logo_retrieval_cli.output import still_as_it_was, table_line

KEYS = ["path", "status", "label", "probability", "top", "neighbours", "reason", "index", "text", "settings"]


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_mixed_folder_as_jsonl(run: Run, index: Path, queries: Path) -> None:
    outcome = run("classify", queries, "--index", index, "--format", "jsonl", "--top", 3)
    assert outcome.code == 3
    assert "2 of 7 inputs could not be read" in outcome.err
    answers = rows(outcome.out)
    assert [row["path"].rsplit("/", 1)[1] for row in answers] == [
        "a.svg", "b.png", "c.ico", "d.gif", "e.png", "f.svg", "g.png",
    ]  # fmt: skip
    for row in answers[:5]:
        assert list(row) == KEYS
        assert (row["status"], row["label"], row["reason"]) == ("ok", "disc", None)
        assert row["label"] == row["top"][0]["label"] and row["probability"] == row["top"][0]["probability"]
        assert len(row["top"]) == 3 and sum(each["probability"] for each in row["top"]) <= 1
        assert [list(each) for each in row["neighbours"]] == [["item", "label", "similarity"]] * 3
        similarities = [each["similarity"] for each in row["neighbours"]]
        assert similarities == sorted(similarities, reverse=True) and similarities[0] <= 1.00001
        assert row["index"] == str(index)
    assert answers[0]["neighbours"][0] == {"item": "disc/1.svg", "label": "disc", "similarity": pytest.approx(1)}
    for row in answers[5:]:
        assert list(row) == KEYS
        assert (row["status"], row["label"], row["probability"]) == ("unreadable", None, None)
        assert (row["top"], row["neighbours"]) == ([], [])
        assert row["reason"].startswith("corrupt: ")


def test_csv_has_the_path_first_and_a_column_for_everything(run: Run, index: Path, queries: Path) -> None:
    outcome = run("classify", queries, "--index", index, "--format", "csv", "--top", 2)
    table = list(csv.DictReader(io.StringIO(outcome.out)))
    assert list(table[0]) == [
        "path", "status", "label", "probability",
        "top_1_label", "top_1_probability", "top_2_label", "top_2_probability",
        "neighbour_1_item", "neighbour_1_label", "neighbour_1_similarity",
        "neighbour_2_item", "neighbour_2_label", "neighbour_2_similarity",
        "reason", "index", "text", "settings",
    ]  # fmt: skip
    assert len(table) == 7 and table[0]["label"] == "disc" and table[5]["status"] == "unreadable"


def test_the_table_is_for_people(run: Run, index: Path, queries: Path) -> None:
    outcome = run("classify", queries / "a.svg", queries / "f.svg", "--index", index)
    header, known, broken = outcome.out.splitlines()
    assert header.split() == ["path", "label", "prob.", "nearest", "drawing"]
    assert "disc" in known and "1.00 disc/1.svg" in known
    assert "(unreadable)" in broken and "corrupt: " in broken


def test_a_table_in_a_file_never_cuts_a_path(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    deep = tmp_path / ("long " * 20) / "drawing.svg"
    deep.parent.mkdir()
    deep.write_bytes((queries / "a.svg").read_bytes())
    assert run("classify", deep, "--index", index, "--output", tmp_path / "table.txt").code == 0
    assert str(deep) in (tmp_path / "table.txt").read_text()


def test_all_answered_is_exit_code_0(run: Run, index: Path, queries: Path) -> None:
    outcome = run("classify", queries / "a.svg", "--index", index, "--format", "jsonl")
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize("kind", ["table", "jsonl", "csv"])
def test_auto_writes_the_rows_of_the_share_that_it_finds(
    run: Run, index: Path, queries: Path, tmp_path: Path, kind: str
) -> None:
    file, page = tmp_path / "rows", tmp_path / "page.html"
    call = ("classify", queries, "--index", index, "--format", kind)
    assert run(*call, "--other-share", "auto", "--output", file, "--explain", page).code == 3
    (settings,) = {row["settings"] for row in rows(run(*call[:-1], "jsonl", "--other-share", "auto").out)}
    share = settings.split()[1]
    assert 0 < float(share) < 1
    assert run(*call, "--other-share", share).out == file.read_text()
    assert "disc" in page.read_text()
    resumed = run(*call, "--other-share", "auto", "--output", file, "--resume")
    assert resumed.code == 2 and "leave out --resume, or give the share" in resumed.err


@pytest.mark.parametrize(
    ("name", "first"), [("a.csv", "path,"), ("a.JSONL", "{"), ("a.ndjson", "{"), ("a.json", "{"), ("a.txt", "path ")]
)
def test_the_name_of_the_output_tells_its_format(
    run: Run, index: Path, queries: Path, tmp_path: Path, name: str, first: str
) -> None:
    run("classify", queries / "a.svg", "--index", index, "--output", tmp_path / name)
    assert (tmp_path / name).read_text().startswith(first)
    run("classify", queries / "a.svg", "--index", index, "--output", tmp_path / name, "--format", "jsonl")
    assert (tmp_path / name).read_text().startswith("{")


def test_file_names_that_are_no_text_or_steer_a_terminal(run: Run, index: Path, tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.svg").write_bytes(svg("disc"))
    (tmp_path / "red\x1b[31m.svg").write_bytes(svg("disc"))
    outcome = run("classify", tmp_path, "--index", index, "--format", "jsonl")
    assert [row["path"][-9:] for row in rows(outcome.out)] == [r"f\xe9.svg", "\x1b[31m.svg"]
    outcome.out.encode()  # what strict readers of JSON take, too
    table = run("classify", tmp_path, "--index", index)
    assert "\x1b" not in table.out and "\\x1b[31m" in table.out and r"caf\xe9.svg" in table.out


@pytest.mark.parametrize("ending", ["xlsx", "csv.gz"])
def test_a_name_that_promises_what_is_not_written(
    run: Run, index: Path, queries: Path, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"answers.{ending}"
    outcome = run("classify", queries, "--index", index, "--output", file)
    assert outcome.code == 2 and ".csv, .jsonl" in outcome.err and not file.exists()
    assert run("classify", queries, "--index", index, "--output", file, "--format", "csv").code in (0, 3)
    assert file.read_text(encoding="utf-8").startswith("path,status,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing argument"),
        (("x", "--format", "xml"), "'xml' is not one of"),
        (("x", "--top", "0"), "0 is not in the range"),
        (("x", "--resume"), "--resume goes with --output"),
        (("@absent.txt",), "cannot read the list 'absent.txt'"),
        (("x", "--frobnicate"), "No such option"),
        (("",), "an empty PATH"),
        (("x", "--other-share", "nan"), "'--other-share': nan is no finite number"),
        (("x", "--other-share", "Auto"), "expected a number above 0 and below 1, or auto, got 'Auto'"),
        (("x", "--other-share", "0"), "'--other-share': 0.0 is not in the range"),
        (("x", "--other-share", "1"), "'--other-share': 1.0 is not in the range"),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...], message: str) -> None:
    outcome = run("classify", *arguments)
    assert outcome.code == 2 and message in outcome.err and "Traceback" not in outcome.err


def test_which_index_is_read(
    run: Run, index: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = rows(run("classify", queries / "a.svg", "--format", "jsonl").out)
    assert shipped[0]["index"] == "starter"
    shutil.copytree(index, tmp_path / "indexes" / "default")
    default = rows(run("classify", queries / "a.svg", "--format", "jsonl").out)
    assert default[0]["index"] == "indexes/default" and default[0]["label"] == "disc"
    monkeypatch.setenv("LOGO_RETRIEVAL_INDEX", str(index))
    assert rows(run("classify", queries / "a.svg", "--format", "jsonl").out)[0]["index"] == str(index)


def test_a_tilde_that_no_shell_has_read_is_the_home(
    run: Run, index: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(index.parent))
    output = ("--format", "jsonl", "--output")
    assert run("classify", queries / "a.svg", f"--index=~/{index.name}", *output, "answers").code == 0
    monkeypatch.setenv("LOGO_RETRIEVAL_INDEX", f"~/{index.name}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert rows(run("classify", queries / "a.svg", "--format", "jsonl").out)[0]["index"] == str(index)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("classify", queries / "a.svg", "--index", index, *output, "~/more").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "more"]


def test_no_index_there(run: Run, queries: Path, tmp_path: Path) -> None:
    outcome = run("classify", queries / "a.svg", "--index", tmp_path / "absent")
    assert outcome.code == 1
    assert outcome.err.startswith("Error: there is no index at") and "build-index" in outcome.err


def test_wrong_usage_leaves_earlier_results(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    old, page = tmp_path / "old.jsonl", tmp_path / "old.html"
    old.write_text("rows")
    page.write_text("page")
    call = ("classify", queries / "a.svg", "--output", old, "--explain", page, "--max-false-accept", "0.00001")
    assert run(*call).code == 2
    assert (old.read_text(), page.read_text()) == ("rows", "page")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.html", "old.jsonl"]


def test_a_page_may_go_where_a_link_points(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").symlink_to("real.html")
    (tmp_path / "real.html").write_text("old")
    assert run("classify", queries / "a.svg", "--index", index, "--explain", tmp_path / "page.html").code == 0
    assert (tmp_path / "page.html").is_symlink() and "<html" in (tmp_path / "real.html").read_text()
    (tmp_path / "real.html").unlink()
    with pytest.raises(KeyboardInterrupt), still_as_it_was(tmp_path / "page.html"):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_table_rounds_nothing_up_to_certainty() -> None:
    row = {"path": "a.svg", "status": "ok", "label": "disc", "probability": 0.999999, "neighbours": []}
    assert table_line(row, 5).split() == ["a.svg", "disc", "0.999"]


@pytest.mark.parametrize("interrupted", [True, False])
def test_auto_replaces_the_rows_of_before_only_when_it_has_others(
    run: Run, index: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("rows of before, which are longer than a row\n" * 200)
    call = ("classify", queries, "--index", index, "--other-share", "auto", "--output", file)
    if not interrupted:
        assert run(*call).code == 3
        assert len(list(csv.DictReader(io.StringIO(file.read_text())))) == len(list(queries.iterdir()))
        return

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("logo_retrieval.inference.engine.Engine.decide_with_state", stop)
    outcome = run(*call)
    assert outcome.code == 130 and "no row was written yet" in outcome.err
    assert file.read_text().count("rows of before") == 200
