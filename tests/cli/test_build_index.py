"""`build-index`: good galleries, bad galleries, interrupts; an index is as it was unless all went well."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from drawings import lay_classes, svg

from logo_retrieval.classifier import LogoClassifier
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.indexing.build import build_index
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.store.schema import SCHEMA_VERSION


def contents(index: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in index.rglob("*") if path.is_file()}


def info(run: Run, index: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(run("info", "--index", index, "--format", "json").out)
    return facts


def test_a_folder(run: Run, classes: Path, tmp_path: Path) -> None:
    outcome = run("build-index", classes, "--index", tmp_path / "index")
    assert (outcome.code, outcome.err) == (0, "")
    assert "12 drawings of 4 classes, 'other' of no company among them" in outcome.out
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == ["index.sqlite", "models"]
    facts = info(run, tmp_path / "index")
    assert facts["classes"] == ["bars", "disc", "ärzte", "other"] and facts["items"] == 12


def test_a_csv_and_the_default_place(run: Run, classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "gallery.csv"
    rows = [f"{path},{path.parent.name}" for path in sorted(classes.rglob("*.svg"))]
    table.write_text("\n".join(["path,label", *rows]))
    monkeypatch.chdir(tmp_path)
    assert run("build-index", table).code == 0
    assert info(run, tmp_path / "indexes" / "default")["items"] == 12


def test_what_is_unreadable_or_there_twice_is_named_and_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    data = lay_classes(tmp_path / "data", per_class=1)
    (data / "disc" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing more")
    (data / "disc" / "copy.svg").write_bytes(svg("disc", 0))
    (data / "bars" / "wrong.svg").write_bytes(svg("disc", 0))
    (data / "ruined").mkdir()
    (data / "ruined" / "empty.png").write_bytes(b"")
    outcome = run("build-index", data, "--index", tmp_path / "index")
    assert outcome.code == 3
    assert "unreadable: disc/broken.png: corrupt: " in outcome.err
    assert "unreadable: ruined/empty.png: " in outcome.err
    assert "left out, same bytes in the same class: disc/copy.svg = disc/0.svg" in outcome.err
    assert "same bytes in two classes, both kept: disc/0.svg = bars/wrong.svg" in outcome.err
    assert "class 'ruined' is left out" in outcome.err
    assert "3 class(es) have one drawing only" in outcome.err
    assert info(run, tmp_path / "index")["class_sizes"] == {"bars": 2, "disc": 1, "ärzte": 1, "other": 1}


BAD = {
    "empty folder": ({}, "got 0 files and no sub-folder"),
    "no class folders": ({"a.svg": svg("disc")}, "got 1 files and no sub-folder"),
    "nothing readable": ({"disc/a.svg": b"no picture"}, "none of the 1 files can be used"),
    "reserved name": ({"Other/a.svg": svg("disc")}, "'other' is reserved"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_galleries_leave_the_index_as_it_was(run: Run, index: Path, tmp_path: Path, kind: str) -> None:
    files, message = BAD[kind]
    data, mine = tmp_path / "data", tmp_path / "index"
    data.mkdir()
    shutil.copytree(index, mine)
    for name, content in files.items():
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(content)
    before = contents(mine)
    outcome = run("build-index", data, "--index", mine)
    assert outcome.code == 1 and message in outcome.err and outcome.err.count("\n") == 1
    assert contents(mine) == before
    assert run("build-index", data, "--index", tmp_path / "new").code == 1
    assert not (tmp_path / "new").exists()


def test_a_table_without_the_columns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,brand\na,b\n")
    outcome = run("build-index", tmp_path / "t.csv", "--index", tmp_path / "index")
    assert outcome.code == 1 and "expected the columns path,label" in outcome.err and "got file,brand" in outcome.err


def test_data_that_is_not_there_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    assert run("build-index", tmp_path / "absent").code == 2


def test_a_model_that_is_not_there(run: Run, classes: Path, tmp_path: Path) -> None:
    outcome = run("build-index", classes, "--index", tmp_path / "index", "--model", "resnet9000")
    assert outcome.code == 1 and "expected 'starter', the folder of a model bundle" in outcome.err
    assert not (tmp_path / "index").exists()


def test_a_place_that_cannot_be_written(run: Run, classes: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = run("build-index", classes, "--index", tmp_path / "file" / "index")
    assert outcome.code == 1 and "cannot write" in outcome.err and outcome.err.count("\n") == 1


def test_an_index_of_another_schema_is_left_alone(run: Run, index: Path, classes: Path, tmp_path: Path) -> None:
    mine = tmp_path / "index"
    shutil.copytree(index, mine)
    with sqlite3.connect(mine / "index.sqlite") as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    before = (mine / "index.sqlite").read_bytes()
    for command in (("build-index", classes), ("classify", classes), ("info",), ("verify",)):
        outcome = run(*command, "--index", mine)
        assert outcome.code == 1 and f"schema version 7, this release reads {SCHEMA_VERSION}" in outcome.err
    assert (mine / "index.sqlite").read_bytes() == before


def test_a_folder_of_something_else_is_not_written_into(run: Run, classes: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "holiday.jpg").touch()
    refused = run("build-index", classes, "--index", pictures)
    assert refused.code == 1 and "is no index and not empty, it holds 'holiday.jpg'" in refused.err
    assert [each.name for each in pictures.iterdir()] == ["holiday.jpg"]
    assert run("build-index", classes, "--index", pictures, "--replace").code == 0


def test_an_index_that_was_moved_away_is_built_again_beside_what_is_left_of_it(
    run: Run, index: Path, classes: Path, tmp_path: Path
) -> None:
    mine = Path(shutil.copytree(index, tmp_path / "mine"))
    (mine / "search.cache").write_bytes(b"of the index that goes")
    (mine / "index.sqlite").rename(tmp_path / "damaged.sqlite")
    assert run("build-index", classes, "--index", mine).code == 0
    assert sorted(each.name for each in mine.iterdir()) == ["index.sqlite", "models"]


def test_models_of_the_user_in_a_folder_of_that_name_stay(classes: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(starter_model().folder, models / "mine")
    (models / ("ab" * 8)).mkdir()  # of a build before
    (models / f".{'ab' * 8}.new-{'cd' * 4}").mkdir()  # of one that was killed
    before = contents(models / "mine")
    LogoClassifier.build(classes, model=str(models / "mine"), index=tmp_path).close()
    assert contents(models / "mine") == before
    assert len(list(models.iterdir())) == 2


def test_a_full_disk_is_one_sentence(index: Path, tmp_path: Path) -> None:
    """The kernel refuses to let a file grow, as on a full disk."""
    mine, data = tmp_path / "index", lay_classes(tmp_path / "data", per_class=9)
    shutil.copytree(index, mine)
    before = (mine / "index.sqlite").read_bytes()
    outcome = subprocess.run(
        [sys.executable, "-m", "logo_retrieval", "build-index", data, "--index", mine],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), len(before))),
    )
    assert outcome.returncode == 1, outcome.stderr
    assert outcome.stderr.startswith("Error: cannot write") and outcome.stderr.count("\n") == 1
    with LogoClassifier.open(mine) as classifier:
        (decision,) = classifier.classify([svg("disc", 1)])
    assert decision.label == "disc"


def test_an_interrupted_build_goes_on_where_it_was(classes: Path, tmp_path: Path) -> None:
    bundle = starter_model()
    big = lay_classes(tmp_path / "big", per_class=20)

    def interrupt(done: int, total: int) -> None:
        if done == 75:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(read_gallery(big), tmp_path / "index", bundle, progress=interrupt)
    assert not (tmp_path / "index" / "index.sqlite").exists()
    report = build_index(read_gallery(big), tmp_path / "index", bundle)
    assert 0 < report.resumed < report.indexed == 80
    assert not (tmp_path / "index" / "build.sqlite").exists()
    fresh = build_index(read_gallery(big), tmp_path / "fresh", bundle)
    assert fresh.resumed == 0
    query = svg("bars", 2)
    with LogoClassifier.open(tmp_path / "index") as one, LogoClassifier.open(tmp_path / "fresh") as two:
        assert one.classify([query]) == two.classify([query])


def test_the_library_builds_and_opens(classes: Path, tmp_path: Path) -> None:
    with LogoClassifier.build(classes, index=tmp_path / "index") as classifier:
        assert classifier.classes == ("bars", "disc", "ärzte", "other")
        assert classifier.report is not None and classifier.report.indexed == 12
        assert [each.label for each in classifier.similar(classes / "ärzte" / "1.svg", k=3)] == ["ärzte"] * 3


@pytest.mark.parametrize("option", [("--weights", "none"), ("--pooling", "gem")])
def test_options_of_a_backbone_without_one(run: Run, classes: Path, tmp_path: Path, option: tuple[str, str]) -> None:
    outcome = run("build-index", classes, "--index", tmp_path / "index", *option)
    assert outcome.code == 2 and "are of a backbone, and --model 'starter' is none" in outcome.err
    assert not (tmp_path / "index").exists()


@pytest.mark.large
def test_a_backbone_by_name_is_exported_and_kept_in_the_index(run: Run, classes: Path, tmp_path: Path) -> None:
    backbone = ("--model", "mobilenet_v2", "--weights", "none", "--pooling", "max")
    assert run("build-index", classes, "--index", tmp_path / "one", *backbone).code == 0
    model = info(run, tmp_path / "one")["model"]
    assert (model["backbone"], model["pooling"], model["weights"]) == ("mobilenet_v2", "max", "none: random")
    assert run("build-index", classes, "--index", tmp_path / "two", "--model", tmp_path / "one").code == 0
    assert info(run, tmp_path / "two")["model"] == model
    found = run("similar", classes / "disc" / "1.svg", "--index", tmp_path / "two", "--format", "csv").out
    assert found.splitlines()[1].startswith("disc/1.svg,disc,1.0")
