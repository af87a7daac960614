"""How letters are set, said in letters and lengths that renderers know."""

from __future__ import annotations

import re

from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import length
from logo_retrieval.images.guard.values import style_of

CASE = "text-transform"
SPACE = "letter-spacing"
"""Properties; they are inherited."""

_FIRST_LETTER = re.compile(r"(?<![\w'\u2019])[^\W\d_]")


def set_in_case(element: Element, case: str, before: str = " ") -> str:
    """Writes a text as `text-transform` has it.

    Args:
        element: the text, or a part of it.
        case: that it inherits.
        before: the letter in front of it.

    Returns:
        Its last letter.
    """
    own = style_of(element.attributes).get(CASE, "inherit")
    case = case if own == "inherit" else own
    for place, child in enumerate(element.children):
        if isinstance(child, Element):
            before = set_in_case(child, case, before)
        elif child:
            element.children[place] = _in_case(child, case, before)
            before = child[-1]
    return before


def _in_case(text: str, case: str, before: str) -> str:
    if case == "capitalize":
        return _FIRST_LETTER.sub(lambda letter: letter[0].upper(), before + text)[len(before) :]
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
        attributes["style"] = ";".join(f"{name}:{value}" for name, value in {**style, SPACE: "0"}.items())
