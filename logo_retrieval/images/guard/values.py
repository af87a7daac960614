"""What the guard lets through: the words of SVG it knows, and how it cleans attribute values, styles and links.

Whatever is not named here is dropped. No value that leaves this module can name a file or a host: links are either
`#fragment` or raster data that travels inside the drawing.
"""

from __future__ import annotations

import binascii
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

SHAPES = frozenset("path rect circle ellipse line polyline polygon".split())
TEXTS = frozenset("text tspan textPath".split())
PRIMITIVES = frozenset(
    "feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap "
    "feDropShadow feFlood feGaussianBlur feImage feMerge feMorphology feOffset feSpecularLighting feTile "
    "feTurbulence".split()
)
ELEMENTS = (
    SHAPES
    | TEXTS
    | PRIMITIVES
    | frozenset(
        "svg g defs symbol use switch a image style linearGradient radialGradient stop pattern clipPath mask marker "
        "filter feMergeNode feFuncR feFuncG feFuncB feFuncA feDistantLight fePointLight feSpotLight".split()
    )
)

LINKED_PAINT = frozenset("fill stroke filter mask clip-path marker marker-start marker-mid marker-end".split())
"""Properties whose value may be `url(#id)`."""

PROPERTIES = LINKED_PAINT | frozenset(
    "alignment-baseline baseline-shift clip-rule color color-interpolation-filters direction display "
    "dominant-baseline fill-opacity fill-rule flood-color flood-opacity font-size font-stretch font-style "
    "font-variant font-weight image-rendering isolation letter-spacing lighting-color mask-type mix-blend-mode "
    "opacity overflow paint-order shape-rendering stop-color stop-opacity stroke-dasharray stroke-dashoffset "
    "stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration "
    "text-rendering transform transform-box transform-origin unicode-bidi vector-effect visibility word-spacing "
    "writing-mode".split()
)
"""Presentation properties. `font-family` is left out on purpose: every text is set in the one bundled family."""

NUMERIC = frozenset(
    "d points x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy width height rotate offset transform gradientTransform "
    "patternTransform startOffset textLength refX refY markerWidth markerHeight stdDeviation radius order "
    "kernelMatrix divisor bias scale surfaceScale diffuseConstant specularConstant specularExponent baseFrequency "
    "numOctaves seed values tableValues slope intercept amplitude exponent k1 k2 k3 k4 z azimuth elevation pointsAtX "
    "pointsAtY pointsAtZ limitingConeAngle targetX targetY font-size stroke-width stroke-dasharray "
    "stroke-dashoffset stroke-miterlimit letter-spacing word-spacing baseline-shift transform-origin filter".split()
)
"""Attributes that hold numbers, looked through for absurd ones."""

ATTRIBUTES = (
    PROPERTIES
    | NUMERIC
    | frozenset(
        "id class type media viewBox preserveAspectRatio gradientUnits spreadMethod patternUnits patternContentUnits "
        "clipPathUnits maskUnits maskContentUnits markerUnits orient filterUnits primitiveUnits in in2 result mode "
        "operator edgeMode preserveAlpha xChannelSelector yChannelSelector stitchTiles lengthAdjust method spacing "
        "side systemLanguage requiredFeatures requiredExtensions xml:space".split()
    )
)

RASTER_FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]

# Numbers from 10 million on, and what is no number: no drawing needs them, and renderers overflow on them.
_ABSURD = re.compile(r"(?<![\d.])[1-9]\d{7}|\d\.?[eE]\+?0*(?:[7-9]|[1-6]\d)|nan|inf", re.IGNORECASE)
_URL = re.compile(r"url\(([^()]*)\)", re.IGNORECASE)
_FILTER_FUNCTION = re.compile(
    r"(?:blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia)"
    r"\((?:[^()]|\([^()]*\))*\)"
)
_DATA_URL = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_FONT = re.compile(r"(?P<words>(?:[a-z0-9-]+\s+)*?)(?P<size>\d[\d.]*(?:px|pt|em|rem|%))(?:/\S+)?\s+\S")
_COMPOUND = re.compile(
    r"(?:[\w-]+|\*)?(?:[.#][\w-]+|\[[\w:-]+(?:[~|^$*]?=(?:\"[^\"\[\]]*\"|'[^'\[\]]*'|[\w-]+))?\]|:first-child)*"
)
_COMBINATOR = re.compile(r"\s*[>+]\s*|\s+")


def clean_value(name: str, value: str) -> str | None:
    """Cleans the value of an attribute or property that is in `ATTRIBUTES`; None drops it."""
    if name == "d":
        # Exponents only: looking for long numbers takes time, and the estimate of the cost measures the path.
        return None if ("e" in value or "E" in value) and _ABSURD.search(value) else value
    if "\\" in value:
        return None
    if "(" in value and name in LINKED_PAINT:
        value = _URL.sub(_keep_fragment, value).strip() or "none"
        rest = _URL.sub("", value).lower()
        if "url" in rest or (name == "filter" and _FILTER_FUNCTION.sub("", rest).strip() not in ("", "none")):
            return None
    elif "(" in value and "url" in value.lower():
        return None
    if name in NUMERIC and _ABSURD.search(value):
        return None
    return value


def _keep_fragment(match: re.Match[str]) -> str:
    target = match[1].strip().strip("'\"").strip()
    return f"url({target})" if target.startswith("#") and not any(quote in target for quote in "'\"") else ""


def declarations(text: str) -> list[tuple[str, str]]:
    """Reads CSS declarations and returns the clean ones, (property, value), in their order."""
    kept: list[tuple[str, str]] = []
    for declaration in _COMMENT.sub("", text).split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "font":
            kept += _font_shorthand(value)
        elif name in PROPERTIES and value:
            clean = clean_value(name, value)
            if clean is not None:
                kept.append((name, clean))
    return kept


def _font_shorthand(value: str) -> Iterator[tuple[str, str]]:
    match = _FONT.match(value.lower())
    if match is None:
        return
    for word in match["words"].split():
        if word in ("italic", "oblique"):
            yield "font-style", word
        elif word in ("bold", "bolder", "lighter") or word.isdigit():
            yield "font-weight", word
    if not _ABSURD.search(match["size"]):
        yield "font-size", match["size"]


@dataclass(frozen=True, slots=True)
class Selector:
    """One CSS selector.

    Attributes:
        text: as written.
        key: what an element must at least be, to match: `.class`, `#id`, `tag` or `*`.
        ancestors: how many descendant combinators it has; each lets a matcher try every ancestor.
    """

    text: str
    key: str
    ancestors: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A CSS rule after cleaning: selectors and (property, value) pairs."""

    selectors: tuple[Selector, ...]
    declarations: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        body = ";".join(f"{name}:{value}" for name, value in self.declarations)
        return f"{','.join(selector.text for selector in self.selectors)}{{{body}}}"


def stylesheet(text: str) -> list[Rule]:
    """Reads a style sheet and returns its clean rules; at-rules (imports, fonts, media queries) are left out."""
    text = _COMMENT.sub("", text).replace("<!--", "").replace("-->", "")
    rules = []
    position = 0
    while (brace := text.find("{", position)) >= 0:
        # What ends in a semicolon before the rule is an @import or @charset.
        prelude = text[position:brace].rsplit(";", 1)[-1].strip()
        end = _block_end(text, brace) if prelude.startswith("@") else text.find("}", brace)
        if end < 0:
            break
        if not prelude.startswith("@"):
            selectors = tuple(s for part in prelude.split(",") if (s := _selector(part.strip())) is not None)
            body = tuple(declarations(text[brace + 1 : end]))
            if selectors and body:
                rules.append(Rule(selectors, body))
        position = end + 1
    return rules


def _block_end(text: str, brace: int) -> int:
    depth = 0
    for match in re.finditer(r"[{}]", text[brace:]):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return brace + match.start()
    return -1


def _selector(text: str) -> Selector | None:
    compounds = _COMBINATOR.split(text)
    if not all(compound and _COMPOUND.fullmatch(compound) for compound in compounds):
        return None
    last = compounds[-1]
    named = re.search(r"\.[\w-]+", last) or re.search(r"#[\w-]+", last) or re.match(r"[\w-]+", last)
    ancestors = sum(not combinator.strip() for combinator in _COMBINATOR.findall(text))
    return Selector(text, named[0] if named and "[" not in last else "*", ancestors)


@dataclass(frozen=True, slots=True)
class EmbeddedRaster:
    """A raster inside a drawing: its clean `data:` link and its size in pixels."""

    href: str
    pixels: int


def embedded_raster(href: str) -> EmbeddedRaster | None:
    """Reads the header of a `data:` image; None when it is no PNG, JPEG, GIF or WebP, or does not parse."""
    match = _DATA_URL.match(href)
    if match is None:
        return None
    from PIL import Image

    try:
        content = binascii.a2b_base64(href[match.end() :])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(content), formats=RASTER_FORMATS) as image:
                # A GIF frame may be larger than the screen that its header announces.
                frames = [extents[2:] for _, extents, *_ in getattr(image, "tile", ()) if extents]
                pixels = max(width * height for width, height in [image.size, *frames])
                kind = str(image.format).lower()
    except Exception:  # header readers raise errors of every kind on hostile bytes; the picture goes without
        return None
    return EmbeddedRaster(f"data:image/{kind};base64,{binascii.b2a_base64(content, newline=False).decode()}", pixels)
