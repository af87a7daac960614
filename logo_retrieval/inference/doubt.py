"""Where an answer is settled, and where reading may change it."""

from __future__ import annotations

import numpy as np

from logo_retrieval.open_set.evidence import COMPANY_FEATURES, Features
from logo_retrieval.open_set.fusion import best_company
from logo_retrieval.types import BoolArray, Float64Array, Int64Array

_WORTH_WHILE = 0.01

_TWIN, _APART = 0.99, 0.01
"""Cosines: all of 224 drawings by unseen artists that came nearer than .98 to another showed the same brand."""

_CERTAIN = float(np.log(99))
"""At most one label in a hundred of a gallery is wrong, as by the estimate for LogoBench."""


def twins(features: Features) -> tuple[BoolArray, Int64Array]:
    """(n,) whether the picture itself lies in the index, under one class alone, and the nearest class.

    A drawing in other colours is another picture, however near it is to the network.
    """
    nearest, differ = features.nearest, features.company[..., COMPANY_FEATURES.index("colours_differ")]
    rows, twin = np.arange(len(nearest)), nearest.argmax(axis=1)
    best = nearest[rows, twin]
    rest = nearest.copy()
    rest[rows, twin] = -np.inf
    return (best >= _TWIN) & (rest.max(axis=1) <= best - _APART) & (differ[rows, twin] == 0), twin


def settled_by_twins(log_odds: Float64Array, features: Features, other: int) -> Float64Array:
    """Odds where the picture itself lies in the index, under one class alone: as good as its label.

    So a false name is corrected by adding the picture to `other`, whatever head and crowd say of it.

    Args:
        log_odds: (n, c) by `Fusion.log_odds`.
        features: that they follow from.
        other: the position of `other`.
    """
    is_twin, twin = twins(features)
    rows = np.arange(len(twin))
    # The twin's class gets at least the odds of a sure label, every other company as much less; `other` stays at 0.
    found = log_odds.copy()
    found[rows, twin] = np.where(twin == other, 0.0, np.maximum(log_odds[rows, twin], _CERTAIN))
    most = found[rows, twin][:, None] - _CERTAIN
    is_rest = np.arange(log_odds.shape[1]) != twin[:, None]
    found = np.where(is_rest, np.minimum(found, most), found)
    settled: Float64Array = np.where(is_twin[:, None], found, log_odds)
    return settled


def unsettled(
    log_odds: Float64Array, by_text: tuple[Float64Array, Float64Array], other: int, thresholds: Float64Array
) -> BoolArray:
    """(n,) where it is worth while to look at what is written.

    Where no company is named, that is where one would be if the text said its name. Where one is named, where it would
    not be if the text said another name, and that is likely enough: as long as probabilities hold, what is read takes a
    name of probability p below the threshold's probability t at most at a share (1 - p) / (1 - t) of times (Markov's
    inequality), and a hundredth is not worth while.

    Args:
        log_odds: (n, c) without reading.
        by_text: (c,) what reading may add to each class at most, and what it may take, by `Fusion.most_by_text`.
        other: the position of `other`.
        thresholds: (c,) that a company must exceed.
    """
    most, least = by_text
    best, company = best_company(log_odds, other)
    if_named, _ = best_company(log_odds + most - thresholds, other)
    least_odds = thresholds[company]
    doubtful = np.logaddexp(0, least_odds) - np.logaddexp(0, best) > np.log(_WORTH_WHILE)
    is_named, falls = best > least_odds, best - least[company] <= least_odds
    wanted: BoolArray = np.where(is_named, falls & doubtful, if_named > 0)
    return wanted
