"""The bulk runtime: OpenVINO on the CPU, in bfloat16."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.embedding.protocol import embed_in_batches, width_of
from logo_retrieval.errors import BackendError, ModelError
from logo_retrieval.types import Float32Array, UInt8Array

try:
    import openvino
except ModuleNotFoundError as error:
    raise BackendError(
        f"the runtime openvino-bf16 needs OpenVINO ({error}): pip install 'logo-retrieval[openvino]'"
    ) from error

_DEVICE = "CPU"


class OpenVinoEmbedder:
    """Embeds with one graph, about twice as fast as in 32-bit floats and slightly rounded.

    It takes one call at a time.

    Attributes:
        dim: width of an embedding.
        input_size_px: side of the pictures, in pixels.
        precision: of its arithmetic, bfloat16.
    """

    def __init__(self, graph: Path, input_size_px: int, precision: str) -> None:
        """Compiles the graph, which takes pictures of this size.

        Raises:
            BackendError: this processor has no bfloat16 instructions.
            ModelError: the graph is damaged, or of another size.
        """
        self.input_size_px = input_size_px
        self.precision = precision
        core = openvino.Core()
        capabilities = core.get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
        if "BF16" not in capabilities:  # OpenVINO would quietly compute in another precision
            raise BackendError(
                f"the runtime {precision} needs a processor with bfloat16, this one has {sorted(capabilities)}: "
                "take the usual runtime"
            )
        try:
            compiled = core.compile_model(
                graph, _DEVICE, {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": usable_cores()}
            )
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot load {graph}: {error}") from error
        ports = (*compiled.inputs, *compiled.outputs)
        shapes = [tuple(port.get_partial_shape()[1:].get_max_shape()) for port in ports]
        self.dim = width_of(graph, input_size_px, shapes)
        self._request = compiled.create_infer_request()

    def embed(self, views: UInt8Array) -> Float32Array:
        """Embeds (n, s, s, 3) uint8 RGB as (n, d) float32 of unit length; n may be 0.

        Raises:
            ValueError: `views` has another dtype or shape.
        """
        embeddings = embed_in_batches(views, self._run, input_size_px=self.input_size_px, dim=self.dim)
        # the graph's own division may have been rounded to 8 significant bits
        return cast(Float32Array, embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12))

    def _run(self, batch: Float32Array) -> Float32Array:
        return cast(Float32Array, self._request.infer([batch], share_outputs=True)[0])
