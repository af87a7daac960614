"""Bounds and lengths of outlines, exactly enough to turn a shape about its middle, by walking along them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from logo_retrieval.images.guard.drawing import Element, Extent
from logo_retrieval.images.guard.geometry import Box, Point, length, measure_shape, parse_transform, segments
from logo_retrieval.images.guard.values import DRAWN, SHAPES, value_of

_STEPS = 16
_MOST_SEGMENTS = 20_000
_SMOOTH = {"S": "CS", "T": "QT"}
"""Curves whose first control point mirrors the last one of the curve before, if that was of this kind."""


def extent_of(element: Element, canvas: Box) -> Extent:
    """What an element draws; looked at once, when all within it says its transforms plainly.

    Args:
        element: of the document.
        canvas: what shares are shares of.
    """
    if element.extent is None:
        element.extent = _extent(element, canvas)
    return element.extent


def _extent(element: Element, canvas: Box) -> Extent:
    box: Box | None = None
    line = length(value_of(element.attributes, "stroke-width"), canvas.width) or 0.0
    if element.tag in SHAPES or element.tag == "image":
        box = bounds_of_shape(element.tag, element.attributes, canvas)
    for child in element.children:
        if isinstance(child, Element) and child.tag in DRAWN and value_of(child.attributes, "display") != "none":
            inner = extent_of(child, canvas)
            line = max(line, inner.line)
            if inner.box is not None:
                box = parse_transform(child.attributes.get("transform", "")).map_box(inner.box).joined(box)
    return Extent(box, line)


def bounds_of_shape(tag: str, attributes: dict[str, str], canvas: Box) -> Box | None:
    """The bounds of a basic shape, path or picture; None when nothing is drawn.

    Beyond 20,000 segments they are those of the control points.
    """
    outline = measure_shape(tag, attributes, canvas)
    if outline is None or tag != "path" or outline.segments > _MOST_SEGMENTS:
        return outline.box if outline is not None else None
    points = [point for _, walk in _walks(attributes.get("d", "")) for point in walk]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def length_of_shape(tag: str, attributes: dict[str, str], canvas: Box) -> float:
    """How long the outline of a basic shape or path is, in user units; 0 when nothing is drawn.

    Beyond 20,000 segments it is that of the control points.
    """
    outline = measure_shape(tag, attributes, canvas)
    if outline is None:
        return 0.0
    if tag in ("circle", "ellipse"):  # by Ramanujan's approximation
        a, b = outline.box.width / 2, outline.box.height / 2
        return math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b)))
    if tag == "line":
        return math.hypot(outline.box.width, outline.box.height)
    if tag == "rect" or outline.segments > _MOST_SEGMENTS:
        return outline.length
    points = attributes.get("points", "")
    data = {"polyline": f"M{points}", "polygon": f"M{points}Z"}.get(tag, attributes.get("d", ""))
    return sum(math.dist(*step) for start, walk in _walks(data) for step in pairwise([start, *walk]))


def _walks(data: str) -> Iterator[tuple[Point, list[Point]]]:
    """Of each segment of a path where it starts, and points on it from there on, its end among them."""
    before, mirror = "", (0.0, 0.0)
    for kind, start, points, values, _ in segments(data):
        if kind in _SMOOTH:
            same = before in _SMOOTH[kind]
            control = (2 * start[0] - mirror[0], 2 * start[1] - mirror[1]) if same else start
            points = [control, *points]
        walk: list[Point] = []
        if kind == "A":
            walk = list(_along_arc(start, points[-1], values))
        elif len(points) > 1:
            walk = [_on_curve([start, *points], step / _STEPS) for step in range(1, _STEPS)]
        yield start, [*walk, points[-1]]
        before, mirror = kind, points[-2] if len(points) > 1 else start


def _on_curve(points: Sequence[Point], share: float) -> Point:
    """A point of a Bezier curve, by de Casteljau's construction."""
    while len(points) > 1:
        points = [
            (x + share * (to_x - x), y + share * (to_y - y))
            for (x, y), (to_x, to_y) in zip(points[:-1], points[1:], strict=True)
        ]
    return points[0]


def _along_arc(start: Point, end: Point, arc: Sequence[float]) -> Iterator[Point]:
    """Points on an arc (SVG 2, section 9.5.4: from end points to a centre)."""
    radius_x, radius_y, turn, large, sweep = abs(arc[0]), abs(arc[1]), math.radians(arc[2]), arc[3], arc[4]
    if radius_x == 0 or radius_y == 0 or start == end:
        return
    cos, sin = math.cos(turn), math.sin(turn)
    half_x, half_y = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    x, y = (cos * half_x + sin * half_y) / radius_x, (cos * half_y - sin * half_x) / radius_y
    distance = x * x + y * y
    factor = math.sqrt(max(1 / distance - 1, 0.0)) * (-1 if (large != 0) == (sweep != 0) else 1)
    grown = max(1.0, math.sqrt(distance))  # radii that do not reach
    radius_x, radius_y, x, y = radius_x * grown, radius_y * grown, x / grown, y / grown
    centre_x, centre_y = factor * y, -factor * x
    first = math.atan2(y - centre_y, x - centre_x)
    angle = math.atan2(-y - centre_y, -x - centre_x) - first
    angle = angle % (2 * math.pi) if sweep else -(-angle % (2 * math.pi))
    middle_x, middle_y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    for step in range(1, _STEPS):
        at = first + angle * step / _STEPS
        u, v = radius_x * (math.cos(at) + centre_x), radius_y * (math.sin(at) + centre_y)
        yield middle_x + cos * u - sin * v, middle_y + sin * u + cos * v
