"""Sets lines of text in the fonts of this folder; no chance is involved."""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

CHARACTERS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 &.,:-'’!?+/·"
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
)
"""What every font of the folder can write."""

FONTS = Path(__file__).with_name("fonts")

_SMALLEST_CAP_PX = 6


class Style(NamedTuple):
    """How a name is set, whatever the size.

    Attributes:
        font: file name.
        lines: of text.
        spacing: added between letters, in ems.
        pitch: between baselines, in cap heights.
        centred: or else flush left.
        tagline: set small beneath.
        underlined: by a bar as wide as the text.
    """

    font: str
    lines: tuple[str, ...]
    spacing: float = 0.0
    pitch: float = 1.6
    centred: bool = False
    tagline: str | None = None
    underlined: bool = False


class SetText(NamedTuple):
    """A set name.

    Attributes:
        mask: its ink, 8-bit, trimmed.
        cap_top: where the capitals of the first line end, in pixels from the top; may lie outside.
        baseline: of the last line, likewise.
    """

    mask: Image.Image
    cap_top: int
    baseline: int


def writable(text: str) -> str:
    """The text without what the fonts lack: accents are taken off letters first, the rest is left out."""
    whole = "".join(sign if sign in CHARACTERS else unicodedata.normalize("NFKD", sign) for sign in text)
    return " ".join("".join(sign for sign in whole if sign in CHARACTERS).split())


def typeset(style: Style, cap_px: int) -> SetText:
    """Sets a name with capitals of about so many pixels."""
    font = _face(style.font, max(cap_px, _SMALLEST_CAP_PX))
    rows = [(line, font, style.spacing * font.size) for line in style.lines]
    pitch = style.pitch * cap_px
    baselines = [2.0 * font.size + row * pitch for row in range(len(rows))]
    if style.tagline is not None:
        small = _face(style.font, max(round(0.3 * cap_px), _SMALLEST_CAP_PX))
        rows.append((style.tagline, small, 0.0))
        baselines.append(baselines[-1] + 0.9 * cap_px)
    widths = [_advance(*row) for row in rows]
    size = round(max(widths) + 4 * font.size), round(baselines[-1] + 2 * font.size)
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for row, baseline, width in zip(rows, baselines, widths, strict=True):
        x = 2.0 * font.size + (max(widths) - width) / 2 * style.centred
        _write(draw, (x, baseline), *row)
    box = mask.getbbox() or (0, 0, 1, 1)
    if style.underlined:
        bar = round(box[3] + 0.2 * cap_px), round(box[3] + 0.28 * cap_px)
        draw.rectangle((box[0], bar[0], box[2] - 1, bar[1]), fill=255)
        box = (box[0], box[1], box[2], bar[1] + 1)
    first, last = baselines[0], baselines[len(style.lines) - 1]
    return SetText(mask.crop(box), round(first - cap_px) - box[1], round(last) - box[1])


def _write(
    draw: ImageDraw.ImageDraw, start: tuple[float, float], text: str, font: ImageFont.FreeTypeFont, spacing_px: float
) -> None:
    if not spacing_px:
        draw.text(start, text, fill=255, font=font, anchor="ls")
        return
    x, baseline = start
    for letter in text:
        draw.text((x, baseline), letter, fill=255, font=font, anchor="ls")
        x += font.getlength(letter) + spacing_px


def _advance(text: str, font: ImageFont.FreeTypeFont, spacing_px: float) -> float:
    return font.getlength(text) + spacing_px * (len(text) - 1)


def relative_width(style: Style) -> float:
    """The longest line's width over the cap height."""
    font = _face(style.font, 64)
    return max(_advance(line, font, style.spacing * font.size) for line in style.lines) / 64


@functools.cache
def font_files() -> tuple[str, ...]:
    """Names of the files of all fonts, in order."""
    return tuple(sorted(file.name for file in FONTS.glob("*.ttf")))


@functools.lru_cache(maxsize=512)
def _face(font: str, cap_px: int) -> ImageFont.FreeTypeFont:
    """A font at the size at which its capitals are so high."""
    return _open(font, round(1000 * cap_px / _caps_of_1000(font)))


@functools.cache
def _caps_of_1000(font: str) -> int:
    """Cap height at 1,000 px an em."""
    return -int(_open(font, 1000).getbbox("H", anchor="ls")[1])


def _open(font: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / font, size_px, layout_engine=ImageFont.Layout.BASIC)
