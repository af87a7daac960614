"""Several bundles as one: what it embeds, what its head says, and that an index takes it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

from logo_retrieval.embedding import load_embedder
from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.models.bundle import ModelBundle, read_bundle, write_bundle
from logo_retrieval.models.ensemble import MEMBERS_FILE, member_folders, write_ensemble
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.types import Float32Array

BUNDLES = Path(__file__).parents[1] / "embedding" / "data"
CLASSES = ("acme", "borea", "other")


def unit(rows: Float32Array) -> Float32Array:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def member(folder: Path, name: str, classes: tuple[str, ...] | None = CLASSES, **changes: object) -> ModelBundle:
    """One of the tiny bundles, with a head of random vectors for the targets unless they are None."""
    tiny = read_bundle(BUNDLES / name)
    files = {file: tiny.path(file).read_bytes() for file in tiny.config.files}
    if classes:
        vectors = np.random.default_rng(len(name)).normal(size=(len(classes), tiny.config.dim)).astype(np.float32)
        files[HEAD_FILE] = HeadVectors(unit(vectors), classes).to_bytes()
    return write_bundle(folder / name, replace(tiny.config, **changes), files)  # type: ignore[arg-type]


def head_of(bundle: ModelBundle) -> Float32Array:
    return HeadVectors.read(bundle.path(HEAD_FILE), bundle.config.dim).vectors


def test_cosines_are_the_mean_of_the_members(tmp_path: Path, rng: np.random.Generator) -> None:
    members = [member(tmp_path, "tiny"), member(tmp_path, "tiny-too")]
    joined = read_bundle(write_ensemble(tmp_path / "joined", members, name="both").folder)
    views = rng.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    ours = load_embedder(joined).embed(views)
    theirs = [load_embedder(each).embed(views) for each in members]
    assert ours.shape == (5, 14) and joined.config.dim == 14
    np.testing.assert_allclose(ours @ ours.T, np.mean([each @ each.T for each in theirs], axis=0), atol=1e-6)
    scores = [each @ head_of(bundle).T for each, bundle in zip(theirs, members, strict=True)]
    np.testing.assert_allclose(ours @ head_of(joined).T, np.mean(scores, axis=0), atol=0.004)  # heads keep 8 bits


def test_integers_are_joined_where_all_members_have_them(tmp_path: Path) -> None:
    members = [member(tmp_path, "tiny"), member(tmp_path, "tiny-too")]

    def with_integers(bundle: ModelBundle) -> ModelBundle:
        files = {name: bundle.path(name).read_bytes() for name in bundle.config.files}
        return write_bundle(bundle.folder, bundle.config, {**files, "model-int8.onnx": bundle.config.name.encode()})

    members[0] = with_integers(members[0])
    assert members[0].int8_graphs and not write_ensemble(tmp_path / "joined", members, name="both").int8_graphs
    members[1] = with_integers(members[1])
    joined = write_ensemble(tmp_path / "joined", members, name="both")
    assert [each.name for each in joined.graphs] == ["member-001.onnx", "member-002.onnx"]
    assert [each.read_bytes() for each in joined.int8_graphs] == [each.config.name.encode() for each in members]


def test_what_it_says_of_itself(tmp_path: Path) -> None:
    constants = ({"temperature": 0.02, "margin": 0.1}, {"temperature": 0.04, "margin": 0.0})
    members = [
        member(tmp_path, name, decision=each) for name, each in zip(("tiny", "tiny-too"), constants, strict=True)
    ]
    joined = write_ensemble(tmp_path / "joined", members, name="both")
    of_members, config = json.loads(joined.path(MEMBERS_FILE).read_text()), joined.config
    assert [(each["name"], each["decision"]) for each in of_members] == [
        ("tiny", constants[0]),
        ("tiny-too", constants[1]),
    ]
    assert (config.name, config.backbone, config.licence) == ("both", "tiny + tiny-too", "Apache-2.0")
    assert config.decision == pytest.approx({"temperature": 0.03, "margin": 0.05})
    members[1] = member(tmp_path, "tiny-too", decision={})
    assert write_ensemble(tmp_path / "joined", members, name="both").config.decision == {}


@pytest.mark.parametrize("second", [None, ("acme", "other", "borea")], ids=["no head", "other targets"])
def test_heads_that_do_not_match_are_left_out(tmp_path: Path, second: tuple[str, ...] | None) -> None:
    members = [member(tmp_path, "tiny"), member(tmp_path, "tiny-too", second)]
    assert HEAD_FILE not in write_ensemble(tmp_path / "joined", members, name="both").config.files


def test_members_that_cannot_be_joined(tmp_path: Path) -> None:
    members = [member(tmp_path, "tiny"), member(tmp_path, "tiny-too", input_size_px=64)]
    with pytest.raises(ModelError, match="pictures of one size, got tiny 32 px, tiny-too 64 px"):
        write_ensemble(tmp_path / "joined", members, name="both")
    joined = write_ensemble(tmp_path / "joined", members[:1] * 2, name="twice")
    with pytest.raises(ModelError, match="must be a single model, got an ensemble"):
        write_ensemble(tmp_path / "more", [members[0], joined], name="both")


def test_a_folder_of_bundles_is_a_model(run: Run, tmp_path: Path, classes: Path, queries: Path) -> None:
    folder = tmp_path / "members"
    for name in ("tiny", "tiny-too"):
        shutil.copytree(BUNDLES / name, folder / name)
    outcome = run("build-index", classes, "--model", folder, "--index", tmp_path / "index")
    assert outcome.code == 0, outcome.err
    assert run("verify", "--index", tmp_path / "index").code == 0
    assert '"dim": 14' in run("info", "--index", tmp_path / "index", "--format", "json").out
    with opened_model(str(tmp_path / "index")) as bundle:
        assert bundle.config.name == "members" and len(bundle.graphs) == 2
    outcome = run("similar", classes / "disc" / "0.svg", "--index", tmp_path / "index", "--top", 1)
    assert outcome.code == 0 and "1.00" in outcome.out and "disc/0.svg" in outcome.out


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    shutil.copytree(BUNDLES / "tiny", tmp_path / "tiny")
    (tmp_path / "tiny" / "model.onnx").write_bytes(b"torn")
    with pytest.raises(ModelError, match=r"tiny: model\.onnx must have SHA-256"), opened_model(str(tmp_path)):
        pass


def test_what_a_killed_process_has_left_of_a_bundle_is_no_member(tmp_path: Path) -> None:
    tiny = member(tmp_path, "tiny")
    shutil.copytree(tiny.folder, tmp_path / ".tiny.old-0123abcd")
    assert member_folders(tmp_path) == [tiny.folder]
