"""Keras to ONNX, checked against Keras before it is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import onnxruntime

from logo_retrieval.backbones.backend import keras
from logo_retrieval.backbones.catalog import BackboneSpec
from logo_retrieval.bundle import MODEL_FILE, ModelBundle, ModelConfig, write_bundle
from logo_retrieval.errors import ModelError

_LARGE = 1024
"""Numbers from which on an array is stored in 16 bits."""

MAX_DIFFERENCE = 1e-3
"""Largest absolute difference between Keras and the exported graph, per component of a unit vector."""


def export_onnx(model: keras.Model) -> bytes:
    """Exports an embedder, with any batch size.

    Args:
        model: from (n, s, s, 3) float32 to (n, d) float32, as `build_embedder` makes it.

    Returns:
        The ONNX file.

    Raises:
        ModelError: ONNX Runtime does not give what Keras gives, within `MAX_DIFFERENCE`.
    """
    size_px = model.input_shape[1]
    rng = np.random.default_rng(0)
    probe = rng.integers(0, 256, (2, size_px, size_px, 3)).astype(np.float32)
    expected = model(probe, training=False).numpy()  # a model that was never called does not export
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_FILE
        model.export(path, format="onnx", verbose=False)
        content = in_half_precision(path.read_bytes())
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {session.get_inputs()[0].name: probe})
    difference = float(np.abs(got - expected).max())
    if not difference <= MAX_DIFFERENCE:
        raise ModelError(f"the exported graph may differ from Keras by {MAX_DIFFERENCE}, got {difference}")
    return content


def in_half_precision(content: bytes) -> bytes:
    """The same graph with its large weights in 16 bits, which a runtime widens once, when it opens the file.

    It computes in 32 bits as before; a component of an embedding moves by a few ten thousandths.
    """
    model = onnx.load_from_string(content)
    graph = model.graph
    for weights in list(graph.initializer):
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.size >= _LARGE and np.abs(values).max() < np.finfo(np.float16).max:
            half = f"{weights.name}/half"
            graph.initializer.remove(weights)
            graph.initializer.append(onnx.numpy_helper.from_array(values.astype(np.float16), half))
            graph.node.insert(0, onnx.helper.make_node("Cast", [half], [weights.name], to=onnx.TensorProto.FLOAT))
    return bytes(model.SerializeToString())


def export_bundle(
    folder: Path,
    spec: BackboneSpec,
    model: keras.Model,
    *,
    name: str,
    pooling: str,
    weights: str,
    decision: Mapping[str, float] | None = None,
) -> ModelBundle:
    """Exports an embedder and writes it as a model bundle.

    Args:
        folder: to write.
        spec: of its backbone.
        model: the embedder.
        name: of the model, for people.
        pooling: it was built with.
        weights: where its weights came from, such as `describe_weights` says.
        decision: constants of the decision, fitted for this model.

    Raises:
        ModelError: the export differs from Keras, or the folder cannot be replaced.
    """
    config = ModelConfig(
        name=name,
        backbone=spec.name,
        input_size_px=model.input_shape[1],
        dim=model.output_shape[-1],
        pooling=pooling,
        weights=weights,
        licence=spec.licence,
        paper=spec.paper,
        decision=dict(decision or {}),
        versions={library: version(library) for library in ("keras", "tf2onnx", "onnx", "onnxruntime")},
    )
    return write_bundle(folder, config, {MODEL_FILE: export_onnx(model)})
