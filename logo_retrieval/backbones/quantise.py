"""A network in 8-bit integers: two to three times as quick as in 32-bit floats, and as good at naming logos.

Or its kernels alone: as quick as before, and half the file.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from logo_retrieval.backbones.export import fold
from logo_retrieval.backbones.storage import store
from logo_retrieval.models.bundle import INT8_FILE
from logo_retrieval.models.onnx_session import open_session
from logo_retrieval.types import Float32Array, UInt8Array

CALIBRATED_BY = 256
"""Pictures show well enough how large activations become."""

_FIRST = 3
"""Convolutions that stay in floats: of their few channels some range far wider than others. In integers they double the
angle to what the vectors should be, and save next to nothing."""

_BATCH = 16

_NEAR = 0.99
"""A cosine. The starter comes to .997, and names as many logos rightly as it does in floats."""

_SAME = 0.998
"""A cosine. Networks trained on logos for long come to it, EfficientNet-Lites as ImageNet left them to .997 at most."""


def quantised(graph: bytes, views: UInt8Array) -> bytes | None:
    """The convolutions of an embedder in integers, as by Jacob et al. 2018, arXiv 1712.05877, section 2.

    Each output channel of the weights has a scale of its own, each activation has the range that the pictures show.
    `open_session` sees to it that sums are exact on every processor.

    Args:
        graph: an ONNX file, from (n, s, s, 3) floats in 0..255 to (n, d) unit vectors.
        views: (m, s, s, 3) pictures such as will be asked, `CALIBRATED_BY` or so.

    Returns:
        The ONNX file, with the same inputs and outputs; None when one in twenty of its vectors is further than
        `_NEAR` from what it should be.
    """
    with tempfile.TemporaryDirectory() as scratch:
        names = ("given.onnx", "folded.onnx", "integers.onnx", "stored.onnx")
        given, folded, integers, stored = (Path(scratch, name) for name in names)
        given.write_bytes(graph)
        fold(given, folded)
        convolutions = [node.name for node in onnx.load(folded).graph.node if node.op_type == "Conv"]
        write_in_integers(
            folded, integers, _batches(views), operators=["Conv", "Clip", "Add"], in_floats=convolutions[:_FIRST]
        )
        store(integers, stored)
        return stored.read_bytes() if _nearness(given, stored, views) > _NEAR else None


def rounded(graph: bytes, views: UInt8Array, integers: bytes | None) -> bytes:
    """The same embedder with its kernels stored in 8 bits, if these do; it computes in 32 bits as before.

    Args:
        graph: an ONNX file, from (n, s, s, 3) floats in 0..255 to (n, d) unit vectors.
        views: (m, s, s, 3) pictures such as will be asked.
        integers: what `quantised` made of it, whose file the kernels are then shared with.

    Returns:
        The ONNX file; the given one when one in twenty of the vectors would be further than `_SAME` from what it is.
    """
    with tempfile.TemporaryDirectory() as scratch:
        names = ("given.onnx", "folded.onnx", "stored.onnx", INT8_FILE)
        given, folded, stored, shared = (Path(scratch, name) for name in names)
        given.write_bytes(graph)
        shared.write_bytes(integers or b"")
        fold(given, folded)
        store(folded, stored, kernels=8, integers=integers)
        return stored.read_bytes() if _nearness(given, stored, views, {INT8_FILE: shared}) > _SAME else graph


def write_in_integers(
    folded: Path,
    integers: Path,
    batches: Iterable[Float32Array],
    *,
    operators: Sequence[str],
    in_floats: Sequence[str],
) -> None:
    """Writes a graph whose weights and activations are 8-bit integers, with a scale for each output channel.

    Args:
        folded: the graph in floats, by `fold`.
        integers: where the other is written.
        batches: what the graph takes, such as will be asked: they show how large activations become.
        operators: types of nodes that become integers.
        in_floats: names of nodes of these types that do not.
    """
    (port,) = onnx.load(folded).graph.input
    with _unadvised():
        quantize_static(
            folded,
            integers,
            _Batches(batches, port.name),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=list(operators),
            nodes_to_exclude=list(in_floats),
        )


@contextmanager
def _unadvised() -> Iterator[None]:
    """The library advises, on standard error, to do what `fold` has done."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _nearness(given: Path, made: Path, views: UInt8Array, others: Mapping[str, Path] | None = None) -> float:
    """The cosine that nineteen in twenty of the vectors of two graphs exceed; `others` are as in `open_session`."""
    cosines = np.sum(_embedded(given, views) * _embedded(made, views, others), axis=1)
    return float(np.quantile(cosines, 0.05))


def _embedded(graph: Path, views: UInt8Array, others: Mapping[str, Path] | None = None) -> Float32Array:
    """(m, d) unit vectors."""
    session = open_session(graph, others)
    (port,) = session.get_inputs()
    return np.concatenate([session.run(None, {port.name: batch})[0] for batch in _batches(views)])


def _batches(views: UInt8Array) -> Iterator[Float32Array]:
    return (views[start : start + _BATCH].astype(np.float32) for start in range(0, len(views), _BATCH))


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    """Gives batches one by one, under the name of what a graph takes."""

    def __init__(self, batches: Iterable[Float32Array], name: str) -> None:
        self._batches = iter(batches)
        self._name = name

    def get_next(self) -> dict[str, Float32Array] | None:
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}
