"""Losses and heads against the formulas of their papers, in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from logo_retrieval.types import Float32Array

pytestmark = pytest.mark.large

TRUE = np.array([0, 2, 2, 1, 0])


def unit(rows: int, columns: int) -> Float32Array:
    vectors = np.random.default_rng(rows * columns).normal(size=(rows, columns)).astype(np.float32)
    lengths: Float32Array = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths


def log_softmax(logits: Float32Array) -> Float32Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    shares: Float32Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shares


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_cosine_margin_loss(shape: tuple[int, ...]) -> None:
    from logo_retrieval.training.heads import cosine_margin_loss

    cosines = unit(5, 4)
    truth = np.eye(4, dtype=np.float32)[TRUE]
    shares = log_softmax(24 * (cosines - 0.15 * truth))
    expected = -((0.95 * truth + 0.05 / 4) * shares).sum(axis=1)
    got = cosine_margin_loss(4, scale=24, margin=0.15, smoothing=0.05)(TRUE.reshape(shape), cosines)
    np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-4)


def test_softmax_loss() -> None:
    from logo_retrieval.training.heads import softmax_loss

    logits = 5 * unit(5, 3)
    expected = -log_softmax(logits)[np.arange(5), TRUE]
    np.testing.assert_allclose(np.asarray(softmax_loss(TRUE, logits)), expected, rtol=1e-4)


def test_contrastive_loss() -> None:
    from logo_retrieval.training.heads import contrastive_loss

    vectors = unit(5, 8)
    expected = []
    for anchor in range(5):
        others = [row for row in range(5) if row != anchor]
        similar = vectors @ vectors[anchor] / 0.1
        total = np.log(np.exp(similar[others]).sum())
        positives = [row for row in others if TRUE[row] == TRUE[anchor]]
        expected.append(-np.mean([similar[row] - total for row in positives]) if positives else 0)
    got = contrastive_loss(0.1)(TRUE, vectors)
    np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-4, atol=1e-5)
    assert expected[3] == 0 and min(expected) >= 0


def test_similarities_are_cosines() -> None:
    from logo_retrieval.training.heads import CosineSimilarities

    layer = CosineSimilarities(3)
    vectors = unit(4, 6)
    layer.build((None, 6))
    kernel = 7 * unit(6, 3)
    layer.set_weights([kernel])
    expected = vectors @ (kernel / np.linalg.norm(kernel, axis=0))
    np.testing.assert_allclose(np.asarray(layer(vectors)), expected, atol=1e-5)
    assert CosineSimilarities.from_config(layer.get_config()).targets == 3


def test_the_origin_head() -> None:
    from logo_retrieval.backbones.backend import keras
    from logo_retrieval.training.heads import origin_head

    features = keras.Input((20,))
    model = keras.Model(features, origin_head(features, 5))
    facts = [
        (layer.name, getattr(layer, "units", None), getattr(layer, "rate", None))
        for layer in model.layers
        if layer.name
    ][1:]
    assert facts == [
        ("origin_dense_1", 512, None),
        ("origin_dropout_1", None, 0.3),
        ("origin_dense_2", 256, None),
        ("origin_dropout_2", None, 0.2),
        ("logits", 5, None),
    ]
    assert [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")] == [
        "elu",
        "elu",
        "linear",
    ]
