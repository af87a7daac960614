"""From a trained network to a model bundle that needs no Keras."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.backbones.catalog import BackboneSpec, find_backbone
from logo_retrieval.backbones.export import export_onnx
from logo_retrieval.backbones.quantise import CALIBRATED_BY, quantised, rounded
from logo_retrieval.backbones.weights import IMAGENET, NONE, describe_weights
from logo_retrieval.embedding import load_embedder
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.models.bundle import MODEL_FILE, ModelBundle, ModelConfig, int8_name, write_bundle
from logo_retrieval.models.resolve import model_to_begin_with
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE
from logo_retrieval.runs import spread
from logo_retrieval.training.calibrate import calibrated
from logo_retrieval.training.card import model_card
from logo_retrieval.training.curves import curves_svg
from logo_retrieval.training.data import BatchMaker, TrainingSet, plain_views
from logo_retrieval.training.log import Entry, kept_entry
from logo_retrieval.training.network import embedder_of
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import UInt8Array
from logo_retrieval.versions import installed_version

LOG_FILE = "training.jsonl"
CURVES_FILE = "curves.svg"
RECIPE_FILE = "recipe.json"
CARD_FILE = "MODEL_CARD.md"

_SALT = 1712
"""Another seed than that of any training, for the augmented copies."""


def export_trained(
    network: keras.Model,
    recipe: Recipe,
    data: TrainingSet,
    folder: Path,
    *,
    name: str,
    log: Sequence[Entry],
) -> ModelBundle:
    """Writes the embedder as ONNX, the cosine head as vectors, and all that is known of the training.

    Where drawings of companies and of `other` were kept for validation, the decision is fitted to them.

    Args:
        network: as `fit` returns it.
        recipe: that it was trained by.
        data: that it was trained on.
        folder: of the bundle; a bundle already there is replaced.
        name: of the model, for people.
        log: the entries of the training, at least one.

    Raises:
        ModelError: the export differs from Keras, or the folder cannot be replaced.
    """
    spec = find_backbone(recipe.backbone)
    embedder = embedder_of(network)
    onnx, views = export_onnx(embedder), shown_views(recipe, data)
    best = kept_entry(log, recipe.keep)
    head = head_vectors(network, data)
    config = ModelConfig(
        name=name,
        backbone=spec.name,
        input_size_px=recipe.size_px,
        dim=embedder.output_shape[-1],
        pooling=recipe.pooling,
        weights=_origin(spec, recipe, data, best["epoch"]),
        licence=_licence(spec, recipe.weights),
        paper=spec.paper,
        versions={library: installed_version(library) for library in ("keras", "tf2onnx", "onnx", "onnxruntime")},
    )
    integers = quantised(onnx, views) if spec.is_chain else None
    files = {
        MODEL_FILE: rounded(onnx, views, integers),
        LOG_FILE: "".join(json.dumps(entry) + "\n" for entry in log).encode(),
        CURVES_FILE: curves_svg(log).encode(),
        RECIPE_FILE: (json.dumps(recipe.to_dict(), indent=2) + "\n").encode(),
        CARD_FILE: model_card(config, recipe, data, best, log).encode(),
    }
    if head is not None:
        files[HEAD_FILE] = head.to_bytes()
    if integers is not None:
        files[int8_name(MODEL_FILE)] = integers
    with tempfile.TemporaryDirectory() as scratch:
        fitted = calibrated(load_embedder(write_bundle(Path(scratch) / "asked", config, files)), head, recipe, data)
    if fitted is not None:
        config = replace(config, decision=fitted[0].to_dict())
        files[IMPOSTORS_FILE] = fitted[1].to_bytes()
    return write_bundle(folder, config, files)


def shown_views(recipe: Recipe, data: TrainingSet) -> UInt8Array:
    """(n, s, s, 3) drawings that a network was trained on, as they are and augmented: what its bits are chosen by.

    Args:
        recipe: that it was trained by.
        data: that it was trained on.
    """
    rows = spread(np.flatnonzero(~data.validation), CALIBRATED_BY // 2)
    maker = BatchMaker(data, recipe.size_px, recipe.batch, _SALT, recipe.probabilities)
    return np.concatenate([plain_views(data.art, rows, recipe.size_px), maker.copies(rows)])


def head_vectors(network: keras.Model, data: TrainingSet) -> HeadVectors | None:
    """The vectors of the cosine head; None for the origin's, whose answers need more than an embedding."""
    layers = {layer.name: layer for layer in network.layers}
    if "similarities" not in layers:
        return None
    (kernel,) = layers["similarities"].get_weights()
    vectors = (kernel / np.linalg.norm(kernel, axis=0)).T.astype(np.float32)
    return HeadVectors(vectors, tuple(data.classes[place] for place in data.target_classes[data.trained_targets]))


def _origin(spec: BackboneSpec, recipe: Recipe, data: TrainingSet, epoch: int) -> str:
    began = "trained from a random start" if recipe.weights == NONE else "fine-tuned from "
    source = "" if recipe.weights == NONE else describe_weights(spec, recipe.weights)
    return f"{began}{source}, on {int((~data.validation).sum())} drawings of {len(data.classes)} classes, epoch {epoch}"


def _licence(spec: BackboneSpec, weights: str) -> str:
    if weights == IMAGENET:
        return spec.licence
    if (bundle := model_to_begin_with(weights, spec.name)) is not None:
        return bundle.config.licence
    return "as the trainer chooses" if weights == NONE else "that of the weights file that training began with"
