"""Which conditional rules of a style sheet hold: media queries, `@supports`, `@container`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from logo_retrieval.images.guard.geometry import length
from logo_retrieval.images.guard.maths import worked_out
from logo_retrieval.images.guard.properties import computed
from logo_retrieval.images.guard.tokens import solid, split_at_commas, word
from logo_retrieval.images.guard.values import PROPERTIES
from logo_retrieval.images.guard.variables import has_variables

_WORDS = {
    "prefers-color-scheme": "light",
    "prefers-reduced-motion": "no-preference",
    "prefers-reduced-transparency": "no-preference",
    "prefers-reduced-data": "no-preference",
    "prefers-contrast": "no-preference",
    "forced-colors": "none",
    "inverted-colors": "none",
    "update": "fast",
    "scripting": "none",
    "hover": "hover",
    "any-hover": "hover",
    "pointer": "fine",
    "any-pointer": "fine",
    "color-gamut": "srgb",
    "dynamic-range": "standard",
    "video-dynamic-range": "standard",
    "display-mode": "browser",
    "scan": "progressive",
}
_SIZES = {
    **dict.fromkeys(("width", "height", "inline-size", "block-size"), 1000.0),
    **dict.fromkeys(("resolution", "device-pixel-ratio", "aspect-ratio"), 1.0),
    "color": 8.0,
    "color-index": 0.0,
    "monochrome": 0.0,
    "grid": 0.0,
}
"""Of a picture on a large, light screen."""

_PREFIX = re.compile(r"(?:-webkit-)?(?:(min|max)-)?(?:device-(?!pixel))?(.*)")
_RANGE = re.compile(r"([^<>=]+)([<>]=?|=)([^<>=]+)(?:([<>]=?)([^<>=]+))?")
_RESOLUTIONS = {"dppx": 1.0, "x": 1.0, "dpi": 1 / 96, "dpcm": 2.54 / 96}
_COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
_FAMILIES = frozenset(
    "accent align all animation appearance aspect backdrop backface background block border bottom box break caption "
    "caret clear color column columns contain container content counter cursor float flex font gap grid height hyphens "
    "image inline inset justify left line list margin max min mix object offset order orphans outline overscroll "
    "padding page perspective place pointer position quotes resize right row ruby scroll scrollbar shape tab table "
    "text top touch transition user vertical white widows width will word z zoom".split()
)
"""First words of the properties that browsers know and drawings have no use for."""

Test = Callable[[Any], "bool | None"]


def media_applies(query: str) -> bool:
    """Whether a media query holds for a picture on a large, light screen.

    >>> media_applies("print"), media_applies("screen and (prefers-color-scheme: light)"), media_applies("(width>9px)")
    (False, True, True)
    """
    import tinycss2

    parts = split_at_commas(tinycss2.parse_component_value_list(query.lower(), skip_comments=True))
    return not query.strip() or any(_holds(part, _is_feature) is True for part in parts)


def is_supported(condition: str) -> bool:
    """Whether a browser supports what `@supports` asks for.

    >>> is_supported("not (fill: red)"), is_supported("(fill: color(display-p3 1 0 0)) and (display: grid)")
    (False, True)
    """
    import tinycss2

    tokens = tinycss2.parse_component_value_list(condition, skip_comments=True)
    return _holds(tokens, _is_declaration) is True


def container_applies(query: str) -> bool:
    """Whether a query of a container's size holds, the drawing being the container."""
    at = query.find("(")
    return at >= 0 and media_applies(query[at:])


CONDITIONS: dict[str, Callable[[str], bool]] = {
    "media": media_applies,
    "supports": is_supported,
    "container": container_applies,
}
"""The at-rules with a condition."""


def _holds(tokens: Sequence[Any], test: Test) -> bool | None:
    """Whether a condition of `not`, `and` and `or` holds; None when it is not understood."""
    parts = solid(tokens)
    if not parts:
        return None
    if word(parts[0]) == "only":
        parts = parts[1:]
    if parts and word(parts[0]) == "not":
        inner = _holds(parts[1:], test)
        return None if inner is None else not inner
    found = [_term(part, test) for part in parts[::2]]
    joints = {word(part) for part in parts[1::2]}
    if len(found) != len(parts) // 2 + 1 or not (joints <= {"and"} or joints == {"or"}):
        return _holds_to_the_end(parts, test)
    return _all(found) if joints <= {"and"} else _any(found)


def _holds_to_the_end(parts: Sequence[Any], test: Test) -> bool | None:
    """Whether all of `... and not ...` holds."""
    for place, part in enumerate(parts):
        if word(part) == "not" and place and word(parts[place - 1]) == "and":
            return _all([_holds(parts[: place - 1], test), _holds(parts[place:], test)])
    return None


def _all(found: Sequence[bool | None]) -> bool | None:
    return False if False in found else None if None in found else True


def _any(found: Sequence[bool | None]) -> bool | None:
    return True if True in found else None if None in found else False


def _term(token: Any, test: Test) -> bool | None:  # noqa: ANN401 - tinycss2 has no types
    if token.type == "ident":
        return token.lower_value in ("all", "screen")
    if token.type != "() block":
        return test(token)
    first = next(iter(solid(token.content)), None)
    if first is not None and (first.type in ("() block", "function") or word(first) == "not"):
        return _holds(token.content, test)
    return test(token)


def _is_feature(token: Any) -> bool | None:  # noqa: ANN401
    import tinycss2

    if token.type != "() block":
        return None
    text = worked_out(tinycss2.serialize(token.content).strip())
    compared = _RANGE.fullmatch(text)
    if compared is not None:
        return _in_range(*compared.groups())
    name, colon, value = (part.strip() for part in text.partition(":"))
    if name in _WORDS:
        known = _WORDS[name]
        return value == known if colon else known not in ("none", "no-preference")
    if name == "orientation":
        return True
    prefix = _PREFIX.fullmatch(name)
    size = _SIZES.get(prefix[2]) if prefix else None
    if prefix is None or size is None:
        return None
    if not colon:
        return size > 0
    asked = _size(value)
    if asked is None:
        return None
    return size >= asked if prefix[1] == "min" else size <= asked if prefix[1] == "max" else size == asked


def _in_range(one: str, first: str, other: str, second: str | None, last: str | None) -> bool | None:
    values = [_SIZES.get(part.strip(), _size(part.strip())) for part in (one, other, last or "0")]
    low, middle, high = values
    if low is None or middle is None or high is None:
        return None
    return _COMPARED[first](low, middle) and (second is None or _COMPARED[second](middle, high))


def _size(text: str) -> float | None:
    if "/" in text:
        width, height = (_size(part.strip()) for part in text.split("/", 1))
        return width / height if width is not None and height else None
    number = re.fullmatch(r"(-?(?:\d*\.)?\d+)([a-z]*)", text)
    if number is not None and number[2] in _RESOLUTIONS:
        return float(number[1]) * _RESOLUTIONS[number[2]]
    return length(text.replace("rem", "em"))


def _is_declaration(token: Any) -> bool | None:  # noqa: ANN401
    """Whether a browser takes a declaration, or a selector."""
    import tinycss2

    if token.type == "function" and token.lower_name == "selector":
        return is_selector(tinycss2.serialize(token.arguments))
    if token.type != "() block":
        return None
    name, colon, value = (part.strip() for part in tinycss2.serialize(token.content).partition(":"))
    name = name.lower().removeprefix("-webkit-")
    if not colon or not value or has_variables(value) or name.startswith("--"):
        return bool(colon)
    return computed(name, value, {}) is not None or (name not in PROPERTIES and name.partition("-")[0] in _FAMILIES)


def is_selector(text: str) -> bool:
    """Whether a selector is one that anybody understands."""
    import cssselect2

    try:
        return bool(cssselect2.compile_selector_list(text))
    except Exception:  # the parsers raise errors of many kinds
        return False
