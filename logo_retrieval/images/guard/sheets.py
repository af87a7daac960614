"""Reads style sheets: which rules apply on a light screen, to which elements, and in which order they win."""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element as Node

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.animation import Frames, at_end

MAX_SELECTORS = 3_000
MAX_TRIES = 400_000
"""Of a selector, and of a declaration, on an element, all together."""

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
_UNLAYERED = 1 << 20
_DEEPEST_RULE = 8
_LONGEST_SELECTOR = 500
_REFUSED = re.compile(r":has\(|\\", re.IGNORECASE)
_DESCENT = re.compile(r"(?<![\s>+~,(])\s+(?![\s>+~,)])")
_OF_SIBLINGS = re.compile(r"~(?!=)|-of-type")


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


SHEET, INLINE, ANIMATED = range(3)
"""Origins, the later the stronger."""


def declared_as(name: str, value: str, origin: int, layer: int, specificity: tuple[int, ...], number: int) -> Declared:
    """A declaration with its rank."""
    important = _IMPORTANT.search(value) is not None
    name = name if name.startswith("--") else name.lower()
    return Declared((important, origin, layer, specificity, number), name, _IMPORTANT.sub("", value))


class _Rule(NamedTuple):
    """A selector and what it declares.

    Attributes:
        selector: as cssselect2 compiles it.
        layer: the later, the stronger; what is in no layer is stronger than all.
        declarations: raw.
        ancestors: how many combinators let a matcher try every ancestor.
        siblings: how many parts let it try every sibling.
    """

    selector: Any
    layer: int
    declarations: list[tuple[str, str]]
    ancestors: int
    siblings: int


class Sheets:
    """All style sheets of a document."""

    def __init__(self) -> None:
        self.rules: list[_Rule] = []
        self._frames: dict[str, Frames] = {}
        self._layers: dict[str, int] = {}

    def add(self, text: str) -> None:
        """Reads one more text; what nests too deep to be read is left out."""
        import tinycss2

        text = text.replace("<!--", "").replace("-->", "")
        with contextlib.suppress(RecursionError):
            self._add(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), _UNLAYERED, 0)

    def _add(self, rules: Sequence[Any], layer: int, depth: int) -> None:
        import tinycss2

        for rule in rules:
            if rule.type == "qualified-rule":
                self._add_rule(rule, layer)
            if rule.type != "at-rule":
                continue
            prelude, keyword = tinycss2.serialize(rule.prelude).strip(), rule.lower_at_keyword
            if keyword == "layer" and rule.content is None:
                for name in prelude.split(","):
                    self._layer(name.strip())
            elif rule.content is None or depth == _DEEPEST_RULE:
                continue
            elif keyword.endswith("keyframes"):
                self._frames[prelude.strip("\"'")] = _frames(rule.content)
            elif keyword == "layer" or (keyword in CONDITIONS and CONDITIONS[keyword](prelude)):
                inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                self._add(inner, self._layer(prelude) if keyword == "layer" else layer, depth + 1)

    def _layer(self, name: str) -> int:
        return self._layers.setdefault(name or f"({len(self._layers)})", len(self._layers))

    def _add_rule(self, rule: Any, layer: int) -> None:  # noqa: ANN401 - tinycss2 has no types
        import cssselect2
        import tinycss2

        declared = _declarations(rule.content)
        for part in _split_at_commas(rule.prelude):
            text = tinycss2.serialize(part).strip()
            if len(self.rules) >= MAX_SELECTORS:
                raise UnreadableImage("unsafe", f"the style sheets have more than {MAX_SELECTORS} selectors")
            if _REFUSED.search(text) or len(text) > _LONGEST_SELECTOR:
                continue
            try:
                (selector,) = cssselect2.compile_selector_list(text)
            except (cssselect2.SelectorError, ValueError, SyntaxError, RecursionError):
                continue  # a browser would drop the whole rule; a drawing is better served by its other selectors
            if selector.pseudo_element is None:
                siblings = len(_OF_SIBLINGS.findall(text))
                self.rules.append(_Rule(selector, layer, declared, len(_DESCENT.findall(text)), siblings))

    def matches(self, document: Node) -> dict[int, list[Declared]]:
        """What is declared for each node, by its identity.

        Raises:
            UnreadableImage: "unsafe" when it would take too long.
        """
        import cssselect2

        self._check_tries(document)
        matcher = cssselect2.Matcher()
        for rule in self.rules:
            matcher.add_selector(rule.selector, rule)
        found = {}
        for wrapper in cssselect2.ElementWrapper.from_xml_root(document).iter_subtree():
            declared = [
                declared_as(name, value, SHEET, rule.layer, specificity, 1000 * order + place)
                for specificity, order, _, rule in matcher.match(wrapper)
                for place, (name, value) in enumerate(rule.declarations)
            ]
            if declared:
                found[id(wrapper.etree_element)] = declared
        return found

    def _check_tries(self, document: Node) -> None:
        nodes, depth = 0, 1
        keys: Counter[str] = Counter()
        pending = [(document, 1)]
        while pending:
            node, level = pending.pop()
            nodes, depth = nodes + 1, max(depth, level)
            keys.update([node.tag, f"#{node.get('id')}", *(f".{name}" for name in (node.get("class") or "").split())])
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

    def end_of_motion(self, motion: str) -> Iterator[Declared]:
        """What an animation leaves behind when it has ended, or where it shows most if it never ends.

        Args:
            motion: the values of all properties of animations of an element, in a row.
        """
        words = motion.replace(",", " ").split()
        endless = "infinite" in words
        if not endless and not {"forwards", "both"}.intersection(words):
            return
        for name in dict.fromkeys(words):
            for place, (prop, value) in enumerate(at_end(self._frames.get(name, []), endless=endless)):
                yield Declared((False, ANIMATED, 0, (), place), prop, value)


def _frames(content: Sequence[Any]) -> Frames:
    """Reads the content of `@keyframes`."""
    import tinycss2

    found = []
    for rule in tinycss2.parse_rule_list(content, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        for moment in tinycss2.serialize(rule.prelude).split(","):
            word = moment.strip().lower()
            share = {"from": 0.0, "to": 1.0}.get(word)
            if share is None and re.fullmatch(r"\d[\d.]*%", word):
                share = float(word[:-1]) / 100
            if share is not None:
                found.append((share, _declarations(rule.content)))
    return sorted(found, key=lambda frame: frame[0])


def _split_at_commas(tokens: Sequence[Any]) -> Iterator[list[Any]]:
    part: list[Any] = []
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _declarations(content: Sequence[Any]) -> list[tuple[str, str]]:
    """(name, raw value) of the declarations of a block, in their order, nested rules left out."""
    import tinycss2

    found = []
    for each in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if each.type == "declaration":
            value = tinycss2.serialize(each.value).strip()
            found.append((each.name, f"{value} !important" if each.important else value))
    return found


def media_applies(query: str) -> bool:
    """Whether a media query holds for a picture on a large, light screen.

    >>> media_applies("print"), media_applies("screen and (prefers-color-scheme: light)")
    (False, True)
    """
    return not query.strip() or any(_one_applies(part.strip().lower()) for part in query.split(","))


def _one_applies(query: str) -> bool:
    negated = query.startswith("not ")
    words = _FEATURE.sub(" ", query.removeprefix("not ").removeprefix("only ")).split()
    medium = next((word for word in words if word not in ("and", "or")), "all")
    holds = [_feature_holds(feature) for feature in _FEATURE.findall(query)]
    found = medium in ("all", "screen") and (any(holds) if "or" in words else all(holds))
    return found != negated


def _feature_holds(feature: str) -> bool:
    name, _, value = (part.strip() for part in feature.partition(":"))
    if name in _MEDIA:
        return value in ("", _MEDIA[name]) if value or _MEDIA[name] not in ("none", "no-preference") else False
    bound = re.fullmatch(r"(min|max)-(?:device-)?(?:width|height)", name)
    size = re.match(r"[\d.]+", value)
    if bound and size:
        scale = 16 if value.endswith("em") else 1
        limit = float(size[0].rstrip(".") or 0) * scale
        return _SCREEN_PX >= limit if bound[1] == "min" else limit >= _SCREEN_PX
    return name in ("color", "hover", "width", "height", "orientation")


def _is_supported(condition: str) -> bool:
    return not condition.lower().startswith("not")


CONDITIONS: dict[str, Callable[[str], bool]] = {"media": media_applies, "supports": _is_supported}
"""Which at-rules hold."""
