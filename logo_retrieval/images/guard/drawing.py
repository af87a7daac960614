"""A clean SVG document: what the guard reads, changes, counts and writes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Element:
    """A clean SVG element.

    Attributes:
        tag: local name.
        attributes: clean values; a link is always under `href`.
        children: elements and, inside texts, strings.
        pixels: of the raster that an `image` embeds.
        size: of that picture by itself, in user units, where the raster that stands for it has another.
        style: the style attribute as it was, until `apply_styles` has dealt with it.
        animated: attributes and properties that animations have changed when they have ended.
    """

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)
    pixels: int = 0
    size: tuple[float, float] | None = None
    style: str = ""
    animated: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Drawing:
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
