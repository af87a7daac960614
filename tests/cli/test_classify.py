"""The contract of `classify`: rows, order, formats, exit codes."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from drawings import svg

from logo_retrieval_cli.output import table_line

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


def test_every_way_to_name_inputs(
    run: Run, index: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [str(queries / "b.png"), str(tmp_path / "absent.png"), str(queries / "b.png")]
    listing = tmp_path / "list.txt"
    listing.write_text("\n".join(listed) + "\n\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listing.read_bytes())))
    arguments = ("-", f"@{listing}", queries / "*.svg", queries / "nothing*", tmp_path / "gone.svg", tmp_path)
    outcome = run("classify", *arguments, "--index", index, "--format", "jsonl")
    expected = [
        *listed, *listed, str(queries / "a.svg"), str(queries / "f.svg"),
        str(queries / "nothing*"), str(tmp_path / "gone.svg"), str(listing),
    ]  # fmt: skip
    answers = rows(outcome.out)
    assert [row["path"] for row in answers] == expected
    assert answers[1]["reason"].startswith("missing: ")
    assert answers[-1]["reason"].startswith("unknown-format: ")
    assert outcome.code == 3


def test_all_answered_is_exit_code_0(run: Run, index: Path, queries: Path) -> None:
    outcome = run("classify", queries / "a.svg", "--index", index, "--format", "jsonl")
    assert (outcome.code, outcome.err) == (0, "")


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


def test_a_share_is_a_number_or_auto(run: Run, index: Path, queries: Path) -> None:
    for share in ("0", "1", "most", "AUTO"):
        refused = run("classify", queries, "--index", index, "--other-share", share)
        assert refused.code == 2 and "--other-share" in refused.err


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


def test_file_names_that_are_no_text_or_steer_a_terminal(run: Run, index: Path, tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.svg").write_bytes(svg("disc"))
    (tmp_path / "red\x1b[31m.svg").write_bytes(svg("disc"))
    outcome = run("classify", tmp_path, "--index", index, "--format", "jsonl")
    assert [row["path"][-9:] for row in rows(outcome.out)] == [r"f\xe9.svg", "\x1b[31m.svg"]
    outcome.out.encode()  # what strict readers of JSON take, too
    table = run("classify", tmp_path, "--index", index)
    assert "\x1b" not in table.out and "\\x1b[31m" in table.out and r"caf\xe9.svg" in table.out


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


@pytest.mark.parametrize("ending", ["xlsx", "parquet", "tsv", "html", "pdf", "csv.gz"])
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
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...], message: str) -> None:
    outcome = run("classify", *arguments)
    assert outcome.code == 2 and message in outcome.err and "Traceback" not in outcome.err


def test_an_empty_folder_is_wrong_usage(run: Run, index: Path, tmp_path: Path) -> None:
    outcome = run("classify", tmp_path, "--index", index)
    assert outcome.code == 2 and "no files to classify" in outcome.err


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


def test_what_is_read_is_never_written(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    mark = Path(shutil.copy(queries / "a.svg", tmp_path / "mark.svg"))
    before = mark.read_bytes()
    for option in ("--output", "--explain"):
        refused = run("classify", mark, "--index", index, option, mark)
        assert refused.code == 2 and "would be read and written" in refused.err and mark.read_bytes() == before
    (tmp_path / "list.txt").write_text(str(mark))
    for listed in (f"@{tmp_path / 'list.txt'}", tmp_path / "*.svg"):
        refused = run("classify", listed, "--index", index, "--output", mark)
        assert refused.code == 2 and "would be read and written" in refused.err and mark.read_bytes() == before
    both = run("classify", mark, "--index", index, "--output", tmp_path / "x", "--explain", tmp_path / "x")
    assert both.code == 2 and "must be different files" in both.err


def test_an_earlier_answer_in_the_folder_is_no_input(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    shutil.copy(queries / "a.svg", tmp_path / "mark.svg")
    call = ("classify", tmp_path, "--index", index, "--format", "jsonl", "--output", tmp_path / "answers.jsonl")
    assert run(*call).code == run(*call).code == 0
    assert len(rows((tmp_path / "answers.jsonl").read_text())) == 1
    assert run(*call, "--resume").code == 0


def test_wrong_usage_leaves_earlier_results(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    old, page = tmp_path / "old.jsonl", tmp_path / "old.html"
    old.write_text("rows")
    page.write_text("page")
    call = ("classify", queries / "a.svg", "--output", old, "--explain", page, "--max-false-accept", "0.00001")
    assert run(*call).code == 2
    assert (old.read_text(), page.read_text()) == ("rows", "page")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.html", "old.jsonl"]


def test_names_with_signs_that_end_lines_elsewhere(
    run: Run, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [tmp_path / f"a{sign}b.svg" for sign in ("\u2028", "\u0085", "\x0c")]
    for path in odd:
        path.write_bytes(svg("disc"))
    listing = "\r\n".join(map(str, odd)).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listing)))
    file = tmp_path / "rows.jsonl"
    call = ("--index", index, "--format", "jsonl", "--output", file)
    assert run("classify", "-", *call).code == 0
    assert [json.loads(line)["path"] for line in file.read_text().split("\n")[:-1]] == list(map(str, odd))
    assert run("classify", *odd, *call, "--resume").code == 0 and file.read_text().count("\n") == 3


def test_a_list_as_powershell_writes_it(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    paths = [str(queries / name) for name in ("a.svg", "b.png")]
    (tmp_path / "list.txt").write_bytes("\r\n".join([*paths, ""]).encode("utf-16"))
    answers = rows(run("classify", f"@{tmp_path / 'list.txt'}", "--index", index, "--format", "jsonl").out)
    assert [row["path"] for row in answers] == paths


def test_a_picture_is_no_list(run: Run, queries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, format in (("a.svg", "svg"), ("b.png", "png")):
        listed = run("classify", f"@{queries / name}")
        assert listed.code == 2 and f"{name}', got a picture ({format}): give its path" in listed.err
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((queries / name).read_bytes())))
        piped = run("classify", "-")
        assert piped.code == 2 and f"in standard input, got a picture ({format})" in piped.err


def test_a_list_with_a_nul_behind_each_path(
    run: Run, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [tmp_path / "a\nb.svg", tmp_path / "c.svg"]
    for path in odd:
        path.write_bytes(svg("disc"))
    listing = "".join(f"{path}\0" for path in odd).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listing)))
    answers = rows(run("classify", "-", "--index", index, "--format", "jsonl").out)
    assert [row["path"] for row in answers] == list(map(str, odd))


def test_an_index_whose_name_is_no_text(run: Run, tmp_path: Path) -> None:
    outcome = run("info", "--index", tmp_path / "caf\udce9")
    assert outcome.code == 1 and "Traceback" not in outcome.err


def test_a_page_may_go_where_a_link_points(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").symlink_to("real.html")
    (tmp_path / "real.html").write_text("old")
    assert run("classify", queries / "a.svg", "--index", index, "--explain", tmp_path / "page.html").code == 0
    assert (tmp_path / "page.html").is_symlink() and "<html" in (tmp_path / "real.html").read_text()


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
        assert len(_answers(file.read_bytes(), "csv")) == len(list(queries.iterdir()))
        return

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("logo_retrieval.inference.engine.Engine.decide_with_state", stop)
    outcome = run(*call)
    assert outcome.code == 130 and "no row was written yet" in outcome.err
    assert file.read_text().count("rows of before") == 200
