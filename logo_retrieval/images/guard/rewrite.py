"""What renderers do not know, said in terms of what they do: shapes that clip, strokes that do not scale."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from logo_retrieval.images.guard.bounds import extent_of, length_of_shape
from logo_retrieval.images.guard.clips import shape_of
from logo_retrieval.images.guard.drawing import Drawing, Element, define
from logo_retrieval.images.guard.effects import effects_of, settle_filter
from logo_retrieval.images.guard.geometry import Box, Matrix, length, numbers, whole_of
from logo_retrieval.images.guard.lettering import CASE, SPACE, STYLE, case_of, set_in_case, slant, space_by_length
from logo_retrieval.images.guard.maths import without_shares
from logo_retrieval.images.guard.properties import GEOMETRY
from logo_retrieval.images.guard.transform import hand_on_transforms, matrix_in, settle_transform
from logo_retrieval.images.guard.turned import turn_offsets
from logo_retrieval.images.guard.values import SHAPES, TEXTS, put_style, style_of, take_from_style

_SHAPE = re.compile(r"(?:inset|circle|ellipse|polygon|path|rect|xywh)\(", re.IGNORECASE)
_BOX = re.compile(r"\b(?:fill|stroke|view|border|padding|content|margin)-box\b", re.IGNORECASE)
_LENGTHS = {tag: tuple(names) for tag, names in GEOMETRY.items() if tag != "path"} | {"line": ("x1", "y1", "x2", "y2")}
_STROKES = ("stroke-width", "stroke-dasharray", "stroke-dashoffset")
_PASSED_ON = (*_STROKES, SPACE, STYLE)
_WITHIN = ("opacity", "isolation", "filter", "mask", "clip-path")
"""Effects of a nested `svg` that are in the units of what it holds."""

_AROUND = ("transform", "systemLanguage", "requiredExtensions")
"""What a group around it has instead; a `switch` asks that one for its conditions."""


def rewrite(drawing: Drawing, canvas: Box, pixels_per_unit: float = 1.0) -> None:
    """Rewrites a clean document in place.

    Args:
        drawing: the document.
        canvas: what shares are shares of.
        pixels_per_unit: in the size that the document claims, which strokes that do not scale go by.
    """
    _rewrite(drawing, drawing.root, canvas, Matrix(a=pixels_per_unit, d=pixels_per_unit), {})
    hand_on_transforms(drawing.by_id)
    turn_offsets(drawing)


def _rewrite(
    drawing: Drawing,
    element: Element,
    canvas: Box,
    outer: Matrix,
    inherited: Mapping[str, str],
    *,
    nested: bool = False,
) -> None:
    """Rewrites what an element holds, and then itself, so that boxes are those of children whose transforms are plain.

    Args:
        drawing: the document.
        element: of it.
        canvas: what shares are shares of, here.
        outer: from the units around the element to pixels; view boxes inside the outermost one are left out.
        inherited: of the properties in `_PASSED_ON` and of `CASE`, what those around it have.
        nested: whether it lies in a view box inside the outermost one.
    """
    style = style_of(element.attributes)
    values = {**element.attributes, **style}
    own = {name: values[name] for name in _PASSED_ON if values.get(name, "inherit") != "inherit"}
    passed_on = {**inherited, **own, CASE: case_of(style, inherited.get(CASE, ""))}
    inner = outer.then_inner(matrix_in({"transform": element.attributes.get("transform", ""), **style}, canvas))
    view = _view_of(element) if element is not drawing.root else None
    for place, child in enumerate(list(element.children)):
        if isinstance(child, Element):
            _rewrite(drawing, child, view or canvas, inner, passed_on, nested=nested or view is not None)
            if child.tag == "svg":
                element.children[place] = _with_its_effects(child)
    _settle_lengths(element, canvas, shares=nested)
    if element.size is not None:
        _say_size(element, *element.size)
    if element.tag == "use":
        _take_size(element, drawing.by_id.get(element.attributes.get("href", "")[1:]), canvas)
    settle_transform(element, canvas, outermost=element is drawing.root)
    if element.tag == "filter":
        settle_filter(element, canvas)
    if element.tag == "text":
        set_in_case(element, inherited.get(CASE, ""))
        slant(element, passed_on.get(STYLE, ""))
    if element.tag in TEXTS:
        space_by_length(element, inherited.get(SPACE, ""))
    _link(drawing, element, {**passed_on, **values}, canvas)
    if element.tag in SHAPES:
        factor = 1 / inner.scale if values.get("vector-effect") == "non-scaling-stroke" and inner.scale else 1.0
        along = factor * _unit_along(element, values.get("pathLength", ""), canvas)
        _scale_strokes(element, passed_on, (factor, along, along))


def _with_its_effects(inner: Element) -> Element:
    """A nested `svg` whose effects are those of groups: renderers overlook its transform, and draw all else twice."""
    attributes, style = inner.attributes, style_of(inner.attributes)
    within = {name: attributes.pop(name) for name in _WITHIN if name in attributes}
    within |= {name: style.pop(name) for name in _WITHIN if name in style}
    around = {name: attributes.pop(name) for name in _AROUND if name in attributes}
    if "mix-blend-mode" in style:
        around["style"] = f"mix-blend-mode:{style.pop('mix-blend-mode')}"
    put_style(attributes, style)
    if within:
        inner.children = [Element("g", within, inner.children)]
    return Element("g", around, [inner]) if around else inner


def _view_of(element: Element) -> Box | None:
    """The view box that shares within the element are shares of."""
    values = numbers(element.attributes.get("viewBox", "")) if element.tag in ("svg", "symbol") else []
    if len(values) != 4 or min(values[2:]) <= 0:
        return None
    left, top, width, height = values
    return Box(left, top, left + width, top + height)


def _settle_lengths(element: Element, canvas: Box, *, shares: bool) -> None:
    """Works out the sums of shares and lengths in the geometry of an element; one that cannot be is dropped.

    Args:
        element: of the document.
        canvas: what shares are shares of.
        shares: whether to work out those that stand alone, too: renderers take them of the outermost canvas.
    """
    for name in _LENGTHS.get(element.tag, ()):
        value = element.attributes.get(name, "")
        if "(" in value or (shares and "%" in value):
            found = without_shares(value, whole_of(name, canvas))
            element.attributes[name] = found
            if length(found) is None:
                del element.attributes[name]


def _say_size(image: Element, width: float, height: float) -> None:
    """Says how large a picture is that has another size than the raster in its place."""
    attributes = image.attributes
    if "width" not in attributes and "height" not in attributes:
        attributes["width"], attributes["height"] = f"{width:.9g}", f"{height:.9g}"


def _take_size(use: Element, target: Element | None, canvas: Box) -> None:
    """Says at a `use` how large the symbol is that it draws: what it does not say, the symbol may."""
    if target is not None and target.tag == "symbol":
        for name in ("width", "height"):
            found = length(use.attributes.get(name) or target.attributes.get(name), whole_of(name, canvas))
            if found is not None:
                use.attributes[name] = f"{found:.9g}"


def _unit_along(element: Element, claimed: str, canvas: Box) -> float:
    """How long a unit along an outline is, where the length of it is claimed to be another."""
    whole = length(claimed)
    return length_of_shape(element.tag, element.attributes, canvas) / whole if whole and whole > 0 else 1.0


def _scale_strokes(element: Element, strokes: Mapping[str, str], factors: Sequence[float]) -> None:
    for name, factor in zip(_STROKES, factors, strict=True):
        value = strokes.get(name, "1" if name == "stroke-width" else "") if factor != 1.0 else ""
        sizes = [length(size) for size in value.replace(",", " ").split()]
        if sizes and None not in sizes:
            element.attributes[name] = " ".join(f"{size * factor:.9g}" for size in sizes if size is not None)
            take_from_style(element.attributes, name)


def _link(drawing: Drawing, element: Element, values: Mapping[str, str], canvas: Box) -> None:
    """Puts links to clips and filters in the place of shapes that clip and of functions."""
    if "(" in values.get("clip-path", "") or "-box" in values.get("clip-path", ""):
        _clip(drawing, element, values["clip-path"], canvas)
    if "(" in values.get("filter", ""):
        _filter(drawing, element, values, canvas)


def _clip(drawing: Drawing, element: Element, value: str, canvas: Box) -> None:
    """Puts a `clipPath` in the place of a shape that clips."""
    shape_text = _BOX.sub("", value).strip()
    if shape_text and not _SHAPE.match(shape_text):
        return
    box = canvas if "view-box" in value.lower() else extent_of(element, canvas).box or canvas
    style = style_of(element.attributes)
    style.pop("clip-path", None)
    element.attributes.pop("clip-path", None)
    shape = shape_of(shape_text or "inset(0)", box)
    if shape is not None:
        style["clip-path"] = f"url(#{define(drawing, Element('clipPath', {}, [shape]))})"
    put_style(element.attributes, style)


def _filter(drawing: Drawing, element: Element, values: Mapping[str, str], canvas: Box) -> None:
    """Puts filters in the place of functions that draw beside what they are for."""
    usual = min(1.0, 0.01 * canvas.width)
    box, line = extent_of(element, canvas)
    stroke = max(length(values.get("stroke-width"), canvas.width) or usual, line)
    linked, effects = effects_of(values["filter"], box, stroke, canvas)
    if effects:
        style = style_of(element.attributes)
        style["filter"] = linked.format(*(define(drawing, effect) for effect in effects))
        put_style(element.attributes, style)
