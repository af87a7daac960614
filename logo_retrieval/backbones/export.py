"""Keras to ONNX, checked against Keras before it is kept.

The converter copies a graph many times. It gets one whose weights are inputs, so that its copies hold none of them; the
weights come in afterwards, from files, and ONNX Runtime folds what depends on them alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnxruntime

from logo_retrieval.backbones.backend import keras
from logo_retrieval.backbones.catalog import BackboneSpec
from logo_retrieval.backbones.storage import store
from logo_retrieval.errors import ModelError
from logo_retrieval.models.bundle import MODEL_FILE, ModelBundle, ModelConfig, write_bundle
from logo_retrieval.models.onnx_session import open_session
from logo_retrieval.versions import installed_version

_ERRORS_ONLY = 3

MAX_DIFFERENCE = 1e-3
"""Largest distance between the unit vectors of Keras and of the exported graph, its weights in 32 bits."""

MAX_ROUNDING = 0.03
"""The same of weights in 16 bits: a cosine of .9995. At 192 px it is a few thousandths, at 32 px it was .01."""

EXPORT_STEPS = 4
"""Of `export_onnx`, for whoever shows its progress."""

Progress = Callable[[int, int], object]


def export_onnx(model: keras.Model, *, progress: Progress = lambda done, total: None) -> bytes:
    """Exports an embedder, with any batch size.

    Args:
        model: from (n, s, s, 3) float32 to (n, d) float32, as `build_embedder` makes it.
        progress: called with the steps done and their total.

    Returns:
        The ONNX file.

    Raises:
        ModelError: ONNX Runtime does not give what Keras gives, within `MAX_DIFFERENCE` and `MAX_ROUNDING`.
    """
    with tempfile.TemporaryDirectory() as scratch:
        converted, folded, final = (Path(scratch) / name for name in ("converted.onnx", "folded.onnx", MODEL_FILE))
        steps: tuple[Callable[[], None], ...] = (
            lambda: _write_converted(model, converted),
            lambda: _check(fold(converted, folded), model, MAX_DIFFERENCE),
            lambda: store(folded, final),
            lambda: _check(open_session(final), model, MAX_ROUNDING),
        )
        for done, step in enumerate(steps, start=1):
            step()
            if done == 1:
                gc.collect()  # only the graphs of the conversion refer to themselves, and to look for such takes long
            _give_memory_back()
            progress(done, EXPORT_STEPS)
        return final.read_bytes()


def _write_converted(model: keras.Model, path: Path) -> None:
    """Writes the graph as it is, each weight in a file of its own beside it."""
    import tensorflow  # not before the backend has said how it starts
    import tf2onnx.convert

    learned = len(model.trainable_variables)
    weights = {
        f"weight_{place}": variable
        for place, variable in enumerate([*model.trainable_variables, *model.non_trainable_variables])
    }
    signature = [
        tensorflow.TensorSpec(model.input_shape, tensorflow.float32, name="views"),
        *(tensorflow.TensorSpec(variable.shape, variable.dtype, name=name) for name, variable in weights.items()),
    ]

    @tensorflow.function(input_signature=signature)  # type: ignore[untyped-decorator]
    def embed(views: tensorflow.Tensor, *values: tensorflow.Tensor) -> tensorflow.Tensor:
        outputs, _ = model.stateless_call(values[:learned], values[learned:], views, training=False)
        return outputs

    graph, _ = tf2onnx.convert.from_function(embed, input_signature=signature)
    (views,) = (each for each in graph.graph.input if each.name not in weights)
    del graph.graph.input[:]
    graph.graph.input.append(views)
    for name, variable in weights.items():
        values = variable.numpy()
        values.tofile(path.with_name(name))
        kind = onnx.helper.np_dtype_to_tensor_dtype(values.dtype)
        tensor = graph.graph.initializer.add(name=name, data_type=kind, dims=values.shape)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=name)
    _average_globally(graph.graph)
    path.write_bytes(graph.SerializeToString())


def _average_globally(graph: onnx.GraphProto) -> None:
    """Takes means over all places of (n, h, w, c) by `GlobalAveragePool`.

    ONNX Runtime's `ReduceMean` sums one picture alone in another order than several, so that an embedding depended, in
    its last digit, on what it was computed with. The transpositions go when the graph is folded.
    """
    for place, node in reversed(list(enumerate(graph.node))):
        facts = {fact.name: onnx.helper.get_attribute_value(fact) for fact in node.attribute}
        if node.op_type == "ReduceMean" and facts == {"axes": [1, 2], "keepdims": 0}:
            turned, mean = (f"{node.output[0]}_{step}" for step in ("channels_first", "mean"))
            steps = (
                onnx.helper.make_node("Transpose", [node.input[0]], [turned], perm=[0, 3, 1, 2]),
                onnx.helper.make_node("GlobalAveragePool", [turned], [mean]),
                onnx.helper.make_node("Flatten", [mean], [node.output[0]], axis=1),
            )
            graph.node.remove(node)
            for number, step in enumerate(steps):
                graph.node.insert(place + number, step)


def fold(path: Path, folded: Path) -> onnxruntime.InferenceSession:
    """Computes once what depends on weights alone, batch norms into convolutions among it; standard ONNX as before.

    Args:
        path: of the graph.
        folded: where the folded one is written.

    Returns:
        A session that runs it.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _check(session: onnxruntime.InferenceSession, model: keras.Model, most: float) -> None:
    size_px = model.input_shape[1]
    probe = np.random.default_rng(0).integers(0, 256, (2, size_px, size_px, 3)).astype(np.float32)
    (got,) = session.run(None, {"views": probe})
    difference = float(np.linalg.norm(got - model(probe, training=False).numpy(), axis=1).max())
    if not difference <= most:
        raise ModelError(f"the exported graph may differ from Keras by {most}, got {difference}")


def _give_memory_back() -> None:
    """Hands what a step has freed to the system; glibc would keep most of it, and the next step take as much again."""
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def export_bundle(
    folder: Path,
    spec: BackboneSpec,
    model: keras.Model,
    *,
    name: str,
    pooling: str,
    weights: str,
    progress: Progress = lambda done, total: None,
) -> ModelBundle:
    """Exports an embedder and writes it as a model bundle.

    Args:
        folder: to write.
        spec: of its backbone.
        model: the embedder.
        name: of the model, for people.
        pooling: it was built with.
        weights: where its weights came from, such as `describe_weights` says.
        progress: as in `export_onnx`.

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
        versions={library: installed_version(library) for library in ("keras", "tf2onnx", "onnx", "onnxruntime")},
    )
    return write_bundle(folder, config, {MODEL_FILE: export_onnx(model, progress=progress)})
