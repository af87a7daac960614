"""Filters, said so that a renderer can afford them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from logo_retrieval.images.guard.caps import CAPS
from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import Box, length, numbers

_BESIDE = 3.0
"""Sizes of what a filter is for: so far away from it nothing of it is left, and only a mistake puts a region there."""

_WIDEST = CAPS["radius"][0]
_STEP = 0.99 * _WIDEST
_MOST_STEPS = 8

_SOURCE = "in"
_OF_THE_LAST = ("result", "id", "x", "y", "width", "height")
"""What is said of the outcome: its region would cut the steps before off."""


def settle_filter(effect: Element, canvas: Box) -> None:
    """Rewrites a filter that takes much for what it shows.

    Args:
        effect: the filter.
        canvas: of the drawing.
    """
    _confine(effect)
    if effect.attributes.get("primitiveUnits") != "objectBoundingBox":
        effect.children = [step for primitive in effect.children for step in _steps_of(primitive, canvas)]


def _confine(effect: Element) -> None:
    """Makes the region of a filter small that lies beside what it is for: however large, it shows nothing of that."""
    attributes = effect.attributes
    if attributes.get("filterUnits") != "userSpaceOnUse" and "href" not in attributes:
        if max(length(attributes.get(name), 1.0) or 0.0 for name in "xy") > _BESIDE:
            attributes["width"] = attributes["height"] = "1"


def _steps_of(primitive: Element | str, canvas: Box) -> Iterator[Element | str]:
    """What thickens or thins by a large radius, in steps that together do the same: each takes its radius squared."""
    radii = numbers(primitive.attributes.get("radius", "")) if isinstance(primitive, Element) else []
    share = max(radii, default=0.0) / max(canvas.width, canvas.height)
    is_wide = _WIDEST < share <= _MOST_STEPS * _STEP
    if not isinstance(primitive, Element) or primitive.tag != "feMorphology" or not is_wide:
        yield primitive
        return
    number = math.ceil(share / _STEP)
    attributes = {**primitive.attributes, "radius": " ".join(f"{radius / number:.9g}" for radius in radii)}
    step = {name: value for name, value in attributes.items() if name not in {_SOURCE, *_OF_THE_LAST}}
    for place in range(number):
        there = {_SOURCE} if place == 0 else {*_OF_THE_LAST} if place == number - 1 else set()
        yield Element(primitive.tag, step | {name: value for name, value in attributes.items() if name in there})
