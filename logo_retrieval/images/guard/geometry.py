"""Numbers, lengths and affine matrices of a drawing, and how large its shapes are.

Matrices and lengths are exact. Outlines are measured as cheap upper bounds, to foresee what a renderer would do; where
something is drawn by them, `bounds` walks along the curves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

_FUNCTION = re.compile(r"(matrix|translate|scale|rotate|skewX|skewY)\s*\(([^()]*)\)")
_COMMAND = re.compile(r"([MmZzLlHhVvCcSsQqTtAa])([^MmZzLlHhVvCcSsQqTtAa]*)")
_ONE = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(_ONE)
_LENGTH = re.compile(rf"\s*({_ONE})\s*+([a-z]{{2}}|%)?\s*", re.IGNORECASE)
# The two flags of an arc are single digits and need no space around them.
_GAP = r"(?:\s*,\s*|\s+|(?=[-+.]))"
_ARC = re.compile(rf"[\s,]*({_ONE}){_GAP}({_ONE}){_GAP}({_ONE}){_GAP}([01])[\s,]*([01])[\s,]*({_ONE}){_GAP}({_ONE})")
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "em": 16.0, "ex": 8.0}
_STEPS = {"M": 2, "L": 2, "T": 2, "H": 1, "V": 1, "S": 4, "Q": 4, "C": 6, "A": 7}


class Box(NamedTuple):
    """A rectangle: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Right minus left."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Bottom minus top."""
        return self.bottom - self.top

    @property
    def longest(self) -> float:
        """The longer side."""
        return max(self.width, self.height)

    def joined(self, other: Box | None) -> Box:
        """The smallest box around both."""
        if other is None:
            return self
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


class Matrix(NamedTuple):
    """An affine map: (x, y) to (a x + c y + e, b x + d y + f)."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def then_inner(self, m: Matrix) -> Matrix:
        """The product: `m` maps first, this one after it."""
        return Matrix(
            self.a * m.a + self.c * m.b,
            self.b * m.a + self.d * m.b,
            self.a * m.c + self.c * m.d,
            self.b * m.c + self.d * m.d,
            self.a * m.e + self.c * m.f + self.e,
            self.b * m.e + self.d * m.f + self.f,
        )

    def map_box(self, box: Box) -> Box:
        """The bounds of the mapped box."""
        xs = [self.a * x + self.c * y + self.e for x in (box.left, box.right) for y in (box.top, box.bottom)]
        ys = [self.b * x + self.d * y + self.f for x in (box.left, box.right) for y in (box.top, box.bottom)]
        return Box(min(xs), min(ys), max(xs), max(ys))

    @property
    def scale(self) -> float:
        """The largest factor by which it lengthens a line along an axis."""
        return max(math.hypot(self.a, self.b), math.hypot(self.c, self.d))


class Outline(NamedTuple):
    """What drawing a shape involves.

    Attributes:
        box: its bounds, control points included.
        length: of the control polygon, at least that of the curve.
        segments: how many lines, curves and arcs it has.
        end: where the pen is then, of a path.
        heading: where it goes then, in degrees clockwise from the right; roughly, for an arc.
    """

    box: Box
    length: float
    segments: int
    end: tuple[float, float] = (0.0, 0.0)
    heading: float = 0.0


Point = tuple[float, float]


class Segment(NamedTuple):
    """A part of path data.

    Attributes:
        kind: of the command, as a capital.
        start: where the pen is before.
        points: control points, as far as they are written, and where the pen is then.
        values: the numbers behind the command.
        margin: how far the curve may stray beyond the points.
    """

    kind: str
    start: Point
    points: list[Point]
    values: list[float]
    margin: float


def numbers(text: str) -> list[float]:
    """Every number in a text."""
    return [float(number) for number in _NUMBER.findall(text)]


def length(text: str | None, whole: float | None = None) -> float | None:
    """An SVG length in user units; None when it is none, or a percentage and `whole` is not given."""
    match = _LENGTH.fullmatch(text or "")
    if match is None:
        return None
    value, unit = float(match[1]), (match[2] or "px").lower()
    if unit == "%":
        return None if whole is None else value / 100 * whole
    factor = _PIXELS.get(unit)
    return value * factor if factor is not None and math.isfinite(value) else None


def whole_of(name: str, canvas: Box) -> float:
    """What a percentage of an attribute is a share of."""
    if name in ("y", "cy", "ry", "height", "y1", "y2"):
        return canvas.height
    return math.hypot(canvas.width, canvas.height) / math.sqrt(2) if name == "r" else canvas.width


def parse_transform(text: str) -> Matrix:
    """The product of a list of transform functions; what is not understood counts as identity."""
    product = Matrix()
    for name, arguments in _FUNCTION.findall(text):
        values = numbers(arguments)
        if not values:
            continue
        first, second = values[0], values[1] if len(values) > 1 else None
        step = Matrix()
        if name == "matrix" and len(values) == 6:
            step = Matrix(*values)
        elif name == "translate":
            step = Matrix(e=first, f=second or 0.0)
        elif name == "scale":
            step = Matrix(a=first, d=first if second is None else second)
        elif name == "rotate":
            cos, sin = math.cos(math.radians(first)), math.sin(math.radians(first))
            x, y = values[1:3] if len(values) == 3 else (0.0, 0.0)
            step = Matrix(cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y)
        elif name.startswith("skew"):
            slope = math.tan(math.radians(first))
            step = Matrix(c=slope) if name == "skewX" else Matrix(b=slope)
        product = product.then_inner(step)
    return product


def segments(data: str) -> Iterator[Segment]:
    """The parts of path data, one after another; a part that closes an outline leads back to its start."""
    at = start = (0.0, 0.0)
    for command, arguments in _COMMAND.findall(data):
        kind = command.upper()
        if kind == "Z":
            yield Segment(kind, at, [start], [], 0.0)
            at = start
            continue
        values = _arc_numbers(arguments) if kind == "A" else numbers(arguments)
        step = _STEPS[kind]
        for i in range(0, len(values) - step + 1, step):
            own = values[i : i + step]
            points, margin = _segment(kind, own, at, at if command.islower() else (0.0, 0.0))
            if kind == "M" and i == 0:
                at = start = points[0]
            yield Segment(kind, at, points, own, margin)
            at = points[-1]


def measure_path(data: str) -> Outline | None:
    """Bounds, length and segments of path data; None when nothing is drawn."""
    at = before = (0.0, 0.0)
    distance = 0.0
    count = 0
    xs: list[float] = []
    ys: list[float] = []
    for kind, start, points, _, margin in segments(data):
        at = start
        for x, y in points:
            distance += abs(x - at[0]) + abs(y - at[1]) + 4 * margin
            before, at = at, (x, y)
            if kind != "Z":
                xs += (x - margin, x + margin)
                ys += (y - margin, y + margin)
        count += kind != "Z"
    if not xs:
        return None
    heading = math.degrees(math.atan2(at[1] - before[1], at[0] - before[0]))
    return Outline(Box(min(xs), min(ys), max(xs), max(ys)), distance, count, at, heading)


def _arc_numbers(arguments: str) -> list[float]:
    values: list[float] = []
    position = 0
    while match := _ARC.match(arguments, position):
        values += map(float, match.groups())
        position = match.end()
    return values


def _segment(kind: str, values: list[float], at: Point, origin: Point) -> tuple[list[Point], float]:
    """The control and end points of one segment, and how far the curve may stray beyond them."""
    x, y = origin
    if kind == "H":
        return [(x + values[0], at[1])], 0.0
    if kind == "V":
        return [(at[0], y + values[0])], 0.0
    if kind == "A":
        end = (x + values[5], y + values[6])
        return [end], _arc_margin(math.dist(at, end), values[0], values[1], large=values[3] != 0)
    return [(x + values[j], y + values[j + 1]) for j in range(0, len(values), 2)], 0.0


def _arc_margin(chord: float, radius_x: float, radius_y: float, *, large: bool) -> float:
    """How far an elliptic arc can reach beyond its end points."""
    small, wide = sorted((abs(radius_x), abs(radius_y)))
    widest = 2 * max(wide, chord / 2)
    # An arc of at most half a turn stays within half its chord of the chord, stretched by the ellipse.
    return widest if large or small == 0 else min(widest, chord / 2 * wide / small)


def measure_shape(tag: str, attributes: dict[str, str], canvas: Box) -> Outline | None:
    """Bounds, length and segments of a basic shape, path or picture; None when nothing is drawn."""
    if tag == "path":
        return measure_path(attributes.get("d", ""))
    if tag in ("polyline", "polygon"):
        return measure_path("M" + attributes.get("points", ""))

    def value(name: str) -> float:
        return length(attributes.get(name), whole_of(name, canvas)) or 0.0

    if tag == "line":
        x1, y1, x2, y2 = value("x1"), value("y1"), value("x2"), value("y2")
        box = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        return Outline(box, box.width + box.height, 1)
    if tag in ("circle", "ellipse"):
        rx = value("r") or value("rx") or value("ry")
        ry = value("r") or value("ry") or value("rx")
        box = Box(value("cx") - rx, value("cy") - ry, value("cx") + rx, value("cy") + ry)
    elif tag in ("rect", "image"):
        box = Box(value("x"), value("y"), value("x") + value("width"), value("y") + value("height"))
    else:
        return None
    return Outline(box, 2 * (abs(box.width) + abs(box.height)), 4)
