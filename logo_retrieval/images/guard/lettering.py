"""How letters are set, said in letters and lengths that renderers know."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import length, numbers
from logo_retrieval.images.guard.values import put_style, style_of

CASE = "text-transform"
SPACE = "letter-spacing"
STYLE = "font-style"
"""Properties; they are inherited."""

_SLOPE = math.tan(math.radians(12))
"""Of the italics of Liberation Sans, which are its upright letters slanted."""

_FIRST_LETTER = re.compile(r"(?<![\w'\u2019])[^\W\d_]")
_IN_A_WORD = re.compile(r"[\w'\u2019]")


def case_of(style: Mapping[str, str], inherited: str) -> str:
    """The `text-transform` that holds for an element of a style; as an attribute it says nothing."""
    own = style.get(CASE, "inherit")
    return inherited if own == "inherit" else own


def set_in_case(element: Element, case: str, before: str = " ") -> str:
    """Writes a text as `text-transform` has it.

    Args:
        element: the text, or a part of it.
        case: that it inherits.
        before: the letter in front of it.

    Returns:
        Its last letter.
    """
    case = case_of(style_of(element.attributes), case)
    for place, child in enumerate(element.children):
        if isinstance(child, Element):
            before = set_in_case(child, case, before)
        elif child:
            element.children[place] = _in_case(child, case, before)
            before = child[-1]
    return before


def _in_case(text: str, case: str, before: str) -> str:
    if case == "capitalize":
        beside = "0" if _IN_A_WORD.fullmatch(before) else " "  # no letter that would be changed itself
        return _FIRST_LETTER.sub(lambda letter: letter[0].upper(), beside + text)[1:]
    return text.upper() if case == "uppercase" else text.lower() if case == "lowercase" else text


def space_by_length(element: Element, inherited: str) -> None:
    """Leaves the space between the letters of a text of a claimed length to that length, which holds one at the end.

    Args:
        element: the text, or a part of it.
        inherited: the space that it inherits.
    """
    attributes = element.attributes
    whole = length(attributes.get("textLength"))
    if whole is None or attributes.get("lengthAdjust") == "spacingAndGlyphs":
        return
    style = style_of(attributes)
    own = style.get(SPACE, attributes.get(SPACE, "inherit"))
    space = length(inherited if own == "inherit" else own) or 0.0
    if 0 < space < whole:
        attributes["textLength"] = f"{whole - space:.9g}"
        put_style(attributes, {**style, SPACE: "0"})


def slant(text: Element, style: str) -> None:
    """Slants a line of text in italics, for which there is no face.

    Parts of a line, several lines and text on a path stay upright.

    Args:
        text: whose transform is settled.
        style: its `font-style`.
    """
    parts = [text, *_parts(text)]
    heights = {height for part in parts for height in numbers(part.attributes.get("y", ""))}
    is_one_line = len(heights) < 2 and not any(map(_begins_lower, parts[1:]))
    if style not in ("italic", "oblique") or not is_one_line or any(part.tag == "textPath" for part in parts):
        return
    (moved,) = numbers(text.attributes.get("dy", ""))[:1] or (0.0,)
    height = max(heights, default=0.0) + moved
    before = text.attributes.get("transform", "")
    text.attributes["transform"] = f"{before} matrix(1 0 {-_SLOPE:.9g} 1 {_SLOPE * height:.9g} 0)".strip()


def _begins_lower(part: Element) -> bool:
    """Whether a part begins a line of its own, which is said without its height."""
    return "x" in part.attributes and any(numbers(part.attributes.get("dy", "")))


def _parts(text: Element) -> Iterator[Element]:
    for child in text.children:
        if isinstance(child, Element):
            yield child
            yield from _parts(child)
