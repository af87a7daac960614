"""Colours in every notation of CSS, as notations that any renderer knows."""

from __future__ import annotations

import re
from functools import lru_cache

COLOURED = frozenset("fill stroke color stop-color flood-color lighting-color".split())
"""Properties whose value is a colour, or a paint."""

_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_KEYWORDS = frozenset("none currentcolor inherit initial unset context-fill context-stroke black white".split())
_PAINT_SERVER = re.compile(r"(url\(#[^()]*\))\s*(.*)", re.DOTALL)
_ICC = re.compile(r"\s*icc-color\([^()]*\)\s*$", re.IGNORECASE)
SYSTEM_COLOURS = {
    **dict.fromkeys(("canvas", "window", "field", "buttonface", "highlighttext"), "#fff"),
    **dict.fromkeys(("canvastext", "windowtext", "fieldtext", "buttontext", "graytext"), "#000"),
}
_INITIAL = {"initial": "", "unset": "inherit"}


def paint(value: str) -> str | None:
    """A colour, `none`, a keyword, or a paint server with its fallback; None when CSS would not take it.

    >>> paint("rgb(0 128 255 / 1)"), paint("color(display-p3 1 0 0)"), paint("url(#a) hsl(0deg 0% 100%)")
    ('#0080ff', '#ff0000', 'url(#a) #ffffff')
    >>> paint("rgb(1") is None
    True
    """
    value = _ICC.sub("", value.strip())
    server = _PAINT_SERVER.fullmatch(value)
    if server is None:
        return _colour(value)
    fallback = _colour(server[2]) if server[2] else ""
    return f"{server[1]} {fallback}".strip() if fallback is not None else server[1]


@lru_cache(maxsize=256)
def _colour(value: str) -> str | None:
    if _HEX.fullmatch(value):
        return value
    word = value.lower()
    if word in _KEYWORDS:
        return _INITIAL.get(word, value)
    if word in SYSTEM_COLOURS:
        return SYSTEM_COLOURS[word]
    from tinycss2 import color5

    found = color5.parse_color(value)
    if found is None or isinstance(found, str) or word.isalpha():
        return found and value
    try:
        parts = list(found.to("srgb").coordinates)
    except NotImplementedError:  # spaces of other primaries, and those of perception
        parts = _in_srgb(found.space, found.coordinates)
    red, green, blue = (round(255 * min(max(part or 0.0, 0.0), 1.0)) for part in parts)
    if found.alpha is None or found.alpha >= 1:
        return f"#{red:02x}{green:02x}{blue:02x}"
    return f"rgba({red},{green},{blue},{max(found.alpha, 0):.4g})"


def _in_srgb(space: str, coordinates: tuple[float | None, ...]) -> list[float]:
    """Converts, what sRGB does not have cut off."""
    from coloraide import Color

    parts = " ".join("none" if part is None else f"{part:.6g}" for part in coordinates)
    function = f"{space}({parts})" if space in ("lab", "lch", "oklab", "oklch") else f"color({space} {parts})"
    return Color(function).convert("srgb").coords(nans=False)
