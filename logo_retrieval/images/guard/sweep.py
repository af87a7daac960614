"""Gradients that go round, which design programs write as a page inside the drawing, said as sectors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import Box, Point, length
from logo_retrieval.images.guard.maths import TURNS
from logo_retrieval.images.guard.mixtures import mixed
from logo_retrieval.images.guard.tokens import declarations, solid, split_at_commas, word
from logo_retrieval.images.guard.transform import place_in
from logo_retrieval.images.guard.values import clean_value

_FUNCTION = "conic-gradient"
_STEP = 2.0
"""Degrees of one colour: no eye tells them apart."""

_MOST_STOPS = 100
_FAR = 1e7


class _Stop(NamedTuple):
    """A colour at an angle.

    Attributes:
        angle: in degrees clockwise from the gradient's start.
        colour: red, green and blue times opacity, and opacity, in 0..1.
    """

    angle: float
    colour: tuple[float, ...]


def sweep_of(style: str, page: Mapping[str, str]) -> Element | None:
    """The drawing of a part of a page that is filled with a `conic-gradient()`; None when it is not.

    Args:
        style: of the part, which is as large as the page.
        page: the attributes of the `foreignObject`, as they were.
    """
    if _FUNCTION not in style:
        return None
    import tinycss2

    declared = dict(declarations(style))
    layers = tinycss2.parse_component_value_list(declared.get("background-image") or declared.get("background", ""))
    gradients = [token for token in layers if token.type == "function" and token.lower_name == _FUNCTION]
    x, y, width, height = (
        length(clean_value(name, page.get(name, ""))) or 0.0 for name in ("x", "y", "width", "height")
    )
    if len(gradients) != 1 or not (width > 0 and height > 0):
        return None
    parts = [solid(part) for part in split_at_commas(gradients[0].arguments)]
    head = parts.pop(0) if parts[0] and word(parts[0][0]) in ("from", "at", "in") else []
    stops = _stops(parts)
    box = Box(x, y, x + width, y + height)
    start, centre = _placed(head, box)
    if len(stops) < 2 or not (box.left < centre[0] < box.right and box.top < centre[1] < box.bottom):
        return None
    named = {"transform": page.get("transform", ""), "opacity": declared.get("opacity", "")}
    kept = {name: value for name, text in named.items() if text and (value := clean_value(name, text)) is not None}
    return Element("g", {**kept, "shape-rendering": "crispEdges"}, [*_sectors(stops, start, centre, box)])


def _placed(head: Sequence[Any], box: Box) -> tuple[float, Point]:
    """Where a gradient starts, in degrees clockwise from the top, and what it goes round."""
    at = next((place for place, token in enumerate(head) if word(token) == "at"), len(head))
    turns = [angle for token in head[:at] if (angle := _angle(token)) is not None]
    x, y = place_in(" ".join(token.serialize() for token in head[at + 1 :]) or "center", box)
    return turns[0] if turns else 0.0, (box.left + x, box.top + y)


def _stops(parts: Sequence[Sequence[Any]]) -> list[_Stop]:
    """The stops in their order, each at an angle; none when a colour is not known, or there are too many."""
    found: list[tuple[float | None, tuple[float, ...]]] = []
    for part in parts if len(parts) <= _MOST_STOPS else ():
        own = [angle for token in part if (angle := _angle(token)) is not None]
        text = " ".join(token.serialize() for token in part if _angle(token) is None)
        colour = mixed(text, "black") if text else None
        if colour is None:
            return []
        alpha = colour.alpha(nans=False)
        shades = (min(max(shade, 0.0), 1.0) for shade in colour.convert("srgb").coords(nans=False))
        value = (*(shade * alpha for shade in shades), alpha)
        found += [(angle, value) for angle in own or (None,)]
    if not found:
        return []
    stops = [_Stop(found[0][0] or 0.0, found[0][1])]
    while len(stops) < len(found):
        before = len(stops) - 1
        after = next((at for at in range(before + 1, len(found)) if found[at][0] is not None), len(found) - 1)
        first, last = stops[-1].angle, found[after][0]
        last = max(first, 360.0 if last is None else last)
        for place in range(before + 1, after + 1):
            stops.append(_Stop(first + (last - first) * (place - before) / (after - before), found[place][1]))
    return stops


def _angle(token: Any) -> float | None:  # noqa: ANN401 - tinycss2 has no types
    """An angle, a share of a turn, or zero, in degrees; None for other tokens."""
    units = TURNS if token.type == "dimension" else {}
    factor = 3.6 if token.type == "percentage" else units.get(getattr(token, "lower_unit", ""))
    if factor is not None:
        return float(token.value) * factor if abs(token.value) < _FAR else None
    return 0.0 if token.type == "number" and token.value == 0 else None


def _sectors(stops: Sequence[_Stop], start: float, centre: Point, box: Box) -> list[Element]:
    """Triangles from the centre to the edge of the box, each of one colour."""
    corners = [(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
    turns = {(math.degrees(math.atan2(x - centre[0], centre[1] - y)) - start) % 360.0 for x, y in corners}
    turns |= {stop.angle for stop in stops if 0.0 < stop.angle < 360.0}
    turns |= {step * _STEP for step in range(math.ceil(360.0 / _STEP))} | {360.0}
    sectors = []
    for first, last in pairwise(sorted(turns)):
        *shades, alpha = _colour_at(stops, (first + last) / 2)
        points = (centre, _on_edge(start + first, centre, box), _on_edge(start + last, centre, box))
        fill = "#" + "".join(f"{round(255 * shade / alpha):02x}" for shade in shades) if alpha else "none"
        outline = " ".join(f"{x:.9g},{y:.9g}" for x, y in points)
        sectors.append(Element("polygon", {"points": outline, "fill": fill, "fill-opacity": f"{alpha:.4g}"}))
    return sectors


def _colour_at(stops: Sequence[_Stop], angle: float) -> tuple[float, ...]:
    if angle <= stops[0].angle:
        return stops[0].colour
    for before, after in pairwise(stops):
        if angle <= after.angle:
            share = (angle - before.angle) / (after.angle - before.angle)
            return tuple(a + share * (b - a) for a, b in zip(before.colour, after.colour, strict=True))
    return stops[-1].colour


def _on_edge(angle: float, centre: Point, box: Box) -> Point:
    """Where a ray from the centre leaves the box; the angle is in degrees clockwise from the top."""
    across, up = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    reaches = [math.inf, math.inf]
    if across:
        reaches[0] = ((box.right if across > 0 else box.left) - centre[0]) / across
    if up:
        reaches[1] = ((box.bottom if up < 0 else box.top) - centre[1]) / -up
    return centre[0] + min(reaches) * across, centre[1] - min(reaches) * up
