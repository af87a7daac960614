"""The wall before any renderer: turns hostile SVG bytes into SVG text that is safe and affordable to draw.

Nothing of the input passes through: it is parsed with the standard library's expat, what is known is kept in a tree,
what drawing that tree takes is counted, and new text is written from it.
"""

from __future__ import annotations

import math
import zlib
from typing import NamedTuple

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import Box, length, numbers
from logo_retrieval.images.guard.loads import check_caps
from logo_retrieval.images.guard.rewrite import rewrite
from logo_retrieval.images.guard.tree import read_drawing
from logo_retrieval.images.guard.values import take_from_style
from logo_retrieval.images.inflate import GZIP, inflated
from logo_retrieval.images.sniff import wide_encoding

MAX_BYTES = 8_000_000
"""Of the text, unpacked."""

MAX_EXTENT = 1e7
MIN_EXTENT = 1e-4
MAX_STRETCH = 10.0

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_VALUE = _IN_TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})
_ALIGNED = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
_UNKNOWN_CANVAS = Box(0.0, 0.0, 300.0, 150.0)


class SafeSvg(NamedTuple):
    """A drawing that passed the guard.

    Attributes:
        text: a complete SVG document without declaration or document type.
        size: width and height in user units; None when the document has none and its drawing decides.
        has_text: whether it sets any type, so that fonts are needed.
        pixels: of all pictures inside it.
    """

    text: str
    size: tuple[float, float] | None
    has_text: bool
    pixels: float


def guard(data: bytes, *, nesting: int = 0) -> SafeSvg:
    """Rewrites SVG bytes (plain or gzipped, any encoding) as safe SVG text.

    Scripts, foreign content but for gradients that go round, event handlers and everything that names a file or a host
    are dropped; raster data inside the drawing stays; width and height are set from the view box, so that no size is
    absurd.

    Args:
        data: the bytes of the file.
        nesting: how many other drawings they lie in.

    Raises:
        UnreadableImage: too-large, unknown-format (no `svg` root), corrupt (not well formed, truncated gzip) or unsafe
            (it asks for too much).
    """
    try:
        return _guarded(_plain_text(data), nesting)
    except RecursionError:
        raise UnreadableImage("unsafe", "brackets in its styles nest too deep") from None


def _guarded(text: bytes, nesting: int) -> SafeSvg:
    drawing = read_drawing(text, nesting=nesting)
    drawing.root.attributes.pop("display", None)  # the outermost element is drawn all the same, as browsers do
    take_from_style(drawing.root.attributes, "display")
    view, pixels_per_unit = _normalise_root(drawing.root)
    canvas = view or _UNKNOWN_CANVAS
    rewrite(drawing, canvas, pixels_per_unit)
    if drawing.ground and view is not None:
        drawing.root.children.insert(0, _ground(drawing.ground, view))
    pixels = check_caps(drawing, canvas)
    parts: list[str] = []
    _write(drawing.root, ' xmlns="http://www.w3.org/2000/svg"', parts)
    attributes = drawing.root.attributes
    size = None if view is None else (float(attributes["width"]), float(attributes["height"]))
    return SafeSvg("".join(parts), size, "<text" in parts, pixels)


def _ground(colour: str, view: Box) -> Element:
    sides = {"x": view.left, "y": view.top, "width": view.width, "height": view.height}
    paint = {"fill": colour, "fill-opacity": "1", "stroke": "none"}
    return Element("rect", {**{name: f"{side:.9g}" for name, side in sides.items()}, **paint})


def _plain_text(data: bytes) -> bytes:
    whole = True
    if data.startswith(GZIP):
        try:
            data, whole = inflated(data, MAX_BYTES + 1)
        except zlib.error as error:
            raise UnreadableImage("corrupt", f"the gzip data is damaged: {error}") from None
        if data.startswith(GZIP):
            raise UnreadableImage("unsafe", "the gzip data holds gzip data again")
    if len(data) > MAX_BYTES:
        raise UnreadableImage("too-large", f"the SVG has more than {MAX_BYTES:,} bytes")
    if not whole:
        raise UnreadableImage("corrupt", "the gzip data is truncated")
    while data.startswith(_BYTE_ORDER_MARK):  # editors add one to another
        data = data.removeprefix(_BYTE_ORDER_MARK)
    return data.lstrip() if wide_encoding(data) is None else data


def _normalise_root(root: Element) -> tuple[Box | None, float]:
    """Sets width and height of the root to those of its view box.

    Returns:
        That box, None where nothing tells it, and how many pixels a user unit had in the size that the root claimed.
    """
    attributes = root.attributes
    width, height = (_extent(length(attributes.pop(name, None))) for name in ("width", "height"))
    view = _view_box(attributes.pop("viewBox", ""))
    if view is None:
        if width is None or height is None or max(width, height) > MAX_EXTENT:
            return None, 1.0
        view = Box(0.0, 0.0, width, height)
    if width is not None and height is not None:
        view = _sliced(view, attributes.get("preserveAspectRatio", "").split(), width / height)
    claims = ((width, view.width), (height, view.height))
    pixels_per_unit = min((side / units for side, units in claims if side is not None), default=1.0)
    if width is None or height is None or not _is_stretched(attributes, width / height * view.height / view.width):
        width, height = view.width, view.height
    scale = view.longest / max(width, height)
    attributes["width"], attributes["height"] = f"{width * scale:.9g}", f"{height * scale:.9g}"
    attributes["viewBox"] = f"{view.left:.9g} {view.top:.9g} {view.width:.9g} {view.height:.9g}"
    return view, pixels_per_unit


def _sliced(view: Box, words: list[str], aspect: float) -> Box:
    """What is seen of a view box when it is to fill a picture of another aspect."""
    if words[1:] != ["slice"] or not 1 / MAX_STRETCH <= aspect * view.height / view.width <= MAX_STRETCH:
        return view
    width, height = min(view.width, view.height * aspect), min(view.height, view.width / aspect)
    across, down = (_ALIGNED.get(words[0][at : at + 3], 0.5) for at in (1, 5))
    left, top = view.left + across * (view.width - width), view.top + down * (view.height - height)
    return Box(left, top, left + width, top + height)


def _is_stretched(attributes: dict[str, str], stretch: float) -> bool:
    """Whether a drawing is meant to be drawn in another aspect than its view box has."""
    return attributes.get("preserveAspectRatio", "").strip() == "none" and 1 / MAX_STRETCH <= stretch <= MAX_STRETCH


def _extent(value: float | None) -> float | None:
    return value if value is not None and 0 < value < math.inf else None


def _view_box(text: str) -> Box | None:
    values = numbers(text)
    if len(values) != 4 or not (values[2] > 0 and values[3] > 0) or "n" in text.lower():
        return None
    left, top, width, height = values
    if max(abs(left), abs(top), width, height) > MAX_EXTENT or max(width, height) < MIN_EXTENT:
        raise UnreadableImage("unsafe", f"the view box {text[:60]!r} is beyond any drawing")
    return Box(left, top, left + width, top + height)


def _write(element: Element, declaration: str, parts: list[str]) -> None:
    parts.append(f"<{element.tag}")
    parts.append(declaration)
    for name, value in element.attributes.items():
        if "&" in value or "<" in value or '"' in value or not value.isprintable():
            value = value.translate(_IN_VALUE)
        parts.append(f' {name}="{value}"')
    if not element.children:
        parts.append("/>")
        return
    parts.append(">")
    for child in element.children:
        if isinstance(child, str):
            parts.append(child.translate(_IN_TEXT))
        else:
            _write(child, "", parts)
    parts.append(f"</{element.tag}>")
