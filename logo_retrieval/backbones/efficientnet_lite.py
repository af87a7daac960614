"""EfficientNet-Lite in Keras, after Tan and Le 2019 (arXiv 1905.11946) and the authors' Lite variant.

Lite differs from EfficientNet: no squeeze-and-excitation, ReLU6 for swish, and neither the stem, the head, nor the
depth of the first and the last stage scale.
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

from logo_retrieval.backbones.backend import keras

layers = keras.layers

_STEM_FILTERS = 32
_HEAD_FILTERS = 1280
_EPSILON = 1e-3


class _Stage(NamedTuple):
    repeats: int
    kernel_px: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


def _efficientnet_lite(
    name: str, width: float, depth: float, *, include_top: bool, input_shape: tuple[int, int, int], weights: None
) -> keras.Model:
    """Builds feature maps of 1280 channels, or ImageNet logits with `include_top`. Weights come later."""
    inputs = keras.Input(input_shape, name="pixels")
    x = layers.Conv2D(_STEM_FILTERS, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(inputs)
    x = _norm_relu6(x, "stem_norm")
    block = 0
    for stage in _STAGES:
        scales = stage not in (_STAGES[0], _STAGES[-1])
        filters = _scaled_filters(stage.filters, width)
        for repeat in range(math.ceil(stage.repeats * depth) if scales else stage.repeats):
            x = _inverted_bottleneck(x, stage, filters, stage.stride if repeat == 0 else 1, f"block{block}")
            block += 1
    x = layers.Conv2D(_HEAD_FILTERS, 1, use_bias=False, name="head_conv")(x)
    x = _norm_relu6(x, "head_norm")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(1000, name="logits")(x)
    return keras.Model(inputs, x, name=name)


efficientnet_lite0 = partial(_efficientnet_lite, "efficientnet_lite0", 1.0, 1.0)
efficientnet_lite1 = partial(_efficientnet_lite, "efficientnet_lite1", 1.0, 1.1)
efficientnet_lite2 = partial(_efficientnet_lite, "efficientnet_lite2", 1.1, 1.2)


def _inverted_bottleneck(
    inputs: keras.KerasTensor, stage: _Stage, filters: int, stride: int, name: str
) -> keras.KerasTensor:
    x = inputs
    if stage.expansion != 1:
        expanded = inputs.shape[-1] * stage.expansion
        x = layers.Conv2D(expanded, 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = _norm_relu6(x, f"{name}_expand_norm")
    x = layers.DepthwiseConv2D(
        stage.kernel_px, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _norm_relu6(x, f"{name}_depthwise_norm")
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_project_norm")(x)
    if stride == 1 and inputs.shape[-1] == filters:
        x = layers.Add(name=f"{name}_add")([inputs, x])
    return x


def _norm_relu6(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = layers.BatchNormalization(epsilon=_EPSILON, name=name)(x)
    return layers.ReLU(6.0, name=f"{name}_relu6")(x)


def _scaled_filters(filters: int, width: float) -> int:
    """Rounds to a multiple of 8, never losing more than a tenth (the rule of the reference code)."""
    rounded = max(8, int(filters * width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters * width else rounded
