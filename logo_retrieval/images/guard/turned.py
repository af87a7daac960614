"""Shadows of what is turned or mirrored."""

from __future__ import annotations

import math

from logo_retrieval.images.guard.drawing import Drawing, Element, define
from logo_retrieval.images.guard.geometry import Matrix, length, parse_transform
from logo_retrieval.images.guard.values import REFERENCE, put_style, style_of

_UNSAID = {"feOffset": "0", "feDropShadow": "2"}
"""Steps of filters that move, and how far where that is not said."""

_MOST_STEPS, _MOST_TURNED = 100, 400
"""Of a filter that is turned, and of such filters."""

_GROUPS = frozenset("svg g a switch".split())

Turn = tuple[float, float, float, float]
"""Factors by which x and y make x, and by which they make y; those of each have a square sum of 1."""


def turn_offsets(drawing: Drawing) -> None:
    """Gives what is turned or mirrored filters of its own: renderers move along the axes of the picture.

    Args:
        drawing: rewritten but for that, so that its transforms are plain.
    """
    moving = {name: each for name, each in drawing.by_id.items() if each.tag == "filter" and _moves(each)}
    if moving:
        _turn(drawing, drawing.root, Matrix(), moving, {})


def _moves(effect: Element) -> bool:
    steps = any(isinstance(step, Element) and step.tag in _UNSAID for step in effect.children)
    in_units = effect.attributes.get("primitiveUnits") != "objectBoundingBox"
    return steps and in_units and len(effect.children) <= _MOST_STEPS


def _turn(
    drawing: Drawing, element: Element, outer: Matrix, moving: dict[str, Element], known: dict[tuple[str, Turn], str]
) -> None:
    """Turns the filters of an element and of what is drawn in it.

    Args:
        drawing: the document.
        element: of it.
        outer: from the units around the element to those of the picture.
        moving: filters that move, by id.
        known: ids of those that are turned already.
    """
    inner = outer.then_inner(parse_transform(element.attributes.get("transform", "")))
    style = style_of(element.attributes)
    value = style.get("filter", element.attributes.get("filter", ""))
    turn = _turn_of(inner)
    if value and turn is not None and turn != (1.0, 0.0, 0.0, 1.0) and len(known) < _MOST_TURNED:
        for name in moving.keys() & set(REFERENCE.findall(value)):
            if (name, turn) not in known:
                known[name, turn] = define(drawing, _turned(moving[name], turn))
            style["filter"] = value = value.replace(f"#{name})", f"#{known[name, turn]})")
        put_style(element.attributes, style)
    for child in list(element.children) if element.tag in _GROUPS else ():
        if isinstance(child, Element):
            _turn(drawing, child, inner, moving, known)


def _turn_of(matrix: Matrix) -> Turn | None:
    """How a matrix turns, as renderers scale: None where nothing is left of a side."""
    across, down = math.hypot(matrix.a, matrix.c), math.hypot(matrix.b, matrix.d)
    if not (across and down):
        return None
    x_of_x, x_of_y, y_of_x, y_of_y = matrix.a / across, matrix.c / across, matrix.b / down, matrix.d / down
    return round(x_of_x, 6), round(x_of_y, 6), round(y_of_x, 6), round(y_of_y, 6)


def _turned(effect: Element, turn: Turn) -> Element:
    """A copy of a filter that moves to where it leads in the units of what it is for."""
    children: list[Element | str] = []
    for step in effect.children:
        if isinstance(step, Element) and step.tag in _UNSAID:
            dx, dy = (length(step.attributes.get(name, _UNSAID[step.tag])) or 0.0 for name in ("dx", "dy"))
            moved = {"dx": f"{turn[0] * dx + turn[1] * dy:.9g}", "dy": f"{turn[2] * dx + turn[3] * dy:.9g}"}
            step = Element(step.tag, {**step.attributes, **moved}, step.children)
        children.append(step)
    return Element(effect.tag, dict(effect.attributes), children)
