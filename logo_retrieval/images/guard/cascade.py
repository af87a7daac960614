"""Decides what style each element has, as CSS does, so that a renderer sees one style attribute and no style sheet."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree.ElementTree import Element as Node

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.colours import COLOURED, paint
from logo_retrieval.images.guard.values import PROPERTIES, clean_value, font_shorthand

if TYPE_CHECKING:
    from logo_retrieval.images.guard.tree import Element

MAX_SELECTORS = 10_000
MAX_TRIES = 400_000
"""Of a selector on an element, all together."""

_LONGEST_VALUE = 4096
_DEEPEST_VARIABLE = 16
_SCREEN_PX = 1000.0
_MEDIA = {
    "prefers-color-scheme": "light",
    "prefers-reduced-motion": "no-preference",
    "prefers-contrast": "no-preference",
    "forced-colors": "none",
    "inverted-colors": "none",
    "update": "fast",
    "scripting": "none",
}
_FEATURE = re.compile(r"\(([^()]*)\)")
_IMPORTANT = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_MOTION = ("animation", "animation-name", "animation-fill-mode", "animation-iteration-count")
_UNLAYERED = 1 << 20


class Declared(NamedTuple):
    """A declaration somewhere, raw.

    Attributes:
        rank: by which it wins: importance, origin, layer, specificity, order; the greatest wins.
        name: of a property or a variable.
        value: without `!important`.
    """

    rank: tuple[bool, int, int, tuple[int, ...], int]
    name: str
    value: str


_SHEET, _INLINE, _ANIMATED = range(3)
"""Origins, the later the stronger."""


def apply_styles(
    root: Element, document: Node, elements: Mapping[int, Element], sheets: Sequence[str]
) -> None:
    """Gives each element the style that its attributes and all style sheets make, without variables and odd colours.

    Args:
        root: of the clean tree.
        document: of all elements as they were, in the same order, those that are not drawn among them.
        elements: the clean element of each node, by the node's identity.
        sheets: texts that apply, in their order.

    Raises:
        UnreadableImage: "unsafe" when there are too many selectors to try.
    """
    sheet = _Sheet()
    for text in sheets:
        sheet.add(text)
    matched = sheet.matches(document) if sheet.selectors else {}
    variables: dict[int, Mapping[str, str]] = {}
    pending: list[tuple[Node, Mapping[str, str]]] = [(document, {})]
    while pending:
        node, inherited = pending.pop()
        element = elements.get(id(node))
        known = inherited
        if element is not None:
            known = _style(element, matched.get(id(node), []), inherited, sheet)
        pending += [(child, known) for child in reversed(node)]


def _style(
    element: Element, declared: list[Declared], inherited: Mapping[str, str], sheet: _Sheet
) -> Mapping[str, str]:
    """Sets the style of one element; returns the variables that its children inherit."""
    inline = element.style
    if not declared and not inline and not element.animated and not any("(" in value for value in _paints(element)):
        return inherited  # nothing to decide
    numbers = count()
    declared = [*declared, *_inline(inline, numbers)]
    known = _variables(declared, inherited)
    declared += sheet.end_of_motion(declared, known)
    declared += [
        Declared((False, _ANIMATED, 0, (), place), name, value) for place, (name, value) in enumerate(element.animated)
    ]
    by_name: dict[str, list[Declared]] = {}
    for each in sorted(declared):
        by_name.setdefault(each.name, []).append(each)
    style = {}
    for name, candidates in by_name.items():
        for each in reversed(candidates):
            found = computed(name, each.value, known)
            if found is not None:
                style.update(found)
                break
    for name in _PAINTED & element.attributes.keys():
        value = computed(name, element.attributes[name], known)
        if value and value[name]:
            element.attributes[name] = value[name]
        else:
            del element.attributes[name]
    element.attributes.pop("style", None)
    text = ";".join(f"{name}:{value}" for name, value in style.items() if value)
    if text:
        element.attributes["style"] = text
    return known


_PAINTED = COLOURED | {"opacity", "fill-opacity", "stroke-opacity", "stop-opacity", "display", "visibility"}


def _paints(element: Element) -> Iterator[str]:
    return (element.attributes[name] for name in _PAINTED & element.attributes.keys())


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
            yield _declared(name, value.strip(), _INLINE, 0, (), next(numbers))


def _declared(name: str, value: str, origin: int, layer: int, specificity: tuple[int, ...], number: int) -> Declared:
    important = _IMPORTANT.search(value) is not None
    name = name if name.startswith("--") else name.lower()
    return Declared((important, origin, layer, specificity, number), name, _IMPORTANT.sub("", value))


def _variables(declared: Sequence[Declared], inherited: Mapping[str, str]) -> Mapping[str, str]:
    own = {each.name: each.value for each in sorted(declared) if each.name.startswith("--")}
    return {**inherited, **own} if own else inherited


class _Sheet:
    """All style sheets of a document."""

    def __init__(self) -> None:
        self.selectors: list[tuple[Any, int, list[tuple[str, str]]]] = []
        self._frames: dict[str, list[tuple[float, list[tuple[str, str]]]]] = {}
        self._layers: dict[str, int] = {}

    def add(self, text: str) -> None:
        """Reads one more text."""
        import tinycss2

        text = text.replace("<!--", "").replace("-->", "")
        self._add(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), _UNLAYERED)

    def _add(self, rules: Sequence[Any], layer: int) -> None:
        import tinycss2

        for rule in rules:
            if rule.type == "qualified-rule":
                self._add_rule(rule, layer)
            elif rule.type == "at-rule" and rule.content is not None:
                prelude, keyword = tinycss2.serialize(rule.prelude).strip(), rule.lower_at_keyword
                if keyword.endswith("keyframes"):
                    self._frames[prelude.strip("\"'")] = _frames(rule.content)
                    continue
                applies = {"media": media_applies, "supports": _is_supported}.get(keyword)
                if (applies is not None and applies(prelude)) or keyword == "layer":
                    inner = self._layer(prelude) if keyword == "layer" else layer
                    content = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                    self._add(content, inner)
            elif rule.type == "at-rule" and rule.lower_at_keyword == "layer":
                for name in tinycss2.serialize(rule.prelude).split(","):
                    self._layer(name.strip())

    def _layer(self, name: str) -> int:
        return self._layers.setdefault(name or f"({len(self._layers)})", len(self._layers))

    def _add_rule(self, rule: Any, layer: int) -> None:  # noqa: ANN401 - tinycss2 has no types
        import cssselect2
        from cssselect2.parser import SelectorError

        declarations = _declarations(rule.content)
        for part in _split_at_commas(rule.prelude):
            try:
                (selector,) = cssselect2.compile_selector_list(part)
            except (SelectorError, ValueError):
                continue  # a browser would drop the whole rule; a drawing is better served by its other selectors
            if selector.pseudo_element is None:
                self.selectors.append((selector, layer, declarations))
                self.tries.append(_descents(part))
        if len(self.selectors) > MAX_SELECTORS:
            raise UnreadableImage("unsafe", f"the style sheets have more than {MAX_SELECTORS} selectors")

    @property
    def tries(self) -> list[int]:
        raise NotImplementedError
