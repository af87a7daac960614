"""The bulk runtime: OpenVINO on the CPU, in bfloat16."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.embedding.protocol import embed_in_batches, width_of
from logo_retrieval.errors import BackendError, ModelError
from logo_retrieval.models.bundle import MODEL_FILE
from logo_retrieval.types import Float32Array, UInt8Array

try:
    import openvino
except ModuleNotFoundError as error:
    raise BackendError(
        f"the runtime openvino-bf16 needs OpenVINO ({error}): pip install 'logo-retrieval[openvino]'"
    ) from error

_DEVICE = "CPU"

_ADDRESS = b"_ORT_MEM_ADDR_"
"""In the place of a file's name it says that weights lie in memory, at an address."""


class OpenVinoEmbedder:
    """Embeds with one graph, about twice as fast as in 32-bit floats and slightly rounded.

    It takes one call at a time.

    Attributes:
        dim: width of an embedding.
        input_size_px: side of the pictures, in pixels.
        precision: of its arithmetic, bfloat16.
    """

    def __init__(self, graph: Path, others: Mapping[str, Path], input_size_px: int, precision: str) -> None:
        """Compiles the graph, which takes pictures of this size.

        `others` are the files that it may take weights from, by what it calls them.

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
            compiled = _compiled(core, graph, others)
        except (OSError, RuntimeError) as error:
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


def _compiled(core: openvino.Core, graph: Path, others: Mapping[str, Path]) -> openvino.CompiledModel:
    """The graph in a folder of its own with the files that it may take weights from: OpenVINO looks nowhere else.

    Raises:
        OSError: a file cannot be read.
        RuntimeError: the graph is damaged.
    """
    if _ADDRESS in graph.read_bytes():
        raise RuntimeError("it takes weights from an address in memory")
    with tempfile.TemporaryDirectory() as scratch:
        for name, file in {MODEL_FILE: graph, **others}.items():
            shutil.copyfile(file, Path(scratch, name))
        options = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": usable_cores()}
        return core.compile_model(Path(scratch, MODEL_FILE), _DEVICE, options)
