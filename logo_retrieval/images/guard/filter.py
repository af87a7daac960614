"""What the passes of an SVG filter cost, and where they work."""

from __future__ import annotations

from logo_retrieval.images.guard.geometry import Box, Matrix, length, numbers
from logo_retrieval.images.guard.tree import Element

_PIXELS = 224
_PRIMITIVE, _SHARP_BLUR, _SOFT_BLUR, _OCTAVE, _KERNEL_CELL, _WINDOW_PIXEL, _INPUT = 2.5, 25.0, 9.0, 6.0, 0.25, 0.3, 0.5
_REGION = {"x": "-10%", "y": "-10%", "width": "120%", "height": "120%"}

FUNCTION_RATE = _SHARP_BLUR
"""Milliseconds per area of a CSS filter function."""


def primitive_rate(primitive: Element, scale: float) -> float:
    """Milliseconds that one filter primitive takes per area, at 224 pixels.

    Args:
        primitive: a `fe...` element.
        scale: user units to canvases.
    """

    def largest(name: str) -> float:
        return max(map(abs, numbers(primitive.attributes.get(name, ""))), default=0.0)

    match primitive.tag:
        case "feGaussianBlur" | "feDropShadow":
            # Deviations below two pixels are blurred by a recursive filter, others by running sums.
            return _SOFT_BLUR if largest("stdDeviation") * scale * _PIXELS > 3 else _SHARP_BLUR
        case "feTurbulence":
            return _PRIMITIVE + _OCTAVE * max(1.0, largest("numOctaves"))
        case "feConvolveMatrix":
            return _PRIMITIVE + _KERNEL_CELL * largest("order") ** 2
        case "feMorphology":
            window = 2 * min(largest("radius") * scale, 1.0) * _PIXELS
            return _PRIMITIVE + _WINDOW_PIXEL * window**2
        case _:
            return _PRIMITIVE + _INPUT * len(primitive.children)


def filter_region(element: Element, box: Box, matrix: Matrix, canvas: Box) -> Box:
    """Where a filter works, on the canvas.

    Args:
        element: a `filter`.
        box: bounds of what it is applied to, on the canvas.
        matrix: user units to the canvas.
        canvas: in user units, for percentages.
    """
    units = element.attributes.get("filterUnits")
    values = {name: element.attributes.get(name, default) for name, default in _REGION.items()}
    x, y, width, height = (part(value, name, units, canvas) for name, value in values.items())
    if units == "userSpaceOnUse":
        return matrix.map_box(Box(x, y, x + width, y + height))
    left, top = box.left + x * box.width, box.top + y * box.height
    return Box(left, top, left + width * box.width, top + height * box.height)


def part(value: str, name: str, units: str | None, canvas: Box) -> float:
    """A side or corner of a filter's or pattern's region: in user units, or as a fraction of a bounding box."""
    whole = 1.0
    if units == "userSpaceOnUse":
        whole = canvas.height if name in ("y", "height") else canvas.width
    known = length(value, whole)
    return known if known is not None else whole
