"""Networks, fitting, stopping and going on, and what is exported: with TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from art_samples import small_set
from shallow import shallow_networks

from logo_retrieval.embedding import FP32, INT8, load_embedder
from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.open_set.fusion import Fusion
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE, Impostors
from logo_retrieval.training.data import TrainingSet, plain_views
from logo_retrieval.training.log import kept_entry, read_log
from logo_retrieval.training.recipe import Recipe

pytestmark = pytest.mark.large

TINY = Recipe(
    weights="none",
    size_px=32,
    batch=6,
    steps_per_epoch=3,
    head_epochs=1,
    epochs=1,
    dim=16,
    contrastive=0.1,
    seed=4,
    trained_from="head_conv",  # fewer weights, less to compile
)
ORIGIN = replace(TINY, head="origin", contrastive=0.0)
SIZES = {"acme": 3, "borea": 3, "other/x": 2, "other/y": 1}
TIMES = ("wall_s", "cpu_s")


class Stop(Exception):
    """In the place of a kill."""


@pytest.fixture(scope="module", autouse=True)
def _shallow() -> Iterator[None]:
    with shallow_networks():
        yield


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    return small_set(SIZES, held=(0, 3, 7))


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def stop(entry: dict[str, Any]) -> None:
    raise Stop


def test_stopped_and_gone_on_is_as_in_one_go(data: TrainingSet, tmp_path: Path) -> None:
    from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint
    from logo_retrieval.training.fit import fit

    straight = fit(data, TINY, tmp_path / "straight").get_weights()
    with pytest.raises(Stop):
        fit(data, TINY, tmp_path / "stopped", report=stop)
    with (tmp_path / "stopped" / "log.jsonl").open("a") as log:  # what a kill leaves before the checkpoint is written
        log.write('{"epoch": 2, "phase": "all"}\n{"epo')
    heard: list[int] = []
    resumed = fit(data, TINY, tmp_path / "stopped", report=lambda entry: heard.append(entry["epoch"])).get_weights()
    assert heard == [2] and same(straight, resumed)
    checkpoints = [read_checkpoint(tmp_path / name / CHECKPOINT) for name in ("straight", "stopped")]
    (facts, weights, state), (facts_2, weights_2, state_2) = checkpoints
    assert facts == facts_2 and same(weights, weights_2) and state.chance
    for group in ("averaged", "best", "optimizer", "chance"):
        assert same(getattr(state, group), getattr(state_2, group)), group
    logs = [
        [{key: value for key, value in entry.items() if key not in TIMES} for entry in read_log(tmp_path / name)]
        for name in ("straight", "stopped")
    ]
    assert logs[0] == logs[1] and [entry["phase"] for entry in logs[0]] == ["head", "all"]

    with pytest.raises(ModelError, match=r"of another training \(seed changed\)"):
        fit(data, replace(TINY, seed=5), tmp_path / "stopped")
    with pytest.raises(ModelError, match=r"of another training \(the data changed\)"):
        fit(small_set(SIZES, held=(0, 4, 7)), TINY, tmp_path / "stopped")
    again = fit(data, TINY, tmp_path / "stopped", report=stop).get_weights()
    assert same(again, straight)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_average_that_is_kept(data: TrainingSet, tmp_path: Path, keep: Literal["best", "last"]) -> None:
    from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint
    from logo_retrieval.training.fit import fit

    recipe = replace(TINY, steps_per_epoch=8, head_epochs=0, epochs=2, average=0.5, keep=keep)
    with pytest.raises(Stop):
        fit(data, recipe, tmp_path, report=stop)
    _, _, first = read_checkpoint(tmp_path / CHECKPOINT)
    network = fit(data, recipe, tmp_path)
    _, _, last = read_checkpoint(tmp_path / CHECKPOINT)
    assert not same(first.averaged, last.averaged)
    expected = first.averaged if keep == "best" and last.best_epoch == 1 else last.averaged
    assert same(last.best, expected) and same(network.get_weights(), expected)


def test_the_log_names_the_epoch_whose_weights_are_kept(
    data: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where epochs differ by less than it says of them."""
    from logo_retrieval.training import fit
    from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint

    figures = iter((0.87651, 0.87654))
    monkeypatch.setattr(fit, "macro_f_beta", lambda *_: next(figures))
    fit.fit(data, replace(TINY, steps_per_epoch=2, head_epochs=0, epochs=2), tmp_path)
    _, _, state = read_checkpoint(tmp_path / CHECKPOINT)
    assert kept_entry(read_log(tmp_path))["epoch"] == state.best_epoch == 1


def test_weights_that_are_no_numbers_are_neither_kept_nor_gone_on_from(data: TrainingSet, tmp_path: Path) -> None:
    """The last step of an epoch may spoil them after its loss was a number."""
    from logo_retrieval.training import fit
    from logo_retrieval.training.checkpoint import CHECKPOINT, read_checkpoint, write_checkpoint

    recipe = replace(TINY, steps_per_epoch=1, head_epochs=0, epochs=2)
    with pytest.raises(Stop):
        fit.fit(data, recipe, tmp_path, report=stop)
    with pytest.raises(ModelError, match="no number any more in epoch 1: begin again with larger batches"):
        fit.fit(data, replace(recipe, learning_rate=np.inf), tmp_path / "spoilt")
    facts, weights, state = read_checkpoint(tmp_path / CHECKPOINT)
    weights[0][:] = np.nan
    write_checkpoint(tmp_path / CHECKPOINT, facts, weights, state)
    with pytest.raises(ModelError, match="is no checkpoint: not all that it holds is a finite number"):
        fit.fit(data, recipe, tmp_path)


def test_it_learns_and_only_the_head_at_first(tmp_path: Path) -> None:
    from logo_retrieval.training.fit import fit
    from logo_retrieval.training.network import backbone_of, build_network

    data = small_set({"acme": 1, "other/x": 1})
    recipe = replace(TINY, contrastive=0.0, steps_per_epoch=25, epochs=0, head_learning_rate=0.02)
    from logo_retrieval.backbones.backend import keras

    keras.utils.set_random_seed(recipe.seed)
    before = backbone_of(build_network(recipe, 2)).get_weights()
    losses: list[float] = []
    network = fit(
        data, replace(recipe, head_epochs=2), tmp_path, report=lambda entry: losses.append(float(entry["loss"]))
    )
    assert same(backbone_of(network).get_weights(), before)
    assert losses[1] < losses[0]


def test_a_layer_to_learn_from() -> None:
    from logo_retrieval.training.network import backbone_of, build_network, unfreeze

    network = build_network(TINY, 2)
    unfreeze(network, "head_conv")
    learning = {layer.name for layer in backbone_of(network).layers if layer.trainable}
    assert "head_conv" in learning and "stem_conv" not in learning
    unfreeze(network, None)
    assert all(layer.trainable for layer in backbone_of(network).layers)
    unfreeze(network, "head_conv", ("BatchNormalization",))
    assert [layer.name for layer in backbone_of(network).layers if layer.trainable and layer.weights] == ["head_conv"]
    with pytest.raises(ModelError, match="has no layer 'block99'"):
        unfreeze(network, "block99")


def test_networks_that_cannot_be_built() -> None:
    from logo_retrieval.training.network import build_network

    with pytest.raises(ModelError, match="unknown backbone 'resnet9000'"):
        build_network(replace(TINY, backbone="resnet9000"), 2)
    with pytest.raises(ModelError, match="xception cannot be built for pictures of 32 px"):
        build_network(replace(TINY, backbone="xception"), 2)


def test_beginning_with_another_training(tmp_path: Path) -> None:
    """Sixteen targets, as many as some layers have channels: only the vectors of the targets are taken by name."""
    from logo_retrieval.training.checkpoint import (
        CHECKPOINT,
        State,
        copy_weights,
        read_checkpoint,
        write_checkpoint,
        write_start,
    )
    from logo_retrieval.training.network import build_network

    names = [f"t{number}" for number in range(16)]
    first, second = build_network(TINY, 16), build_network(TINY, 16)
    write_checkpoint(tmp_path / CHECKPOINT, {"targets": names}, [], State(averaged=first.get_weights()))
    fresh = second.get_weights()[-1].copy()
    copy_weights(tmp_path / CHECKPOINT, second, [*names[8:], *(f"new{number}" for number in range(8))])
    *rest, kernel = second.get_weights()
    assert same(rest, first.get_weights()[:-1])
    assert np.array_equal(kernel[:, :8], first.get_weights()[-1][:, 8:]) and np.array_equal(kernel[:, 8:], fresh[:, 8:])
    write_start(tmp_path / "start.npz", tmp_path / CHECKPOINT, log=[{"epoch": 1}])
    assert read_checkpoint(tmp_path / "start.npz")[0]["log"] == [{"epoch": 1}]
    assert (tmp_path / "start.npz").stat().st_size < 0.6 * (tmp_path / CHECKPOINT).stat().st_size
    copy_weights(tmp_path / "start.npz", second, names)
    for halved, whole in zip(second.get_weights(), first.get_weights(), strict=True):
        assert halved.dtype == np.float32
        np.testing.assert_allclose(halved, whole, rtol=1e-3, atol=1e-6)
    with pytest.raises(ModelError, match="is of another network"):
        copy_weights(tmp_path / CHECKPOINT, build_network(ORIGIN, 16), names)
    for torn in (b"PK\x03\x04 torn", b""):
        (tmp_path / CHECKPOINT).write_bytes(torn)
        with pytest.raises(ModelError, match="is no checkpoint"):
            copy_weights(tmp_path / CHECKPOINT, second, names)


def test_targets_that_are_new_begin_at_their_drawings(data: TrainingSet, tmp_path: Path) -> None:
    from logo_retrieval.training.checkpoint import CHECKPOINT, State, write_checkpoint
    from logo_retrieval.training.fit import fit
    from logo_retrieval.training.network import EMBEDDING, build_network, outputs_of

    names = [data.target_names[target] for target in data.trained_targets]
    before = build_network(TINY, len(names))
    write_checkpoint(tmp_path / CHECKPOINT, {"targets": [*names[1:], "gone"]}, [], State(averaged=before.get_weights()))
    still = replace(TINY, head_epochs=0, epochs=0)
    network = fit(data, still, tmp_path / "work", start=tmp_path / CHECKPOINT)
    rows = np.flatnonzero((data.targets == data.trained_targets[0]) & ~data.validation)
    mean = outputs_of(network, plain_views(data.art, rows, TINY.size_px), EMBEDDING).sum(axis=0)
    kernel, known = network.get_weights()[-1], before.get_weights()[-1]
    np.testing.assert_allclose(kernel[:, 0] / np.linalg.norm(kernel[:, 0]), mean / np.linalg.norm(mean), atol=1e-5)
    assert np.array_equal(kernel[:, 1:], known[:, :-1])


@pytest.mark.parametrize("recipe", [TINY, ORIGIN], ids=lambda recipe: recipe.head)
def test_the_bundle_does_what_the_network_does(data: TrainingSet, tmp_path: Path, recipe: Recipe) -> None:
    from logo_retrieval.training.export import export_trained
    from logo_retrieval.training.network import EMBEDDING, SCORES, build_network

    network = build_network(recipe, len(data.trained_targets))
    log = [{"epoch": 1, "phase": "all", "loss": 3.0, "learning_rate": 1e-3, "validation_macro_f2": 0.5}]
    export_trained(network, recipe, data, tmp_path / "model", name="tiny", log=log)
    bundle = read_bundle(tmp_path / "model")
    files = {
        "model.onnx",
        "model-int8.onnx",
        "training.jsonl",
        "curves.svg",
        "recipe.json",
        "MODEL_CARD.md",
        IMPOSTORS_FILE,
    }
    assert set(bundle.config.files) == files | ({HEAD_FILE} if recipe.head == "cosine" else set())
    assert json.loads(bundle.path("recipe.json").read_text()) == recipe.to_dict()
    assert json.loads(bundle.path("training.jsonl").read_text()) == log[0]
    assert bundle.config.weights == "trained from a random start, on 6 drawings of 3 classes, epoch 1"
    card = bundle.path("MODEL_CARD.md").read_text()
    assert "6 drawings to train on, 4 of 2 companies and 2 of 'other' as 2 targets; 3 more for validation." in card
    assert "Validation macro F2 0.500 at epoch 1, on 3 drawings" in card

    views = plain_views(data.art, np.arange(4), 32)
    expected = {name: np.asarray(each) for name, each in network(views.astype(np.float32), training=False).items()}
    assert b"model-int8.onnx" in bundle.path("model.onnx").read_bytes(), "kernels that both have lie there once"
    embeddings = load_embedder(bundle, runtime=FP32).embed(views)
    np.testing.assert_allclose(embeddings, expected[EMBEDDING], atol=2e-2)  # a kernel has 8 bits
    assert np.sum(load_embedder(bundle, runtime=INT8).embed(views) * embeddings, axis=1).min() > 0.97
    fusion = Fusion.from_dict(bundle.config.decision)
    assert fusion.fitted and fusion.scale is not None
    impostors = Impostors.read(bundle.path(IMPOSTORS_FILE))
    assert len(impostors.log_odds) >= 1
    if recipe.head == "cosine":
        head = HeadVectors.read(bundle.path(HEAD_FILE), bundle.config.dim)
        assert head.classes == ("acme", "borea", "other", "other")
        np.testing.assert_allclose(np.linalg.norm(head.vectors, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(embeddings @ head.vectors.T, expected[SCORES], atol=1e-2)  # the head has 8
