"""One declaration as a renderer may have it: without variables, sums and odd colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from logo_retrieval.images.guard.colours import COLOURED, paint
from logo_retrieval.images.guard.geometry import numbers
from logo_retrieval.images.guard.maths import worked_out
from logo_retrieval.images.guard.transform import SINGLE, is_declarable
from logo_retrieval.images.guard.values import PROPERTIES, clean_value, font_shorthand
from logo_retrieval.images.guard.variables import has_variables, substituted

BACKGROUND = "background-color"
"""Of the outermost `svg`, what is drawn below all else."""

_BOX = frozenset(("x", "y", "width", "height"))
GEOMETRY = {
    **dict.fromkeys(("svg", "use", "image"), _BOX),
    "rect": _BOX | {"rx", "ry"},
    "circle": frozenset(("cx", "cy", "r")),
    "ellipse": frozenset(("cx", "cy", "rx", "ry")),
    "path": frozenset("d"),
}
"""Attributes that are properties as well, by element."""

_GEOMETRIC = frozenset[str]().union(*GEOMETRY.values())
_UNIT_NAMES = "(?:px|pt|pc|mm|cm|in|em|ex|rem|q|ch|vw|vh|vmin|vmax|%)?"
_LENGTH = re.compile(rf"[+-]?[\d.]+(?:e[+-]?\d+)?{_UNIT_NAMES}|(?:calc|min|max|clamp)\(.*\)", re.IGNORECASE)
_PATH = re.compile(r"path\(\s*(?:(?:nonzero|evenodd)\s*,\s*)?[\"']([^\"']*)[\"']\s*\)", re.IGNORECASE)
_SHEET_COLOUR = re.compile(r"[\w-]+\((?:[^()]|\([^()]*\))*\)|[^\s(),/]+")
_SHADOW = re.compile(r"drop-shadow\(((?:[^()]|\([^()]*\))*)\)", re.IGNORECASE)
_ALIASES = dict.fromkeys(("mask-image", "-webkit-mask", "-webkit-mask-image"), "mask") | {
    "-webkit-clip-path": "clip-path",
    "-webkit-filter": "filter",
    "-webkit-transform": "transform",
    "-webkit-transform-origin": "transform-origin",
}
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
_SIZE = rf"{_NUMBER}{_UNIT_NAMES}"
_GRAMMAR = {
    name: re.compile(rf"(?:{grammar}|inherit)")
    for names, grammar in (
        ("opacity fill-opacity stroke-opacity stop-opacity flood-opacity", rf"{_NUMBER}%?"),
        ("stroke-width stroke-dashoffset", _SIZE),
        ("stroke-dasharray", rf"none|{_SIZE}(?:[\s,]+{_SIZE})*"),
        ("stroke-miterlimit", _NUMBER),
        ("fill-rule clip-rule", "nonzero|evenodd"),
        ("visibility", "visible|hidden|collapse"),
        ("display", "none|contents|(?:inline|block|flow|table|list|flex|grid|run-in|ruby)[a-z\\s-]*"),
        ("stroke-linecap", "butt|round|square"),
        ("stroke-linejoin", "miter|round|bevel|miter-clip|arcs"),
        ("text-anchor", "start|middle|end"),
        ("font-weight", f"normal|bold|bolder|lighter|{_NUMBER}"),
        ("text-transform", "none|capitalize|uppercase|lowercase"),
        ("mask-type", "luminance|alpha"),
        ("isolation", "auto|isolate"),
        ("paint-order", "[a-z\\s]+"),
        ("mix-blend-mode overflow font-style vector-effect transform-box", "[a-z-]+"),
    )
    for name in names.split()
}
"""Of properties whose values are known in full."""

_NEAREST = {"plus-lighter": "screen"}
"""Of a word that renderers do not know, one that looks much like it."""

_INHERITED = {
    "color": "black",
    "fill": "black",
    "stroke": "none",
    "fill-opacity": "1",
    "stroke-opacity": "1",
    "stroke-width": "1",
    "stroke-dashoffset": "0",
    "stroke-dasharray": "none",
    "stroke-miterlimit": "4",
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
    "fill-rule": "nonzero",
    "clip-rule": "nonzero",
    "visibility": "visible",
    "paint-order": "normal",
    "image-rendering": "auto",
    "color-interpolation-filters": "linearRGB",
    "font-size": "16px",
    "font-style": "normal",
    "font-weight": "normal",
    "letter-spacing": "0",
    "word-spacing": "0",
    "text-anchor": "start",
    "text-transform": "none",
    **dict.fromkeys(("marker-start", "marker-mid", "marker-end"), "none"),
}
_OWN = {
    **dict.fromkeys(("opacity", "stop-opacity", "flood-opacity"), "1"),
    **dict.fromkeys(("transform", "translate", "rotate", "scale", "filter", "mask", "clip-path"), "none"),
    "transform-origin": "0 0",
    "transform-box": "view-box",
    "display": "inline",
    "overflow": "visible",
    "isolation": "auto",
    "mix-blend-mode": "normal",
    "mask-type": "luminance",
    **dict.fromkeys(("stop-color", "flood-color"), "black"),
    "lighting-color": "white",
    "vector-effect": "none",
}
"""Values where nothing is declared: of properties that are inherited, and of those that are not."""

_UNDECLARED = frozenset(("initial", "unset", "revert", "revert-layer"))
_ODD = re.compile(rf"[(A-Z]|{'|'.join((*_UNDECLARED, *_NEAREST))}")
_LONGEST_VALUE = 20_000


def is_odd(value: str) -> bool:
    """Whether a value of an attribute may be one that a renderer does not know, or does not know in capitals."""
    return _ODD.search(value) is not None


def computed(name: str, value: str, known: Mapping[str, str]) -> dict[str, str] | None:
    """A declaration as a renderer may have it, a shorthand as its parts; None when it is invalid and does not count.

    An empty value beats weaker declarations, and leaves the attribute of that name as it is.

    Args:
        name: of the property.
        value: as declared, without `!important`.
        known: the variables, and the value of `color`.
    """
    name = _ALIASES.get(name, name)
    if has_variables(value):
        resolved = substituted(value, known)
        found = computed(name, resolved, known) if resolved is not None else None
        return found or {name: _undeclared(name, "unset")}  # as it is said of what turns out invalid only here
    if value.lower() in _UNDECLARED and name in _INHERITED | _OWN:
        return {name: _undeclared(name, value.lower())}
    if not 0 < len(value) <= _LONGEST_VALUE:
        return None
    if name == "font":
        return dict(font_shorthand(value)) or None
    if name in ("background", BACKGROUND):
        return {BACKGROUND: _background(value, known.get("color", "black"))}
    clean = _computed(name, worked_out(value), known)
    return None if clean is None else {name: clean}


def _undeclared(name: str, keyword: str) -> str:
    """The value that a keyword of CSS stands for with any property; empty where that is not known."""
    if name in _INHERITED:
        return _INHERITED[name] if keyword == "initial" else "inherit"
    if name == "overflow" and keyword.startswith("revert"):
        return "hidden"  # the sheet of browsers has it
    return _OWN.get(name, "")


def _computed(name: str, value: str, known: Mapping[str, str]) -> str | None:
    """A value without sums as a renderer may have it; None when it is invalid."""
    if name == "d":
        path = _PATH.fullmatch(value)
        return clean_value(name, path[1]) if path else None
    if name in _GEOMETRIC:
        return clean_value(name, value) if _LENGTH.fullmatch(value) else None
    clean = clean_value(name, value) if name in PROPERTIES or name in SINGLE else None
    if clean is None:
        return None
    if name == "filter" and "drop-shadow" in clean:
        return _SHADOW.sub(partial(_shadow, known.get("color", "black")), clean)
    if name in COLOURED:
        return paint(clean, name, known.get("color", "black"))
    if name in _GRAMMAR:
        clean = clean.lower()
        clean = _NEAREST.get(clean, clean)
        return clean if _GRAMMAR[name].fullmatch(clean) else None
    if name == "transform" or name in SINGLE:
        return clean if is_declarable(clean, name) else None
    return clean


def _shadow(current: str, match: re.Match[str]) -> str:
    """A shadow with a colour without brackets, as renderers take it there."""
    parts = _SHEET_COLOUR.findall(match[1])
    lengths = [part for part in parts if _LENGTH.fullmatch(part)]
    colour = "".join(part for part in parts if part not in lengths)
    plain = paint(colour, "flood-color", current) or current
    if plain.startswith("rgba("):
        *shades, alpha = numbers(plain)
        plain = "#" + "".join(f"{round(shade):02x}" for shade in (*shades, 255 * alpha))
    return f"drop-shadow({' '.join(lengths)} {plain})"


def _background(value: str, colour: str) -> str:
    """The colour of a background, empty where it has none."""
    found = (paint(part, BACKGROUND, colour) for part in _SHEET_COLOUR.findall(value) if "url" not in part.lower())
    return next((each for each in found if each not in (None, "none", "inherit")), None) or ""
