"""What PATH may be: files, folders, globs and lists; and what of it is no input."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest
from conftest import Run, without_root
from drawings import svg
from test_classify import rows

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.source import read_source
from logo_retrieval_cli.inputs import expand


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


def test_an_empty_folder_is_wrong_usage(run: Run, index: Path, tmp_path: Path) -> None:
    outcome = run("classify", tmp_path, "--index", index)
    assert outcome.code == 2 and "no files to classify" in outcome.err


def test_what_is_read_is_never_written(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    mark, listing = Path(shutil.copy(queries / "a.svg", tmp_path / "mark.svg")), tmp_path / "list.txt"
    listing.write_text(str(mark))
    before = mark.read_bytes()
    for asked, option, file in (
        (mark, "--output", mark),
        (mark, "--explain", mark),
        (f"@{listing}", "--output", mark),
        (tmp_path / "*.svg", "--output", mark),
        (f"@{listing}", "--output", listing),
        (f"@{listing}", "--explain", listing),
    ):
        refused = run("classify", asked, "--index", index, option, file)
        assert refused.code == 2 and f"'{file}' would be read and written" in refused.err
        assert (mark.read_bytes(), listing.read_text()) == (before, str(mark))
    both = run("classify", mark, "--index", index, "--output", tmp_path / "x", "--explain", tmp_path / "x")
    assert both.code == 2 and "must be different files" in both.err


def test_what_an_earlier_call_left_in_the_folder_is_no_input(
    run: Run, index: Path, queries: Path, tmp_path: Path
) -> None:
    """Its rows, its page, though it lies behind a link, and its cache, for whatever command."""
    folder, page = tmp_path / "logos", tmp_path / "logos" / "page.html"
    folder.mkdir()
    shutil.copy(queries / "a.svg", folder / "mark.svg")
    file, cache = folder / "answers.jsonl", folder / "cache"
    for asked in (folder, folder / "**"):
        first = ("classify", asked, "--index", index, "--cache", cache)
        assert run(*first, "--output", tmp_path / "rows.jsonl").code == 0
        assert len(rows((tmp_path / "rows.jsonl").read_text())) == 1
    assert expand([str(folder)]) == expand([f"{cache}/*", f"{folder}/*.svg"]) == [f"{folder}/mark.svg"]
    page.symlink_to(folder / "real.html")
    call = ("classify", folder, "--index", index, "--cache", cache, "--output", file)
    assert run(*call, "--explain", page).code == run(*call, "--explain", page).code == 0
    page.unlink()
    (folder / "real.html").unlink()
    assert run(*call, "--resume").code == 0 and len(rows(file.read_text())) == 1


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
