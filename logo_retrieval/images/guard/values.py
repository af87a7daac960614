"""What the guard lets through: the words of SVG it knows, and how it cleans attribute values, styles and links.

Whatever is not named here is dropped. No value that leaves this module can name a file or a host: links are either
`#fragment` or raster data that travels inside the drawing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

SHAPES = frozenset("path rect circle ellipse line polyline polygon".split())
TEXTS = frozenset("text tspan textPath".split())
DRAWN = SHAPES | TEXTS | frozenset("svg g use switch a image".split())
"""What is drawn where it stands."""

PRIMITIVES = frozenset(
    "feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap "
    "feDropShadow feFlood feGaussianBlur feImage feMerge feMorphology feOffset feSpecularLighting feTile "
    "feTurbulence".split()
)
ELEMENTS = (
    DRAWN
    | PRIMITIVES
    | frozenset(
        "defs symbol linearGradient radialGradient stop pattern clipPath mask marker "
        "filter feMergeNode feFuncR feFuncG feFuncB feFuncA feDistantLight fePointLight feSpotLight".split()
    )
)

LINKED_PAINT = frozenset("fill stroke filter mask clip-path marker marker-start marker-mid marker-end".split())
"""Properties whose value may be `url(#id)`."""

REFERENCE = re.compile(r"url\(#([^()]*)\)")
"""Such a value, its id as the first group."""

PROPERTIES = LINKED_PAINT | frozenset(
    "alignment-baseline baseline-shift clip-rule color color-interpolation-filters direction display "
    "dominant-baseline fill-opacity fill-rule flood-color flood-opacity font-size font-stretch font-style "
    "font-variant font-weight image-rendering isolation letter-spacing lighting-color mask-type mix-blend-mode "
    "opacity overflow paint-order shape-rendering stop-color stop-opacity stroke-dasharray stroke-dashoffset "
    "stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration "
    "text-rendering text-transform transform transform-box transform-origin unicode-bidi vector-effect visibility "
    "word-spacing writing-mode".split()
)
"""Presentation properties. `font-family` is left out on purpose: every text is set in the one bundled family."""

NUMERIC = frozenset(
    "d points x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy width height rotate offset transform gradientTransform "
    "patternTransform pathLength startOffset textLength refX refY markerWidth markerHeight stdDeviation radius order "
    "kernelMatrix divisor bias scale surfaceScale diffuseConstant specularConstant specularExponent baseFrequency "
    "numOctaves seed values tableValues slope intercept amplitude exponent k1 k2 k3 k4 z azimuth elevation pointsAtX "
    "pointsAtY pointsAtZ limitingConeAngle targetX targetY font-size stroke-width stroke-dasharray "
    "stroke-dashoffset stroke-miterlimit letter-spacing word-spacing baseline-shift transform-origin filter "
    "clip-path".split()
)
"""Attributes that hold numbers, looked through for absurd ones."""

ATTRIBUTES = (
    PROPERTIES
    | NUMERIC
    | frozenset(
        "id class type viewBox preserveAspectRatio gradientUnits spreadMethod patternUnits patternContentUnits "
        "clipPathUnits maskUnits maskContentUnits markerUnits orient filterUnits primitiveUnits in in2 result mode "
        "operator edgeMode preserveAlpha xChannelSelector yChannelSelector stitchTiles lengthAdjust method spacing "
        "side systemLanguage requiredExtensions xml:space".split()
    )
)

# Numbers from 10 million on, and what is no number: no drawing needs them, and renderers overflow on them.
_ABSURD = re.compile(r"(?<![\d.])[1-9]\d{7}|\d\.?[eE]\+?0*(?:[7-9]|[1-6]\d)|nan|inf", re.IGNORECASE)
_COLOUR_OR_LINK = re.compile(r"#[\w.:-]*")
_FURTHER_UNIT = re.compile(r"(?<![\w.])(\d+(?:\.\d*)?|\.\d+)(rem|q|ch|vw|vh|vmin|vmax)(?!\w)", re.IGNORECASE)
_KNOWN_UNITS = {
    "rem": (16.0, "px"),
    "q": (96 / 101.6, "px"),
    "ch": (8.0, "px"),
    **dict.fromkeys(("vw", "vh", "vmin", "vmax"), (1.0, "%")),
}
"""Further unit -> how many of another one it is, the picture being the window."""

_URL = re.compile(r"""url\(\s*+(?:"([^"]*)"|'([^']*)'|([^()]*+))\s*\)""", re.IGNORECASE)
_NO_PART_OF_A_LINK = re.compile(r"[^\w.:-]")
_FILTER_FUNCTION = re.compile(
    r"(?:blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia)"
    r"\((?:[^()]|\([^()]*\))*\)"
)
_FONT = re.compile(r"(?P<words>(?:[a-z0-9-]+\s+)*?)(?P<size>\d[\d.]*(?:px|pt|em|rem|%))(?:/\S+)?\s+\S")


def clean_value(name: str, value: str) -> str | None:
    """Cleans the value of an attribute or property that is in `ATTRIBUTES`; None drops it."""
    if name == "d":
        # Exponents only: looking for long numbers takes time, and renderers cut a path off that goes far.
        return None if ("e" in value or "E" in value) and _ABSURD.search(value) else value
    if "\\" in value:
        return None
    if name in NUMERIC or name in PROPERTIES:
        value = value.strip()  # renderers take no gap behind a number or around a word
    if name in NUMERIC:  # nor units in capitals
        value = value.lower() if value[-1:].isalpha() else value
        value = _FURTHER_UNIT.sub(_in_known_unit, value) if _FURTHER_UNIT.search(value) else value
    if "(" in value and name in LINKED_PAINT:
        value = _URL.sub(_keep_fragment, value).strip() or "none"
        rest = _URL.sub("", value).lower()
        if "url" in rest or (name == "filter" and _FILTER_FUNCTION.sub("", rest).strip() not in ("", "none")):
            return None
    elif "(" in value and "url" in value.lower():
        return None
    if ";" in value and name in PROPERTIES:
        return None  # in a style it would begin another property
    if name in NUMERIC and _ABSURD.search(_COLOUR_OR_LINK.sub("", value) if name in LINKED_PAINT else value):
        return None
    return value


def _in_known_unit(match: re.Match[str]) -> str:
    factor, unit = _KNOWN_UNITS[match[2].lower()]
    return f"{float(match[1]) * factor:.9g}{unit}"


def _keep_fragment(match: re.Match[str]) -> str:
    target = next(filter(None, match.groups()), "").strip()
    return f"url(#{identifier(target[1:])})" if target.startswith("#") else ""


def identifier(text: str) -> str:
    """An identifier, or the part of a link behind its `#`, so that both are the same and no renderer stumbles over it.

    >>> identifier("a b"), identifier("a%20b"), identifier("logo-1")
    ('a_20_b', 'a_20_b', 'logo-1')
    """
    if text.isalnum():
        return text
    if "%" in text:
        from urllib.parse import unquote

        text = unquote(text)
    return _NO_PART_OF_A_LINK.sub(lambda match: f"_{ord(match[0]):x}_", text)


def style_of(attributes: Mapping[str, str]) -> dict[str, str]:
    """The properties in the style attribute of a clean element."""
    pairs = (declaration.partition(":") for declaration in attributes.get("style", "").split(";"))
    return {name: value for name, colon, value in pairs if colon}


def put_style(attributes: dict[str, str], style: Mapping[str, str]) -> None:
    """Puts properties into the style attribute in the place of those there; without any, there is no such attribute."""
    if style:
        attributes["style"] = ";".join(f"{name}:{value}" for name, value in style.items())
    else:
        attributes.pop("style", None)


def take_from_style(attributes: dict[str, str], name: str) -> str | None:
    """Takes a property out of the style attribute; None where it has none."""
    style = style_of(attributes)
    value = style.pop(name, None)
    if value is not None:
        put_style(attributes, style)
    return value


def value_of(attributes: Mapping[str, str], name: str) -> str | None:
    """The value of a property of a clean element: that of its style, else of its attribute."""
    return style_of(attributes).get(name, attributes.get(name))


def font_shorthand(value: str) -> Iterator[tuple[str, str]]:
    """The properties of `font` that matter here, as (name, value)."""
    match = _FONT.match(value.lower())
    if match is None:
        return
    for word in match["words"].split():
        if word in ("italic", "oblique"):
            yield "font-style", word
        elif word in ("bold", "bolder", "lighter") or word.isdigit():
            yield "font-weight", word
    size = clean_value("font-size", match["size"])
    if size is not None:
        yield "font-size", size
