"""From evidence to probabilities: the nearest drawings of each class and the trained head, in an open world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from logo_retrieval.decide.untrained import Untrained
from logo_retrieval.values import Float32Array, Float64Array, Int64Array

_SURPRISE = 0.01
"""Share of the probability spread evenly over all classes: the true one may be what no evidence speaks for."""

_FITTED = ("k", "head_weight", "temperature", "margin", "background")
"""What travels with a model."""

_NO_EVIDENCE = -1.0
"""The similarity of opposites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionConfig:
    """The constants of the decision; fitted on validation data, they travel with the model and the index.

    Those of classes without a target by training are the same for every model.

    Attributes:
        k: neighbours that are looked at, at least 1.
        head_weight: share of the head in the evidence, in 0..1; a model without a head has 0.
        untrained_share: the part of that share, in 0..1, for a class that training has never seen: a row that was made
            of few drawings knows less than they do.
        untrained_slope: what a difference of evidence for such a class is worth; training makes it worth 1.
        untrained_reach: by how much less such a class counts the nearer strangers come to it, as a share of what they
            are above the background.
        untrained_margin: by how much less such a class counts, times the natural logarithm of its number of drawings:
            the more there are, the nearer is one of them to a stranger by chance.
        untrained_risk: how much further ahead of `other` a class without a target by training must be where a share of
            false names is stated, times the natural logarithm of one more than their number.
        temperature: in units of similarity; smaller trusts the best class more. Above 0.
        margin: by how much a company must be more similar than `other` to be as likely. Any sign.
        background: the similarity at which evidence for a class is no better than none at all.
    """

    k: int = 100
    head_weight: float = 0.0
    untrained_share: float = 0.5
    untrained_slope: float = 0.85
    untrained_reach: float = 0.5
    untrained_margin: float = 0.012
    untrained_risk: float = 0.02
    temperature: float = 0.05
    margin: float = 0.0
    background: float = 0.5

    def __post_init__(self) -> None:
        if (
            self.k < 1
            or not self.temperature > 0
            or not 0 <= self.head_weight <= 1
            or not 0 <= self.untrained_share <= 1
            or not self.untrained_slope > 0
        ):
            raise ValueError(
                "k must be at least 1, temperature and untrained_slope above 0, head_weight and untrained_share in "
                f"0..1, got {self.k}, {self.temperature}, {self.untrained_slope}, {self.head_weight} and "
                f"{self.untrained_share}"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        """The config that `to_dict` gave; absent values take their defaults.

        The constants of classes without a target by training are the same for every model: those of an earlier release
        are passed over.

        Raises:
            ValueError: on a name that is no field.
        """
        names = [field.name for field in fields(cls)]
        unknown = set(values) - set(names)
        if unknown:
            raise ValueError(f"constants of the decision must be among {', '.join(names)}, got {sorted(unknown)}")
        fitted = {name: values[name] for name in _FITTED if name in values}
        whole = {name: int(value) for name, value in fitted.items() if name == "k"}
        return cls(**{**fitted, **whole})  # type: ignore[arg-type]

    @property
    def untrained_head_weight(self) -> float:
        """Share of the head in the evidence for a class that training has never seen."""
        return self.head_weight * self.untrained_share

    def to_dict(self) -> dict[str, float]:
        """What is fitted, as plain numbers."""
        return {name: getattr(self, name) for name in _FITTED}


def nearest_of_classes(similarities: Float32Array, classes: Int64Array, n_classes: int) -> Float32Array:
    """The similarity of the nearest drawing of each class.

    Args:
        similarities: (n, k) float32, nearest first, -inf where there is no neighbour.
        classes: (n, k) int64 in 0..c-1, -1 where there is no neighbour.
        n_classes: c.

    Returns:
        (n, c) float32. A class with none among k neighbours has the similarity of the k-th, than which it cannot be
        nearer; where there are fewer than k, all drawings were looked at, and it has -1.

    Raises:
        ValueError: when shapes or positions do not fit.
    """
    if similarities.shape != classes.shape or similarities.ndim != 2:
        raise ValueError(f"similarities and classes must be (n, k), got {similarities.shape} and {classes.shape}")
    if classes.size and (classes.min() < -1 or classes.max() >= n_classes):
        raise ValueError(f"classes must be -1 or below {n_classes}")
    nearest = np.full((len(classes), n_classes + 1), -np.inf, np.float32)
    rows = np.broadcast_to(np.arange(len(classes))[:, None], classes.shape)
    np.maximum.at(nearest, (rows, classes), similarities)  # position -1 is the last column, which is dropped
    farthest = similarities.min(axis=1, keepdims=True, initial=np.inf)
    floor = np.where(np.isfinite(farthest), farthest, np.float32(_NO_EVIDENCE))
    kept: Float32Array = np.maximum(nearest[:, :n_classes], floor)
    return kept


def class_probabilities(
    nearest: Float32Array,
    head: Float32Array | None,
    other: int,
    config: DecisionConfig,
    untrained: Untrained | None = None,
) -> Float64Array:
    """Probabilities of the classes from the two witnesses.

    The evidence of a class is the weighted mean of two cosines, its nearest drawing's and its target's in the head,
    `(1 - w) nearest + w head`, as a cache of training drawings joins a classifier in Tip-Adapter (Zhang et al. 2022,
    arXiv 2111.03930, equation 6). Of a class that training has never seen w is smaller, and its evidence s, with n
    drawings and strangers that come as near as q, counts as

        b + slope (s - b) - reach (q - b) - margin ln n

    A softmax at the temperature makes it a distribution. Two terms make the world open: `other` gets the margin m on
    top of its evidence, and a background of `other` at similarity b always stands beside it, so that a query unlike
    everything is `other` rather than the least unlike company:

        p(c) = exp(s_c / T) / Z,    p(other) = (exp((s_other + m) / T) + exp(b / T)) / Z

    A hundredth of the whole is spread over all classes.

    Args:
        nearest: (n, c) similarities of the nearest drawing of each class.
        head: (n, c) cosines of the head, None when the model has none.
        other: the position of `other`, in 0..c-1.
        config: the constants.
        untrained: what is known of the classes without a target by training; None where there are no such.

    Returns:
        (n, c) float64, each row summing to 1.

    Raises:
        ValueError: when shapes or positions do not fit.

    >>> config = DecisionConfig(temperature=0.1, margin=0.0, background=0.5)
    >>> near, far = np.float32([[0.5, 0.9, 0.1]]), np.float32([[0.1, 0.1, 0.1]])
    >>> class_probabilities(near, None, 2, config).round(2)
    array([[0.02, 0.96, 0.02]])
    >>> class_probabilities(far, None, 2, config).argmax(axis=1)
    array([2])
    """
    return probabilities_of(class_logits(nearest, head, other, config, untrained))


def class_logits(
    nearest: Float32Array,
    head: Float32Array | None,
    other: int,
    config: DecisionConfig,
    untrained: Untrained | None = None,
) -> Float64Array:
    """(n, c) what `class_probabilities` takes the softmax of; times the temperature, its differences are similarities.

    Raises:
        ValueError: when shapes or positions do not fit.
    """
    n_classes = nearest.shape[1]
    if not 0 <= other < n_classes or (head is not None and head.shape != nearest.shape):
        raise ValueError(
            f"other must be below {n_classes} and head of shape {nearest.shape}, "
            f"got {other} and {None if head is None else head.shape}"
        )
    known_of = untrained or Untrained.none_of(n_classes)
    new = known_of.unmet
    evidence = nearest.astype(np.float64)
    if head is not None:
        weight = np.where(new, config.untrained_head_weight, config.head_weight)
        evidence = (1 - weight) * evidence + weight * head
    reach = np.nan_to_num(known_of.reach[new] - config.background)
    evidence[:, new] = (
        config.background
        + config.untrained_slope * (evidence[:, new] - config.background)
        - config.untrained_reach * reach
        - config.untrained_margin * np.log(known_of.counts[new])
    )
    logits = evidence / config.temperature
    logits[:, other] += config.margin / config.temperature
    logits[:, other] = np.logaddexp(logits[:, other], config.background / config.temperature)
    return logits


def probabilities_of(logits: Float64Array) -> Float64Array:
    """(n, c) the softmax of (n, c) logits, a hundredth of the whole spread over all classes."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    probabilities: Float64Array = (1 - _SURPRISE) * weights + _SURPRISE / logits.shape[1]
    return probabilities


def cautious(logits: Float64Array, untrained: Untrained, config: DecisionConfig) -> Float64Array:
    """(n, c) logits for a stated share of false names.

    The unknown logos that vouch for a lead have met the classes of the training alone. Each further class is another
    chance for an unknown logo to be named, so that with K of them each counts less, by `untrained_risk` times
    ln(1 + K); also where training has met its brand, which has spoken for `other` then.
    """
    new = untrained.targetless
    lowered = logits.copy()
    lowered[:, new] -= config.untrained_risk * np.log1p(new.sum()) / config.temperature
    return lowered


def leads(logits: Float64Array, other: int, config: DecisionConfig) -> Float64Array:
    """(n,) by how much the likeliest company is more similar than it must be to be as likely as `other`.

    Args:
        logits: (n, c) by `class_logits`.
        other: the position of `other`.
        config: the constants.
    """
    companies = np.delete(logits, other, axis=1).max(axis=1, initial=-np.inf)
    ahead: Float64Array = (companies - logits[:, other]) * config.temperature
    return ahead
