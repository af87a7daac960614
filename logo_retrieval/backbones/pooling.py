"""Feature maps to one vector: mean, maximum, or the generalised mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logo_retrieval.backbones.backend import keras
from logo_retrieval.errors import ModelError


@keras.saving.register_keras_serializable(package="logo_retrieval")
class GeneralisedMeanPooling2D(keras.layers.Layer):  # type: ignore[misc]
    """GeM: `(mean over positions of max(x, epsilon)^p)^(1/p)` per channel.

    p = 1 is the mean of what is positive, p to infinity the maximum. Radenovic et al. 2018, arXiv 1711.02512.

    Attributes:
        p: the exponent, above 0; where training starts when it is learned.
        learned: whether training moves p.
    """

    EPSILON = 1e-6

    def __init__(self, p: float = 3.0, *, learned: bool = False, **base: Any) -> None:  # noqa: ANN401 - of keras.Layer
        """Makes the layer; `base` goes to `keras.layers.Layer`."""
        super().__init__(**base)
        if p <= 0:
            raise ModelError(f"p must be above 0, got {p}")
        self.p = p
        self.learned = learned

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weight that holds p."""
        self.exponent = self.add_weight(
            name="p", shape=(), initializer=keras.initializers.Constant(self.p), trainable=self.learned
        )

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Pools (n, h, w, c) to (n, c)."""
        powers = keras.ops.power(keras.ops.maximum(inputs, self.EPSILON), self.exponent)
        return keras.ops.power(keras.ops.mean(powers, axis=(1, 2)), 1.0 / self.exponent)

    def get_config(self) -> dict[str, Any]:
        """Gives the arguments that make this layer again."""
        return {**super().get_config(), "p": self.p, "learned": self.learned}


POOLINGS: dict[str, Callable[[], keras.Layer]] = {
    "avg": lambda: keras.layers.GlobalAveragePooling2D(name="pool"),
    "max": lambda: keras.layers.GlobalMaxPooling2D(name="pool"),
    "gem": lambda: GeneralisedMeanPooling2D(name="pool"),
}
"""By name; "gem" has its p fixed at 3."""


def pooling_layer(name: str) -> keras.Layer:
    """Makes a pooling layer.

    Raises:
        ModelError: there is none of that name.
    """
    if name not in POOLINGS:
        raise ModelError(f"pooling must be one of {', '.join(POOLINGS)}, got {name!r}")
    return POOLINGS[name]()
