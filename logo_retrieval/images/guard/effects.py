"""Filters, said so that a renderer can afford them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from logo_retrieval.images.guard.caps import CAPS
from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import Box, length, numbers
from logo_retrieval.images.guard.values import take_from_style

_BESIDE = 3.0
"""Sizes of what a filter is for: so far away from it nothing of it is left, and only a mistake puts a region there."""

_MARGIN = 1.0
"""Sizes of what a filter is for. A region that begins so near and ends far behind is a mistake, such as one of Cairo.
One that is as large on either side may be for the wide outline of a thin shape."""

_POINTWISE = frozenset("feBlend feColorMatrix feComponentTransfer feComposite feMerge".split())
"""Primitives that look at one point at a time."""

_WIDEST = CAPS["radius"][0]
_STEP = 0.99 * _WIDEST
_MOST_STEPS = 8

_FUNCTION = re.compile(r"(blur|drop-shadow)\(([^()]*)\)")
_MOST_FUNCTIONS = 8
"""Of one value: each becomes a filter for every part that the value is of."""

_DEVIATIONS = 3.0
"""So far a blur reaches."""

_AIR = 0.2
"""In sizes of what a filter is for, what joints of lines take around it."""

_OF_TYPE = ("em", "ex")

_CHANNELS = ("xChannelSelector", "yChannelSelector")
_OPAQUE = "1 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 0 1"
"""The matrix that leaves colours as they are."""

_COLOURS = "color-interpolation-filters"
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
    for primitive in effect.children:
        if isinstance(primitive, Element) and primitive.tag == "feDropShadow":
            _in_linear_colours(primitive)
    if effect.attributes.get("primitiveUnits") != "objectBoundingBox":
        steps = enumerate(effect.children)
        effect.children = [step for place, each in steps for step in _displacement(each, f"map-{place}")]
        effect.children = [step for primitive in effect.children for step in _steps_of(primitive, canvas)]


def effects_of(value: str, box: Box | None, stroke: float, canvas: Box) -> tuple[str, list[Element]]:
    """Says functions that draw beside what they are for as filters: renderers cut them off, and mistake their colours.

    Args:
        value: of the property `filter`.
        box: bounds of what it is for, where they are known.
        stroke: the width of the widest line in it.
        canvas: of the drawing.

    Returns:
        The value with `{}` for the link to each of these filters, and the filters.
    """
    functions = _FUNCTION.findall(value)
    if len(functions) > _MOST_FUNCTIONS or "{" in value or "}" in value:
        return value, []
    found = [_effect_of(name, arguments.split(), box, stroke, canvas) for name, arguments in functions]
    if None in found:
        return value, []
    return _FUNCTION.sub("url(#{})", value), [effect for effect in found if effect is not None]


def _effect_of(name: str, arguments: list[str], box: Box | None, stroke: float, canvas: Box) -> Element | None:
    """The filter of a function; None when it is invalid, or in units of the type, which are not known here."""
    known = [(part, length(part)) for part in arguments]
    lengths = [value for _, value in known if value is not None]
    x, y, blur = (0.0, 0.0, *lengths, 0.0)[:3] if name == "blur" else (*lengths, 0.0, 0.0, 0.0)[:3]
    of_type = any(value is not None and part.lower().endswith(_OF_TYPE) for part, value in known)
    if of_type or blur < 0 or len(lengths) not in ((1,) if name == "blur" else (2, 3)):
        return None
    attributes = {"stdDeviation": f"{blur:.9g}"}
    if name == "drop-shadow":
        colours = [part for part, value in known if value is None]
        attributes |= {"dx": f"{x:.9g}", "dy": f"{y:.9g}", "flood-color": " ".join(colours) or "black"}
    reaches = [stroke + min(abs(step) + _DEVIATIONS * blur, canvas.longest) for step in (x, y)]
    region = {_COLOURS: "sRGB" if name == "blur" else "linearRGB", **_region(box, *reaches)}
    tag = "feGaussianBlur" if name == "blur" else "feDropShadow"
    return Element("filter", region, [Element(tag, attributes)])


def _region(box: Box | None, across: float, down: float) -> dict[str, str]:
    """The region of a filter that reaches so far beside its box; a line has no box that renderers know."""
    if box is not None and not (box.width and box.height):
        sides = (box.left - across, box.top - down, box.width + 2 * across, box.height + 2 * down)
        units = {"filterUnits": "userSpaceOnUse"}
    else:
        wide, high = (across / box.width, down / box.height) if box is not None else (1.0, 1.0)
        sides = (-_AIR - wide, -_AIR - high, 1 + 2 * (_AIR + wide), 1 + 2 * (_AIR + high))
        units = {}
    return units | {name: f"{side:.9g}" for name, side in zip(("x", "y", "width", "height"), sides, strict=True)}


def _confine(effect: Element) -> None:
    """Makes the region of a filter small where it shows nothing of what it is for: beside that, and all around it."""
    attributes = effect.attributes
    if attributes.get("filterUnits") == "userSpaceOnUse" or "href" in attributes:
        return
    starts = [length(attributes.get(name, "-10%"), 1.0) or 0.0 for name in "xy"]
    if max(starts) > _BESIDE:
        attributes["width"] = attributes["height"] = "1"
    elif min(starts) >= -_MARGIN and all(map(_keeps_holes, effect.children)):
        for start, side in zip(starts, ("width", "height"), strict=True):
            if start + (length(attributes.get(side, "120%"), 1.0) or 0.0) > 1 + _MARGIN:
                attributes[side] = f"{max(1 + _MARGIN - start, 0.0):.9g}"


def _keeps_holes(primitive: Element | str) -> bool:
    """Whether a step of a filter leaves transparent what is transparent around."""
    if isinstance(primitive, str) or primitive.tag not in _POINTWISE:
        return False
    if primitive.tag == "feColorMatrix":
        return all(value <= 0 for value in numbers(primitive.attributes.get("values", ""))[19:])
    if primitive.tag == "feComponentTransfer":
        return not any(isinstance(each, Element) and each.tag == "feFuncA" for each in primitive.children)
    return primitive.attributes.get("operator") != "arithmetic"


def _in_linear_colours(shadow: Element) -> None:
    """The only colours in which renderers have the colour of a shadow right."""
    take_from_style(shadow.attributes, _COLOURS)
    shadow.attributes[_COLOURS] = "linearRGB"


def _displacement(primitive: Element | str, name: str) -> Iterator[Element | str]:
    """What displaces by a map: the renderer multiplies by its scale twice, and dims colours of the map by its opacity.

    Args:
        primitive: of a filter.
        name: for the map without opacity.
    """
    if isinstance(primitive, Element) and primitive.tag == "feDisplacementMap":
        attributes = primitive.attributes
        scale = length(attributes.get("scale")) or 0.0
        primitive = Element(primitive.tag, {**attributes, "scale": f"{math.sqrt(abs(scale)):.9g}"})
        if _SOURCE in attributes and "A" not in (attributes.get(channel, "A") for channel in _CHANNELS):
            source = {_SOURCE: attributes["in2"]} if "in2" in attributes else {}
            yield Element("feColorMatrix", {**source, "values": _OPAQUE, "result": name})
            primitive.attributes["in2"] = name
    yield primitive


def _steps_of(primitive: Element | str, canvas: Box) -> Iterator[Element | str]:
    """What thickens or thins by a large radius, in steps that together do the same: each takes its radius squared."""
    radii = numbers(primitive.attributes.get("radius", "")) if isinstance(primitive, Element) else []
    share = max(radii, default=0.0) / canvas.longest
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
