"""Trainings that begin with the weights of a model bundle: with TensorFlow."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from art_samples import small_set
from shallow import shallow_networks

from logo_retrieval.embedding import FP32, load_embedder
from logo_retrieval.errors import ModelError
from logo_retrieval.models.bundle import ModelBundle, read_bundle
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.training.data import TrainingSet, plain_views
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import Float32Array

pytestmark = pytest.mark.large

TINY = Recipe(
    weights="none", size_px=32, batch=6, steps_per_epoch=2, head_epochs=1, epochs=1, dim=16, dropout=0.0, seed=4
)
SIZES = {"acme": 3, "borea": 3, "other/x": 2, "other/y": 1}


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    return small_set(SIZES, held=(0, 3, 7))


@pytest.fixture(scope="module")
def trained(data: TrainingSet, tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """A model of a whole training, with batch norms that have counted."""
    from logo_retrieval.training.export import export_trained
    from logo_retrieval.training.fit import fit
    from logo_retrieval.training.log import read_log

    folder = tmp_path_factory.mktemp("trained")
    with shallow_networks():
        network = fit(data, TINY, folder / "work")
    return export_trained(network, TINY, data, folder / "model", name="tiny", log=read_log(folder / "work"))


def nearly_same(one: Float32Array, other: Float32Array) -> bool:
    return bool((np.sum(one * other, axis=1) > 1 - 1e-4).all())


@pytest.mark.parametrize("name", ["starter", "trained"])
def test_it_begins_as_the_model_and_its_batch_norms_may_learn(
    data: TrainingSet, trained: ModelBundle, name: str
) -> None:
    """With statistics counted on some pictures, the network does on these pictures alone what it does with them."""
    from logo_retrieval.training.network import EMBEDDING, build_network, count_statistics

    bundle, weights = (starter_model(), name) if name == "starter" else (trained, str(trained.folder))
    recipe = replace(
        TINY,
        weights=weights,
        backbone=bundle.config.backbone,
        size_px=bundle.config.input_size_px,
        dim=bundle.config.dim,
    )
    with nullcontext() if name == "starter" else shallow_networks():
        network = build_network(recipe, 4)
    views = plain_views(data.art, np.arange(9), recipe.size_px)

    def embedded(*, training: bool) -> Float32Array:
        return np.asarray(network(views.astype(np.float32), training=training)[EMBEDDING])

    expected = load_embedder(bundle, runtime=FP32).embed(views)
    assert nearly_same(embedded(training=False), expected)
    count_statistics(network, [views])
    assert nearly_same(embedded(training=False), expected)
    assert nearly_same(embedded(training=True), expected)


def test_a_training_goes_on_from_a_model(data: TrainingSet, trained: ModelBundle, tmp_path: Path) -> None:
    from logo_retrieval.training.export import export_trained
    from logo_retrieval.training.fit import fit

    recipe = replace(TINY, weights=str(trained.folder), head_epochs=0, learning_rate=1e-6)
    with shallow_networks():
        network = fit(data, recipe, tmp_path / "work")
    export_trained(
        network, recipe, data, tmp_path / "model", name="further", log=[{"epoch": 1, "phase": "all", "loss": 3.0}]
    )
    bundle = read_bundle(tmp_path / "model")
    assert bundle.config.weights.startswith(f"fine-tuned from model tiny, SHA-256 {trained.digest}, on 6 drawings")
    assert bundle.config.licence == trained.config.licence


def test_a_graph_of_another_network_is_refused(trained: ModelBundle, tmp_path: Path) -> None:
    from logo_retrieval.backbones.catalog import find_backbone
    from logo_retrieval.backbones.folded import load_folded, read_folded

    folded = read_folded(trained.path("model.onnx"))
    with pytest.raises(ModelError, match="has 64 convolutions, the graph 13"):
        load_folded(find_backbone("efficientnet_lite1").construct(32), folded)
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="is no ONNX file"):
        read_folded(tmp_path / "model.onnx")
