"""Makes the reader's model: `python benchmarks/make_reader.py PP-OCRv6_rec_small.onnx`.

The recogniser of PP-OCRv6 (Apache-2.0), as the PyPI package `rapidocr` 3.10 ships it, with large weights kept in 16
bits and widened when the model is loaded: half the file, the same text.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from small import options

from logo_retrieval import reading

FILE = Path(reading.__file__).with_name("recogniser.onnx")
LARGE = 1024
"""Weights of fewer numbers stay as they are."""


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same with large weights in 16 bits."""
    casts = []
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.size >= LARGE:
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *rest])
    return model


def main() -> None:
    """Reads, halves, writes."""
    arguments = options(__doc__, model="the recogniser of the package `rapidocr`").parse_args()
    model = halved(onnx.load(arguments.model))
    onnx.checker.check_model(model)
    onnx.save(model, FILE)
    print(f"{FILE.name}: {FILE.stat().st_size / 1e6:.1f} MB of {arguments.model.stat().st_size / 1e6:.1f}")


if __name__ == "__main__":
    main()
