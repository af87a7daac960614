"""A fusion by a few weights, all others 0."""

from __future__ import annotations

from logo_retrieval.open_set.fusion import BIAS, GROUPS, Fusion
from logo_retrieval.open_set.scale import Scale


def fusion(scale: Scale | None = None, **weights: dict[str, float]) -> Fusion:
    full = {group: dict.fromkeys((BIAS, *names), 0.0) | weights.get(group, {}) for group, names in GROUPS.items()}
    return Fusion(full, scale, scale is not None)
