"""A training as a value: every number that shapes it. Light: no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained. An epoch is a number of steps, since drawings are drawn with replacement.

    Attributes:
        backbone: a name of the catalogue.
        weights: to start from: "imagenet", "none", "starter" or the folder of a model of the backbone, or a weights
            file of it.
        pooling: "avg", "max" or "gem".
        head: "cosine" or "origin".
        dim: embedding width with the cosine head.
        dropout: before the projection of the cosine head.
        size_px: side of the pictures.
        batch: pictures a step.
        steps_per_epoch: between two looks at the validation drawings, each with a checkpoint.
        head_epochs: first phase, the backbone frozen.
        epochs: second phase, at most.
        patience: epochs of the second phase without a better macro F2 after which it ends.
        keep: whose averaged weights are kept, those of the "best" epoch by macro F2, or of the "last", which suits a
            rate that was led down and validation drawings too few to tell epochs apart.
        trained_from: layer of the backbone from which it learns in the second phase; None is all of it.
        frozen_kinds: kinds of layers of the backbone, as Keras calls them, that stay as they are in the second phase.
            On a CPU a network of depthwise convolutions learns from two to three times as many pictures in the same
            time when "BatchNormalization" and "DepthwiseConv2D" stay; the pointwise ones hold nearly all weights.
        head_learning_rate: of the first phase.
        learning_rate: peak of the second phase, after the warm-up.
        final_rate: share of the peak to which a cosine leads down.
        warm_up: share of the second phase in which the rate climbs.
        weight_decay: of AdamW.
        scale: of the cosine softmax.
        margin: likewise.
        smoothing: of the labels.
        contrastive: weight of the supervised contrastive term; 0 leaves it out.
        contrastive_temperature: of that term.
        average: share of the running average of the weights that is kept at each step.
        company_share: of the drawings of a batch, those that show companies, where there is `other` too.
        seed: of all chance.
        probabilities: of transforms by name, in the place of those in the table.
    """

    backbone: str = "efficientnet_lite0"
    weights: str = "imagenet"
    pooling: str = "avg"
    head: Literal["cosine", "origin"] = "cosine"
    dim: int = 256
    dropout: float = 0.1
    size_px: int = 160
    batch: int = 48
    steps_per_epoch: int = 100
    head_epochs: int = 2
    epochs: int = 40
    patience: int = 8
    keep: Literal["best", "last"] = "best"
    trained_from: str | None = None
    frozen_kinds: tuple[str, ...] = ()
    head_learning_rate: float = 2e-3
    learning_rate: float = 7e-4
    final_rate: float = 0.01
    warm_up: float = 0.05
    weight_decay: float = 0.02
    scale: float = 24.0
    margin: float = 0.15
    smoothing: float = 0.05
    contrastive: float = 0.0
    contrastive_temperature: float = 0.1
    average: float = 0.998
    company_share: float = 0.5
    seed: int = 0
    probabilities: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        plain = {"frozen_kinds": list(self.frozen_kinds), "probabilities": dict(self.probabilities)}
        return {**asdict(self), **plain}
