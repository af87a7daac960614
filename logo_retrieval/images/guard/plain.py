"""Tells the drawings that cannot cost much, whatever their few plain shapes are: most logos, which need no dry run."""

from __future__ import annotations

import re

from logo_retrieval.images.guard.geometry import Box, measure_shape, numbers, parse_transform
from logo_retrieval.images.guard.tree import Drawing, Element
from logo_retrieval.images.guard.values import SHAPES, style_of

_ELEMENTS = 100
_LEVELS = 16
_LAYERS = 5
_SMALLEST_EXTENT = 10.0
_SCALE = 4.0
_STROKE_WIDTH = 100.0
"""In canvases."""

_SQUARED_DATA = 4e8
"""Limit for the sum of squared lengths of path data: edges cost by the square of their number."""

_REACH = 100.0
"""In canvases: no coordinate lies further off."""

_SUM_OF_STEPS = 4e5
"""In canvases: no relative path ends further off."""

_TAGS = frozenset(
    "svg g a path rect circle ellipse line polyline polygon "
    "defs clipPath mask linearGradient radialGradient stop".split()
)
_LAYERED = frozenset("mask clip-path mix-blend-mode isolation".split())
_COSTLY = frozenset("filter marker marker-start marker-mid marker-end stroke-dasharray".split())

_DIGITS_TO_ZEROS = bytes(ord("0") if chr(code).isdigit() and code < 128 else code for code in range(256))
_LONG_INTEGERS = [(digits, re.compile(rf"(?<![\d.])\d{{{digits + 1}}}")) for digits in (3, 4)]


def is_plain(drawing: Drawing, canvas: Box) -> bool:
    """Whether a clean document is affordable beyond doubt.

    Args:
        drawing: the document.
        canvas: its viewport in user units.
    """
    extent = max(canvas.width, canvas.height)
    if drawing.elements > _ELEMENTS or drawing.depth > _LEVELS or extent < _SMALLEST_EXTENT:
        return False
    scale, width, squared_data, layers = 1.0, 1.0, 0, 0
    pending = [drawing.root]
    while pending:
        element = pending.pop()
        values = element.attributes
        if "style" in values:
            values = {**values, **style_of(values)}
        if element.tag not in _TAGS or not _COSTLY.isdisjoint(values):
            return False
        if "transform" in values:
            matrix = parse_transform(values["transform"])
            scale *= max(1.0, matrix.scale)
            if max(abs(matrix.e), abs(matrix.f)) > _REACH * extent:
                return False
        if "stroke-width" in values:
            width = max((width, *numbers(values["stroke-width"])))
        layers += element.tag == "svg" or not _LAYERED.isdisjoint(values)
        squared_data += sum(len(values.get(name, "")) ** 2 for name in ("d", "points"))
        if element.tag in SHAPES and not _is_near(element, extent, canvas):
            return False
        pending += [child for child in element.children if isinstance(child, Element)]
    thin = width * scale <= _STROKE_WIDTH * extent
    return thin and scale <= _SCALE and squared_data <= _SQUARED_DATA and layers <= _LAYERS


def _is_near(element: Element, extent: float, canvas: Box) -> bool:
    """Whether a shape certainly keeps near the canvas."""
    if element.tag != "path":
        outline = measure_shape(element.tag, element.attributes, canvas)
        return outline is None or all(abs(side) <= _REACH * extent for side in outline.box)
    data = element.attributes.get("d", "")
    zeros = data.encode().translate(_DIGITS_TO_ZEROS)
    if b"e" in zeros or b"E" in zeros:
        return False
    for digits, longer in _LONG_INTEGERS:
        if b"0" * (digits + 1) not in zeros or not longer.search(data):
            largest = 10.0**digits
            return largest <= _REACH * extent and largest * len(data) / (digits + 1) <= _SUM_OF_STEPS * extent
    return False
