"""`evaluate`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from conftest import Run
from drawings import lay_classes, svg


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """A table out of order: a path that is not tidy, a wrong label, an unknown class, a missing file."""
    lay_classes(tmp_path / "art", per_class=6)
    rows = [
        ("./art/disc/5.svg", "disc"),
        ("art/bars//4.svg", "bars"),
        ("art/disc/4.svg", "bars"),
        ("art/disc/nowhere.svg", "disc"),
        ("art/other/3.svg", "other"),
        ("art/bars/0.svg", "nova, inc."),
    ]
    with (tmp_path / "asked.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label"), *rows])
    return tmp_path / "asked.csv"


def test_all_it_writes(run: Run, index: Path, asked: Path, tmp_path: Path) -> None:
    output, submission, page = tmp_path / "o.json", tmp_path / "s.csv", tmp_path / "r.html"
    outcome = run("evaluate", asked, "--index", index, "--output", output, "--submission", submission, "--report", page)
    assert (outcome.code, outcome.err) == (3, "")
    lines = outcome.out.splitlines()
    assert lines[0] == f"{index}: 6 files of 3 classes, 2 answered wrongly, 1 unreadable"
    assert [line for line in lines if line.startswith("note: ")] == [
        f"note: {note}" for note in json.loads(output.read_text())["notes"]
    ]
    assert "note: 1 of 6 files are in the index byte for byte" in outcome.out
    assert "1 files are of 1 classes that the index does not know; the right answer is then 'other': 'nova, inc.'" in (
        outcome.out
    )
    (accuracy,) = [line.split() for line in lines if line.startswith("accuracy on companies")]
    assert accuracy[3] == "0.500"
    assert lines[lines.index("commonest confusions                files  answered") + 1].split() == [
        "bars",
        "1",
        "disc",
    ]

    facts = json.loads(output.read_text(encoding="utf-8"))
    assert [file["path"] for file in facts["files"]] == [
        "./art/disc/5.svg",
        "art/bars//4.svg",
        "art/disc/4.svg",
        "art/disc/nowhere.svg",
        "art/other/3.svg",
        "art/bars/0.svg",
    ]
    assert [file["predicted"] for file in facts["files"]] == ["disc", "bars", "disc", None, "other", "bars"]
    assert facts["files"][3]["status"] == "unreadable" and facts["files"][3]["reason"].startswith("missing: ")
    assert facts["counts"] == {"files": 6, "unreadable": 1, "mistakes": 2, "classes": 3, "in_index": 1}
    assert facts["unknown_classes"] == {"nova, inc.": 1}
    assert facts["figures"]["company_accuracy"]["value"] == 0.5 and facts["figures"]["other_recall"]["value"] == 0.5
    assert set(facts["figures"]["auroc"]) == {"value", "low", "high"}
    assert facts["index"]["path"] == str(index) and len(facts["index"]["model_digest"]) == 64
    assert (facts["seed"], facts["resamples"]) == (0, 1000)
    assert [each["name"] for each in facts["classes"]] == ["bars", "disc", "other"]
    assert facts["confusions"][0] == {"expected": "bars", "predicted": "disc", "count": 1}
    assert sum(each["count"] for each in facts["reliability"]) == 5

    rows = list(csv.reader(io.StringIO(submission.read_text(encoding="utf-8"))))
    assert rows == [["path", "label"]] + [[file["path"], file["predicted"] or "other"] for file in facts["files"]]
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_folder_without_other(run: Run, index: Path, tmp_path: Path) -> None:
    """Bytes of names that are no UTF-8 are escaped, and a table with them finds the files."""
    data = tmp_path / "asked"
    (data / "disc").mkdir(parents=True)
    (data / "disc" / os.fsdecode(b"\xff\xfe.svg")).write_bytes(svg("disc", 4))
    escaped = str(data / "disc" / r"\xff\xfe.svg")
    output, submission = tmp_path / "o.json", tmp_path / "s.csv"
    outcome = run("evaluate", data, "--index", index, "--output", output, "--submission", submission)
    assert outcome.code == 0
    assert "AUROC" not in outcome.out and "recall of other" not in outcome.out
    assert "worst classes" not in outcome.out and "confusions" not in outcome.out  # all is well
    facts = json.loads(output.read_bytes().decode("utf-8"))
    assert facts["figures"]["auroc"] is None and facts["figures"]["macro_f2"]["value"] == 1
    assert facts["files"][0]["path"] == escaped
    assert submission.read_text(encoding="utf-8") == f"path,label\n{escaped},disc\n"
    assert run("evaluate", submission, "--index", index).code == 0


def test_data_that_cannot_be_used(run: Run, index: Path, tmp_path: Path) -> None:
    assert run("evaluate", tmp_path / "absent", "--index", index).code == 2
    (tmp_path / "empty").mkdir()
    outcome = run("evaluate", tmp_path / "empty", "--index", index)
    assert outcome.code == 1 and "expected one sub-folder a class" in outcome.err
    (tmp_path / "empty.csv").write_text("path,label\n")
    outcome = run("evaluate", tmp_path / "empty.csv", "--index", index)
    assert outcome.code == 1 and "expected rows below the header" in outcome.err


def test_an_index_that_is_not_there(run: Run, classes: Path, tmp_path: Path) -> None:
    outcome = run("evaluate", classes, "--index", tmp_path / "none")
    assert outcome.code == 1 and "there is no index at" in outcome.err


def test_places_are_refused_before_the_work(run: Run, index: Path, asked: Path, tmp_path: Path) -> None:
    before = asked.read_bytes()
    outcome = run("evaluate", asked, "--index", index, "--submission", asked)
    assert outcome.code == 2 and "must be different files" in outcome.err and asked.read_bytes() == before
    outcome = run("evaluate", asked, "--index", index, "--report", tmp_path / "no" / "r.html")
    assert outcome.code == 2 and "there is no folder" in outcome.err and outcome.out == ""
    (tmp_path / "loop.html").symlink_to("loop.html")
    new = tmp_path / "new.json"
    outcome = run("evaluate", asked, "--index", index, "--report", tmp_path / "loop.html", "--output", new)
    assert outcome.code == 1 and "cannot write" in outcome.err and outcome.out == "" and not new.exists()
