"""Colours in every notation of CSS, as notations that any renderer knows."""

from __future__ import annotations

import re
from functools import lru_cache

from logo_retrieval.images.guard.mixtures import mixed

COLOURED = frozenset("fill stroke color stop-color flood-color lighting-color".split())
"""Properties whose value is a colour, or a paint."""

_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_KEYWORDS = {
    **{word: word for word in ("none", "inherit", "black", "white")},
    "currentcolor": "currentColor",  # renderers know the other words of CSS in one case only
    "context-fill": "context-fill",
    "context-stroke": "context-stroke",
}
_PAINT_SERVER = re.compile(r"(url\(#[^()]*\))\s*(.*)", re.DOTALL | re.IGNORECASE)
_CONTEXT = re.compile(r"context-(?:fill|stroke)\s+", re.IGNORECASE)
_PROFILE = re.compile(r"(?<!\s)\s+(?:icc-color|device-cmyk)\([^()]*\)\s*$", re.IGNORECASE)
_SYSTEM_COLOURS = {
    word: colour
    for colour, words in {
        "#ffffff": "canvas window field highlighttext selecteditemtext activecaption appworkspace "
        "background inactivecaption infobackground menu scrollbar",
        "#000000": "canvastext windowtext fieldtext buttontext marktext activeborder buttonborder captiontext "
        "inactiveborder infotext menutext threeddarkshadow threedhighlight threedlightshadow threedshadow windowframe",
        "#efefef": "buttonface buttonhighlight buttonshadow threedface",
        "#808080": "graytext inactivecaptiontext",
        "#3367d1": "highlight",
        "#1967d2": "selecteditem",
        "#0000ee": "linktext -webkit-link",
        "#551a8b": "visitedtext",
        "#ff0000": "activetext -webkit-activelink",
        "#ffff00": "mark",
    }.items()
    for word in words.split()
}
"""As Chromium has them on a light page."""

_PAINTED = frozenset(("fill", "stroke"))
_OF_PAINTS = frozenset(("none", "context-fill", "context-stroke"))


def paint(value: str, name: str = "fill", current: str = "black") -> str | None:
    """A colour, `none`, a keyword, or a paint server with its fallback; None when CSS would not take it.

    Args:
        value: as it was declared.
        name: of the property.
        current: what `currentcolor` means where it takes part in a mixture, or is no paint.

    >>> paint("rgb(0 128 255 / 1)"), paint("color(display-p3 1 0 0)"), paint("url(#a) hsl(0deg 0% 100%)")
    ('#0080ff', '#ff0000', 'url(#a) #ffffff')
    >>> paint("rgb(1") is None
    True
    """
    value = _CONTEXT.sub("", _PROFILE.sub("", value.strip()))
    server = _PAINT_SERVER.fullmatch(value) if name in _PAINTED else None
    if server is None:
        found = _colour(value, current)
        if name in _PAINTED:
            return found
        return current if found == "currentColor" else None if found in _OF_PAINTS else found
    fallback = _colour(server[2], current) if server[2] else ""
    return f"{server[1]} {fallback}".strip() if fallback is not None else server[1]


@lru_cache(maxsize=256)
def _colour(value: str, current: str) -> str | None:
    if _HEX.fullmatch(value):
        return value
    word = value.lower()
    known = _KEYWORDS.get(word, _SYSTEM_COLOURS.get(word))
    if known is not None:
        return known
    from tinycss2 import color4

    try:
        found = color4.parse_color(word)
    except ValueError:  # a function without what it needs
        return None
    if found is not None and word.isalpha():
        return "#639" if word == "rebeccapurple" else value
    try:
        parts, alpha = found.to("srgb").coordinates, found.alpha
    except (AttributeError, NotImplementedError):  # mixtures, and spaces of other primaries or of perception
        colour = mixed(word, current)
        if colour is None:
            return None
        parts, alpha = colour.convert("srgb").coords(nans=False), colour.alpha(nans=False)
    red, green, blue = (round(255 * min(max(part, 0.0), 1.0)) for part in parts)
    if alpha >= 1:
        return f"#{red:02x}{green:02x}{blue:02x}"
    return f"rgba({red},{green},{blue},{max(alpha, 0):.4g})"
