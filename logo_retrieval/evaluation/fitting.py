"""The constants of the decision, chosen by drawings that neither gallery nor training has seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from logo_retrieval.decide.decision import DecisionConfig, class_logits, class_probabilities, leads
from logo_retrieval.decide.risk import UnknownLogos
from logo_retrieval.evaluation.metrics import negative_log_likelihood
from logo_retrieval.values import Float32Array, Float64Array, Int64Array

HEAD_WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Shares of the head that are tried where both witnesses are to be heard."""

_TEMPERATURES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
_MARGINS = (-0.15, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1)
_BACKGROUND_QUANTILES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35)
_LIKELIHOOD_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What is said about n queries, and the truth.

    Attributes:
        nearest: (n, c) similarities of the nearest drawing of each class.
        head: (n, c) cosines of the head, None when the model has none.
        true: (n,) positions of the true classes.
    """

    nearest: Float32Array
    head: Float32Array | None
    true: Int64Array


def fit_decision(
    asked: Sequence[Witnesses], other: int, head_weights: Sequence[float] = HEAD_WEIGHTS
) -> DecisionConfig:
    """The constants on a grid with the largest expected macro F2, less a tenth of the negative log-likelihood.

    The expectation takes each answer by lot, with the probabilities as they are: it moves smoothly with the constants,
    and few hundred drawings do not suffice for what F2 of the likeliest answers makes of them. The likelihood alone
    would call too much `other`, which is the largest class by far and counts as one of many in a macro mean. The
    background is tried at quantiles of the best evidence, as each embedding has a scale of its own.

    Args:
        asked: sets of queries, which count alike; the first gives the quantiles.
        other: the position of `other`, in 0..c-1.
        head_weights: to be tried; a model without a head has no use for them.
    """

    def gain(config: DecisionConfig) -> float:
        return float(np.mean([_gain(each, other, config) for each in asked]))

    return max(_grid(asked[0], head_weights if asked[0].head is not None else (0.0,)), key=gain)


def unknown_logos(asked: Sequence[Witnesses], other: int, config: DecisionConfig) -> UnknownLogos:
    """How far ahead of `other` the likeliest company is for the queries that are `other`."""
    found = [
        leads(class_logits(each.nearest, each.head, other, config), other, config)[each.true == other] for each in asked
    ]
    return UnknownLogos(np.concatenate(found).astype(np.float32))


def expected_macro_f2(probabilities: Float64Array, true: Int64Array) -> float:
    """Macro F2 over the classes that occur, with counts as expected when each of n answers is drawn by its row.

    Args:
        probabilities: (n, c).
        true: (n,) in 0..c-1.

    >>> expected_macro_f2(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0, 1]))  # (5 / 5.5 + 2.5 / 4.5) / 2
    0.7323232323232323
    """
    n_classes = probabilities.shape[1]
    hits = np.bincount(true, probabilities[np.arange(len(true)), true], minlength=n_classes)
    actual = np.bincount(true, minlength=n_classes)
    occurring = actual > 0
    return float(np.mean((5 * hits / (4 * actual + probabilities.sum(axis=0)))[occurring]))


def _gain(asked: Witnesses, other: int, config: DecisionConfig) -> float:
    probabilities = class_probabilities(asked.nearest, asked.head, other, config)
    likelihood = negative_log_likelihood(probabilities, asked.true)
    return expected_macro_f2(probabilities, asked.true) - _LIKELIHOOD_WEIGHT * likelihood


def _grid(asked: Witnesses, head_weights: Sequence[float]) -> Iterator[DecisionConfig]:
    for weight in head_weights:
        evidence = asked.nearest if asked.head is None else (1 - weight) * asked.nearest + weight * asked.head
        backgrounds = np.quantile(evidence.max(axis=1), _BACKGROUND_QUANTILES)
        for temperature, margin, background in product(_TEMPERATURES, _MARGINS, backgrounds):
            yield DecisionConfig(
                head_weight=weight, temperature=temperature, margin=margin, background=float(background)
            )
