"""Basic shapes of CSS, by which parts are clipped, as elements."""

from __future__ import annotations

import re
from typing import Any

from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import Box, length
from logo_retrieval.images.guard.maths import without_shares
from logo_retrieval.images.guard.tokens import solid, split_at_commas, word
from logo_retrieval.images.guard.transform import place_in

_PATH = re.compile(r"""path\(\s*(?:(nonzero|evenodd)\s*,\s*)?["']([^"']*)["']\s*\)""")


def shape_of(value: str, box: Box) -> Element | None:
    """The element of a basic shape of CSS; None when it is invalid.

    Args:
        value: of `clip-path`.
        box: that shares are shares of.
    """
    path = _PATH.match(value)
    if path is not None:
        rule = {"clip-rule": path[1]} if path[1] else {}
        moved = f"translate({box.left:.9g} {box.top:.9g})"
        return Element("path", {"d": path[2], "transform": moved, **rule})
    import tinycss2

    token = next(iter(tinycss2.parse_component_value_list(value)))
    if token.type != "function":
        return None
    if token.lower_name == "polygon":
        pairs = [solid(part) for part in split_at_commas(token.arguments)]
        places = [(_length(pair[0], box.width), _length(pair[1], box.height)) for pair in pairs if len(pair) == 2]
        points = [f"{box.left + (x or 0.0):.9g},{box.top + (y or 0.0):.9g}" for x, y in places]
        rule = {"clip-rule": "evenodd"} if [word(token) for token in pairs[0]] == ["evenodd"] else {}
        return Element("polygon", {"points": " ".join(points), **rule})
    arguments = solid(token.arguments)
    at = next((place for place, each in enumerate(arguments) if word(each) in ("at", "round")), len(arguments))
    first, rest = arguments[:at], arguments[at + 1 :]
    if token.lower_name in ("circle", "ellipse"):
        return _round(token.lower_name, first, rest, box)
    if token.lower_name in ("rect", "xywh"):
        first = _as_inset(token.lower_name, first, box)
    return _inset(first, rest, box) if token.lower_name in ("inset", "rect", "xywh") else None


def _round(name: str, radii: list[Any], centre: list[Any], box: Box) -> Element:
    x, y = place_in(" ".join(token.serialize() for token in centre) or "center", box)
    if name == "circle":
        mean = ((box.width**2 + box.height**2) / 2) ** 0.5
        found = _length(radii[0], mean) if radii else None
        radius = min(x, box.width - x, y, box.height - y) if found is None else found
        rx = ry = radius
    else:
        sides = ((x, box.width), (y, box.height))
        lengths = [_length(token, whole) for token, (_, whole) in zip(radii, sides, strict=False)] + [None, None]
        nearest = (min(at, whole - at) for at, whole in sides)
        rx, ry = (near if one is None else one for one, near in zip(lengths, nearest, strict=False))
    numbers = {"cx": box.left + x, "cy": box.top + y, "rx": rx, "ry": ry}
    return Element("ellipse", {key: f"{max(number, -1e6):.9g}" for key, number in numbers.items()})


def _as_inset(name: str, sides: list[Any], box: Box) -> list[Any]:
    """The sides of `rect()` or `xywh()` as those of `inset()`."""
    import tinycss2

    if len(sides) != 4:
        return []
    wholes = (box.height, box.width, box.height, box.width) if name == "rect" else (box.width, box.height) * 2
    found = [_length(side, whole) for side, whole in zip(sides, wholes, strict=True)]
    if name == "rect":
        top, right, bottom, left = found
        right, bottom = box.width if right is None else right, box.height if bottom is None else bottom
    else:
        left, top, width, height = found
        right, bottom = (left or 0.0) + (width or 0.0), (top or 0.0) + (height or 0.0)
    inset = (top or 0.0, box.width - right, box.height - bottom, left or 0.0)
    return solid(tinycss2.parse_component_value_list(" ".join(f"{side:.6f}px" for side in inset)))


def _inset(sides: list[Any], radii: list[Any], box: Box) -> Element | None:
    if not 1 <= len(sides) <= 4:
        return None
    top, right, bottom, left = _four(sides)
    x, y = _length(left, box.width) or 0.0, _length(top, box.height) or 0.0
    width = box.width - x - (_length(right, box.width) or 0.0)
    height = box.height - y - (_length(bottom, box.height) or 0.0)
    radius = _length(radii[0], min(box.width, box.height)) or 0.0 if radii else 0.0
    sizes = {"x": box.left + x, "y": box.top + y, "width": max(width, 0.0), "height": max(height, 0.0), "rx": radius}
    return Element("rect", {name: f"{number:.9g}" for name, number in sizes.items()})


def _four(sides: list[Any]) -> list[Any]:
    """Top, right, bottom and left, as CSS fills them up."""
    top = sides[0]
    right = sides[1] if len(sides) > 1 else top
    bottom = sides[2] if len(sides) > 2 else top
    return [top, right, bottom, sides[3] if len(sides) > 3 else right]


def _length(token: Any, whole: float) -> float | None:  # noqa: ANN401 - tinycss2 has no types
    return length(without_shares(token.serialize(), whole))
