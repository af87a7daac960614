"""Reads style sheets: which rules apply on a light screen, to which elements, and in which order they win."""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element as Node

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.conditions import CONDITIONS
from logo_retrieval.images.guard.keyframes import Frames, frames_of
from logo_retrieval.images.guard.rules import imported, names_in, nested, understood
from logo_retrieval.images.guard.tokens import declarations, raw, split_at_commas

MAX_SELECTORS = 3_000
MAX_TRIES = 400_000
"""Of a selector, and of a declaration, on an element, all together."""

_IMPORTANT = re.compile(r"(?<!\s)\s*!\s*important\s*$", re.IGNORECASE)
_LAST = 1 << 20
_DEEPEST_RULE = 8
_ESCAPE = re.compile(r"\\(?:[0-9a-f]{1,6}\s?|.)", re.IGNORECASE | re.DOTALL)
_OF_BROWSERS = re.compile(r":(?:host|defined|-webkit-)", re.IGNORECASE)
_DESCENT = re.compile(r"(?<![\s>+~,(])\s+(?![\s>+~,)])")
_OF_SIBLINGS = re.compile(r"~(?!=)|-of-type|:has\(")


Layer = tuple[int, ...]
"""Places in the order of layers, from the outermost in: the greater, the stronger. What is in none comes last."""

UNLAYERED: Layer = (_LAST,)


class Declared(NamedTuple):
    """A declaration somewhere, raw.

    Attributes:
        rank: by which it wins: importance, origin, layer, specificity, order; the greatest wins.
        name: of a property or a variable.
        value: without `!important`.
    """

    rank: tuple[bool, int, Layer, tuple[int, ...], int]
    name: str
    value: str


SHEET, INLINE, ANIMATED = range(3)
"""Origins, the later the stronger."""


def declared_as(
    name: str, value: str, origin: int, layer: Layer, specificity: tuple[int, ...], number: int
) -> Declared:
    """A declaration with its rank; among important ones the first layer is the strongest."""
    important = _IMPORTANT.search(value) is not None
    if important:
        layer = tuple(-place for place in layer)
    name = name if name.startswith("--") else name.lower()
    return Declared((important, origin, layer, specificity, number), name, _IMPORTANT.sub("", value))


class _Rule(NamedTuple):
    """A selector and what it declares.

    Attributes:
        selector: as cssselect2 compiles it.
        layer: it is in.
        declarations: raw.
        ancestors: how many combinators let a matcher try every ancestor.
        siblings: how many parts let it try every sibling.
    """

    selector: Any
    layer: Layer
    declarations: list[tuple[str, str]]
    ancestors: int
    siblings: int


class Sheets:
    """All style sheets of a document.

    Attributes:
        rules: that apply.
        registered: variables with the values that they have at first.
        own_alone: those of them that are not inherited.
        frames: the keyframes, by name.
    """

    def __init__(self, document: Node) -> None:
        """None yet, for a document."""
        self._document = document
        self._names: Counter[str] | None = None
        self.rules: list[_Rule] = []
        self.registered: dict[str, str] = {}
        self.own_alone: dict[str, str] = {}
        self.frames: dict[str, Frames] = {}
        self._unprefixed: set[str] = set()
        self._layers: dict[tuple[str, ...], int] = {}
        self._prefixes = {"*"}

    def add(self, text: str) -> None:
        """Reads one more text; what nests too deep to be read is left out."""
        with contextlib.suppress(RecursionError):
            self._add_text(text, (), 0)

    def _add_text(self, text: str, layer: tuple[str, ...], depth: int) -> None:
        import tinycss2

        text = text.replace("<!--", "").replace("-->", "")
        rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        self._add(rules, "", layer, depth)

    def _add(self, rules: Sequence[Any], parent: str, layer: tuple[str, ...], depth: int) -> None:
        """Adds rules and, inside a rule of that selector, its declarations."""
        run: list[tuple[str, str]] = []
        for rule in rules:
            if rule.type == "declaration":
                run.append(raw(rule))
                continue
            self._add_rule(parent, run, layer)
            run = []
            if rule.type == "qualified-rule" and depth < _DEEPEST_RULE:
                selector = nested(rule.prelude, parent, self._prefixes)
                self._add(_contents(rule), selector, layer, depth + 1)
            elif rule.type == "at-rule" and depth < _DEEPEST_RULE:
                self._add_at_rule(rule, parent, layer, depth + 1)
        self._add_rule(parent, run, layer)

    def _add_at_rule(self, rule: Any, parent: str, layer: tuple[str, ...], depth: int) -> None:  # noqa: ANN401
        import tinycss2

        prelude, keyword = tinycss2.serialize(rule.prelude).strip(), rule.lower_at_keyword
        if rule.content is None:
            self._add_statement(keyword, rule.prelude, layer, depth)
        elif keyword in ("keyframes", "-webkit-keyframes"):
            self._add_frames(keyword, prelude.strip("\"'"), rule.content)
        elif keyword == "property":
            self._register(prelude, dict(declarations(rule.content)))
        elif keyword == "layer":
            self._add(_contents(rule, parent), parent, self._inner(layer, prelude), depth)
        elif keyword == "scope":
            roots = next((tinycss2.serialize(token.content) for token in rule.prelude if token.type == "() block"), "")
            self._add(_contents(rule), f":where({roots or ':root'})", layer, depth)
        elif keyword in CONDITIONS and CONDITIONS[keyword](prelude):
            self._add(_contents(rule, parent), parent, layer, depth)

    def _add_statement(self, keyword: str, prelude: Sequence[Any], layer: tuple[str, ...], depth: int) -> None:
        import tinycss2

        if keyword == "import" and (found := imported(prelude)) is not None:
            text, name = found
            self._add_text(text, layer if name is None else self._inner(layer, name), depth)
        elif keyword == "namespace":
            self._prefixes.update(token.value for token in prelude if token.type == "ident")
        elif keyword == "layer":
            for name in tinycss2.serialize(prelude).split(","):
                self._place(self._inner(layer, name))

    def _add_frames(self, keyword: str, name: str, content: Sequence[Any]) -> None:
        """Those with the prefix of old browsers count where there are no others."""
        if keyword == "keyframes" or name not in self._unprefixed:
            self.frames[name] = frames_of(content)
        if keyword == "keyframes":
            self._unprefixed.add(name)

    def _inner(self, layer: tuple[str, ...], name: str) -> tuple[str, ...]:
        """A layer in a layer; one without a name is like no other."""
        return (*layer, *(name.strip() or f"({len(self._layers)})").split("."))

    def _register(self, name: str, about: dict[str, str]) -> None:
        if "initial-value" in about:
            self.registered[name] = about["initial-value"]
            if about.get("inherits", "").lower() == "false":
                self.own_alone[name] = about["initial-value"]

    def _place(self, layer: tuple[str, ...]) -> Layer:
        """A layer's place in their order, inside what it is nested in; it is set when the layer is first named."""
        outer = [layer[: depth + 1] for depth in range(len(layer))]
        return (*(self._layers.setdefault(name, len(self._layers)) for name in outer), _LAST)

    def _add_rule(self, selectors: str, declared: list[tuple[str, str]], layer: tuple[str, ...]) -> None:
        import cssselect2
        import tinycss2

        if not declared or not selectors:
            return
        place = self._place(layer)
        compiled: list[_Rule] = []
        parts = list(split_at_commas(tinycss2.parse_component_value_list(selectors)))
        if not any(names_in(part) <= self._known_names().keys() for part in parts):
            return  # what a framework declares for others
        for part in parts:
            text = understood(part)
            if len(self.rules) + len(compiled) >= MAX_SELECTORS:
                raise UnreadableImage("unsafe", f"the style sheets have more than {MAX_SELECTORS} selectors")
            try:
                (selector,) = cssselect2.compile_selector_list(text)
            except Exception:  # the parsers raise errors of many kinds, AttributeError for `:nth-child(2n+)`
                if _OF_BROWSERS.search(text):
                    continue  # it matches nothing here
                return  # one that nobody understands takes those beside it along
            if selector.pseudo_element is None:
                text = _ESCAPE.sub("x", text.lower())
                ways = len(_DESCENT.findall(text)), len(_OF_SIBLINGS.findall(text))
                compiled.append(_Rule(selector, place, declared, *ways))
        self.rules += compiled

    def _known_names(self) -> Counter[str]:
        """How often the document has each name of an element, a class or an identifier."""
        if self._names is None:
            self._names = Counter()
            for node in self._document.iter():
                classes = (f".{name}" for name in (node.get("class") or "").split())
                self._names.update([node.tag, f"#{node.get('id')}", *classes])
        return self._names

    def matches(self) -> dict[int, list[Declared]]:
        """What is declared for each node, by its identity.

        Raises:
            UnreadableImage: "unsafe" when it would take too long.
        """
        import cssselect2

        self._check_tries()
        matcher = cssselect2.Matcher()
        for rule in self.rules:
            matcher.add_selector(rule.selector, rule)
        found = {}
        for wrapper in cssselect2.ElementWrapper.from_xml_root(self._document).iter_subtree():
            declared = [
                declared_as(name, value, SHEET, rule.layer, specificity, 1000 * order + place)
                for specificity, order, _, rule in matcher.match(wrapper)
                for place, (name, value) in enumerate(rule.declarations)
            ]
            if declared:
                found[id(wrapper.etree_element)] = declared
        return found

    def _check_tries(self) -> None:
        nodes, depth = 0, 1
        keys = self._known_names()
        pending = [(self._document, 1)]
        while pending:
            node, level = pending.pop()
            nodes, depth = nodes + 1, max(depth, level)
            pending += [(child, level + 1) for child in node]
        tries = 0
        for rule in self.rules:
            one = rule.selector
            key = f"#{one.id}" if one.id else f".{one.class_name}" if one.class_name else one.local_name
            asked = keys[key] if key else nodes
            once = math.comb(depth, min(rule.ancestors, depth // 2)) * nodes ** min(rule.siblings, 2)
            tries += asked * (once + len(rule.declarations))
            if tries > MAX_TRIES:
                raise UnreadableImage("unsafe", "the selectors of the style sheets take too long to try")


def _contents(rule: Any, parent: str | None = None) -> Sequence[Any]:  # noqa: ANN401
    """The rules in a rule; its declarations, too, unless the rule is no style rule, nor in one."""
    import tinycss2

    parse = tinycss2.parse_rule_list if parent == "" else tinycss2.parse_blocks_contents
    return parse(rule.content, skip_comments=True, skip_whitespace=True)  # type: ignore[no-any-return]
