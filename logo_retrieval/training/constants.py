"""The constants of the decision for a network that was just trained, from the drawings kept back for validation."""

from __future__ import annotations

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.decide.decision import DecisionConfig, nearest_of_classes
from logo_retrieval.decide.risk import UnknownLogos
from logo_retrieval.evaluation.fitting import Witnesses, fit_decision, unknown_logos
from logo_retrieval.heads.cosine import CosineHead, HeadVectors
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.training.data import BatchMaker, TrainingSet, plain_views
from logo_retrieval.training.network import EMBEDDING, outputs_of
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.values import OTHER, Float32Array, Int64Array

_CHUNK = 64
_SALT = 20181
"""Another seed than that of any training, for the augmented copies."""


def fitted_decision(
    network: keras.Model, head: HeadVectors | None, recipe: Recipe, data: TrainingSet
) -> tuple[DecisionConfig, UnknownLogos] | None:
    """Asks the network about the validation drawings, once as they are and once augmented.

    The gallery is what it was trained on. Where the validation drawings show no company or nothing of `other`, there
    is nothing to tell them apart by, and the answer is None. Else it is the constants, and how those of `other` fared.

    Args:
        network: as `fit` returns it.
        head: its vectors, if it has any that serve.
        recipe: that it was trained by.
        data: that it was trained on.
    """
    asked, known = np.flatnonzero(data.validation), np.flatnonzero(~data.validation)
    if OTHER not in data.classes:
        return None
    other = data.classes.index(OTHER)
    if not 0 < np.count_nonzero(data.labels[asked] == other) < len(asked):
        return None
    gallery = ExactIndex(_embedded(network, data, known, recipe.size_px), known)
    scorer = CosineHead(head, data.classes) if head is not None else None
    config = DecisionConfig()

    def witnesses(vectors: Float32Array) -> Witnesses:
        found = gallery.search(vectors, min(config.k, len(known)))
        nearest = nearest_of_classes(found.similarities, data.labels[found.ids], len(data.classes))
        scores = scorer.scores(vectors, np.arange(len(vectors)), len(vectors)) if scorer else None
        return Witnesses(nearest, scores, data.labels[asked])

    maker = BatchMaker(data, recipe.size_px, recipe.batch, _SALT, recipe.probabilities)
    copies = outputs_of(network, maker.copies(asked), EMBEDDING)
    sets = [witnesses(_embedded(network, data, asked, recipe.size_px)), witnesses(copies)]
    fitted = fit_decision(sets, other)
    return fitted, unknown_logos(sets, other, fitted)


def _embedded(network: keras.Model, data: TrainingSet, rows: Int64Array, size_px: int) -> Float32Array:
    chunks = np.split(rows, range(_CHUNK, len(rows), _CHUNK))
    return np.concatenate([outputs_of(network, plain_views(data.art, chunk, size_px), EMBEDDING) for chunk in chunks])
