"""Makes the reader's model: `python benchmarks/make_reader.py PP-OCRv6_rec_small.onnx`.

The recogniser of PP-OCRv6 (Apache-2.0), as the PyPI package `rapidocr` 3.10 ships it, in 8-bit integers: a third of the
file, two thirds of the time, and of the companies' names in LogoBench as many are read. In floats stay the first two
convolutions, what weighs whole channels against each other (squeeze and excitation), and products of activations. The
ranges of activations are those of lines found on drawings of the wide set.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
from onnx import version_converter
from small import options
from wide_data import load_wide

from logo_retrieval.backbones.export import fold
from logo_retrieval.backbones.quantise import write_in_integers
from logo_retrieval.backbones.storage import store
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.reading.recogniser import FILE, padded
from logo_retrieval.types import UInt8Array

OPERATORS = 17
"""Of older sets none has a scale for each channel."""

CALIBRATED_BY = 300
SEED = 5
FIRST = 2
GATES = ("HardSigmoid", "Sigmoid")


def lines_of_the_wide_set(cache: Path) -> Iterator[UInt8Array]:
    """What may be writing on drawings of brands that no company of LogoBench is, in an order by lot."""
    wide = load_wide(cache)
    order = np.random.default_rng(SEED).permutation(len(wide))
    with DecoderPool(Preparation()) as pool:
        for image in pool.decode((wide[row].path for row in order), all_views=True, lines=True):
            if not isinstance(image, UnreadableImage):
                yield from image.lines


def in_floats(graph: onnx.GraphProto) -> list[str]:
    """The names of the nodes that do not become integers."""
    weights = {each.name for each in graph.initializer}
    makes = {name: node.op_type for node in graph.node for name in node.output}
    takers: dict[str, set[str]] = {}
    for node in graph.node:
        for name in node.input:
            takers.setdefault(name, set()).add(node.op_type)
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    weighing = [
        node
        for node in convolutions
        if makes.get(node.input[0]) == "ReduceMean" or takers.get(node.output[0], set()) & set(GATES)
    ]
    products = [node for node in graph.node if node.op_type == "MatMul" and not weights & set(node.input)]
    return [node.name for node in (*convolutions[:FIRST], *weighing, *products)]


def main() -> None:
    """Reads, computes in integers, writes."""
    arguments = options(__doc__, cache=True, model="the recogniser of the package `rapidocr`").parse_args()
    given = onnx.load(arguments.model)
    with tempfile.TemporaryDirectory() as scratch:
        newer, folded, integers = (Path(scratch, name) for name in ("newer.onnx", "folded.onnx", "integers.onnx"))
        onnx.save(version_converter.convert_version(given, OPERATORS), newer)
        fold(newer, folded)
        write_in_integers(
            folded,
            integers,
            (padded([line]) for line in islice(lines_of_the_wide_set(arguments.cache), CALIBRATED_BY)),
            operators=["Conv", "Add", "Relu", "MatMul"],
            in_floats=in_floats(onnx.load(folded).graph),
        )
        model = onnx.load(integers)
        del model.metadata_props[:]
        model.metadata_props.extend(given.metadata_props)  # the alphabet
        onnx.save(model, integers)
        store(integers, FILE)
    onnx.checker.check_model(onnx.load(FILE))
    print(f"{FILE.name}: {FILE.stat().st_size / 1e6:.1f} MB of {arguments.model.stat().st_size / 1e6:.1f}")


if __name__ == "__main__":
    main()
