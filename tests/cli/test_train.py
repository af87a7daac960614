"""`train`: what it refuses at once, and one small training for real."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from drawings import lay_classes, svg

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.concurrency.locks import locked
from logo_retrieval.embedding import load_embedder
from logo_retrieval.heads.cosine import HEAD_FILE
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE, Impostors
from logo_retrieval.training.log import add_to_log
from logo_retrieval.training.recipe import Recipe


def test_help_says_what_is_needed(run: Run) -> None:
    outcome = run("train", "--help")
    assert outcome.code == 0
    assert all(option in outcome.out for option in ("--output MODEL", "--backbone NAME", "--resume", "--seed"))
    assert "efficientnet_lite0" in outcome.out


def test_wrong_usage_costs_no_time(run: Run, classes: Path, tmp_path: Path) -> None:
    output = ("--output", tmp_path / "model")
    for arguments, message in (
        ((classes,), "Missing option '--output'"),
        ((tmp_path / "absent", *output), "does not exist"),
        ((classes, "--output", "/"), "the root of all"),
        ((classes, *output, "--head", "arc"), "'arc' is not one of"),
        ((classes, *output, "--size", 16), "not in the range"),
        ((classes, *output, "--seed", 2**32), "not in the range"),
        ((classes, *output, "--fold", "6/5"), "expected one of at least 3 parts, such as 1/5, got '6/5'"),
        ((classes, *output, "--weights", "absent.h5"), "there is no file 'absent.h5'"),
        ((classes, *output, "--backbone", "xception", "--backbone", "xception"), "a backbone can be given once"),
        (
            (classes, *output, "--backbone", "resnet50", "--backbone", "xception", "--weights", __file__),
            "of one backbone",
        ),
        ((classes, *output, "--weights", classes), "starter, a model bundle or a file"),
    ):
        outcome = run("train", *arguments)
        assert outcome.code == 2 and message in outcome.err
    outcome = run("train", classes, *output, "--backbone", "efficientnet-lite9")
    assert outcome.code == 1 and "did you mean efficientnet_lite" in outcome.err
    outcome = run("train", classes, *output, "--weights", "starter", "--backbone", "resnet50")
    assert outcome.code == 1 and "'starter' is of the backbone efficientnet_lite1, got resnet50" in outcome.err
    outcome = run("train", tmp_path, *output, "--weights", "starter")
    assert outcome.code == 1 and "backbone" not in outcome.err, "without a name the backbone is that of the starter"
    assert list(tmp_path.iterdir()) == []


def test_a_training_begun_or_a_model_made_is_not_overwritten(run: Run, classes: Path, tmp_path: Path) -> None:
    (tmp_path / "model.training").mkdir()
    (tmp_path / "model.training" / "log.jsonl").write_text("{}\n")
    outcome = run("train", classes, "--output", tmp_path / "model")
    assert outcome.code == 2 and "go on with it by --resume, or remove that folder" in outcome.err
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "model.json").write_text("{}")
    outcome = run("train", classes, "--output", tmp_path / "made")
    assert outcome.code == 2 and "exists: remove it, or take another name" in outcome.err


def test_a_place_where_no_model_can_be_put_costs_no_time(run: Run, classes: Path, tmp_path: Path) -> None:
    """It was found at the end of a training."""
    (tmp_path / "mine" / "mobilenet_v2").mkdir(parents=True)
    (tmp_path / "mine" / "mobilenet_v2" / "notes.txt").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    several = ("--backbone", "efficientnet_lite0", "--backbone", "mobilenet_v2")
    for name, arguments, message in (
        ("mine", ("--resume",), "is no model bundle"),
        ("mine", ("--resume", *several), "is no model bundle"),
        ("link", (), "choose another place for the bundle"),
    ):
        outcome = run("train", classes, "--output", tmp_path / name, *arguments)
        assert outcome.code == 1 and message in outcome.err
    assert not list(tmp_path.glob("*.training"))


@pytest.mark.parametrize("resume", [(), ("--resume",)])
def test_one_training_at_a_time_works_in_a_folder(
    run: Run, classes: Path, tmp_path: Path, resume: tuple[str, ...]
) -> None:
    (tmp_path / "model.training").mkdir()
    add_to_log(tmp_path / "model.training", {"epoch": 1})
    with locked(tmp_path / "model.training"):
        outcome = run("train", classes, "--output", tmp_path / "model", *resume)
    assert outcome.code == 2 and "another training is under way" in outcome.err and "remove" not in outcome.err


def test_a_gallery_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    outcome = run("train", tmp_path / "data", "--output", tmp_path / "model")
    assert outcome.code == 1 and "got 0 files and no sub-folder" in outcome.err
    assert not (tmp_path / "model.training").exists()


def test_without_tensorflow_it_says_what_to_install(classes: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['keras'] = None\n"
        f"sys.argv = ['logo-retrieval', 'train', {str(classes)!r}, '--output', {str(tmp_path / 'model')!r}]\n"
        "from logo_retrieval_cli.main import main\n"
        "main()\n"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert outcome.returncode == 1 and "pip install 'logo-retrieval[train]'" in outcome.stderr
    assert outcome.stderr.count("\n") == 1 and list(tmp_path.iterdir()) == []


@pytest.mark.large
def test_what_the_environment_says_of_other_programs_does_not_count(tmp_path: Path) -> None:
    settings = {"backend": "jax", "floatx": "float16", "image_data_format": "channels_first", "epsilon": 1e-7}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    code = (
        "from logo_retrieval_cli.tensorflow_start import load_tensorflow\n"
        "load_tensorflow()\n"
        "import keras, tensorflow\n"
        "print(keras.config.backend(), keras.config.floatx(), keras.config.image_data_format())\n"
        "print(tensorflow.config.threading.get_intra_op_parallelism_threads())\n"
    )
    environment = {**os.environ, "KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "jax"}
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert outcome.stdout.split() == ["tensorflow", "float32", "channels_last", str(usable_cores())]


@pytest.mark.large
def test_train_stop_go_on_build_and_classify(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from logo_retrieval_cli import train

    recipe = functools.partial(Recipe, steps_per_epoch=2, head_epochs=1, trained_from="head_conv")  # less to compile
    monkeypatch.setattr(train, "Recipe", recipe)
    data, model = lay_classes(tmp_path / "data", per_class=5), tmp_path / "model"
    (data / "disc" / "broken.png").write_bytes(b"no picture")
    options = ("--output", model, "--size", 32, "--batch", 4, "--epochs", 1)  # from ImageNet: chance sees all alike

    def interrupted(folder: Path, entry: dict[str, object]) -> None:
        if entry["epoch"] == 2:
            raise KeyboardInterrupt
        add_to_log(folder, entry)

    with monkeypatch.context() as patch:
        patch.setattr("logo_retrieval.training.fit.add_to_log", interrupted)
        outcome = run("train", data, *options)
    assert outcome.code == 130
    assert outcome.err.splitlines()[-1] == "stopped (epochs done: 1): the same command with --resume goes on"
    assert not model.exists()
    assert run("train", data, *options).code == 2
    outcome = run("train", data, *options, "--resume")
    assert outcome.code == 3, outcome.err
    said = outcome.err.splitlines()
    assert said[0].endswith("; epochs done: 1") and said[1].startswith("epoch 2 of 2  all ")
    assert said[2].startswith("unreadable: disc/broken.png: unknown-format") and len(said) == 3
    bundle = read_bundle(model)
    assert bundle.config.name == "model" and bundle.config.input_size_px == 32
    work = tmp_path / "model.training"
    assert {"checkpoint.npz", "log.jsonl", "curves.svg", "test.csv", "gallery.csv"} <= {
        path.name for path in work.iterdir()
    }
    assert f"evaluate {work / 'test.csv'}" in outcome.out
    assert f"--model starter --index {work / 'starter-index'}" in outcome.out
    assert run("build-index", work / "gallery.csv", "--model", model, "--index", work / "index").code == 0
    (tmp_path / "query.svg").write_bytes(svg("bars", 1))
    assert run("classify", tmp_path / "query.svg", "--index", work / "index").code == 0
    assert bundle.config.decision and len(Impostors.read(bundle.path(IMPOSTORS_FILE)).log_odds) >= 2
    assert run("classify", tmp_path / "query.svg", "--index", work / "index", "--max-false-accept", 0.5).code == 0
    assert run("evaluate", work / "test.csv", "--index", work / "index").code == 0
    tested = (work / "test.csv").read_bytes()
    outcome = run("train", data, *options, "--resume", "--fold", "3/5")
    assert outcome.code == 1 and "the data changed" in outcome.err
    assert (work / "test.csv").read_bytes() == tested, "else it names drawings that were trained on"


@pytest.fixture
def eager() -> Iterator[None]:
    """Lets steps be computed as they are written: to compile a whole network takes longer than a few of them."""
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


ORIGIN = ("resnet50", "xception", "densenet169", "inception_resnet_v2")


@pytest.mark.large
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("backbone", ORIGIN)
def test_the_origins_networks_learn_and_answer(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backbone: str
) -> None:
    """Each with the origin's head and pooling, unfrozen in the second phase, exported, and asked through an index."""
    from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint
    from logo_retrieval.training.network import EMBEDDING, build_network
    from logo_retrieval_cli import train

    monkeypatch.setattr(train, "Recipe", functools.partial(Recipe, steps_per_epoch=2, head_epochs=1))
    data, model = lay_classes(tmp_path / "data", per_class=5), tmp_path / "model"
    options = ("--head", "origin", "--pooling", "max", "--weights", "none", "--size", 80, "--batch", 4, "--epochs", 1)
    outcome = run("train", data, "--output", model, "--backbone", backbone, *options)
    assert outcome.code == 0, outcome.err
    facts, weights, state = read_checkpoint(tmp_path / "model.training" / CHECKPOINT)
    assert state.epoch == 2 and all(np.isfinite(each).all() for each in weights)
    bundle = read_bundle(model)
    assert bundle.config.backbone == backbone
    network = build_network(Recipe(**facts["recipe"]), len(facts["targets"]))
    network.set_weights(state.best)
    for count in (1, 3):
        views = np.random.default_rng(5).integers(0, 256, (count, 80, 80, 3), dtype=np.uint8)
        expected = np.asarray(network(views.astype(np.float32), training=False)[EMBEDDING])
        np.testing.assert_allclose(load_embedder(bundle).embed(views), expected, atol=5e-3)  # kernels in 8 bits
    assert run("build-index", data, "--model", model, "--index", tmp_path / "index").code == 0
    outcome = run("classify", data / "disc", "--index", tmp_path / "index", "--format", "csv")
    assert outcome.code == 0 and len(outcome.out.splitlines()) == 6


@pytest.mark.large
@pytest.mark.usefixtures("eager")
def test_two_backbones_make_an_ensemble(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from logo_retrieval_cli import train

    monkeypatch.setattr(train, "Recipe", functools.partial(Recipe, steps_per_epoch=2, head_epochs=1, dim=16))
    data, model = lay_classes(tmp_path / "data", per_class=5), tmp_path / "model"
    members = ("--backbone", "efficientnet_lite0", "--backbone", "mobilenet_v2")
    options = (*members, "--weights", "none", "--size", 32, "--batch", 4, "--epochs", 1)
    outcome = run("train", data, "--output", model, *options)
    assert outcome.code == 0, outcome.err
    assert f"build-index {tmp_path / 'model.training' / 'gallery.csv'} --model {model} " in outcome.out
    assert run("build-index", data, "--model", model, "--index", tmp_path / "index").code == 0
    with opened_model(str(tmp_path / "index")) as bundle:
        assert bundle.config.dim == 32 and HEAD_FILE in bundle.config.files
        assert bundle.config.backbone == "efficientnet_lite0 + mobilenet_v2"
    assert run("classify", data / "disc", "--index", tmp_path / "index").code == 0
