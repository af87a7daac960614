"""What an embedder is, and the checks and batches that every runtime shares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from logo_retrieval.errors import ModelError
from logo_retrieval.types import Float32Array, UInt8Array

BATCH_SIZE = 8
"""Pictures in one call of a runtime: more are no quicker, and 32 take 300 MB more with EfficientNet-Lite0."""


class Embedder(Protocol):
    """Turns pictures into points whose inner product says how alike they are."""

    @property
    def dim(self) -> int:
        """Width d of an embedding."""

    @property
    def input_size_px(self) -> int:
        """Side s of the pictures, in pixels."""

    @property
    def precision(self) -> str:
        """Runtime and arithmetic, such as "onnxruntime-fp32"; embeddings of two precisions do not mix."""

    def embed(self, views: UInt8Array) -> Float32Array:
        """Embeds (n, s, s, 3) uint8 RGB as (n, d) float32 of unit length; n may be 0.

        Raises:
            ValueError: `views` has another dtype or shape.
        """


def embed_in_batches(
    views: UInt8Array, run: Callable[[Float32Array], Float32Array], *, input_size_px: int, dim: int
) -> Float32Array:
    """Checks `views` and feeds them to `run`, at most `BATCH_SIZE` at a time, as float32 in 0..255.

    Raises:
        ValueError: `views` is not uint8 of shape (n, s, s, 3).
        ModelError: what `run` gives is no vector for each of them.
    """
    expected = (input_size_px, input_size_px, 3)
    if views.dtype != np.uint8 or views.ndim != 4 or views.shape[1:] != expected:
        raise ValueError(
            f"views must be uint8 of shape (n, {input_size_px}, {input_size_px}, 3), "
            f"got {views.dtype} of shape {views.shape}"
        )
    embeddings = np.empty((len(views), dim), np.float32)
    for start in range(0, len(views), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        found = run(views[batch].astype(np.float32))
        if found.shape != embeddings[batch].shape:
            raise ModelError(f"the model must give {embeddings[batch].shape}, got {found.shape}: it is damaged")
        embeddings[batch] = found
    return embeddings


def width_of(graph: Path, input_size_px: int, shapes: list[tuple[int, ...]]) -> int:
    """The embedding width of a graph, read from the shapes of its inputs and outputs without the batch.

    Raises:
        ModelError: it does not map one picture of this size to one vector.
    """
    if (
        len(shapes) != 2
        or shapes[0] != (input_size_px, input_size_px, 3)
        or len(shapes[1]) != 1
        or not isinstance(shapes[1][0], int)
    ):
        raise ModelError(
            f"{graph} must map ({input_size_px}, {input_size_px}, 3) to one vector for a picture, got {shapes}"
        )
    return int(shapes[1][0])
