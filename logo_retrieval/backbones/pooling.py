"""Feature maps to one vector: mean, maximum, or the generalised mean."""

from __future__ import annotations

from collections.abc import Callable

from logo_retrieval.backbones.backend import keras
from logo_retrieval.errors import ModelError


@keras.saving.register_keras_serializable(package="logo_retrieval")
class GeneralisedMeanPooling2D(keras.layers.Layer):  # type: ignore[misc]
    """GeM: `(mean over positions of max(x, epsilon)^p)^(1/p)` per channel.

    p = 1 would be the mean of what is positive, p to infinity the maximum. Radenovic et al. 2018, arXiv 1711.02512.
    """

    P = 3.0
    EPSILON = 1e-6

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Pools (n, h, w, c) to (n, c)."""
        powers = keras.ops.power(keras.ops.maximum(inputs, self.EPSILON), self.P)
        return keras.ops.power(keras.ops.mean(powers, axis=(1, 2)), 1.0 / self.P)


POOLINGS: dict[str, Callable[[], keras.Layer]] = {
    "avg": lambda: keras.layers.GlobalAveragePooling2D(name="pool"),
    "max": lambda: keras.layers.GlobalMaxPooling2D(name="pool"),
    "gem": lambda: GeneralisedMeanPooling2D(name="pool"),
}
"""By name."""


def pooling_layer(name: str) -> keras.Layer:
    """Makes a pooling layer.

    Raises:
        ModelError: there is none of that name.
    """
    if name not in POOLINGS:
        raise ModelError(f"pooling must be one of {', '.join(POOLINGS)}, got {name!r}")
    return POOLINGS[name]()
