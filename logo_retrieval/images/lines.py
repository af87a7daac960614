"""Lines that may be writing: bands of ink, wider than high, as a recogniser of text wants them.

Works on Pillow images alone, as all that a decoder process does. Where letters are is found by the gaps between rows of
ink (the first cut of a recursive X-Y cut, Nagy and Seth 1984, "Hierarchical representation of optically scanned
documents", section 2): logos have few lines, with air between. A symbol beside a name stays in its band, since the
recogniser passes over it, and a cut between them would now and then cut off a first letter.
"""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.preparation import LINE_PX
from logo_retrieval.images.prepare import Drawing, Picture, Region, draw_region, ink, within

LONGEST_PX = 480
"""A line that would be wider is squeezed."""

MOST_LINES = 3
"""The largest of a drawing; a screenshot has more, a logo hardly."""

_NARROWEST = 1.2  # of a line, as a multiple of its height
_LOWEST = 0.05  # as a share of the longer side of the drawing
_LEAST_INKED = 1 / 3  # of a line's columns; less are the corners of a sign
_DOT_HEIGHT, _DOT_GAP, _DOT_WIDTH = 0.45, 0.35, 0.35  # of dots and accents, as shares of the band they belong to


def draw_lines(picture: Picture, drawing: Drawing) -> list[Image.Image]:
    """Draws what may be writing in a drawing.

    Returns:
        At most three RGB images, 48 px high and 58 to 480 px wide, from top to bottom.
    """
    lines = []
    for region in line_regions(drawing):
        region = within(drawing.region, region)
        aspect = (region[2] - region[0]) * picture.width / ((region[3] - region[1]) * picture.height)
        try:
            line = draw_region(picture, region, drawing.ground, min(round(LINE_PX * aspect), LONGEST_PX)).pixels
        except UnreadableImage:
            continue  # a hairline that is gone at this size
        width = min(max(round(LINE_PX * line.width / line.height), 1), LONGEST_PX)
        if width >= _NARROWEST * LINE_PX:
            lines.append(line.resize((width, LINE_PX), Image.Resampling.BILINEAR))
    return lines


def line_regions(drawing: Drawing) -> list[Region]:
    """Where there may be writing, from top to bottom, as fractions of the drawing.

    A line is a band of rows with ink, at least 1.2 times as wide as high, a twentieth of the drawing's longer side
    high, and with ink in a third of its columns; dots and accents belong to the band that they stand on. Of more than
    three the widest are taken.
    """
    mask = ink(drawing.pixels, drawing.ground.around)
    width, height = mask.size
    found = []
    for top, bottom in _bands(mask):
        left, _, right, _ = mask.crop((0, top, width, bottom)).getbbox() or (0, 0, 0, 0)
        if bottom - top < _LOWEST * max(width, height) or right - left < _NARROWEST * (bottom - top):
            continue
        if _inked_columns(mask, (top, bottom)) >= _LEAST_INKED * (right - left):
            found.append((left / width, top / height, right / width, bottom / height))
    widest = sorted(found, key=lambda region: region[0] - region[2])[:MOST_LINES]
    return [region for region in found if region in widest]


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
    return _inked_columns(mask, small) < _DOT_WIDTH * _inked_columns(mask, large)


def _inked_columns(mask: Image.Image, band: tuple[int, int]) -> int:
    return sum(map(bool, mask.crop((0, band[0], mask.width, band[1])).getprojection()[0]))


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
