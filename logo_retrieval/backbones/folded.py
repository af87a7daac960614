"""Weights of a bundle back into Keras: its graph has the batch norms folded into the convolutions before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.errors import ModelError
from logo_retrieval.types import Float32Array


@dataclass(slots=True)
class FoldedGraph:
    """What a graph of an embedder has learned.

    Attributes:
        kernels: of each convolution, (o, i, h, w), in the order in which they are computed.
        shifts: (o,) what is added behind each.
        projection: (i, d) and (d,) of the dense layer behind the pooling, empty where there is none.
    """

    kernels: list[Float32Array] = field(default_factory=list)
    shifts: list[Float32Array] = field(default_factory=list)
    projection: list[Float32Array] = field(default_factory=list)


def read_folded(path: Path) -> FoldedGraph:
    """Reads a graph of `export_onnx`; a scale and a shift that follow a convolution become part of it.

    Raises:
        ModelError: it is no ONNX file.
    """
    import onnx
    import onnx.numpy_helper

    try:
        graph = onnx.load(path).graph
    except Exception as error:  # of protobuf, which names none for its users
        raise ModelError(f"'{path}' is no ONNX file: {error}") from error
    values = {each.name: onnx.numpy_helper.to_array(each).astype(np.float32) for each in graph.initializer}
    folded, last = FoldedGraph(), ""
    for node in graph.node:
        known = [values[name] for name in node.input if name in values]
        if node.op_type == "Cast" and known:
            values[node.output[0]] = known[0]
        elif node.op_type == "Mul" and len(known) == 2:  # a kernel in 8 bits and its steps
            values[node.output[0]] = known[0] * known[1]
        elif node.op_type == "Conv":
            folded.kernels.append(known[0])
            folded.shifts.append(known[1] if len(known) > 1 else np.zeros(len(known[0]), np.float32))
            last = node.output[0]
        elif node.op_type in ("MatMul", "Gemm") and known:
            folded.projection = known
            last = node.output[0]
        elif last in node.input and node.op_type in ("Reshape", "Transpose"):
            last = node.output[0]
        elif last in node.input and len(known) == 1 and node.op_type in ("Mul", "Add"):
            _take_in(folded, node.op_type, known[0].ravel())
            last = node.output[0]
    return folded


def _take_in(folded: FoldedGraph, kind: str, values: Float32Array) -> None:
    if folded.projection:
        folded.projection.append(values)
    elif kind == "Add":
        folded.shifts[-1] = folded.shifts[-1] + values
    else:
        folded.kernels[-1] = folded.kernels[-1] * values[:, None, None, None]
        folded.shifts[-1] = folded.shifts[-1] * values


def load_folded(backbone: keras.Model, folded: FoldedGraph) -> None:
    """Fills a backbone that is one chain of convolutions, so that it computes what the graph computes.

    What the batch norms had counted is lost: they get a mean of 0 and a variance of 1, which
    `training.network.count_statistics` makes good before they learn.

    Raises:
        ModelError: the graph is of another network.
    """
    layers = [layer for layer in backbone.layers if layer.weights]
    convolutions, norms = layers[::2], layers[1::2]
    if len(convolutions) != len(folded.kernels):
        raise ModelError(f"{backbone.name} has {len(convolutions)} convolutions, the graph {len(folded.kernels)}")
    for convolution, norm, kernel, shift in zip(convolutions, norms, folded.kernels, folded.shifts, strict=True):
        axes = (2, 3, 0, 1) if isinstance(convolution, keras.layers.DepthwiseConv2D) else (2, 3, 1, 0)
        kernel = kernel.transpose(axes)
        if kernel.shape != convolution.kernel.shape:
            raise ModelError(
                f"{convolution.name} of {backbone.name} is {convolution.kernel.shape}, that of the graph {kernel.shape}"
            )
        convolution.set_weights([kernel])
        one = np.ones_like(shift)
        norm.set_weights([one, shift, 0 * one, one - norm.epsilon])
