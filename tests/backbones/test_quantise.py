"""A network in integers, or with its kernels so: near the one in floats, for any number of pictures, or none at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.embedding import FP32, INT8, load_embedder
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.models.bundle import INT8_FILE, MODEL_FILE, ModelBundle, write_bundle
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.types import UInt8Array

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "benchmarks" / "samples").glob("*.*"))

pytestmark = pytest.mark.large


@pytest.fixture(scope="module")
def views() -> UInt8Array:
    with DecoderPool(Preparation(size_px=192)) as pool:
        images = [each for each in pool.decode(SAMPLES, all_views=True) if not isinstance(each, UnreadableImage)]
    whole = np.concatenate([each.views for each in images])
    return np.concatenate([whole, whole[:, :, ::-1], whole[:, ::-1], 255 - whole])


@pytest.fixture(scope="module")
def starter_graph() -> bytes:
    """The graph of the starter in floats, with the kernels that it shares with that in integers."""
    import onnx

    return bytes(onnx.load(starter_model().path(MODEL_FILE)).SerializeToString())


def test_it_gives_nearly_the_same_vectors(views: UInt8Array, starter_graph: bytes, tmp_path: Path) -> None:
    from logo_retrieval.backbones.quantise import quantised

    # as they are and mirrored, not upside down and inverted
    integers = quantised(starter_graph, views[: len(views) // 2])
    assert integers is not None and len(integers) < 6e6, "8 bits for each of five million weights"
    files = {MODEL_FILE: starter_graph, INT8_FILE: integers}
    bundle: ModelBundle = write_bundle(tmp_path / "model", starter_model().config, files)
    embedder = load_embedder(bundle)
    assert embedder.precision == INT8
    found, expected = embedder.embed(views), load_embedder(bundle, runtime=FP32).embed(views)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    cosines = np.sum(found * expected, axis=1)
    assert np.median(cosines) > 0.99 and cosines.min() > 0.9 and not np.array_equal(found, expected)
    np.testing.assert_allclose(embedder.embed(views[3:4])[0], found[3], atol=1e-5)


def test_one_that_is_too_far_off_is_none(
    views: UInt8Array, starter_graph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from logo_retrieval.backbones import quantise

    monkeypatch.setattr(quantise, "_NEAR", 1.0)
    assert quantise.quantised(starter_graph, views[:8]) is None


def with_fine_kernels(graph: Path, scratch: Path) -> bytes:
    """The same graph, its kernels between the steps that they are stored in, and in floats."""
    import onnx

    from logo_retrieval.backbones.export import fold

    fold(graph, scratch / "folded.onnx")
    model, chance = onnx.load(scratch / "folded.onnx"), np.random.default_rng(0)
    for weights in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weights)
        if values.ndim > 1 and values.dtype == np.float32:
            finer = values * chance.uniform(0.999, 1.001, values.shape).astype(np.float32)
            weights.CopyFrom(onnx.numpy_helper.from_array(finer, weights.name))
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("shared", [False, True])
def test_kernels_alone_change_next_to_nothing(
    views: UInt8Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    import onnx

    from logo_retrieval.backbones import quantise

    monkeypatch.setattr(quantise, "_SAME", 0.99)  # one of these few drawings, of no company, shows it most
    starter = starter_model()
    given = with_fine_kernels(starter.path(MODEL_FILE), tmp_path)
    integers = quantise.quantised(given, views) if shared else None
    graph = quantise.rounded(given, views, integers)
    arrays = onnx.load_from_string(graph).graph.initializer
    assert [each.data_type for each in arrays].count(onnx.TensorProto.INT8) == 61
    assert [each.data_location for each in arrays].count(onnx.TensorProto.EXTERNAL) == (60 if shared else 0)
    assert len(graph) < (1e6 if shared else 5e6) < len(given) / 3
    files = {MODEL_FILE: graph} if integers is None else {MODEL_FILE: graph, INT8_FILE: integers}
    exact = write_bundle(tmp_path / "exact", starter.config, {MODEL_FILE: given})
    bundle = write_bundle(tmp_path / "model", starter.config, files)
    found, expected = (load_embedder(each, runtime=FP32).embed(views) for each in (bundle, exact))
    cosines = np.sum(found * expected, axis=1)
    assert np.median(cosines) > 0.999 and cosines.min() > 0.99


def test_kernels_stay_as_they_are_where_it_shows(
    views: UInt8Array, starter_graph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from logo_retrieval.backbones import quantise

    monkeypatch.setattr(quantise, "_SAME", 2.0)
    assert quantise.rounded(starter_graph, views[:8], None) == starter_graph


def test_released_weights_are_exported_with_the_same_whole_numbers(tmp_path: Path) -> None:
    """Though batch norms are folded into the kernels; and they are read back."""
    import onnx
    from released import STEP, read_release, write_release

    from logo_retrieval.backbones.backend import keras
    from logo_retrieval.backbones.build import build_embedder
    from logo_retrieval.backbones.export import export_onnx, fold
    from logo_retrieval.backbones.folded import read_folded
    from logo_retrieval.backbones.storage import store

    model = build_embedder("efficientnet_lite0", weights="none", input_size_px=32)
    chance = np.random.default_rng(2)
    for layer in model.get_layer("efficientnet_lite0").layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([chance.uniform(0.5, 2, each.shape) for each in layer.get_weights()])
    given = {f"best_{place:04d}": each for place, each in enumerate(model.get_weights())}
    np.savez(tmp_path / "start.npz", **given)
    write_release(tmp_path / "released.npz", tmp_path / "start.npz")
    read_release(tmp_path / "released.npz", tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again, np.load(tmp_path / "released.npz") as released:
        model.set_weights([again[name] for name in given])
        expected = [released[name] for name in given if STEP + name in released]
    (tmp_path / "exported.onnx").write_bytes(export_onnx(model))
    fold(tmp_path / "exported.onnx", tmp_path / "folded.onnx")
    store(tmp_path / "folded.onnx", tmp_path / "stored.onnx", kernels=8)
    graph = onnx.load(tmp_path / "stored.onnx").graph
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    names = [node.input[1] for node in graph.node if node.op_type == "Conv"]
    compared = 0
    for name, kernel in zip(names, expected, strict=True):
        if f"{name}/quanta" in arrays:  # small ones stay in floats
            axes = (2, 3, 0, 1) if kernel.shape[3] == 1 else (3, 2, 0, 1)
            np.testing.assert_array_equal(arrays[f"{name}/quanta"], kernel.transpose(axes))
            compared += 1
    assert compared > 40
    for found, exported in zip(
        read_folded(tmp_path / "stored.onnx").kernels, read_folded(tmp_path / "exported.onnx").kernels, strict=True
    ):
        np.testing.assert_allclose(found, exported, rtol=2e-3, atol=1e-5)
