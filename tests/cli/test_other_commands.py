"""`similar`, `info`, `verify`, and what the command line imports."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

from logo_retrieval.models.bundle import read_bundle, write_bundle
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE, Impostors

ROOT = Path(__file__).parents[2]


def test_similar_in_every_format(run: Run, index: Path, classes: Path) -> None:
    call = ("similar", classes / "bars" / "2.svg", "--index", index, "--top", 4)
    lines = [json.loads(line) for line in run(*call, "--format", "jsonl").out.splitlines()]
    assert [list(line) for line in lines] == [["item", "label", "similarity"]] * 4
    assert lines[0]["item"] == "bars/2.svg" and lines[0]["similarity"] == pytest.approx(1)
    table = list(csv.DictReader(io.StringIO(run(*call, "--format", "csv").out)))
    assert [row["item"] for row in table] == [line["item"] for line in lines]
    assert run(*call).out.splitlines()[1].split() == ["1.000", "bars", "bars/2.svg"]


def check_refused(
    run: Run, classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...], said: str
) -> None:
    shutil.copytree(classes, tmp_path / "logos")
    monkeypatch.chdir(tmp_path)
    outcome = run(*call)
    assert outcome.code == 2 and said in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["logos"], "nothing was written"


@pytest.mark.parametrize(
    "call",
    [
        ("build-index", "", "--index", "new"),
        ("build-index", "logos", "--index", ""),
        ("info", "--index", ""),
        ("verify", "--index", ""),
        ("compact", "--index", ""),
        ("similar", ""),
        ("classify", "a.svg", "--output", ""),
        ("classify", "a.svg", "--cache", ""),
        ("classify", "a.svg", "--explain", ""),
        ("enroll", "--from", ""),
        ("enroll", "--class", "ring", "a.svg", "--index", ""),
        ("unenroll", "--class", "ring", "--index", ""),
        ("duplicates", "logos", "--against", ""),
        ("evaluate", "logos", "--report", ""),
        ("serve", "--tokens", ""),
        ("train", "logos", "--output", ""),
    ],
)
def test_an_unset_variable_is_not_the_working_directory(
    run: Run, classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...]
) -> None:
    check_refused(run, classes, tmp_path, monkeypatch, call, "the path is empty")


@pytest.mark.parametrize(
    "call",
    [
        ("classify", "a.svg", "--output", "-"),
        ("classify", "a.svg", "--cache", "-"),
        ("evaluate", "logos", "--submission", "-"),
        ("similar", "-"),
        ("enroll", "--from", "-"),
    ],
)
def test_a_dash_is_no_file_of_that_name(
    run: Run, classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...]
) -> None:
    check_refused(run, classes, tmp_path, monkeypatch, call, "'-' is no standard stream here")


def test_similar_asks_for_more_than_there_is(run: Run, index: Path, classes: Path) -> None:
    outcome = run("similar", classes / "bars" / "2.svg", "--index", index, "--top", 100, "--format", "jsonl")
    assert len(outcome.out.splitlines()) == 12


def test_similar_of_an_unreadable_file(run: Run, index: Path, queries: Path) -> None:
    outcome = run("similar", queries / "f.svg", "--index", index)
    assert outcome.code == 3 and outcome.out == "" and "is unreadable: corrupt: " in outcome.err


def test_info_of_the_shipped_index(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    facts = json.loads(run("info", "--format", "json").out)
    assert {"path", "classes", "items", "dim", "model", "schema"} <= set(facts)
    assert len(facts["classes"]) == 161 and facts["classes"][-1] == "other" and facts["items"] > 5000
    assert facts["model"]["backbone"] == "efficientnet_lite1" and isinstance(facts["dim"], int)
    text = run("info").out
    assert "161 classes" in text and "efficientnet_lite1" in text


def test_info_of_a_model_with_few_unknown_logos(run: Run, classes: Path, tmp_path: Path) -> None:
    """As training leaves it where little was kept for validation; it has some, and too few."""
    tiny = read_bundle(ROOT / "tests" / "embedding" / "data" / "tiny")
    files = {name: tiny.path(name).read_bytes() for name in tiny.config.files}
    few = Impostors(np.arange(38, dtype=np.float32)).to_bytes()
    write_bundle(tmp_path / "model", tiny.config, {**files, IMPOSTORS_FILE: few})
    assert run("build-index", classes, "--model", tmp_path / "model", "--index", tmp_path / "index").code == 0
    said = run("info", "--index", tmp_path / "index").out
    assert "the likeliest answer is given: 38 unknown logos are too few to vouch for the default share" in said


def test_verify_of_a_sound_index(run: Run, index: Path) -> None:
    outcome = run("verify", "--index", index)
    assert outcome.code == 0 and "sound" in outcome.out


def test_verify_of_the_shipped_index(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("verify").code == 0


def test_a_changed_byte_of_the_model_is_found(run: Run, mine: Path, queries: Path) -> None:
    (model,) = mine.glob("models/*/model.onnx")
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    for command in (("verify",), ("classify", queries)):
        outcome = run(*command, "--index", mine)
        assert outcome.code == 1 and "model.onnx must have SHA-256" in outcome.err


def test_an_index_made_by_another_model(run: Run, mine: Path, queries: Path) -> None:
    (config,) = mine.glob("models/*/model.json")
    config.write_text(config.read_text().replace('"pooling": "avg"', '"pooling": "max"'))
    outcome = run("classify", queries, "--index", mine)
    assert outcome.code == 1 and "was made by model" in outcome.err


def test_a_damaged_vector_is_found(run: Run, mine: Path) -> None:
    with sqlite3.connect(mine / "index.sqlite") as connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE item_id = 3")
    connection.close()
    outcome = run("verify", "--index", mine)
    assert outcome.code == 1 and "item 3 is not of unit length" in outcome.err


def test_a_truncated_index_is_a_sentence(run: Run, mine: Path, queries: Path) -> None:
    file = mine / "index.sqlite"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    for command in (("verify",), ("classify", queries)):
        outcome = run(*command, "--index", mine)
        assert outcome.code == 1 and "Traceback" not in outcome.err


def _modules_after(code: str) -> set[str]:
    ask = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return {name.split(".")[0] for name in out.splitlines()}


def _classify(index: Path, file: Path) -> str:
    return (
        "from logo_retrieval import LogoClassifier\n"
        f"with LogoClassifier.open({str(index)!r}) as classifier:\n"
        f"    (decision,) = classifier.classify([{str(file)!r}])\n"
        "assert decision.label == 'disc', decision"
    )


HEAVY = {"tensorflow", "keras", "faiss", "onnxruntime", "openvino", "resvg", "cairosvg", "PIL", "numpy", "jinja2"}


def test_help_imports_nothing_heavy() -> None:
    code = (
        "sys.argv = ['logo-retrieval', '--help']\n"
        "from logo_retrieval_cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass"
    )
    assert not _modules_after(code) & HEAVY


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert not _modules_after("import logo_retrieval") & HEAVY


def test_serving_works_without_tensorflow(index: Path, queries: Path) -> None:
    code = f"sys.modules['tensorflow'] = sys.modules['keras'] = None\n{_classify(index, queries / 'a.svg')}"
    assert "onnxruntime" in _modules_after(code)


def test_serving_works_without_faiss(index: Path, queries: Path) -> None:
    code = (
        "import importlib.metadata as metadata\n"
        "real = metadata.version\n"
        "def version(name):\n"
        "    if name.startswith('faiss'): raise metadata.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "metadata.version = version\n"
        f"{_classify(index, queries / 'a.svg')}"
    )
    assert "faiss" not in _modules_after(code)


def test_every_package_folder_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "logo_retrieval").rglob("__init__.py")
    } | {"logo_retrieval_cli"}
    assert sorted(listed) == sorted(found)


@pytest.mark.parametrize("command", ["build-index", "classify", "similar", "info", "verify"])
def test_every_command_is_on_the_page_of_use_and_has_an_example(run: Run, command: str) -> None:
    assert f"logo-retrieval {command}" in (ROOT / "docs" / "use.md").read_text(encoding="utf-8")
    assert f"logo-retrieval {command}" in run(command, "--help").out.split("Example", 1)[1]


def test_answering_leaves_image_libraries_to_the_decoder_processes() -> None:
    assert not _modules_after("import logo_retrieval.classifier") & {"PIL", "resvg", "tensorflow", "keras"}


def test_templates_are_loaded_for_a_page_alone(index: Path, queries: Path) -> None:
    asked = ["logo-retrieval", "classify", str(queries / "a.svg"), "--index", str(index)]
    code = (
        f"sys.argv = {asked!r}\n"
        "from logo_retrieval_cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code"
    )
    assert "jinja2" not in _modules_after(code)
