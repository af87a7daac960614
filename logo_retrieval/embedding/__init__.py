"""Pictures to unit vectors, with the graph of a model bundle and without TensorFlow.

Importing this room loads no runtime; `load_embedder` does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from logo_retrieval.embedding.ensemble import EnsembleEmbedder
from logo_retrieval.embedding.protocol import Embedder
from logo_retrieval.errors import BackendError, ModelError
from logo_retrieval.models.bundle import QUICK_FILE, ModelBundle

__all__ = ["QUICK", "RUNTIMES", "Embedder", "load_embedder", "load_quick_embedder"]


QUICK = "onnxruntime-int8"
"""The precision of a first look."""


def _onnx_runtime(graph: Path, input_size_px: int) -> Embedder:
    from logo_retrieval.embedding.onnx_runtime import OnnxRuntimeEmbedder

    return OnnxRuntimeEmbedder(graph, input_size_px)


def _openvino_bf16(graph: Path, input_size_px: int) -> Embedder:
    from logo_retrieval.embedding.openvino import OpenVinoEmbedder

    return OpenVinoEmbedder(graph, input_size_px)


RUNTIMES: dict[str, Callable[[Path, int], Embedder]] = {
    "onnxruntime-fp32": _onnx_runtime,
    "openvino-bf16": _openvino_bf16,
}
"""By the precision that an index records: exact 32-bit floats, and the faster 16-bit ones for bulk work."""


def load_embedder(bundle: ModelBundle, *, runtime: str = "onnxruntime-fp32") -> Embedder:
    """Makes an embedder ready to run; of a bundle with several graphs, the ensemble of them.

    Args:
        bundle: that holds the graphs.
        runtime: a key of `RUNTIMES`.

    Raises:
        BackendError: there is no such runtime, it is not installed, or this processor cannot run it.
        ModelError: a graph is missing or damaged, or not of the size and width that the bundle states.
    """
    if runtime not in RUNTIMES:
        raise BackendError(f"runtime must be one of {', '.join(RUNTIMES)}, got {runtime!r}")
    members = [RUNTIMES[runtime](graph, bundle.config.input_size_px) for graph in bundle.graphs]
    return _fitting(EnsembleEmbedder(members) if len(members) > 1 else members[0], bundle)


def load_quick_embedder(bundle: ModelBundle) -> Embedder:
    """The network of a bundle that has one in 8-bit integers: about twice as quick, and nearly as exact.

    Its vectors lie among those of `load_embedder`, a cosine of some .998 from them. Integers add up to the same on
    every processor.

    Raises:
        ModelError: the graph is missing or damaged, or not of the size and width that the bundle states.
    """
    from logo_retrieval.embedding.onnx_runtime import OnnxRuntimeEmbedder

    return _fitting(OnnxRuntimeEmbedder(bundle.path(QUICK_FILE), bundle.config.input_size_px, QUICK), bundle)


def _fitting(embedder: Embedder, bundle: ModelBundle) -> Embedder:
    """The embedder, if it has the width that the bundle states."""
    if embedder.dim != bundle.config.dim:
        raise ModelError(
            f"the model bundle {bundle.folder} states vectors of width {bundle.config.dim}, "
            f"its graph gives {embedder.dim}: export it again"
        )
    return embedder
