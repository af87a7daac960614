"""Large weights of a graph in fewer bits than it computes with; a runtime widens them once, when it opens the file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from onnx.external_data_helper import set_external_data

from logo_retrieval.models.bundle import INT8_FILE
from logo_retrieval.types import Float32Array, Int8Array

_LARGE = 1024
"""Numbers from which on an array is stored in fewer bits."""

_QUANTA = 127

_WHOLE = "_quantized"
"""What `onnxruntime.quantization` appends to the name of a kernel that it makes whole numbers of."""

_SMALLEST = np.finfo(np.float32).tiny

Bits = Literal[8, 16]


def store(path: Path, stored: Path, *, kernels: Bits = 16, integers: bytes | None = None) -> None:
    """Writes the same graph with its large weights in 16 bits, kernels in 8 where that is asked for.

    It computes in 32 bits as before. By 16 bits a component of an embedding moves by a few ten thousandths. A kernel in
    8 bits has a step for each output channel, its largest weight over 127, as `quantise` has it; one that was rounded
    so before keeps its whole numbers. Those of the same network in integers are not stored again but read from its
    file, which the graph calls `INT8_FILE`. A kernel is widened by a product, since ONNX Runtime would do a
    `DequantizeLinear` anew for every picture. Of the sets of operators that ONNX Runtime names in whatever it writes,
    those remain that the graph has any of.

    Args:
        path: of the graph.
        stored: where the other is written.
        kernels: bits of a weight of a convolution or a matrix product.
        integers: the ONNX file of the same network in integers, with which kernels in 8 bits are shared.
    """
    model = onnx.load(path)
    graph = model.graph
    used = {node.domain for node in graph.node}
    for operators in [each for each in model.opset_import if each.domain not in used]:
        model.opset_import.remove(operators)
    channels = {node.input[1]: _channel_axis(node) for node in graph.node if node.op_type in ("Conv", "Gemm", "MatMul")}
    whole_numbers = _whole_numbers(integers) if integers else {}
    for weights in list(graph.initializer):
        values, name = onnx.numpy_helper.to_array(weights), weights.name
        if values.dtype != np.float32 or values.size < _LARGE:
            continue
        if kernels == 8 and name in channels:
            arrays, nodes = _in_steps(values, channels[name], name, whole_numbers.get(name))
        elif np.abs(values).max() < np.finfo(np.float16).max:
            arrays, nodes = _halved(values, name)
        else:
            continue
        graph.initializer.remove(weights)
        graph.initializer.extend(arrays)
        for node in reversed(nodes):
            graph.node.insert(0, node)
    if integers:
        _refer(graph, integers)
    stored.write_bytes(model.SerializeToString())


def _channel_axis(node: onnx.NodeProto) -> int:
    """Along which the output channels of the node's kernel lie."""
    turned = any(fact.name == "transB" and fact.i for fact in node.attribute)
    return 0 if node.op_type == "Conv" or turned else -1


Parts = tuple[list[onnx.TensorProto], list[onnx.NodeProto]]
"""Arrays that a graph gets, and the nodes that make a weight of them, in the order in which they run."""


def _halved(values: Float32Array, name: str) -> Parts:
    half = f"{name}/half"
    cast = onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT)
    return [onnx.numpy_helper.from_array(values.astype(np.float16), half)], [cast]


def _in_steps(kernel: Float32Array, axis: int, name: str, quanta: Int8Array | None) -> Parts:
    """Whole numbers, given ones or the nearest, the step of each channel, and their product."""
    others = tuple(np.delete(np.arange(kernel.ndim), axis).tolist())
    largest = np.abs(kernel).max(others, keepdims=True)
    if quanta is None:
        quanta = np.rint(kernel / np.maximum(largest / np.float32(_QUANTA), _SMALLEST)).astype(np.int8)
    steps = largest / np.maximum(np.abs(quanta.astype(np.float32)).max(others, keepdims=True), 1)
    arrays = [
        onnx.numpy_helper.from_array(quanta, f"{name}/quanta"),
        onnx.numpy_helper.from_array(steps, f"{name}/steps"),
    ]
    nodes = [
        onnx.helper.make_node("Cast", [f"{name}/quanta"], [f"{name}/wide"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Mul", [f"{name}/wide", f"{name}/steps"], [name]),
    ]
    return arrays, nodes


def _whole_numbers(integers: bytes) -> dict[str, Int8Array]:
    """Of the kernels of a graph in integers, by their names in the graph that it was made of."""
    arrays = onnx.load_from_string(integers).graph.initializer
    return {
        each.name.removesuffix(_WHOLE): onnx.numpy_helper.to_array(each)
        for each in arrays
        if each.data_type == onnx.TensorProto.INT8
    }


def _refer(graph: onnx.GraphProto, integers: bytes) -> None:
    """Takes out of a graph the whole numbers that the file of the graph in integers holds too."""
    for array in graph.initializer:
        if array.data_type == onnx.TensorProto.INT8 and (place := integers.find(array.raw_data)) >= 0:
            set_external_data(array, INT8_FILE, place, len(array.raw_data))
            array.ClearField("raw_data")
