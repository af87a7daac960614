"""Embedders: unit length, the same in any batch, and no TensorFlow anywhere near."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.embedding import BF16, FP32, INT8, Embedder, load_embedder, usual_runtime
from logo_retrieval.errors import BackendError, ModelError, UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.models.bundle import MODEL_FILE, ModelBundle, read_bundle, write_bundle
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.types import Float32Array, UInt8Array

TINY = Path(__file__).parent / "data" / "tiny"
SAMPLES = sorted((Path(__file__).resolve().parents[2] / "benchmarks" / "samples").glob("*.*"))
TOLERANCE = {FP32: 1e-5, BF16: 1e-2}
"""bfloat16 keeps 8 significant bits."""


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    return read_bundle(TINY)


@pytest.fixture(scope="module")
def embedder(bundle: ModelBundle, runtime: str) -> Embedder:
    return load_embedder(bundle, runtime=runtime)


def pictures(count: int) -> UInt8Array:
    return np.random.default_rng(7).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def numpy_embedding(bundle: ModelBundle, views: UInt8Array) -> Float32Array:
    """The tiny graph written out in numpy: a 3x3 convolution with stride 2, ReLU, mean, unit length."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(bundle.path(MODEL_FILE)).graph
    kernel, bias = (onnx.numpy_helper.to_array(constant) for constant in graph.initializer)
    windows = np.lib.stride_tricks.sliding_window_view(views.astype(np.float64), (3, 3), axis=(1, 2))[:, ::2, ::2]
    features = np.maximum(np.einsum("nhwcij,dcij->nhwd", windows, kernel) + bias, 0).mean(axis=(1, 2))
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True), np.float32)


def test_it_computes_what_the_graph_says(bundle: ModelBundle, embedder: Embedder, runtime: str) -> None:
    views = pictures(5)
    np.testing.assert_allclose(embedder.embed(views), numpy_embedding(bundle, views), atol=TOLERANCE[runtime])


def test_it_says_what_it_is(embedder: Embedder, runtime: str) -> None:
    assert (embedder.dim, embedder.input_size_px, embedder.precision) == (8, 32, runtime)


@pytest.mark.parametrize("count", [0, 1, 32, 33, 70])
def test_embeddings_are_unit_vectors(embedder: Embedder, count: int) -> None:
    embeddings = embedder.embed(pictures(count))
    assert embeddings.dtype == np.float32
    assert embeddings.shape == (count, 8)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_a_batch_is_its_pictures_one_by_one(embedder: Embedder, runtime: str) -> None:
    views = pictures(35)
    together = embedder.embed(views)
    alone = np.concatenate([embedder.embed(view[None]) for view in views])
    np.testing.assert_allclose(together, alone, atol=TOLERANCE[runtime])
    assert len(np.unique(together.round(4), axis=0)) == 35, "different pictures, different points"


def test_the_result_is_the_callers(embedder: Embedder) -> None:
    first = embedder.embed(pictures(2))
    kept = first.copy()
    embedder.embed(255 - pictures(2))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize(
    "views",
    [
        np.zeros((1, 32, 32, 3), np.float32),
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((1, 16, 17, 3), np.uint8),
        np.zeros((1, 3, 32, 32), np.uint8),
        np.zeros((1, 32, 32, 4), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
    ],
)
def test_a_wrong_array_is_refused(embedder: Embedder, views: UInt8Array) -> None:
    with pytest.raises(ValueError, match=r"must be uint8 of shape \(n, 32, 32, 3\), got \w+ of shape") as caught:
        embedder.embed(views)
    assert str(views.dtype) in str(caught.value)
    assert str(views.shape) in str(caught.value)


def test_a_processor_without_bfloat16_is_refused(bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = pytest.importorskip("openvino", reason="openvino is not installed: pip install '.[openvino]'")
    monkeypatch.setattr(openvino.Core, "get_property", lambda *asked: ["INT8", "FP32"])
    with pytest.raises(BackendError, match=r"with bfloat16, this one has \['FP32', 'INT8'\]"):
        load_embedder(bundle, runtime="openvino-bf16")


def test_an_unknown_runtime_is_refused(bundle: ModelBundle) -> None:
    with pytest.raises(
        BackendError, match="runtime must be one of onnxruntime-int8, onnxruntime-fp32, openvino-bf16, got 'abacus'"
    ):
        load_embedder(bundle, runtime="abacus")


def test_a_bundle_without_integers_is_asked_in_floats(bundle: ModelBundle) -> None:
    assert usual_runtime(bundle) == load_embedder(bundle).precision == FP32
    with pytest.raises(BackendError, match="the model tiny has no network in integers: use the runtime onnxruntime-"):
        load_embedder(bundle, runtime=INT8)


def test_integers_are_near_floats_and_the_same_on_processors_without_vnni(monkeypatch: pytest.MonkeyPatch) -> None:
    model = starter_model()
    integers, floats = load_embedder(model), load_embedder(model, runtime=FP32)
    assert (integers.precision, floats.precision) == (INT8, FP32)
    with DecoderPool(Preparation(size_px=integers.input_size_px)) as pool:
        images = [each for each in pool.decode(SAMPLES, all_views=True) if not isinstance(each, UnreadableImage)]
    views = np.concatenate([each.views for each in images])
    found, expected = integers.embed(views), floats.embed(views)
    cosines = np.sum(found * expected, axis=1)
    assert np.median(cosines) > 0.995 and cosines.min() > 0.97 and not np.array_equal(found, expected)
    np.testing.assert_allclose(integers.embed(views[3:4])[0], found[3], atol=1e-5)
    monkeypatch.setattr("logo_retrieval.models.onnx_session.adds_bytes_exactly", lambda: False)
    np.testing.assert_allclose(load_embedder(model).embed(views), found, atol=1e-5)


def test_a_graph_that_is_none_is_refused(bundle: ModelBundle, runtime: str, tmp_path: Path) -> None:
    broken = write_bundle(tmp_path / "b", bundle.config, {MODEL_FILE: b"not a graph"})
    with pytest.raises(ModelError, match=r"cannot load .*model\.onnx"):
        load_embedder(broken, runtime=runtime)


@pytest.mark.parametrize(
    ("input_size_px", "dim", "message"),
    [(16, 8, r"model\.onnx must map \(16, 16, 3\) to"), (32, 9, "states vectors of width 9, its graph gives 8")],
)
def test_a_graph_of_other_shape_is_refused(
    bundle: ModelBundle, runtime: str, tmp_path: Path, input_size_px: int, dim: int, message: str
) -> None:
    content = bundle.path(MODEL_FILE).read_bytes()
    config = replace(bundle.config, input_size_px=input_size_px, dim=dim)
    wrong = write_bundle(tmp_path / "b", config, {MODEL_FILE: content})
    with pytest.raises(ModelError, match=message):
        load_embedder(wrong, runtime=runtime)


def test_a_bundle_without_a_graph_is_refused(bundle: ModelBundle, runtime: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no file 'model\.onnx'"):
        load_embedder(write_bundle(tmp_path / "b", bundle.config, {}), runtime=runtime)


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_room_loads_no_runtime() -> None:
    assert (
        run_python(
            "import sys, logo_retrieval.embedding\n"
            "print(sorted({'onnxruntime', 'openvino', 'keras', 'tensorflow'} & set(sys.modules)))"
        )
        == "[]"
    )


def test_embedding_works_where_tensorflow_cannot_be_imported() -> None:
    assert (
        run_python(
            "import sys\n"
            "sys.modules.update(dict.fromkeys(['tensorflow', 'keras', 'logo_retrieval.backbones']))\n"
            "import numpy as np\n"
            "from pathlib import Path\n"
            "from logo_retrieval.models.bundle import read_bundle\n"
            "from logo_retrieval.embedding import load_embedder\n"
            f"embedder = load_embedder(read_bundle(Path({str(TINY)!r})))\n"
            "print(embedder.embed(np.full((3, 32, 32, 3), 200, np.uint8)).shape)"
        )
        == "(3, 8)"
    )


def test_a_missing_runtime_names_its_extra() -> None:
    message = run_python(
        "import sys\n"
        "sys.modules['openvino'] = None\n"
        "from pathlib import Path\n"
        "from logo_retrieval.models.bundle import read_bundle\n"
        "from logo_retrieval.embedding import load_embedder\n"
        "from logo_retrieval.errors import BackendError\n"
        "try:\n"
        f"    load_embedder(read_bundle(Path({str(TINY)!r})), runtime='openvino-bf16')\n"
        "except BackendError as error:\n"
        "    print(error)"
    )
    assert "pip install 'logo-retrieval[openvino]'" in message


@pytest.mark.large
@pytest.mark.parametrize("name", ["tiny", "tiny-too"])
def test_the_tiny_bundles_can_be_made_again(name: str, tmp_path: Path) -> None:
    from make_tiny_bundle import make_tiny_bundle

    again = load_embedder(make_tiny_bundle(tmp_path / name))
    np.testing.assert_array_equal(
        again.embed(pictures(4)), load_embedder(read_bundle(TINY.parent / name)).embed(pictures(4))
    )
