"""Lines that may be writing: bands of ink, wider than high, as a recogniser of text wants them.

Works on Pillow images alone, as all that a decoder process does. Where letters are is found by the gaps between rows of
ink (the first cut of a recursive X-Y cut, Nagy and Seth 1984, "Hierarchical representation of optically scanned
documents", section 2): logos have few lines, with air between. A symbol beside a name stays in its band, since the
recogniser passes over it, and a cut between them would now and then cut off a first letter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from PIL import Image

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.preparation import LINE_PX
from logo_retrieval.images.prepare import Drawing, Picture, Region, draw_region, within

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

LONGEST_PX = 480
"""A line that would be wider is squeezed."""

MOST_LINES = 3
"""The largest of a drawing; a screenshot has more, a logo hardly."""

_NARROWEST = 1.2  # of a line, as a multiple of its height
_LOWEST = 0.05  # as a share of the longer side of the drawing
_LEAST_INKED = 1 / 3  # of a line's columns; less are the corners of a badge
_BROADEST_SYMBOL = 1.7  # as a multiple of the band's height
_TOUCHING, _NAME_ASPECT, _NAME_INKED, _NAME_LETTERS = 0.4, 2.0, 0.7, 3  # of a name that touches a symbol
_DOT_HEIGHT, _DOT_GAP, _DOT_WIDTH = 0.45, 0.35, 0.35  # of dots and accents, as shares of the band they belong to


class Line(NamedTuple):
    """What may be writing.

    Attributes:
        pixels: RGB, 48 px high and 58 to 480 px wide.
        place: in the picture.
    """

    pixels: Image.Image
    place: Region


def draw_lines(picture: Picture, drawing: Drawing) -> list[Line]:
    """Draws what may be writing in a drawing: at most three lines, from top to bottom."""
    lines = []
    for region in line_regions(drawing):
        region = within(drawing.region, region)
        aspect = (region[2] - region[0]) * picture.width / ((region[3] - region[1]) * picture.height)
        try:
            drawn = draw_region(picture, region, drawing.ground, min(round(LINE_PX * aspect), LONGEST_PX))
        except UnreadableImage:
            continue  # a hairline that is gone at this size
        width = min(max(round(LINE_PX * drawn.pixels.width / drawn.pixels.height), 1), LONGEST_PX)
        if width >= _NARROWEST * LINE_PX:
            lines.append(Line(drawn.pixels.resize((width, LINE_PX), Image.Resampling.BILINEAR), drawn.region))
    return lines


def line_regions(drawing: Drawing) -> list[Region]:
    """Where there may be writing, from top to bottom, as fractions of the drawing.

    A line is a band of rows with ink, at least 1.2 times as wide as high, a twentieth of the drawing's longer side
    high, and with ink in a third of its columns; dots and accents belong to the band that they stand on. Two lines
    beside a symbol are found behind the widest gap, and a name that the symbol above touches where there is least ink.
    Of more than three the widest are taken.
    """
    mask = drawing.ink
    lowest = _LOWEST * max(mask.size)
    lines = []
    for top, bottom in _bands(mask):
        band = _trimmed(mask, (0, top, mask.width, bottom))
        if bottom - top < lowest:
            continue
        several = _lines_beside_symbol(mask, band, lowest)
        if several:
            lines += several
        elif _may_be_line(mask, band):
            lines.append(band)
        else:
            lines += _name_beneath(mask, band, lowest)
    widest = sorted(lines, key=lambda box: box[0] - box[2])[:MOST_LINES]
    width, height = mask.size
    return [(box[0] / width, box[1] / height, box[2] / width, box[3] / height) for box in lines if box in widest]


def _trimmed(mask: Image.Image, box: Box) -> Box:
    """What of a box has ink."""
    left, top, right, bottom = mask.crop(box).getbbox() or (0, 0, 0, 0)
    return box[0] + left, box[1] + top, box[0] + right, box[1] + bottom


def _may_be_line(mask: Image.Image, box: Box) -> bool:
    left, top, right, bottom = box
    wide_enough = right - left >= _NARROWEST * (bottom - top)
    return wide_enough and _inked_columns(mask, box) >= _LEAST_INKED * (right - left)


def _lines_beside_symbol(mask: Image.Image, band: Box, lowest: float) -> list[Box]:
    """The lines behind the widest gap that a symbol at the left may end at, where there are two or more."""
    left, top, right, bottom = band
    gaps = runs(not inked for inked in mask.crop(band).getprojection()[0])
    after_symbol = [(end - start, end) for start, end in gaps if start <= _BROADEST_SYMBOL * (bottom - top)]
    if not after_symbol:
        return []
    beside = (left + max(after_symbol)[1], top, right, bottom)
    if beside[2] - beside[0] < _NARROWEST * (bottom - top):
        return []
    lines = [
        _trimmed(mask, (beside[0], top + start, right, top + end))
        for start, end in _bands(mask.crop(beside))
        if end - start >= lowest
    ]
    return lines if len(lines) > 1 and all(_may_be_line(mask, line) for line in lines) else []


def _name_beneath(mask: Image.Image, band: Box, lowest: float) -> list[Box]:
    """The name beneath a symbol that reaches down to it: cut where a row of the lower half has least ink."""
    left, top, right, bottom = band
    rows = mask.crop(band).resize((1, bottom - top), Image.Resampling.BOX).tobytes()
    first, last = len(rows) // 2, len(rows) - round(lowest)
    if first >= last:
        return []
    cut = min(range(first, last), key=lambda row: rows[row])
    name = _trimmed(mask, (left, top + cut, right, bottom))
    width, height = name[2] - name[0], name[3] - name[1]
    if rows[cut] > _TOUCHING * max(rows[cut:]) or width < _NAME_ASPECT * height:
        return []
    letters = runs(mask.crop(name).getprojection()[0])
    return [name] if len(letters) >= _NAME_LETTERS and _inked_columns(mask, name) >= _NAME_INKED * width else []


def _bands(mask: Image.Image) -> list[tuple[int, int]]:
    """Runs of rows with ink, as (top, bottom)."""
    bands = runs(mask.getprojection()[1])
    place = 0
    while place + 1 < len(bands):
        if _belong_together(mask, bands[place], bands[place + 1]):
            bands[place : place + 2] = [(bands[place][0], bands[place + 1][1])]
            place = max(place - 1, 0)
        else:
            place += 1
    return bands


def _belong_together(mask: Image.Image, upper: tuple[int, int], lower: tuple[int, int]) -> bool:
    """Whether one of two bands is dots or accents of the other."""
    small, large = sorted((upper, lower), key=lambda band: band[1] - band[0])
    height = large[1] - large[0]
    if small[1] - small[0] >= _DOT_HEIGHT * height or lower[0] - upper[1] > _DOT_GAP * height:
        return False

    def inked(band: tuple[int, int]) -> int:
        return _inked_columns(mask, (0, band[0], mask.width, band[1]))

    return inked(small) < _DOT_WIDTH * inked(large)


def _inked_columns(mask: Image.Image, box: Box) -> int:
    return sum(map(bool, mask.crop(box).getprojection()[0]))


def runs(inside: Iterable[object]) -> list[tuple[int, int]]:
    """Runs of what is true, such as rows with ink in a projection, as (start, end), in order."""
    found = []
    start = None
    for place, here in enumerate([*inside, False]):
        if here and start is None:
            start = place
        elif not here and start is not None:
            found.append((start, place))
            start = None
    return found
