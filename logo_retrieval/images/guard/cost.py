"""Foresees what drawing a clean SVG would cost, by walking it the way a renderer does, without drawing.

The walk follows every reference and keeps matrices and inherited styles. Bombs differ in their means, but all of them
end in too much of the same few things: shapes, crossing edges, filled area, layers, filter passes, dashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard import budget as rates
from logo_retrieval.images.guard.budget import Budget
from logo_retrieval.images.guard.filter import FUNCTION_RATE, filter_region, part, primitive_rate
from logo_retrieval.images.guard.geometry import (
    Box,
    Matrix,
    Outline,
    length,
    measure_shape,
    numbers,
    parse_transform,
)
from logo_retrieval.images.guard.style import INHERITED, ISOLATING, Styles, styles_of
from logo_retrieval.images.guard.tree import Drawing, Element
from logo_retrieval.images.guard.values import PRIMITIVES, REFERENCE, SHAPES

MAX_LINK_CHAIN = 16
MAX_STROKE_WIDTH = 1_000.0
"""In canvases: curves far wider than that keep a stroker busy for seconds."""

MAX_REACH = 500.0
"""In canvases: rasterisers overflow on paths that go further."""

MAX_TILE_AREA = 25.0
"""Of a pattern's tile, in squares as wide as the longer side of the canvas."""

_DRAWN = SHAPES | frozenset("svg g use switch a text image".split())
_NO_EFFECT = frozenset(("none", "normal", "auto", "1"))
_FUNCTION = re.compile(r"(?<!url)\(")
_MARKERS = {"marker": True, "marker-start": False, "marker-mid": True, "marker-end": False}
_NOWHERE = Box(0.0, 0.0, 0.0, 0.0)


def check_cost(drawing: Drawing, canvas: Box) -> None:
    """Checks that drawing is affordable.

    Args:
        drawing: a clean document.
        canvas: its viewport in user units of the root.

    Raises:
        UnreadableImage: unsafe, when the estimate exceeds a budget.
    """
    _DryRun(drawing, canvas).run()


class _DryRun:
    def __init__(self, drawing: Drawing, canvas: Box) -> None:
        self.root = drawing.root
        self.by_id = drawing.by_id
        self.canvas = canvas
        unit = 1 / max(canvas.width, canvas.height)
        self.base = Matrix(unit, 0, 0, unit, -canvas.left * unit, -canvas.top * unit)
        self.budget = Budget(self.base.map_box(canvas))
        self.open: set[str] = set()
        self.outlines: dict[Element, Outline | None] = {}

    def run(self) -> None:
        self.draw(self.root, self.base, {})

    @contextmanager
    def following(self, identifier: str) -> Iterator[Element | None]:
        """Opens the element that a reference names; None where it names none, or leads back into itself."""
        element = self.by_id.get(identifier)
        if element is None or identifier in self.open:
            yield None
            return
        self.open.add(identifier)
        with self.budget.deeper():
            yield element
        self.open.discard(identifier)

    def draw(self, element: Element, matrix: Matrix, inherited: Styles) -> Box | None:
        """Draws an element; returns its bounds on the canvas."""
        self.budget.spend(rates.VISIT)
        styles = styles_of(element, inherited)
        for transform in styles.get("transform", ()):
            matrix = matrix.then_inner(parse_transform(transform))
        passed_on = {name: values for name, values in styles.items() if name in INHERITED}
        if all(_NO_EFFECT.issuperset(values) for name, values in styles.items() if name in ISOLATING):
            return self.content(element, matrix, passed_on)
        with self.budget.in_layer():
            box = self.content(element, matrix, passed_on)
            return self.layer(box or _NOWHERE, matrix, styles)

    def content(self, element: Element, matrix: Matrix, styles: Styles) -> Box | None:
        match element.tag:
            case "text":
                return self.text(element, matrix, styles)
            case "image":
                self.budget.spend(rates.MEGAPIXEL * element.pixels / 1e6)
                return self.filled(measure_shape("rect", element.attributes, self.canvas), matrix, {})
            case "use":
                return self.use(element, matrix, styles)
            case "svg" if element is not self.root:
                return self.viewport(element, element, matrix, styles)
            case tag if tag in SHAPES:
                return self.shape(element, matrix, styles)
            case _:
                return self.children(element, matrix, styles)

    def children(self, element: Element, matrix: Matrix, inherited: Styles) -> Box | None:
        box: Box | None = None
        with self.budget.deeper():
            for child in element.children:
                if isinstance(child, Element) and child.tag in _DRAWN:
                    drawn = self.draw(child, matrix, inherited)
                    box = drawn.joined(box) if drawn is not None else box
        return box

    def use(self, element: Element, matrix: Matrix, styles: Styles) -> Box | None:
        matrix = self.shifted(element, matrix)
        with self.following(element.attributes.get("href", "")[1:]) as target:
            if target is None:
                return None
            if target.tag in ("symbol", "svg"):
                return self.viewport(target, element, matrix, styles)
            return self.draw(target, matrix, styles) if target.tag in _DRAWN else None

    def shifted(self, element: Element, matrix: Matrix) -> Matrix:
        sides = (("x", self.canvas.width), ("y", self.canvas.height))
        x, y = (length(element.attributes.get(name), whole) or 0.0 for name, whole in sides)
        return matrix.then_inner(Matrix(e=x, f=y))

    def viewport(self, element: Element, sized: Element, matrix: Matrix, styles: Styles) -> Box | None:
        """Draws a nested svg or a symbol, which is cut off at its edges: one more layer."""
        if element.tag == "svg":
            matrix = self.shifted(element, matrix)
        view = numbers(element.attributes.get("viewBox", ""))
        if len(view) == 4 and min(view[2:]) > 0:
            sides = (("width", self.canvas.width, view[2]), ("height", self.canvas.height, view[3]))
            scale = max((length(sized.attributes.get(name), whole) or whole) / side for name, whole, side in sides)
            matrix = matrix.then_inner(Matrix(a=scale, d=scale, e=-view[0] * scale, f=-view[1] * scale))
        with self.budget.in_layer():
            box = self.children(element, matrix, styles)
            self.budget.add_layer(rates.LAYER_AREA, box or _NOWHERE)
        return box

    def layer(self, box: Box, matrix: Matrix, styles: Styles) -> Box:
        """Adds what opacity, clips, masks and filters of one element cost; returns what the filters may touch."""
        for filter_value in styles.get("filter", ()):
            box = self.filter(filter_value, box, matrix)
        self.budget.add_layer(rates.LAYER_AREA, box)
        self.clips(box, matrix, styles)
        return box

    def clips(self, box: Box, matrix: Matrix, styles: Styles) -> None:
        values = [*styles.get("clip-path", ()), *styles.get("mask", ())]
        for identifier in REFERENCE.findall(" ".join(values)):
            with self.following(identifier) as target:
                if target is None or target.tag not in ("clipPath", "mask"):
                    continue
                self.budget.add_layer(rates.LAYER_AREA if target.tag == "clipPath" else rates.MASK_AREA, box)
                own = styles_of(target, {})
                inner = matrix
                units = "clipPathUnits" if target.tag == "clipPath" else "maskContentUnits"
                if target.attributes.get(units) == "objectBoundingBox":
                    inner = Matrix(box.width, 0.0, 0.0, box.height, box.left, box.top)
                for transform in own.get("transform", ()):
                    inner = inner.then_inner(parse_transform(transform))
                with self.budget.in_layer():
                    self.children(target, inner, {})
                    self.clips(box, matrix, own)

    def filter(self, value: str, box: Box, matrix: Matrix) -> Box:
        """Adds the cost of the filters that a value names; returns the bounds that they may touch."""
        region = box.grown(0.1 * box.width, 0.1 * box.height)
        for _ in _FUNCTION.findall(value):
            self.budget.add_primitive(FUNCTION_RATE, region)
        for identifier in REFERENCE.findall(value):
            element = self.by_id.get(identifier)
            if element is None or element.tag != "filter":
                continue
            region = filter_region(element, box, matrix, self.canvas)
            in_boxes = element.attributes.get("primitiveUnits") == "objectBoundingBox"
            scale = max(box.width, box.height) if in_boxes else matrix.scale
            for primitive in element.children:
                if isinstance(primitive, Element) and primitive.tag in PRIMITIVES:
                    self.budget.add_primitive(primitive_rate(primitive, scale), region)
        return region

    def text(self, element: Element, matrix: Matrix, styles: Styles) -> Box | None:
        glyphs = spans = 0
        styles = {name: list(values) for name, values in styles.items()}
        pending: list[Element | str] = [element]
        while pending:
            span = pending.pop()
            if isinstance(span, str):
                glyphs += len(span)
                continue
            spans += 1
            for name, values in styles_of(span, {}).items():
                styles.setdefault(name, []).extend(values)
            pending += span.children
        # Type is laid out span by span, each time over the whole text.
        self.budget.spend(rates.GLYPH * glyphs + rates.GLYPH_IN_SPAN * glyphs * spans)
        x, y = (max(map(abs, numbers(element.attributes.get(name, ""))), default=0.0) for name in "xy")
        size = max((length(size) or 16.0 for size in styles.get("font-size", ())), default=16.0)
        bounds = Box(x - size, y - size, x + glyphs * size, y + size)
        return self.filled(Outline(bounds, 8 * glyphs * size, 20 * glyphs), matrix, styles)

    def shape(self, element: Element, matrix: Matrix, styles: Styles) -> Box | None:
        if element not in self.outlines:
            self.outlines[element] = measure_shape(element.tag, element.attributes, self.canvas)
        outline = self.outlines[element]
        box = self.filled(outline, matrix, styles)
        if outline is not None and element.tag in ("path", "line", "polyline", "polygon"):
            self.markers(outline, matrix, styles)
        return box

    def filled(self, outline: Outline | None, matrix: Matrix, styles: Styles) -> Box | None:
        """Adds the cost of filling and stroking an outline; returns its bounds on the canvas."""
        self.budget.add_shape()
        if outline is None:
            return None
        box = outline.box
        stroked = not _NO_EFFECT.issuperset(styles.get("stroke", ()))
        if stroked:
            width = self.stroke_width(styles)
            if not width * matrix.scale <= MAX_STROKE_WIDTH:
                raise UnreadableImage("unsafe", "a stroke is thousands of times wider than the picture")
            box = box.grown(width, width)
            for dashes in styles.get("stroke-dasharray", ()):
                period = sum(map(abs, numbers(dashes)))
                self.budget.spend(rates.DASH * outline.length / period if period else 0.0)
        on_canvas = matrix.map_box(box)
        if not all(abs(side) <= MAX_REACH for side in on_canvas):
            raise UnreadableImage("unsafe", "a shape reaches far beyond the picture")
        # A scan line sorts all edges that cross it, and edges beyond the canvas are cut off at its borders.
        edges = min(outline.length * matrix.scale, 3.0 * outline.segments)
        self.budget.spend(rates.SEGMENT * outline.segments + rates.CROSSING * edges**2 * (4 if stroked else 1))
        area = on_canvas.area_within(self.budget.visible)
        self.budget.spend(rates.FILL_AREA * area)
        for identifier in REFERENCE.findall(" ".join([*styles.get("fill", ()), *styles.get("stroke", ())])):
            self.paint(identifier, outline.box, matrix, area)
        return on_canvas

    def stroke_width(self, styles: Styles) -> float:
        widths = [length(value, self.canvas.width) for value in styles.get("stroke-width", ())]
        return max((width for width in widths if width is not None), default=1.0)

    def paint(self, identifier: str, box: Box, matrix: Matrix, area: float) -> None:
        """Adds the cost of filling an area with a gradient or pattern."""
        with self.following(identifier) as server:
            if server is None or server.tag not in ("linearGradient", "radialGradient", "pattern"):
                return
            chain = self.chain(server)
            content = next((link for link in chain if link.children), server)
            if server.tag == "pattern":
                self.budget.spend(rates.PATTERN_AREA * area)
                merged = {name: value for link in reversed(chain) for name, value in link.attributes.items()}
                self.pattern(merged, content, box, matrix)
            else:
                stops = len(content.children)
                self.budget.spend(area * (rates.GRADIENT_AREA + rates.STOP_AREA * stops) + rates.SEGMENT * stops)

    def chain(self, server: Element) -> list[Element]:
        """A paint server and those it takes its attributes and contents from."""
        chain = [server]
        while (target := self.by_id.get(chain[-1].attributes.get("href", "")[1:])) is not None and target not in chain:
            chain.append(target)
            if len(chain) > MAX_LINK_CHAIN:
                raise UnreadableImage("unsafe", f"gradients or patterns are linked more than {MAX_LINK_CHAIN} deep")
        return chain

    def pattern(self, attributes: dict[str, str], content: Element, box: Box, matrix: Matrix) -> None:
        """Draws one tile, its corner in the corner of the canvas."""
        scale = matrix.then_inner(parse_transform(attributes.get("patternTransform", ""))).scale
        units = attributes.get("patternUnits")
        x, y, width, height = (
            part(attributes.get(name, "0"), name, units, self.canvas) for name in ("x", "y", "width", "height")
        )
        if units != "userSpaceOnUse":
            x, y = box.left + x * box.width, box.top + y * box.height
            width, height = width * box.width, height * box.height
        tile = Box(0.0, 0.0, abs(width) * scale, abs(height) * scale)
        if not tile.width * tile.height <= MAX_TILE_AREA:
            raise UnreadableImage("unsafe", "a pattern's tile is much larger than the picture")
        view = numbers(attributes.get("viewBox", ""))
        if len(view) == 4 and min(view[2:]) > 0:
            fit = max(tile.width / view[2], tile.height / view[3])
            inner = Matrix(fit, 0.0, 0.0, fit, -view[0] * fit, -view[1] * fit)
        elif attributes.get("patternContentUnits") == "objectBoundingBox":
            shift_x, shift_y = (box.left - x) * scale, (box.top - y) * scale
            inner = Matrix(box.width * scale, 0.0, 0.0, box.height * scale, shift_x, shift_y)
        else:
            inner = Matrix(scale, 0.0, 0.0, scale, -x * scale, -y * scale)
        self.budget.add_layer(rates.FILL_AREA, tile)
        with self.budget.repeated(1, visible=tile):
            self.children(content, inner, {})

    def markers(self, outline: Outline, matrix: Matrix, styles: Styles) -> None:
        """Draws the markers of a path, all of them in the middle of the canvas."""
        for name, on_every_vertex in _MARKERS.items():
            for identifier in REFERENCE.findall(" ".join(styles.get(name, ()))):
                with self.following(identifier) as marker:
                    if marker is None or marker.tag != "marker":
                        continue
                    attributes = marker.attributes
                    scale = matrix.scale
                    if attributes.get("markerUnits") != "userSpaceOnUse":
                        scale *= self.stroke_width(styles)
                    view = numbers(attributes.get("viewBox", ""))
                    if len(view) == 4 and min(view[2:]) > 0:
                        sides = zip(("markerWidth", "markerHeight"), view[2:], strict=True)
                        scale *= max((length(attributes.get(side)) or 3.0) / extent for side, extent in sides)
                    x, y = (length(attributes.get(side)) or 0.0 for side in ("refX", "refY"))
                    inner = Matrix(scale, 0.0, 0.0, scale, 0.5 - x * scale, 0.5 - y * scale)
                    with self.budget.repeated(outline.segments + 1 if on_every_vertex else 1):
                        box = self.children(marker, inner, {})
                        self.budget.add_layer(rates.LAYER_AREA, box or _NOWHERE)
