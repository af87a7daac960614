"""A clean SVG document: what the guard reads, changes, counts and writes."""

from __future__ import annotations

from typing import NamedTuple

from logo_retrieval.images.guard.geometry import Box


class Extent(NamedTuple):
    """What an element draws.

    Attributes:
        box: its bounds in the element's own units; None when it draws nothing whose bounds are known.
        line: how wide the widest line is whose width is said; 0 when none is.
    """

    box: Box | None
    line: float


class Element:
    """A clean SVG element.

    Attributes:
        tag: local name.
        attributes: clean values; a link is always under `href`.
        children: elements and, inside texts, strings.
        pixels: of the raster that an `image` embeds.
        size: of that picture by itself, in user units, where the raster that stands for it has another.
        raw_style: the style attribute as it was; `apply_styles` puts what counts of it into `attributes`.
        animated: attributes and properties that animations have changed when they have ended.
        extent: what it draws, once that has been looked at.
    """

    __slots__ = ("animated", "attributes", "children", "extent", "pixels", "raw_style", "size", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], children: list[Element | str] | None = None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children = [] if children is None else children
        self.pixels = 0
        self.size: tuple[float, float] | None = None
        self.raw_style = ""
        self.animated: dict[str, str] = {}
        self.extent: Extent | None = None


class Drawing(NamedTuple):
    """A clean SVG document.

    Attributes:
        root: its `svg` element.
        by_id: the first element with each id; later ones have lost theirs.
        elements: how many elements there are.
        depth: how deep they nest.
        ground: the colour below all of them, empty where there is none.
    """

    root: Element
    by_id: dict[str, Element]
    elements: int
    depth: int
    ground: str


def define(drawing: Drawing, element: Element) -> str:
    """Adds to a drawing what others are to name, and returns the id that it gets."""
    identifier = f"{element.tag}-{len(drawing.by_id)}-{len(drawing.root.children)}"
    element.attributes["id"] = identifier
    drawing.root.children.append(element)
    drawing.by_id[identifier] = element
    return identifier
