"""Convolutions that an accelerator compiles soon: its compiler tries out every way to do one, for seconds a shape.

A pointwise one is a product of matrices. A depthwise one is a sum of shifted planes; on one H200 it took 2.5 to 6 ms
forwards and back where the best way that was found took 1 ms, and 1 s to compile where finding it took 8.
"""

from __future__ import annotations

from typing import Any

from logo_retrieval.backbones.backend import keras


class PointwiseConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution of one pixel."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """(b, h, w, c) to (b, h, w, filters)."""
        return keras.ops.einsum("bhwc,cd->bhwd", inputs, keras.ops.convert_to_tensor(self.kernel)[0, 0])


class ShiftedDepthwiseConv2D(keras.layers.DepthwiseConv2D):  # type: ignore[misc]
    """A depthwise convolution with "same" padding, summed in 32 bits."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """(b, h, w, c) to (b, h / stride, w / stride, c)."""
        kernel = keras.ops.cast(keras.ops.convert_to_tensor(self.kernel)[..., 0], "float32")
        stride = self.strides[0]
        outer = [_padding(side, kernel.shape[0], stride) for side in inputs.shape[1:3]]
        padded = keras.ops.pad(inputs, ((0, 0), *outer, (0, 0)))
        ends = [stride * (-(-side // stride) - 1) + 1 for side in inputs.shape[1:3]]
        total = 0.0
        for top in range(kernel.shape[0]):
            for left in range(kernel.shape[1]):
                plane = padded[:, top : top + ends[0] : stride, left : left + ends[1] : stride]
                total = total + keras.ops.cast(plane, "float32") * kernel[top, left]
        return keras.ops.cast(total, inputs.dtype)


def _padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Before and after, as Keras pads "same"."""
    missing = max(0, (-(-side // stride) - 1) * stride + kernel - side)
    return missing // 2, missing - missing // 2


def soon_compiled(network: keras.Model) -> keras.Model:
    """The same network, weights and order of weights, with these convolutions where they can be."""

    def layer(old: keras.Layer) -> keras.Layer:
        kind: Any = type(old)
        plain = not getattr(old, "use_bias", True) and getattr(old, "activation", None) in (
            None,
            keras.activations.linear,
        )
        if kind is keras.layers.Conv2D and plain and (old.kernel_size, old.strides) == ((1, 1), (1, 1)):
            kind = PointwiseConv2D
        elif kind is keras.layers.DepthwiseConv2D and plain and old.padding == "same" and old.depth_multiplier == 1:
            kind = ShiftedDepthwiseConv2D
        return kind.from_config(old.get_config())

    found = keras.models.clone_model(network, clone_function=layer, recursive=True)
    found.set_weights(network.get_weights())
    return found
