"""An embedder in Keras: pixels, backbone, pooling, unit length."""

from __future__ import annotations

from typing import Any

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.backbones.catalog import PIXEL_RULES, BackboneSpec, find_backbone
from logo_retrieval.backbones.pooling import pooling_layer
from logo_retrieval.backbones.weights import IMAGENET, load_weights
from logo_retrieval.errors import ModelError


@keras.saving.register_keras_serializable(package="logo_retrieval")
class PixelScaling(keras.layers.Layer):  # type: ignore[misc]
    """RGB 0..255 to what a backbone's weights expect.

    Attributes:
        rule: a key of `PIXEL_RULES`.
    """

    def __init__(self, rule: str, **base: Any) -> None:  # noqa: ANN401 - of keras.Layer
        """Makes the layer; `base` goes to `keras.layers.Layer`."""
        super().__init__(**base)
        self.rule = rule

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Scales (n, s, s, 3)."""
        rule = PIXEL_RULES[self.rule]
        x = keras.ops.flip(inputs, axis=-1) if rule.bgr else inputs
        return (x - _by_channel(rule.mean)) / _by_channel(rule.scale)

    def get_config(self) -> dict[str, Any]:
        """Gives the arguments that make this layer again."""
        return {**super().get_config(), "rule": self.rule}


def _by_channel(values: tuple[float, float, float]) -> np.float32 | np.ndarray:
    """One number where all channels have the same: it takes a runtime a tenth of the time that three do."""
    return np.float32(values[0]) if len(set(values)) == 1 else np.asarray(values, np.float32)


def pooled_features(
    spec: BackboneSpec, size_px: int, *, weights: str, pooling: str
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Pictures, (n, s, s, 3) RGB in 0..255, and what a backbone with weights makes of them, (n, c).

    The weights' own pixel rule is inside.

    Args:
        spec: of the backbone.
        size_px: side of the pictures, in pixels.
        weights: as in `load_weights`.
        pooling: "avg", "max" or "gem".

    Raises:
        ModelError: there is no such pooling, the pictures are too small for the backbone, or the weights cannot be had.
    """
    pool = pooling_layer(pooling)
    try:
        backbone = spec.construct(size_px)
    except ValueError as error:
        raise ModelError(f"{spec.name} cannot be built for pictures of {size_px} px: {error}") from error
    load_weights(backbone, spec, weights)
    inputs = keras.Input((size_px, size_px, 3), name="views")
    return inputs, pool(backbone(PixelScaling(spec.pixel_rule, name="pixel_scaling")(inputs)))


def build_embedder(
    spec_name: str, *, weights: str = IMAGENET, pooling: str = "avg", input_size_px: int | None = None
) -> keras.Model:
    """Builds the network from pictures to embeddings.

    Args:
        spec_name: of the catalogue.
        weights: "imagenet", "none" or a weights file of the backbone, as in `load_weights`.
        pooling: "avg", "max" or "gem".
        input_size_px: side of the pictures, in pixels; what the weights were trained on when None.

    Returns:
        A model from (n, s, s, 3) float32 RGB in 0..255 to (n, d) float32 of unit length.

    Raises:
        ModelError: a name is unknown, or the weights cannot be had.
    """
    spec = find_backbone(spec_name)
    size_px = spec.input_size_px if input_size_px is None else input_size_px
    inputs, features = pooled_features(spec, size_px, weights=weights, pooling=pooling)
    outputs = keras.layers.UnitNormalization(name="embedding")(features)
    return keras.Model(inputs, outputs, name=f"{spec.name}_embedder")
