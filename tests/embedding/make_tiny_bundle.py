"""Makes the model bundles that the tests embed with: one seeded convolution, 32 px in, few numbers out, about 2 kB.

python tests/embedding/make_tiny_bundle.py tests/embedding/data
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from logo_retrieval.models.bundle import MODEL_FILE, ModelBundle, ModelConfig, write_bundle

INPUT_SIZE_PX = 32
WIDTHS = {"tiny": 8, "tiny-too": 6}
"""Of the bundles by name."""


def make_tiny_bundle(folder: Path) -> ModelBundle:
    """Writes the bundle that the folder is named after."""
    name, seed = folder.name, list(WIDTHS).index(folder.name)
    config = ModelConfig(
        name=name,
        backbone=name,
        input_size_px=INPUT_SIZE_PX,
        dim=WIDTHS[name],
        pooling="avg",
        weights=f"none: random, seed {seed}",
        licence="Apache-2.0",
        paper="none",
    )
    return write_bundle(folder, config, {MODEL_FILE: _graph(WIDTHS[name], seed).SerializeToString()})


def _graph(dim: int, seed: int) -> onnx.ModelProto:
    rng = np.random.default_rng(seed)
    constants = {
        "kernel": rng.normal(0, 0.01, (dim, 3, 3, 3)).astype(np.float32),
        "bias": rng.normal(0, 0.1, dim).astype(np.float32),
    }
    nodes = [
        helper.make_node("Transpose", ["views"], ["channels_first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["channels_first", "kernel", "bias"], ["maps"], strides=[2, 2]),
        helper.make_node("Relu", ["maps"], ["positive"]),
        helper.make_node("GlobalAveragePool", ["positive"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("ReduceL2", ["features"], ["norm"], axes=[1]),
        helper.make_node("Div", ["features", "norm"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("views", TensorProto.FLOAT, ["n", INPUT_SIZE_PX, INPUT_SIZE_PX, 3])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", dim])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 15)])


if __name__ == "__main__":
    for each in WIDTHS:
        make_tiny_bundle(Path(sys.argv[1]) / each)
