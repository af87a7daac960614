"""Pictures to unit vectors, with the graph of a model bundle and without TensorFlow.

Importing this room loads no runtime; `load_embedder` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from logo_retrieval.embedding.ensemble import EnsembleEmbedder
from logo_retrieval.embedding.protocol import Embedder
from logo_retrieval.errors import BackendError, ModelError
from logo_retrieval.models.bundle import ModelBundle

__all__ = ["BF16", "FP32", "INT8", "RUNTIMES", "Embedder", "load_embedder", "usual_runtime"]

RUNTIMES = INT8, FP32, BF16 = "onnxruntime-int8", "onnxruntime-fp32", "openvino-bf16"
"""By the precision that they compute in, which an index records: the network in 8-bit integers, which a bundle has to
hold; in 32-bit floats; and in 16-bit ones where the processor has them."""


def usual_runtime(bundle: ModelBundle) -> str:
    """The quickest that every processor can run: integers where the bundle holds them, else 32-bit floats."""
    return INT8 if bundle.int8_graphs else FP32


def load_embedder(bundle: ModelBundle, *, runtime: str | None = None) -> Embedder:
    """Makes an embedder ready to run; of a bundle with several graphs, the ensemble of them.

    Args:
        bundle: that holds the graphs.
        runtime: one of `RUNTIMES`; None is the usual one.

    Raises:
        BackendError: there is no such runtime, it is not installed, this processor cannot run it, or the bundle has no
            network in integers.
        ModelError: a graph is missing or damaged, or not of the size and width that the bundle states.
    """
    runtime = runtime or usual_runtime(bundle)
    if runtime not in RUNTIMES:
        raise BackendError(f"runtime must be one of {', '.join(RUNTIMES)}, got {runtime!r}")
    graphs = bundle.int8_graphs if runtime == INT8 else bundle.graphs
    if not graphs:
        raise BackendError(f"the model {bundle.config.name} has no network in integers: use the runtime {FP32}")
    size_px = bundle.config.input_size_px
    members = [_one_graph(graph, bundle.others(graph), size_px, runtime) for graph in graphs]
    embedder = EnsembleEmbedder(members) if len(members) > 1 else members[0]
    if embedder.dim != bundle.config.dim:
        raise ModelError(
            f"the model bundle {bundle.folder} states vectors of width {bundle.config.dim}, "
            f"its graph gives {embedder.dim}: export it again"
        )
    return embedder


def _one_graph(graph: Path, others: Mapping[str, Path], input_size_px: int, precision: str) -> Embedder:
    if precision == BF16:
        from logo_retrieval.embedding.openvino import OpenVinoEmbedder

        return OpenVinoEmbedder(graph, others, input_size_px, precision)
    from logo_retrieval.embedding.onnx_runtime import OnnxRuntimeEmbedder

    return OnnxRuntimeEmbedder(graph, others, input_size_px, precision)
