"""The default runtime: ONNX Runtime on the CPU, in 8-bit integers or in 32-bit floats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from logo_retrieval.embedding.protocol import embed_in_batches, width_of
from logo_retrieval.errors import ModelError
from logo_retrieval.models.onnx_session import open_session
from logo_retrieval.types import Float32Array, UInt8Array


class OnnxRuntimeEmbedder:
    """Embeds with one graph.

    Attributes:
        dim: width of an embedding.
        input_size_px: side of the pictures, in pixels.
        precision: of its arithmetic.
    """

    def __init__(self, graph: Path, others: Mapping[str, Path], input_size_px: int, precision: str) -> None:
        """Loads the graph, which takes pictures of this size, and 32-bit floats whatever it computes with.

        `others` are the files that it may take weights from, by what it calls them.

        Raises:
            ModelError: it is damaged, or of another size.
        """
        self.input_size_px = input_size_px
        self.precision = precision
        self._graph = graph
        self._session = open_session(graph, others)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if {port.type for port in (*inputs, *outputs)} != {"tensor(float)"}:
            raise ModelError(f"{graph} must take and give 32-bit floats")
        self.dim = width_of(graph, input_size_px, [tuple(value.shape[1:]) for value in (*inputs, *outputs)])
        self._input = inputs[0].name

    def embed(self, views: UInt8Array) -> Float32Array:
        """Embeds (n, s, s, 3) uint8 RGB as (n, d) float32 of unit length; n may be 0.

        Raises:
            ValueError: `views` has another dtype or shape.
            ModelError: the graph cannot be run.
        """
        return embed_in_batches(views, self._run, input_size_px=self.input_size_px, dim=self.dim)

    def _run(self, batch: Float32Array) -> Float32Array:
        try:
            return cast(Float32Array, self._session.run(None, {self._input: batch})[0])
        except Exception as error:  # the runtime's own exceptions share no base class but this
            raise ModelError(f"ONNX Runtime cannot run {self._graph}: {error}") from error
