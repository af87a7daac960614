"""Pictures to unit vectors, with the graph of a model bundle and without TensorFlow.

Importing this room loads no runtime; `load_embedder` does.
"""

from __future__ import annotations

from collections.abc import Callable

from logo_retrieval.bundle import ModelBundle
from logo_retrieval.embedding.protocol import Embedder
from logo_retrieval.errors import BackendError

__all__ = ["RUNTIMES", "Embedder", "load_embedder"]


def _onnx_runtime(bundle: ModelBundle) -> Embedder:
    from logo_retrieval.embedding.onnx_runtime import OnnxRuntimeEmbedder

    return OnnxRuntimeEmbedder(bundle)


def _openvino_bf16(bundle: ModelBundle) -> Embedder:
    from logo_retrieval.embedding.openvino import OpenVinoEmbedder

    return OpenVinoEmbedder(bundle)


RUNTIMES: dict[str, Callable[[ModelBundle], Embedder]] = {
    "onnxruntime-fp32": _onnx_runtime,
    "openvino-bf16": _openvino_bf16,
}
"""By the precision that an index records: exact 32-bit floats, and the faster 16-bit ones for bulk work."""


def load_embedder(bundle: ModelBundle, *, runtime: str = "onnxruntime-fp32") -> Embedder:
    """Makes an embedder ready to run.

    Args:
        bundle: that holds the graph.
        runtime: a key of `RUNTIMES`.

    Raises:
        BackendError: there is no such runtime, it is not installed, or this processor cannot run it.
        ModelError: the graph is damaged, or not of the size and width that the bundle states.
    """
    if runtime not in RUNTIMES:
        raise BackendError(f"runtime must be one of {', '.join(RUNTIMES)}, got {runtime!r}")
    return RUNTIMES[runtime](bundle)
