"""Decides what style each element has, as CSS does, so that a renderer sees one style attribute and no style sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element as Node

from logo_retrieval.images.guard.colours import COLOURED, SYSTEM_COLOURS, paint
from logo_retrieval.images.guard.sheets import ANIMATED, INLINE, Declared, Sheets, declared_as
from logo_retrieval.images.guard.values import ATTRIBUTES, PROPERTIES, clean_value, font_shorthand

if TYPE_CHECKING:
    from logo_retrieval.images.guard.tree import Element

_LONGEST_VALUE = 4096
_DEEPEST_VARIABLE = 16
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_MOTION = ("animation", "animation-name", "animation-fill-mode", "animation-iteration-count")


def apply_styles(document: Node, elements: Mapping[int, Element], sheets: Sequence[str]) -> None:
    """Gives each element the style that its attributes and all style sheets make, without variables and odd colours.

    A declaration that is invalid does not count, and the one that it would have beaten does.

    Args:
        document: all elements as they were, those that are not drawn among them.
        elements: the clean element of each node, by the node's identity.
        sheets: texts that apply, in their order.

    Raises:
        UnreadableImage: "unsafe" when there are too many selectors to try.
    """
    rules = Sheets()
    for text in sheets:
        rules.add(text)
    matched = rules.matches(document) if sheets else {}
    pending: list[tuple[Node, Mapping[str, str]]] = [(document, {})]
    while pending:
        node, variables = pending.pop()
        element = elements.get(id(node))
        if element is not None:
            _animate(element)
            variables = _style(element, matched.get(id(node), []), variables, rules)
        pending += [(child, variables) for child in reversed(node)]


def _animate(element: Element) -> None:
    """Leaves an element as its animations do; what is no property is an attribute, and so is a transform."""
    for name, value in element.animated:
        if name in ATTRIBUTES and (name not in PROPERTIES or name == "transform"):
            clean = clean_value(name, value)
            if clean is not None:
                element.attributes[name] = clean


def _style(element: Element, matched: list[Declared], inherited: Mapping[str, str], rules: Sheets) -> Mapping[str, str]:
    """Sets the style of one element; returns the variables that its children inherit."""
    attributes = element.attributes
    functions = [
        name
        for name in PROPERTIES & attributes.keys()
        if name != "transform" and ("(" in attributes[name] or attributes[name].lower() in SYSTEM_COLOURS)
    ]
    if not (matched or element.style or element.animated or functions):
        return inherited
    numbers = count()
    declared = [*matched, *_inline(element.style, numbers)]
    known = _variables(declared, inherited)
    motion = {each.name: each.value for each in sorted(declared) if each.name in _MOTION}
    if motion:
        values = (substituted(value, known) or "" for value in motion.values())
        declared += rules.end_of_motion(" ".join(values))
    declared += [
        declared_as(name, value, ANIMATED, 0, (), next(numbers))
        for name, value in element.animated
        if name in PROPERTIES
    ]
    for name in functions:
        found = computed(name, attributes[name], known)
        if found and found[name]:
            attributes[name] = found[name]
        else:
            del attributes[name]
    style = _winners(declared, known)
    attributes["style"] = ";".join(f"{name}:{value}" for name, value in style.items())
    if not style:
        del attributes["style"]
    return known


def _winners(declared: Sequence[Declared], variables: Mapping[str, str]) -> dict[str, str]:
    """The value of each property: that of the strongest declaration that is valid."""
    style: dict[str, str] = {}
    decided: set[str] = set()
    for each in sorted(declared, reverse=True):
        found = computed(each.name, each.value, variables)
        for name, value in (found or {}).items():
            if name not in decided:
                decided.add(name)
                if value:
                    style[name] = value
    return dict(reversed(style.items()))


def computed(name: str, value: str, variables: Mapping[str, str]) -> dict[str, str] | None:
    """A declaration as a renderer may have it, a shorthand as its parts; None when it is invalid and does not count."""
    if "var(" in value:
        resolved = substituted(value, variables)
        if resolved is None:
            return {name: ""}  # invalid at computed-value time: as if nothing had been declared
        value = resolved
    if name == "font":
        return dict(font_shorthand(value)) or None
    if name not in PROPERTIES or not value:
        return None
    clean = clean_value(name, value)
    if clean is not None and name in COLOURED:
        clean = paint(clean)
    return None if clean is None else {name: clean}


def substituted(value: str, variables: Mapping[str, str], depth: int = 0) -> str | None:
    """A value with its variables put in, or the fallbacks of those that are not known; None where that fails.

    >>> substituted("var(--a, #08f) var(--b)", {"--b": "var(--c,1)"})
    '#08f 1'
    """
    if depth > _DEEPEST_VARIABLE or len(value) > _LONGEST_VALUE:
        return None
    start = value.find("var(")
    if start < 0:
        return value
    end = _closing(value, start + 3)
    if end < 0:
        return None
    name, comma, fallback = value[start + 4 : end].partition(",")
    found = variables.get(name.strip())
    inner = substituted(found, variables, depth + 1) if found is not None else None
    if inner is None and comma:
        inner = substituted(fallback.strip(), variables, depth + 1)
    if inner is None:
        return None
    return substituted(value[:start] + inner + value[end + 1 :], variables, depth + 1)


def _closing(text: str, opening: int) -> int:
    """The bracket that closes one; -1 where none does."""
    open_ones = 0
    for place in range(opening, len(text)):
        open_ones += (text[place] == "(") - (text[place] == ")")
        if open_ones == 0:
            return place
    return -1


def _inline(text: str, numbers: Iterator[int]) -> Iterator[Declared]:
    for declaration in _COMMENT.sub("", text).split(";"):
        name, _, value = declaration.partition(":")
        name = name.strip()
        if value.strip():
            yield declared_as(name, value.strip(), INLINE, 0, (), next(numbers))


def _variables(declared: Sequence[Declared], inherited: Mapping[str, str]) -> Mapping[str, str]:
    own = {each.name: each.value for each in sorted(declared) if each.name.startswith("--")}
    return {**inherited, **own} if own else inherited
