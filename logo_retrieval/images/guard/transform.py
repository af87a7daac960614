"""Transforms as CSS has them, put into one matrix that every renderer knows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from logo_retrieval.images.guard.bounds import extent_of
from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import Box, Matrix, length, parse_transform
from logo_retrieval.images.guard.maths import TURNS
from logo_retrieval.images.guard.tokens import solid, word
from logo_retrieval.images.guard.values import put_style, style_of

SINGLE = frozenset(("translate", "rotate", "scale"))
"""Properties that transform, but are no attributes that do."""

_ATTRIBUTE = {
    **dict.fromkeys(("linearGradient", "radialGradient"), "gradientTransform"),
    "pattern": "patternTransform",
}
_OF_ITSELF = frozenset(("fill-box", "content-box", "stroke-box", "border-box"))
_ALL = SINGLE | {"transform", "transform-origin", "transform-box"}
_PLAIN = re.compile(r"(?:\s*(?:,\s*)?(?:matrix|translate|scale|rotate|skew[XY])\s*\([-+\d.eE,\s]*\))*\s*")
_WORDS = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}
_AXES = {"x": 0, "y": 1, "z": 2}
_FAR = 1e7
_UNITS = re.compile(r"translate(?:[xyz]|3d)?|rotate[xyz]?|skew[xy]?")
"""Functions of lengths and angles alone."""

_UNIT = Box(0.0, 0.0, 1.0, 1.0)


def settle_transform(element: Element, canvas: Box, *, outermost: bool = False) -> None:
    """Leaves an element with at most one plain `transform`.

    Args:
        element: whose children have been settled.
        canvas: what shares are shares of.
        outermost: whether it is the root, which turns about its middle.
    """
    style = style_of(element.attributes)
    declared = {name: style.pop(name) for name in _ALL & style.keys()}
    if not _PLAIN.fullmatch(element.attributes.get("transform", "")):
        del element.attributes["transform"]  # the attribute has no units, and no other functions
    for name in _ALL - SINGLE - declared.keys() & element.attributes.keys():
        declared[name] = element.attributes[name]
    plain = declared.get("transform", "")
    if not outermost and declared.keys() <= {"transform"} and _PLAIN.fullmatch(plain):
        if "transform" in declared and element.attributes.get("transform") != plain:
            _settle(element, style, plain)
        return
    box = canvas if outermost else Box(0.0, 0.0, canvas.width, canvas.height)
    if declared.get("transform-box", "") in _OF_ITSELF:
        box = extent_of(element, canvas).box or box
    x, y = place_in(declared.get("transform-origin", "center" if outermost else ""), box)
    matrix = Matrix(e=box.left + x, f=box.top + y).then_inner(matrix_in(declared, box))
    matrix = matrix.then_inner(Matrix(e=-box.left - x, f=-box.top - y))
    for name in _ALL - SINGLE:
        element.attributes.pop(name, None)
    text = "" if matrix == Matrix() else f"matrix({' '.join(f'{number:.9g}' for number in matrix)})"
    _settle(element, style, text if all(abs(number) < _FAR for number in matrix) else "")


def _settle(element: Element, style: dict[str, str], transform: str) -> None:
    put_style(element.attributes, style)
    if transform:
        element.attributes[_ATTRIBUTE.get(element.tag, "transform")] = transform


def matrix_in(values: Mapping[str, str], box: Box) -> Matrix:
    """The product of `translate`, `rotate`, `scale` and `transform` in a style, about the origin.

    Args:
        values: of the style.
        box: that shares are shares of.
    """
    product = Matrix()
    for step in ("translate", "rotate", "scale", "transform"):
        value = values.get(step, "")
        plain = step == "transform" and _PLAIN.fullmatch(value)
        found = parse_transform(value) if plain else matrix_of(value, box, step) if value else None
        product = product.then_inner(found) if found is not None else product
    return product


def hand_on_transforms(by_id: Mapping[str, Element]) -> None:
    """Gives gradients and patterns without a transform that of the one they are linked to, as renderers do all else.

    Args:
        by_id: the elements of a drawing that have an id, settled.
    """
    walked: set[Element] = set()
    for first in by_id.values():
        chain: list[Element] = []
        element: Element | None = first
        while element is not None and element.tag in _ATTRIBUTE and element not in walked:
            walked.add(element)
            chain.append(element)
            element = by_id.get(element.attributes.get("href", "")[1:])
        for each in reversed(chain):
            name = _ATTRIBUTE[each.tag]
            linked = by_id.get(each.attributes.get("href", "")[1:])
            if linked is not None and name in linked.attributes:
                each.attributes.setdefault(name, linked.attributes[name])


def is_declarable(text: str, name: str) -> bool:
    """Whether a style may declare a value: there lengths and angles have units, unlike those of the attribute.

    >>> [is_declarable(text, "transform") for text in ("rotate(5deg) translate(0,3px)", "rotate(5)", "translate(0,3)")]
    [True, False, False]
    >>> is_declarable("0 0 1 5deg", "rotate"), is_declarable("5", "rotate"), is_declarable("5 5px", "translate")
    (True, False, False)
    """
    import tinycss2

    tokens = solid(tinycss2.parse_component_value_list(text))
    steps = [token for token in tokens if token.type == "function" and _UNITS.fullmatch(token.lower_name)]
    sizes = [each for step in steps for each in step.arguments]
    sizes += {"translate": tokens, "rotate": tokens[-1:]}.get(name, [])
    return not any(map(_is_bare, sizes)) and matrix_of(text, _UNIT, name) is not None


def _is_bare(token: Any) -> bool:  # noqa: ANN401 - tinycss2 has no types
    return bool(token.type == "number" and token.value)


def matrix_of(text: str, box: Box, name: str = "transform") -> Matrix | None:
    """The matrix of a value of `transform`, `translate`, `rotate` or `scale`; None when it is invalid.

    >>> matrix_of("translate(50%, 1px) scale(2)", Box(0, 0, 10, 10))
    Matrix(a=2.0, b=0.0, c=0.0, d=2.0, e=5.0, f=1.0)
    """
    import tinycss2

    tokens = solid(tinycss2.parse_component_value_list(text))
    if len(tokens) == 1 and word(tokens[0]) == "none":
        return Matrix()
    if name != "transform":
        axis = next((word(token) for token in tokens if word(token) in _AXES), "z")
        arguments = [token for token in tokens if word(token) not in _AXES]
        if name == "rotate":
            return _step(f"rotate{axis}", arguments[-1:], box)
        return _step(f"{name}3d", arguments, box)
    product = Matrix()
    for token in tokens:
        if token == ",":
            continue
        arguments = [each for each in solid(getattr(token, "arguments", ())) if each != ","]
        step = _step(token.lower_name, arguments, box) if token.type == "function" else None
        if step is None:
            return None
        product = product.then_inner(step)
    return product


def _step(name: str, arguments: Sequence[Any], box: Box) -> Matrix | None:
    """The matrix of one function, as it looks from the front."""
    kind, least, most = _FUNCTIONS.get(name, (None, 0, 0))
    wholes = (1.0, 1.0)
    if name.startswith("translate"):
        wholes = (box.height if name == "translatey" else box.width, box.height)
    values = [_number(token, wholes[min(place, 1)]) for place, token in enumerate(arguments)]
    known = [value for value in values if value is not None]
    if kind is None or len(known) < len(values) or not least <= len(known) <= most:
        return None
    return kind(known)


def _turned(values: list[float]) -> Matrix:
    return parse_transform(f"rotate({' '.join(f'{value:.9g}' for value in values)})")


def _slope(degrees: float) -> float:
    return math.tan(math.radians(degrees))


def _shortened(degrees: float) -> float:
    """What is left of a side that is turned away."""
    return math.cos(math.radians(degrees))


_FUNCTIONS: dict[str, tuple[Callable[[list[float]], Matrix], int, int]] = {
    "matrix": (lambda v: Matrix(*v), 6, 6),
    "matrix3d": (lambda v: Matrix(v[0], v[1], v[4], v[5], v[12], v[13]), 16, 16),
    **dict.fromkeys(("translate", "translate3d"), (lambda v: Matrix(e=v[0], f=[*v, 0.0][1]), 1, 3)),
    "translatex": (lambda v: Matrix(e=v[0]), 1, 1),
    "translatey": (lambda v: Matrix(f=v[0]), 1, 1),
    **dict.fromkeys(("scale", "scale3d"), (lambda v: Matrix(a=v[0], d=[*v, v[0]][1]), 1, 3)),
    "scalex": (lambda v: Matrix(a=v[0]), 1, 1),
    "scaley": (lambda v: Matrix(d=v[0]), 1, 1),
    **dict.fromkeys(("rotate", "rotatez"), (_turned, 1, 3)),
    "rotate3d": (lambda v: _turned(v[3:]), 4, 4),
    "rotatex": (lambda v: Matrix(d=_shortened(v[0])), 1, 1),
    "rotatey": (lambda v: Matrix(a=_shortened(v[0])), 1, 1),
    "skew": (lambda v: Matrix(c=_slope(v[0]), b=_slope([*v, 0.0][1])), 1, 2),
    "skewx": (lambda v: Matrix(c=_slope(v[0])), 1, 1),
    "skewy": (lambda v: Matrix(b=_slope(v[0])), 1, 1),
    **dict.fromkeys(("translatez", "scalez", "perspective"), (lambda v: Matrix(), 1, 1)),
}
"""Function -> its matrix, and how many numbers it takes."""


def _number(token: Any, whole: float) -> float | None:  # noqa: ANN401 - tinycss2 has no types
    """A number, a share, an angle in degrees or a length in pixels."""
    if token.type == "number":
        return float(token.value)
    if token.type == "percentage":
        return float(token.value) / 100 * whole
    if token.type != "dimension":
        return None
    if token.lower_unit in TURNS:
        return float(token.value) * TURNS[token.lower_unit]
    return length(f"{token.value}{token.lower_unit}")


def place_in(text: str, box: Box) -> tuple[float, float]:
    """Where a position as `transform-origin` has it lies, from the corner of a box."""
    words = text.lower().split()[:2]
    if not words:
        return 0.0, 0.0
    if words[0] in ("top", "bottom") or (len(words) == 2 and words[1] in ("left", "right")):
        words.reverse()
        words = words if len(words) == 2 else ["center", *words]
    words = [*words, "center"][:2]
    found = (
        _WORDS[each] * whole if each in _WORDS else length(each, whole)
        for each, whole in zip(words, (box.width, box.height), strict=True)
    )
    x, y = (0.0 if value is None else value for value in found)
    return x, y
