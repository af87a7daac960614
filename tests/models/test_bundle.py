"""A bundle comes back as it was written, and anything else on disk is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from logo_retrieval.errors import ModelError
from logo_retrieval.models.bundle import ModelConfig, read_bundle, write_bundle

CONFIG = ModelConfig(
    name="tiny",
    backbone="efficientnet_lite0",
    input_size_px=16,
    dim=8,
    pooling="avg",
    weights="none: random",
    licence="Apache-2.0",
    paper="nobody, nowhere",
    decision={"temperature": 0.07, "k": 10},
    versions={"keras": "3.15.1"},
)
FILES = {"model.onnx": b"graph", "head.npz": b"\x00\xff"}


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "tiny"
    written = write_bundle(folder, CONFIG, FILES)
    loaded = read_bundle(folder)
    assert loaded == written
    assert loaded.digest == written.digest
    assert replace(loaded.config, files={}) == CONFIG
    assert {name: loaded.path(name).read_bytes() for name in loaded.config.files} == FILES
    assert sorted(p.name for p in folder.parent.iterdir()) == ["tiny"], "temporary folders stay behind"


def test_the_digest_covers_config_and_files_but_not_the_place(tmp_path: Path) -> None:
    digests = [
        write_bundle(tmp_path / "a", CONFIG, FILES).digest,
        write_bundle(tmp_path / "b", replace(CONFIG, decision={}), FILES).digest,
        write_bundle(tmp_path / "c", CONFIG, {**FILES, "model.onnx": b"grapH"}).digest,
    ]
    assert len(set(digests)) == 3
    assert write_bundle(tmp_path / "d", CONFIG, FILES).digest == digests[0]


def test_a_bundle_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    write_bundle(folder, CONFIG, FILES)
    of_others = [".git", ".other.old-0123abcd", ".tiny.new-mine"]
    for left in (".tiny.new-0123abcd", ".tiny.old-0123abcd", *of_others):  # the first two by one that was killed
        (tmp_path / left).mkdir()
    write_bundle(folder, CONFIG, {"model.onnx": b"newer"})
    assert sorted(p.name for p in folder.iterdir()) == ["model.json", "model.onnx"]
    assert read_bundle(folder).path("model.onnx").read_bytes() == b"newer"
    assert sorted(p.name for p in tmp_path.iterdir()) == [*of_others, "tiny"], "temporary folders alone are removed"


def test_what_cannot_be_written_leaves_the_bundle_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, content: bytes) -> None:
        raise OSError("no space left on device")

    write_bundle(tmp_path / "tiny", CONFIG, FILES)
    monkeypatch.setattr("logo_retrieval.models.bundle.write_synced", full)
    with pytest.raises(OSError, match="no space left"):
        write_bundle(tmp_path / "tiny", CONFIG, {"model.onnx": b"newer"})
    assert read_bundle(tmp_path / "tiny").path("model.onnx").read_bytes() == FILES["model.onnx"]
    assert [p.name for p in tmp_path.iterdir()] == ["tiny"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_bundle(tmp_path, CONFIG, FILES)
    assert read_bundle(tmp_path).config.name == "tiny"


@pytest.mark.parametrize("inside_a_bundle", [False, True])
def test_a_folder_with_other_things_is_not_replaced(tmp_path: Path, inside_a_bundle: bool) -> None:
    folder = tmp_path / "precious"
    if inside_a_bundle:
        write_bundle(folder, CONFIG, FILES)
    folder.mkdir(exist_ok=True)
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="precious"):
        write_bundle(folder, CONFIG, FILES)
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_a_file_or_a_link_is_not_replaced(tmp_path: Path) -> None:
    write_bundle(tmp_path / "tiny", CONFIG, FILES)
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "link").symlink_to("tiny")
    for name in ("taken", "link"):
        with pytest.raises(ModelError, match=f"{name} exists and is not a folder"):
            write_bundle(tmp_path / name, CONFIG, FILES)
    assert read_bundle(tmp_path / "link").config.name == "tiny"


BAD_NAMES = ["../x", "/etc/passwd", "a/b", "..", ".hidden", "", "a\\b", "C:x", "model.json", "a\n", "x" * 101]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_only_plain_names_are_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="plain name"):
        write_bundle(tmp_path / "b", CONFIG, {name: b""})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", BAD_NAMES)
def test_only_plain_names_are_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "b"
    write_bundle(folder, CONFIG, FILES)
    values = json.loads((folder / "model.json").read_text())
    values["files"][name] = "0" * 64
    (folder / "model.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match="files must be an object of plain file names"):
        read_bundle(folder)


def _change(key: str, value: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        values = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps({**values, key: value}))

    return edit


def _drop_dim(folder: Path) -> None:
    values = json.loads((folder / "model.json").read_text())
    del values["dim"]
    (folder / "model.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: (folder / "model.onnx").write_bytes(b"grapH"),
            r"model\.onnx must have SHA-256 \w{64}, got \w{64}",
        ),
        (lambda folder: (folder / "head.npz").unlink(), r"head\.npz is listed in model\.json, but missing"),
        (lambda folder: (folder / "model.json").unlink(), r"is no model bundle: cannot read its model\.json"),
        (
            lambda folder: (folder / "model.json").write_bytes(b"\xff"),
            r"is no model bundle: cannot read its model\.json",
        ),
        (lambda folder: (folder / "model.json").write_text("{"), "is not JSON"),
        (lambda folder: (folder / "model.json").write_text("[]"), "must hold a JSON object, got list"),
        (_change("schema", 3), "must have schema 2, got 3"),
        (_change("schema", None), "must have schema 2, got None"),
        (_change("colour", "red"), r"unknown fields \['colour'\]"),
        (_drop_dim, r"missing fields \['dim'\]"),
        (_change("dim", 0), "dim must be a positive whole number, got 0"),
        (_change("dim", True), "dim must be a positive whole number, got True"),
        (_change("input_size_px", "224"), "input_size_px must be a positive whole number, got '224'"),
        (_change("name", None), "name must be text, got None"),
        (_change("decision", {"k": "ten"}), "decision must be an object of finite numbers"),
        (_change("decision", {"k": float("nan")}), "decision must be an object of finite numbers"),
        (_change("versions", []), "versions must be an object of texts"),
        (_change("files", {"model.onnx": "00"}), "files must be an object of plain file names"),
        (_change("files", ["model.onnx"]), "files must be an object of plain file names"),
    ],
)
def test_damage_is_named(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    folder = tmp_path / "b"
    write_bundle(folder, CONFIG, FILES)
    damage(folder)
    with pytest.raises(ModelError, match=message) as caught:
        read_bundle(folder)
    assert str(folder) in str(caught.value)


def test_nothing_unreadable_is_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="dim must be"):
        write_bundle(tmp_path / "b", replace(CONFIG, dim=0), FILES)
    assert list(tmp_path.iterdir()) == []


def test_an_unlisted_file_has_no_path(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", CONFIG, FILES)
    with pytest.raises(ModelError, match=r"has no file 'labels\.json', only \['head\.npz', 'model\.onnx'\]"):
        bundle.path("labels.json")


def test_the_order_of_keys_does_not_change_the_digest(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", CONFIG, FILES)
    values = json.loads((tmp_path / "b" / "model.json").read_text())
    (tmp_path / "b" / "model.json").write_text(json.dumps(dict(reversed(values.items()))))
    assert read_bundle(tmp_path / "b").digest == bundle.digest
