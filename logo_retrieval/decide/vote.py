"""Which class do k neighbours speak for: a similarity-weighted vote with an open world in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from logo_retrieval.values import Float32Array, Int64Array

Float64Array = npt.NDArray[np.float64]

_SURPRISE = 0.01
"""Share of the probability spread evenly over all classes: the true class may be among no neighbour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteConfig:
    """The constants of the vote; fitted on validation data, they travel with the model and the index.

    Attributes:
        k: neighbours that vote, at least 1.
        temperature: in units of similarity; smaller trusts the nearest neighbour more. Above 0.
        margin: by how much a company's drawing must be nearer than one of `other` to weigh the same. Any sign.
        background: the similarity at which a neighbour is no better evidence than none at all.
    """

    k: int = 10
    temperature: float = 0.05
    margin: float = 0.0
    background: float = 0.5

    def __post_init__(self) -> None:
        if self.k < 1 or not self.temperature > 0:
            raise ValueError(f"k must be at least 1 and temperature above 0, got {self.k} and {self.temperature}")

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        """The config that `to_dict` gave; absent values take their defaults.

        Raises:
            ValueError: on a name that is no field.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"vote constants must be among k, temperature, margin, background, got {sorted(unknown)}")
        config = cls(**values)  # type: ignore[arg-type]
        return cls(**{**asdict(config), "k": int(config.k)})

    def to_dict(self) -> dict[str, float]:
        """As plain numbers."""
        return asdict(self)


def vote(
    similarities: Float32Array,
    classes: Int64Array,
    n_classes: int,
    other: int,
    config: VoteConfig,
) -> Float64Array:
    """Probabilities of the classes from the k nearest drawings.

    Each neighbour i weighs exp(s_i / T) for its class, as in Tip-Adapter (Zhang et al. 2022, arXiv 2111.03930,
    section 3.1) and kNN-LM (Khandelwal et al. 2020, arXiv 1911.00172, section 2), normalised to a distribution.
    Two terms make the world open: drawings of `other` count as nearer by the margin m, exp((s_i + m) / T), and a
    background drawing of `other` at similarity b always votes, exp(b / T), so that a query far from everything is
    `other` rather than the least distant company. A hundredth of the whole is spread over all classes.

    Args:
        similarities: (n, k) float32, larger is closer; columns after config.k are ignored.
        classes: (n, k) int64 in 0..n_classes-1, -1 where there is no neighbour.
        n_classes: c, with `other` counted.
        other: the position of `other`, in 0..n_classes-1.
        config: the constants.

    Returns:
        (n, c) float64, each row summing to 1.

    Raises:
        ValueError: when shapes or positions do not fit.

    >>> near, far = np.float32([[0.9, 0.5]]), np.float32([[0.1, 0.1]])
    >>> config = VoteConfig(k=2, temperature=0.1, margin=0.0, background=0.5)
    >>> vote(near, np.array([[1, 0]]), 3, 2, config).round(2)
    array([[0.02, 0.96, 0.02]])
    >>> vote(far, np.array([[1, 0]]), 3, 2, config).argmax(axis=1)
    array([2])
    """
    if similarities.shape != classes.shape or similarities.ndim != 2:
        raise ValueError(f"similarities and classes must be (n, k), got {similarities.shape} and {classes.shape}")
    if not 0 <= other < n_classes or (classes.size and (classes.min() < -1 or classes.max() >= n_classes)):
        raise ValueError(f"classes must be -1 or below {n_classes}, and other too, got other = {other}")
    n = len(classes)
    classes = classes[:, : config.k]
    present = classes >= 0
    evidence = np.where(present, similarities[:, : config.k], -np.inf).astype(np.float64)
    evidence += np.where(classes == other, config.margin, 0.0)
    background = np.full((n, 1), config.background)
    logits = np.concatenate([evidence, background], axis=1) / config.temperature
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    probabilities = np.zeros((n, n_classes))
    rows = np.broadcast_to(np.arange(n)[:, None], classes.shape)
    np.add.at(probabilities, (rows[present], classes[present]), weights[:, :-1][present])
    probabilities[:, other] += weights[:, -1]
    return (1 - _SURPRISE) * probabilities + _SURPRISE / n_classes
