"""A backbone with an embedding and a head, as it is trained; the embedding half is what ships."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.backbones.build import pooled_features
from logo_retrieval.backbones.catalog import find_backbone
from logo_retrieval.backbones.folded import read_folded
from logo_retrieval.errors import ModelError
from logo_retrieval.models.bundle import MODEL_FILE
from logo_retrieval.models.resolve import model_to_begin_with
from logo_retrieval.training.heads import (
    CosineSimilarities,
    Loss,
    contrastive_loss,
    cosine_margin_loss,
    origin_head,
    softmax_loss,
)
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import Float32Array, Float64Array, Int64Array, UInt8Array

EMBEDDING, SCORES = "embedding", "scores"
_BATCH = 64
_PART = 8
"""Pictures at a time where the maps of all layers are held."""
_SCORING_LAYERS = ("similarities", "logits")


def build_network(recipe: Recipe, targets: int) -> keras.Model:
    """Builds what is trained: from (n, s, s, 3) RGB in 0..255 to the unit embedding and the scores of the targets.

    With the cosine head the embedding is a projection to `recipe.dim` and the scores are cosines; with the origin's
    head it is the pooled features and the scores are logits.

    Raises:
        ModelError: a name is unknown, the pictures are too small for the backbone, or the weights cannot be had.
    """
    spec = find_backbone(recipe.backbone)
    inputs, x = pooled_features(spec, recipe.size_px, weights=recipe.weights, pooling=recipe.pooling)
    if recipe.head == "origin":
        embedding = keras.layers.UnitNormalization(name=EMBEDDING)(x)
        scores = origin_head(x, targets)
    else:
        x = keras.layers.Dropout(recipe.dropout, name="dropout")(x)
        x = keras.layers.Dense(recipe.dim, name="projection")(x)
        embedding = keras.layers.UnitNormalization(name=EMBEDDING)(x)
        scores = CosineSimilarities(targets, name="similarities")(embedding)
    network = keras.Model(inputs, {EMBEDDING: embedding, SCORES: scores}, name=f"{spec.name}_network")
    _take_projection(network, recipe)
    return network


def _take_projection(network: keras.Model, recipe: Recipe) -> None:
    """Where training begins with a model that pools alike and embeds as wide, the projection is that model's too."""
    bundle = model_to_begin_with(recipe.weights, recipe.backbone)
    if bundle is None or recipe.head != "cosine" or bundle.config.pooling != recipe.pooling:
        return
    learned, layer = read_folded(bundle.path(MODEL_FILE)).projection, network.get_layer("projection")
    if [array.shape for array in learned] == [array.shape for array in layer.get_weights()]:
        layer.set_weights(learned)


def count_statistics(network: keras.Model, batches: Iterable[UInt8Array]) -> None:
    """Gives the batch norms of the backbone the mean and variance of what these pictures bring them.

    Scale and shift are changed so that the network computes what it did; only then may the norms learn.

    Args:
        network: of `build_network`.
        batches: (n, s, s, 3) RGB each, at least one.
    """
    backbone = backbone_of(network)
    norms = [layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = keras.Model(backbone.input, [norm.input for norm in norms])
    scaling = network.get_layer("pixel_scaling")
    total, pictures = np.zeros(1), 0
    for part in (part for views in batches for part in np.split(views, range(_PART, len(views), _PART))):
        total = total + len(part) * _moments(before(scaling(part.astype(np.float32)), training=False))
        pictures += len(part)
    moments = total / pictures
    places = np.cumsum([norm.gamma.shape[0] for norm in norms])[:-1]
    for norm, mean, square in zip(norms, *(np.split(moment, places) for moment in moments), strict=True):
        gamma, beta, old_mean, old_variance = norm.get_weights()
        scale = gamma / np.sqrt(old_variance + norm.epsilon)
        variance = np.maximum(square - mean**2, 0)
        norm.set_weights([scale * np.sqrt(variance + norm.epsilon), beta + scale * (mean - old_mean), mean, variance])


def _moments(maps: Sequence[keras.KerasTensor]) -> Float64Array:
    """(2, c) mean and mean square of all channels of (n, h, w, .) maps."""
    powers = (maps, [keras.ops.square(each) for each in maps])
    means = [[np.asarray(keras.ops.mean(each, axis=(0, 1, 2)), np.float64) for each in power] for power in powers]
    return np.stack([np.concatenate(each) for each in means])


def imprint(network: keras.Model, places: Sequence[int], views: UInt8Array, targets: Int64Array) -> None:
    """Gives new targets the means of their drawings' embeddings (Qi et al. 2018, arXiv 1712.07136, section 3.2).

    They get the length of the vectors of the others. The origin's head, which scores by more than cosines, is left.

    Args:
        network: of `build_network`.
        places: of targets that have not learned, one at least.
        views: (n, s, s, 3) RGB of drawings of these.
        targets: (n,) the place of each.
    """
    layer = scoring_layer(network)
    if not isinstance(layer, CosineSimilarities):
        return
    (kernel,) = layer.get_weights()
    embeddings = outputs_of(network, views, EMBEDDING)
    sums = np.zeros_like(kernel)
    np.add.at(sums.T, targets, embeddings)
    length = np.median(np.linalg.norm(np.delete(kernel, places, axis=1), axis=0))
    kernel[:, places] = sums[:, places] / np.linalg.norm(sums[:, places], axis=0) * length
    layer.set_weights([kernel])


def outputs_of(network: keras.Model, views: UInt8Array, output: str) -> Float32Array:
    """What a network says of pictures, with its weights as they are, some pictures at a time.

    Args:
        network: of `build_network`.
        views: (n, s, s, 3) RGB, at least one.
        output: `EMBEDDING` or `SCORES`.

    Returns:
        (n, d) embeddings or (n, t) scores.
    """
    batches = np.split(views, range(_BATCH, len(views), _BATCH))
    return np.concatenate([np.asarray(network(each.astype(np.float32), training=False)[output]) for each in batches])


def embedder_of(network: keras.Model) -> keras.Model:
    """The half that ships, with the weights as they are: from pictures to unit vectors."""
    return keras.Model(network.input, network.output[EMBEDDING], name=network.name.replace("network", "embedder"))


def backbone_of(network: keras.Model) -> keras.Model:
    """The backbone within."""
    (backbone,) = (layer for layer in network.layers if isinstance(layer, keras.Model))
    return backbone


def scoring_layer(network: keras.Model) -> keras.Layer:
    """The last layer, the one that has a column for each target."""
    (layer,) = (layer for layer in network.layers if layer.name in _SCORING_LAYERS)
    return layer


def unfreeze(network: keras.Model, from_layer: str | None, frozen_kinds: Collection[str] = ()) -> None:
    """Makes the backbone learn from a layer on; all of it when None. What is frozen keeps its batch statistics too.

    Args:
        network: of `build_network`.
        from_layer: a layer of its backbone.
        frozen_kinds: names of Keras layer classes that stay frozen wherever they are.

    Raises:
        ModelError: the backbone has no such layer.
    """
    backbone = backbone_of(network)
    names = [layer.name for layer in backbone.layers]
    if from_layer is not None and from_layer not in names:
        raise ModelError(f"{backbone.name} has no layer '{from_layer}'")
    start = 0 if from_layer is None else names.index(from_layer)
    backbone.trainable = True
    for place, layer in enumerate(backbone.layers):
        layer.trainable = place >= start and type(layer).__name__ not in frozen_kinds


def losses(recipe: Recipe, targets: int) -> dict[str, Loss]:
    """The losses by output of the network."""
    chosen: dict[str, Loss] = {}
    if recipe.contrastive > 0:
        chosen[EMBEDDING] = contrastive_loss(recipe.contrastive_temperature)
    if recipe.head == "origin":
        chosen[SCORES] = softmax_loss
    else:
        chosen[SCORES] = cosine_margin_loss(
            targets, scale=recipe.scale, margin=recipe.margin, smoothing=recipe.smoothing
        )
    return chosen
