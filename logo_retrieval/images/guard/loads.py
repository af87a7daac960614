"""Counts what drawing a clean SVG takes. Each element is looked at once, however often it is named; nothing is drawn.

A load is in the units of what holds the element, so that it counts wherever else the element is named. What cannot be
known there is taken for the worst: a paint, for example, counts for all that is below the element that has it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from logo_retrieval.images.guard.caps import (
    MAX_DEPTH,
    Load,
    check,
    is_unsure,
    join,
    on_layer,
    scaled,
    unsafe,
    unsized,
    vague,
)
from logo_retrieval.images.guard.drawing import Drawing, Element
from logo_retrieval.images.guard.geometry import Box, Matrix, length, measure_shape, numbers, parse_transform
from logo_retrieval.images.guard.values import DRAWN, REFERENCE, SHAPES, style_of, value_of

_GRADIENTS = frozenset(("linearGradient", "radialGradient"))
_PAINTS = _GRADIENTS | {"pattern"}
_LINKED = DRAWN | _PAINTS | {"symbol"}
_VIEWS = frozenset(("svg", "symbol"))
_CLIPS = frozenset(("clipPath", "mask"))
_LAYERED = ("filter", "mask", "clip-path", "mix-blend-mode", "isolation")
_MARKED = ("marker", "marker-start", "marker-mid", "marker-end")
_COSTLY = frozenset((*_LAYERED, "opacity", *_MARKED, "fill", "stroke", "stroke-width", "stroke-dasharray"))
_NO_EFFECT = frozenset(("none", "normal", "auto"))
_IN_BOX = "objectBoundingBox"
_SIZES = ("x", "y", "width", "height", "r", "rx", "ry", "cx", "cy")
_PLAIN = re.compile(r"[-+.\d\s]*(?:px\s*)?")
"""A length that is the same everywhere."""
_MARKER = Box(0.0, 0.0, 3.0, 3.0)
"""The size of a marker that has none."""


def check_caps(drawing: Drawing, canvas: Box) -> float:
    """Checks that a drawing asks for no more than logos do.

    Args:
        drawing: a clean document.
        canvas: its viewport in user units of the root.

    Returns:
        How many pixels the pictures inside it have.

    Raises:
        UnreadableImage: unsafe, when it exceeds a cap.
    """
    load = _Loads(drawing, canvas).of(drawing.root)
    if is_unsure(load):
        load = _Loads(drawing, canvas, measured=True).of(drawing.root)
    check(load)
    return load.get("pixels", 0.0)


class _Loads:
    """The loads of one drawing.

    Attributes:
        unit: the longer side of the canvas.
        measured: whether the outlines of shapes are measured. That takes long, and most drawings need it for nothing:
            how often a path crosses itself is known well enough from the length of its data.
        open: the elements that are being looked at, with how many references led to each.
        followed: how many references lead to what is being looked at now.
    """

    def __init__(self, drawing: Drawing, canvas: Box, *, measured: bool = False) -> None:
        self.by_id = drawing.by_id
        self.canvas = canvas
        self.unit = canvas.longest
        self.measured = measured
        self.known: dict[Element, Load] = {}
        self.open: dict[Element, int] = {}
        self.followed = 0
        self.boxes: dict[Element, Box | None] = {}

    def of(self, element: Element) -> Load:
        """The load of an element with all that it holds and names; none where it leads straight back to itself."""
        if element in self.known:
            return self.known[element]
        if element in self.open:
            # It is inside itself. By one reference that draws nothing; by several, renderers may go round for ever.
            if self.open[element] < self.followed - 1:
                raise unsafe("what it names leads back to itself through others")
            return {}
        self.open[element] = self.followed
        load = self.count(element) if len(self.open) <= MAX_DEPTH else {"depth": math.inf}
        if load["depth"] > MAX_DEPTH:  # at once: nothing here may call itself deeper
            raise unsafe(f"elements that hold or name others more than {MAX_DEPTH} deep")
        del self.open[element]
        self.known[element] = load
        return load

    def named(self, value: str, tags: frozenset[str]) -> list[tuple[Element, Load]]:
        """The elements of some kinds that a value names, and their loads."""
        if "url(" not in value:
            return []
        targets = (self.by_id.get(identifier) for identifier in REFERENCE.findall(value))
        self.followed += 1
        found = [(target, self.of(target)) for target in targets if target is not None and target.tag in tags]
        self.followed -= 1
        return found

    def count(self, element: Element) -> Load:
        values = element.attributes
        if "style" in values:
            values = {**values, **style_of(values)}
        load: Load = {"elements": 1.0, "depth": 0.0}
        for child in element.children:
            if isinstance(child, str):
                load["elements"] += len(child)
            elif child.tag in DRAWN:
                join(load, self.placed(child, child, self.of(child)))
        self.add_shape(element, load)
        if "href" in values:
            for target, named in self.named(f"url({values['href']})", _LINKED):
                join(load, self.placed(target, element, named))
        if not _COSTLY.isdisjoint(values):
            self.add_paints(element, values, load)
            self.add_lines(values, load)
            self.add_layers(element, values, load)
        load["depth"] += 1
        if "transform" not in values:
            return load
        matrix = parse_transform(values["transform"])
        if abs(matrix.a * matrix.c + matrix.b * matrix.d) > matrix.scale**2 / 1000:  # skewed: sizes may grow by more
            load.update(vague(load))
        return scaled(load, matrix.scale)

    def placed(self, element: Element, sized: Element, load: Load) -> Load:
        """The load in what holds the element; a nested svg or a symbol that is cut off at its edges is a layer."""
        if element.tag not in _VIEWS:
            return load
        load = scaled(load, _fit(element, sized, self.canvas))
        is_open = value_of(element.attributes, "overflow") in ("visible", "auto")
        return vague(load if is_open else on_layer(load))

    def add_shape(self, element: Element, load: Load) -> None:
        """Adds what an element draws itself."""
        if self.measured and any(not _PLAIN.fullmatch(element.attributes.get(name, "0")) for name in _SIZES):
            load["vague"] = 1.0
        if element.tag in SHAPES and not self.measured:
            load["data"] = float(sum(len(element.attributes.get(name, "")) for name in ("d", "points"))) ** 2
        elif element.tag in SHAPES:
            if outline := measure_shape(element.tag, element.attributes, self.canvas):
                widths = outline.length / self.unit
                load.update(crossings=widths * widths, length=outline.length, vertices=outline.segments + 1.0)
        elif element.tag == "image":
            load.update(pixels=float(element.pixels), vague=1.0)
        elif element.tag in _GRADIENTS:
            load["stops"] = float(len(element.children))
        elif element.tag == "text":  # type is laid out span by span, each time over the whole text
            load.update(elements=load["elements"] * _spans(element), vague=1.0)

    def add_paints(self, element: Element, values: Mapping[str, str], load: Load) -> None:
        """Adds gradients and patterns, as often as there is something to paint."""
        for name in ("fill", "stroke"):
            for paint, named in self.named(values.get(name, ""), _PAINTS):
                join(load, self.tile(element, paint, named) if paint.tag == "pattern" else named, load["elements"])

    def tile(self, element: Element, pattern: Element, load: Load) -> Load:
        """The load of the one tile of a pattern, which is a layer."""
        box, pattern = self.box(element) or self.canvas, self.resolved(pattern)
        factor = box.longest if pattern.attributes.get("patternContentUnits") == _IN_BOX else 1.0
        load = scaled(load, _fit(pattern, pattern, box) if "viewBox" in pattern.attributes else factor)
        load = unsized(on_layer(load))
        join(load, {"tiled": self.area(pattern, "patternUnits", box, "0")})
        return scaled(load, parse_transform(pattern.attributes.get("patternTransform", "")).scale)

    def resolved(self, element: Element) -> Element:
        """A pattern or filter with what it takes from those that its links name, one after another."""
        whole, seen = Element(element.tag, element.attributes, element.children), [element]
        while (linked := self.by_id.get(seen[-1].attributes.get("href", "")[1:])) is not None and linked not in seen:
            if len(seen) > MAX_DEPTH:
                raise unsafe(f"patterns or filters that are linked more than {MAX_DEPTH} deep")
            whole.attributes = {**linked.attributes, **whole.attributes}
            whole.children = whole.children or linked.children
            seen.append(linked)
        return whole

    def add_lines(self, values: Mapping[str, str], load: Load) -> None:
        """Adds strokes, dashes and markers."""
        default = "0" if values.get("stroke", "none") == "none" else "1"
        width = length(values.get("stroke-width", default), self.canvas.width) or 0.0
        join(load, {"stroke": width / self.unit})
        period = sum(map(abs, numbers(values.get("stroke-dasharray", ""))))
        markers = self.named(" ".join(values.get(name, "") for name in _MARKED), frozenset(("marker",)))
        if not self.measured and (period or markers):
            load["unmeasured"] = 1.0
        if period:
            join(load, {"dashes": load.get("length", 0.0) / period})
        if markers or values.get("stroke", "none") != "none":  # in all that is below, as far as its corners reach
            load.update(vague(load))
        for marker, named in markers:
            factor = _fit(marker, marker, _MARKER, "markerWidth", "markerHeight") * max(1.0, width)
            join(load, unsized(scaled(named, factor)), load.get("vertices", 0.0))

    def add_layers(self, element: Element, values: Mapping[str, str], load: Load) -> None:
        """Adds the layer that an element has for itself, if it has, with its clips, masks and filters."""
        is_opaque = (length(values.get("opacity", "1"), 1.0) or 0.0) >= 1  # converters write 1.000000 at each path
        if is_opaque and all(values.get(name, "none") in _NO_EFFECT for name in _LAYERED):
            return
        for clip, named in self.named(values.get("mask", "") + values.get("clip-path", ""), _CLIPS):
            in_box = _IN_BOX in (clip.attributes.get("maskContentUnits"), clip.attributes.get("clipPathUnits"))
            join(load, unsized(scaled(named, (self.box(element) or self.canvas).longest if in_box else 1.0)))
        if values.get("filter", "none") != "none":
            self.add_filters(values["filter"], self.box(element) or self.canvas, load)
            load.update(vague(load))
        load.update(self.in_layer(element, load))

    def in_layer(self, element: Element, load: Load) -> Load:
        """The load of what is drawn on a layer, which is as large as what is on it."""
        box = self.box(element) if self.measured and not load.get("vague") else None
        load = on_layer(load)
        if box is None:
            return unsized(load)
        return {**load, "layered": load.get("layered", 0.0) + (box.longest / self.unit) ** 2}  # it may be turned

    def add_filters(self, value: str, box: Box, load: Load) -> None:
        """Adds the steps of filters, each of which works on their whole region."""
        names = REFERENCE.findall(value)
        functions = value.count("(") - len(names)
        join(load, {"steps": functions, "filtered": functions * box.width * box.height / self.unit**2})
        for effect in map(self.resolved, filter(None, map(self.by_id.get, names))):
            area = self.area(effect, "filterUnits", box, "120%")
            side = box.longest if effect.attributes.get("primitiveUnits") == _IN_BOX else 1.0
            for primitive in effect.children:
                if isinstance(primitive, Element):
                    steps, radius = _steps(primitive), _largest(primitive, "radius") * side / self.unit
                    pixels = float(primitive.pixels)
                    join(load, {"steps": steps, "filtered": steps * area, "radius": radius, "pixels": pixels})
                    for _, named in self.named(f"url({primitive.attributes.get('href', '')})", _LINKED):
                        join(load, scaled(on_layer(unsized(named)), side))

    def box(self, element: Element) -> Box | None:
        """The bounds of what an element draws, in the units of what it holds."""
        if element not in self.boxes:
            self.boxes[element] = None  # for what leads back to it
            outline = measure_shape(element.tag, element.attributes, self.canvas)
            whole = outline.box if outline is not None else None
            parts = [each for each in element.children if isinstance(each, Element) and each.tag in DRAWN]
            used = self.by_id.get(element.attributes.get("href", "")[1:]) if element.tag == "use" else None
            for part in parts if used is None else [used]:
                if (box := self.box(part)) is not None:
                    factor = _fit(part, element if used else part, self.canvas) if part.tag in _VIEWS else 1.0
                    matrix = parse_transform(part.attributes.get("transform", ""))
                    if used is not None:
                        x, y = (length(element.attributes.get(name), 1.0) or 0.0 for name in ("x", "y"))
                        matrix = Matrix(e=x, f=y).then_inner(matrix)
                    whole = matrix.then_inner(Matrix(a=factor, d=factor)).map_box(box).joined(whole)
            self.boxes[element] = whole
        return self.boxes[element]

    def area(self, region: Element, units: str, box: Box, default: str) -> float:
        """How large the region of a filter or pattern is, in canvases."""
        area, in_box = 1.0 / self.unit**2, region.attributes.get(units, _IN_BOX) == _IN_BOX
        for name, side, whole in (("width", box.width, self.canvas.width), ("height", box.height, self.canvas.height)):
            value = region.attributes.get(name, default)
            area *= (length(value, 1.0) or 0.0) * side if in_box else length(value, whole) or 0.0
        return abs(area)


def _fit(element: Element, sized: Element, whole: Box, width: str = "width", height: str = "height") -> float:
    """How much larger its view box makes what an element holds, when its size is said by another one, or itself."""
    view = numbers(element.attributes.get("viewBox", ""))
    if len(view) != 4 or min(view[2:]) <= 0:
        return 1.0
    sides = ((width, whole.width, view[2]), (height, whole.height, view[3]))
    return max((length(sized.attributes.get(name), most) or most) / side for name, most, side in sides)


def _spans(element: Element) -> int:
    return 1 + sum(_spans(child) for child in element.children if isinstance(child, Element))


def _largest(element: Element, name: str) -> float:
    return max(map(abs, numbers(element.attributes.get(name, ""))), default=0.0)


def _steps(primitive: Element) -> float:
    """How often a primitive of a filter goes over its region."""
    if primitive.tag == "feTurbulence":
        return max(1.0, _largest(primitive, "numOctaves"))
    if primitive.tag == "feConvolveMatrix":
        return max(3.0, _largest(primitive, "order")) ** 2
    return float(max(1, len(primitive.children)))
