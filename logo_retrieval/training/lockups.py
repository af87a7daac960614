"""Synthetic lockups: a symbol beside a name, as companies sign.

The proportions are those of real lockups: capitals a quarter to the whole of the symbol's height, mostly to its right.
Drawings are trimmed and stand on transparent ground.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from logo_retrieval.images.prepare import Colour
from logo_retrieval.training.paint import Rng, inked
from logo_retrieval.training.typesetting import SetText, Style, font_files, relative_width, typeset, writable

_HANDS = ("caveat", "great-vibes", "grenze-gotisch", "pacifico")
"""Neither spaced out nor set in capitals."""

_CAP_HEIGHTS_PX = (96, 112, 128)
_WIDEST = 6.0
"""A name is no wider than this many times the symbol's height, unless its capitals would become too small."""

_LAYOUTS = ("left", "right", "above", "below", "between")
_LAYOUT_SHARES = (0.64, 0.06, 0.18, 0.05, 0.07)
"""Where the symbol stands."""

_ONSETS = "b bl br c cl cr d dr f fl g gl gr h j k l m n p pl pr qu r s sk sl sp st t tr v w x z".split()
_NUCLEI = "a a e e i i o o u y ai ea ee ia io oo".split()
_CODAS = [*[""] * 36, *"l m n n r r s t x ck nd nt st".split()]
_SECOND_WORDS = "bank cloud data design energy foods group health hub labs media pay soft studio systems works".split()


_Part = tuple[Image.Image, int, int]
"""A picture and where its top left corner lies, x and y."""


def wordmark(name: str, rng: Rng, colour: Colour) -> Image.Image:
    """Sets a name in a random font, case and spacing.

    Args:
        name: what to write; accents that no font has are dropped, and where nothing is left a made-up word stands in.
        rng: all of the chance.
        colour: of the ink.

    Returns:
        An RGBA image, trimmed, with capitals 96 to 128 px high.
    """
    return inked(typeset(_style(name, rng), int(rng.choice(_CAP_HEIGHTS_PX))).mask, colour)


def lockup(symbol: Image.Image, name: str, rng: Rng, colour: Colour) -> Image.Image:
    """Joins a symbol and a name.

    Args:
        symbol: RGBA, trimmed; its pixels come back as they are.
        name: as for `wordmark`.
        rng: all of the chance.
        colour: for the name; in about half of the lockups it is black or a dark grey instead.

    Returns:
        An RGBA image, trimmed.
    """
    ink: Colour = colour if rng.random() < 0.45 else (int(rng.choice((0, 0, 24, 51, 85))),) * 3
    layout = str(rng.choice(_LAYOUTS, p=_LAYOUT_SHARES))
    style = _style(name, rng)
    if layout == "between":
        parts = _between(symbol, style, rng, ink)
    elif layout in ("above", "below"):
        parts = _stacked(symbol, style._replace(centred=True), rng, ink, symbol_above=layout == "above")
    else:
        parts = _beside(symbol, style, rng, ink, symbol_left=layout == "left")
    return _joined([(symbol, 0, 0), *parts])


def word(rng: Rng) -> str:
    """Makes up a pronounceable name of one or two words that belongs to nobody, such as "Brenaly" or "Sloox labs"."""
    syllables = int(rng.choice((1, 2, 2, 2, 3)))
    name = "".join(str(rng.choice(part)) for _ in range(syllables) for part in (_ONSETS, _NUCLEI, _CODAS))
    name = name if len(name) > 2 else name + "ra"
    name = name.capitalize() if rng.random() < 0.7 else name
    return f"{name} {rng.choice(_SECOND_WORDS)}" if rng.random() < 0.2 else name


def display_name(class_name: str) -> str:
    """Writes the name of a class as a name is written: "adobe-photoshop" becomes "Adobe Photoshop"."""
    return " ".join(_capitalised(part) for part in re.split(r"[-_\s]+", class_name) if part)


def _style(name: str, rng: Rng) -> Style:
    font = str(rng.choice(font_files()))
    hand = font.startswith(_HANDS)
    text = _cased(name, rng, capitals=not hand)
    text = writable(text) or writable(_cased(word(rng), rng, capitals=not hand))
    words = text.split(" ")
    split = int(rng.integers(1, len(words))) if len(words) > 1 and rng.random() < 0.25 else len(words)
    lines = tuple(" ".join(part) for part in (words[:split], words[split:]) if part)
    return Style(
        font,
        lines,
        spacing=0.0 if hand else _spacing(rng, capitals=text.isupper()),
        pitch=float(rng.uniform(1.45, 1.8)),
        centred=rng.random() < 0.3,
        tagline=" ".join(word(rng) for _ in range(rng.integers(1, 4))) if rng.random() < 0.06 else None,
        underlined=rng.random() < 0.03,
    )


def _cased(name: str, rng: Rng, *, capitals: bool) -> str:
    way = rng.choice(("as it is", "lower", "upper", "title"), p=(0.45, 0.25, 0.15, 0.15))
    if way == "lower":
        return name.lower()
    if way == "upper" and capitals:
        return name.upper()
    return " ".join(_capitalised(part) for part in name.split()) if way == "title" else name


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _spacing(rng: Rng, *, capitals: bool) -> float:
    """Mostly none; capitals are often spaced out, the rest seldom and less."""
    chance = rng.random()
    if chance < (0.4 if capitals else 0.12):
        return float(rng.uniform(0.04, 0.4 if capitals else 0.15))
    return float(rng.uniform(-0.035, 0.0)) if chance > 0.8 else 0.0


def _beside(symbol: Image.Image, style: Style, rng: Rng, ink: Colour, *, symbol_left: bool) -> Iterator[_Part]:
    """The name, level with the middle of the symbol or at its foot; seldom a thin upright line before it."""
    text = typeset(style, _cap_height(symbol, style, rng))
    gap = room = round(max((text.baseline - text.cap_top) * rng.uniform(0.2, 0.75), 0.06 * symbol.height))
    if rng.random() < 0.07:
        width = max(1, round(symbol.height * rng.uniform(0.008, 0.03)))
        line = Image.new("RGBA", (width, symbol.height), (*ink, 255))
        yield line, symbol.width + gap if symbol_left else -gap - width, 0
        room += gap + width
    y = symbol.height - text.baseline if rng.random() < 0.15 else _level(symbol, text)
    yield inked(text.mask, ink), symbol.width + room if symbol_left else -room - text.mask.width, y


def _stacked(symbol: Image.Image, style: Style, rng: Rng, ink: Colour, *, symbol_above: bool) -> Iterator[_Part]:
    cap_px = symbol.width * rng.uniform(0.9, 2.4) / relative_width(style)
    text = typeset(style, round(np.clip(cap_px, 0.12 * symbol.height, 0.9 * symbol.height)))
    gap = round(symbol.height * rng.uniform(0.08, 0.35))
    y = symbol.height + gap if symbol_above else -gap - text.mask.height
    yield inked(text.mask, ink), (symbol.width - text.mask.width) // 2, y


def _between(symbol: Image.Image, style: Style, rng: Rng, ink: Colour) -> Iterator[_Part]:
    """The name around the symbol, which stands between two words or in the middle of one."""
    name = " ".join(style.lines)
    middle = name.find(" ") if " " in name else (len(name) + 1) // 2
    whole = style._replace(lines=(name,), tagline=None, underlined=False)
    cap_px = _cap_height(symbol, whole, rng)
    gap = round(symbol.height * rng.uniform(0.06, 0.2))
    for place, half in enumerate(filter(None, (name[:middle].strip(), name[middle:].strip()))):
        text = typeset(whole._replace(lines=(half,)), cap_px)
        x = -gap - text.mask.width if place == 0 else symbol.width + gap
        yield inked(text.mask, ink), x, _level(symbol, text)


def _cap_height(symbol: Image.Image, style: Style, rng: Rng) -> int:
    """Of a name beside a symbol, in pixels: all lines together take a quarter to the whole of the symbol's height."""
    block = symbol.height * (0.25 + 0.75 * rng.beta(2.0, 2.2))
    cap_px = block / (1.0 + style.pitch * (len(style.lines) - 1))
    return round(min(cap_px, max(_WIDEST * symbol.height / relative_width(style), 0.2 * symbol.height)))


def _level(symbol: Image.Image, text: SetText) -> int:
    """Where the text's top lies for its capitals to be in the middle of the symbol."""
    return (symbol.height - text.baseline - text.cap_top) // 2


def _joined(parts: Sequence[_Part]) -> Image.Image:
    """The parts on one transparent ground, no larger than they need; their boxes are apart."""
    left, top = min(x for _, x, _ in parts), min(y for _, _, y in parts)
    right, bottom = max(x + picture.width for picture, x, _ in parts), max(y + part.height for part, _, y in parts)
    ground = Image.new("RGBA", (right - left, bottom - top))
    for picture, x, y in parts:
        ground.paste(picture, (x - left, y - top))
    return ground
