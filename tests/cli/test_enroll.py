"""`enroll`, `unenroll` and `compact` as commands."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Run
from drawings import lay_classes, svg

from logo_retrieval.store.index_store import IndexStore

MARK = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9L5 4l4 5H0l4-5z"/></svg>'


def labels(run: Run, index: Path, *files: Path) -> list[str]:
    out = run("classify", "--index", index, "--format", "jsonl", *files).out
    return [json.loads(line)["label"] for line in out.splitlines()]


def test_enrolled_answered_and_forgotten(run: Run, mine: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark.svg"
    mark.write_bytes(MARK)
    assert labels(run, mine, mark) != ["glass"]
    done = run("enroll", "--class", "glass", mark, "--index", mine)
    assert (done.code, done.out, done.err) == (0, f"{mine}: 1 drawing added to new class 'glass'\n", "")
    assert labels(run, mine, mark) == ["glass"]
    again = run("enroll", "--class", "glass", mark, "--index", mine)
    assert (again.code, again.out) == (0, f"{mine}: nothing to add\n") and "it is there already" in again.err
    assert run("unenroll", "--class", "glass", "--index", mine).out == f"{mine}: class 'glass' removed\n"
    assert labels(run, mine, mark) != ["glass"]
    missing = run("unenroll", "--class", "glass", "--index", mine)
    assert missing.code == 1 and "there is no class 'glass'" in missing.err
    changes = json.loads(run("info", "--index", mine, "--format", "json").out)["changes"]
    assert [change["action"] for change in changes] == ["build", "enroll", "unenroll"]


def test_a_single_drawing(run: Run, mine: Path) -> None:
    done = run("unenroll", "--item", "bars/0.svg", "--item", "bars/1.svg", "--index", mine)
    assert done.code == 0 and done.out.count("removed") == 2
    done = run("unenroll", "--item", "bars/2.svg", "--index", mine)
    assert f"{mine}: class 'bars' removed" in done.out


def test_unreadable_files(run: Run, mine: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.svg", tmp_path / "bad.svg"
    good.write_bytes(MARK)
    bad.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><path")
    refused = run("enroll", "--class", "glass", good, bad, "--index", mine)
    assert refused.code == 1 and f"'{bad}' is unreadable: corrupt" in refused.err and "--skip-unreadable" in refused.err
    taken = run("enroll", "--class", "glass", good, bad, "--index", mine, "--skip-unreadable")
    assert taken.code == 3 and "1 drawing added" in taken.out and f"unreadable: {bad}: corrupt" in taken.err


def test_another_class_has_it(run: Run, mine: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin.svg"
    twin.write_bytes(svg("disc"))
    refused = run("enroll", "--class", "glass", twin, "--index", mine)
    assert refused.code == 1 and "'disc/0.svg' of class 'disc'" in refused.err and "--force" in refused.err
    forced = run("enroll", "--class", "glass", twin, "--index", mine, "--force")
    assert forced.code == 0 and "kept although" in forced.err


def test_a_folder_of_companies(run: Run, mine: Path, tmp_path: Path) -> None:
    gallery = lay_classes(tmp_path / "gallery", per_class=1)
    shutil.rmtree(gallery / "disc")
    assert "nothing to add" in run("enroll", "--from", gallery, "--index", mine).out
    for file in gallery.rglob("*.svg"):
        file.write_bytes(file.read_bytes() + b"<!-- another file, same looks -->")
    added = run("enroll", "--from", gallery, "--index", mine).out
    assert added.count("1 drawing added to class") == 3 and "to class 'other'" in added


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--class", "glass"),
        ("a.svg",),
        ("--name", "Glass"),
        ("--from", ".", "a.svg"),
        ("--from", ".", "--class", "glass"),
        ("--from", ".", "--name", "Glass"),
    ],
)
def test_usage(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("enroll", *arguments).code == 2
    assert run("unenroll").code == run("unenroll", "--class", "a", "--item", "b").code == 2


def test_one_company_at_a_time(run: Run, mine: Path, tmp_path: Path) -> None:
    (tmp_path / "mark.svg").write_bytes(MARK)
    for command, *drawing in (("enroll", tmp_path / "mark.svg"), ("unenroll",)):
        done = run(command, "--class", "disc", "--class", "bars", *drawing, "--index", mine)
        assert done.code == 2 and "expected one --class, got 'disc', 'bars': call once for each" in done.err


def test_without_an_index_the_starter_is_copied_first(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOGO_RETRIEVAL_INDEX", raising=False)
    Path("mark.svg").write_bytes(MARK)
    failed = run("enroll", "--class", "Slack", "mark.svg")
    assert failed.code == 1 and "'slack' and 'Slack'" in failed.err
    gone = run("unenroll", "--class", "glass")
    assert gone.code == 1 and "there is no class 'glass' in the index 'indexes/default'" in gone.err
    assert not Path("indexes").exists()
    done = run("enroll", "--class", "glass", "mark.svg")
    assert done.code == 0 and "copied the starter index to indexes/default" in done.err
    with IndexStore(Path("indexes/default")) as store:
        assert store.class_sizes()["glass"] == 1 and len(store.class_sizes()) == 162
    assert run("unenroll", "--class", "glass").err == ""
    done = run("compact")
    assert done.code == 0 and "bytes before" in done.out


def test_the_shipped_index_is_not_compacted(run: Run) -> None:
    from logo_retrieval.models.resolve import starter_index

    refused = run("compact", "--index", starter_index())
    assert refused.code == 1 and "read only" in refused.err


def test_what_others_made_meanwhile_stays(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first enrolment that fails, or comes second, takes nothing along."""
    from logo_retrieval.errors import IndexStoreError
    from logo_retrieval.models.resolve import changed_starter, copy_starter

    folder = tmp_path / "indexes" / "default"
    with (
        pytest.raises(IndexStoreError, match="another process has made .* run the command again"),
        changed_starter(folder),
    ):
        copy_starter(folder)
    assert (folder / "index.sqlite").is_file()
    with pytest.raises(KeyboardInterrupt), changed_starter(tmp_path / "further" / "default"):
        (tmp_path / "further" / "notes").touch()
        raise KeyboardInterrupt
    assert [path.name for path in (tmp_path / "further").iterdir()] == ["notes"]
    with closing(sqlite3.connect(folder / "index.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_names_with_drawings_and_without(run: Run, mine: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark.svg"
    mark.write_bytes(MARK)
    by_name = ("enroll", "--class", "newco", "--name", "New  Co", "--index", mine)
    done = run(*by_name)
    assert (done.code, done.out, done.err) == (0, f"{mine}: 2 names added to new class 'newco'\n", "")
    again = run(*by_name)
    assert (again.code, again.out) == (0, f"{mine}: nothing to add\n")
    both = run("enroll", "--class", "newco", mark, "--name", "Disc", "--index", mine)
    assert both.out == f"{mine}: 1 drawing added to class 'newco'\n{mine}: 1 name added to class 'newco'\n"
    assert both.err == "'Disc' is a name of class 'disc' too: where it is read it speaks for both\n"
    facts = json.loads(run("info", "--index", mine, "--format", "json").out)
    assert facts["class_names"] == {"newco": ["New Co", "newco", "Disc"]}
    assert "names      3 of 1 classes" in run("info", "--index", mine).out
    refused = run("enroll", "--class", "newco", "--name", "!", "--index", mine)
    assert refused.code == 1 and "a letter or digit among them, got '!'" in refused.err
    assert run("unenroll", "--name", "NC", "--index", mine).code == 2
    unknown = run("unenroll", "--class", "newco", "--name", "NCO", "--index", mine)
    assert unknown.code == 1 and "class 'newco' has no name 'NCO'" in unknown.err
    taken_back = run("unenroll", "--class", "newco", "--name", " Disc", "--index", mine)
    assert taken_back.out == f"{mine}: name ' Disc' removed\n"
    assert "names      2 of 1 classes" in run("info", "--index", mine).out
    assert run("unenroll", "--class", "newco", "--index", mine).out == f"{mine}: class 'newco' removed\n"
    assert json.loads(run("info", "--index", mine, "--format", "json").out)["class_names"] == {}
    assert "names  " not in run("info", "--index", mine).out


def test_every_command_bears_a_class_known_by_name_alone(run: Run, mine: Path, classes: Path, tmp_path: Path) -> None:
    assert run("enroll", "--class", "newco", "--name", "New Co", "--index", mine).code == 0
    disc = classes / "disc" / "0.svg"
    assert labels(run, mine, disc) == ["disc"]
    assert "newco 0" in run("info", "--index", mine).out
    for command in (("verify",), ("duplicates",), ("similar", disc), ("evaluate", classes), ("compact",)):
        assert run(*command, "--index", mine).code == 0, command
    assert run("classify", disc, "--index", mine, "--explain", tmp_path / "page.html").code == 0
    refused = run("build-index", classes, "--index", mine)
    assert refused.code == 1 and "1 enrolment(s) since it was built" in refused.err and "--replace" in refused.err
    assert "newco" in json.loads(run("info", "--index", mine, "--format", "json").out)["classes"]
    assert run("build-index", classes, "--index", mine, "--replace").code == 0
    assert run("build-index", classes, "--index", mine).code == 0, "an index as it was built may be built again"
    assert "newco" not in json.loads(run("info", "--index", mine, "--format", "json").out)["classes"]
