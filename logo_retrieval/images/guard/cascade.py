"""Decides what style each element has, as CSS does, so that a renderer sees one style attribute and no style sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from xml.etree.ElementTree import Element as Node

from logo_retrieval.images.guard.colours import COLOURED
from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.keyframes import left_behind, motion_of
from logo_retrieval.images.guard.links import link_in
from logo_retrieval.images.guard.properties import BACKGROUND, GEOMETRY, computed, is_odd
from logo_retrieval.images.guard.sheets import ANIMATED, INLINE, UNLAYERED, Declared, Sheets, declared_as
from logo_retrieval.images.guard.tokens import declarations
from logo_retrieval.images.guard.values import ATTRIBUTES, PROPERTIES, clean_value, put_style, take_from_style
from logo_retrieval.images.guard.variables import substituted

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_INHERITED = frozenset(("inherit", "unset", "revert", "revert-layer"))
_QUOTED = re.compile(r"[\\'\"{]")


def apply_styles(document: Node, elements: Mapping[int, Element], sheets: Sequence[str]) -> str:
    """Gives each element the style that its attributes and all style sheets make, without variables and odd colours.

    A declaration that is invalid does not count, and the one that it would have beaten does. What is drawn by `use`
    has its variables from the first `use` that draws it.

    Args:
        document: all elements as they were, those that are not drawn among them.
        elements: the clean element of each node, by the node's identity.
        sheets: texts that apply, in their order.

    Returns:
        The colour of the ground, empty where there is none.

    Raises:
        UnreadableImage: "unsafe" when there are too many selectors to try.
    """
    rules = Sheets(document)
    for text in sheets:
        rules.add(text)
    matched = rules.matches() if sheets else {}
    users = _first_uses(document)
    passed_on: dict[Node, Mapping[str, str]] = {}
    waiting: dict[Node, list[tuple[Node, Mapping[str, str]]]] = {}
    pending: list[tuple[Node, Mapping[str, str]]] = [(document, rules.registered)]
    while pending:
        node, known = pending.pop()
        user = users.get(node.get("id", ""))  # that must come first: what it draws has its variables
        if user is not None and user not in passed_on:
            waiting.setdefault(user, []).append((node, known))
        else:
            known = {**known, **passed_on[user]} if user is not None else known
            element = elements.get(id(node))
            if element is not None:
                _animate(element)
                known = _style(element, matched.get(id(node), []), known, rules)
            passed_on[node] = known
            pending += [(child, known) for child in reversed(node)]
            pending += waiting.pop(node, [])
        if not pending and waiting:  # what draws itself
            users = {}
            pending = [each for group in waiting.values() for each in group]
            waiting = {}
    return take_from_style(elements[id(document)].attributes, BACKGROUND) or ""


def _first_uses(document: Node) -> dict[str, Node]:
    """The first `use` of each identifier."""
    found: dict[str, Node] = {}
    for node in document.iter("use"):
        found.setdefault(link_in(node.attrib)[1:], node)
    found.pop("", None)
    return found


def _animate(element: Element) -> None:
    """Leaves an element as its animations do; what is no property is an attribute, and so is a transform."""
    for name, value in element.animated.items():
        if name in ATTRIBUTES and (name not in PROPERTIES or name == "transform"):
            clean = clean_value(name, value)
            if clean is not None:
                element.attributes[name] = clean


def _style(element: Element, matched: list[Declared], inherited: Mapping[str, str], rules: Sheets) -> Mapping[str, str]:
    """Sets the style of one element.

    Returns:
        What its children inherit: the variables, and the value of `color`.
    """
    attributes = element.attributes
    odd = [
        name
        for name in PROPERTIES & attributes.keys()
        if name in COLOURED or (name != "transform" and is_odd(attributes[name]))
    ]
    if not (matched or element.raw_style or element.animated or odd):
        return inherited
    numbers = count()
    declared = [*matched, *_inline(element.raw_style, numbers)]
    known = _variables(declared, inherited, rules)
    motion = [(each.name, each.value) for each in sorted(declared) if "animation" in each.name]
    if values := motion_of(motion):
        left = left_behind([substituted(value, known) or "" for value in values], rules.frames)
        declared += [Declared((False, ANIMATED, UNLAYERED, (), next(numbers)), name, value) for name, value in left]
    declared += [
        declared_as(name, value, ANIMATED, UNLAYERED, (), next(numbers))
        for name, value in element.animated.items()
        if name in PROPERTIES and name != "transform"  # which is that of the attribute, weaker than any style
    ]
    colour = _winners([each for each in declared if each.name == "color"], known).get("color")
    colour = colour or (computed("color", attributes.get("color", ""), known) or {}).get("color", "inherit")
    if colour != "inherit":
        known = {**known, "color": colour}
    for name in odd:
        found = computed(name, attributes[name], known)
        if found and found[name]:
            attributes[name] = found[name]
        else:
            del attributes[name]
    style = _winners(declared, known)
    for settled in (attributes, style):
        if "color" in settled:
            settled["color"] = colour
    for name in GEOMETRY.get(element.tag, frozenset()) & style.keys():
        attributes[name] = style.pop(name)
    put_style(attributes, style)
    return known


def _winners(declared: Sequence[Declared], known: Mapping[str, str]) -> dict[str, str]:
    """The value of each property: that of the strongest declaration that is valid."""
    style: dict[str, str] = {}
    decided: set[str] = set()
    rolled_back: set[tuple[str, object]] = set()
    for each in sorted(declared, reverse=True):
        of_layer = each.name, each.rank[:3]
        if each.value.lower() == "revert-layer" and each.name not in decided:
            rolled_back.add(of_layer)
        if of_layer in rolled_back:
            continue
        found = computed(each.name, each.value, known)
        for name, value in (found or {}).items():
            if name not in decided:
                decided.add(name)
                if value:
                    style[name] = value
    return dict(reversed(style.items()))


def _inline(text: str, numbers: Iterator[int]) -> Iterator[Declared]:
    if _QUOTED.search(text):
        pairs = declarations(text)
    else:
        parts = (declaration.partition(":") for declaration in _COMMENT.sub("", text).split(";"))
        pairs = [(name, value) for name, _, value in parts]
    for name, value in pairs:
        if value.strip():
            yield declared_as(name.strip(), value.strip(), INLINE, UNLAYERED, (), next(numbers))


def _variables(declared: Sequence[Declared], inherited: Mapping[str, str], rules: Sheets) -> Mapping[str, str]:
    """The variables of an element, with others in them put in where they are declared, not where they are used.

    One that is `initial`, that needs an unknown one or that leads to itself is as if it had not been declared.
    """
    here = {each.name: each.value for each in sorted(declared) if each.name.startswith("--")}
    if not here and not rules.own_alone:
        return inherited
    fresh = {name: value for name, value in here.items() if value.lower() not in _INHERITED}
    merged = {**inherited, **rules.own_alone, **fresh}
    known = {name: value for name, value in merged.items() if value.lower() != "initial"}
    resolved = {name: substituted(known[name], known) for name in here if name in known}
    return {name: value for name, value in {**known, **resolved}.items() if value is not None}
