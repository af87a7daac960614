"""The views of a drawing: the whole of it, the symbol of a lockup, and what stands on a badge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.badge import badge_region
from logo_retrieval.images.lines import Line, draw_lines, runs
from logo_retrieval.images.prepare import (
    Drawing,
    Ground,
    Picture,
    Region,
    draw,
    draw_region,
    is_solid,
    square,
    within,
)

_LOCKUP_ASPECT = 1.25
_NARROWEST, _BROADEST = 0.4, 1.7  # of a symbol, as multiples of its height
_NAME_HEIGHT = 0.8
_CLEARLY_WIDER = 1.5


class Views(NamedTuple):
    """What is seen of a picture.

    Attributes:
        squares: one to three square RGB images, the whole drawing first.
        lines: what may be writing, see `lines.draw_lines`.
    """

    squares: list[Image.Image]
    lines: list[Line]


def draw_views(picture: Picture, size_px: int, *, all_views: bool, lines: bool = False) -> Views:
    """Draws the views of a picture.

    Args:
        picture: to draw.
        size_px: side of the views.
        all_views: whether there are further views: of a lockup the symbol alone, of a badge what stands on it.
        lines: whether what may be writing is drawn too, of a badge what stands on it.

    Raises:
        UnreadableImage: "empty".
    """
    drawing = draw(picture, size_px)
    squares, written_on = [square(drawing, size_px)], drawing
    for region, ground in _parts(drawing) if all_views or lines else ():
        try:
            alone = draw_region(picture, within(drawing.region, region), ground, size_px)
        except UnreadableImage:
            continue  # a hairline: nothing to show
        if ground != drawing.ground:
            written_on = alone
        if all_views and not is_solid(alone):
            squares.append(square(alone, size_px))
    return Views(squares, draw_lines(picture, written_on) if lines else [])


def _parts(drawing: Drawing) -> Iterator[tuple[Region, Ground]]:
    region = symbol_region(drawing)
    if region is not None:
        yield region, drawing.ground
    badge = badge_region(drawing)
    if badge is not None:
        yield badge


def symbol_region(drawing: Drawing) -> Region | None:
    """Finds the symbol of a lockup, which is a drawing wider than 1.25 times its height.

    A symbol is cut off at a gap, a run of rows or columns without ink, and is 0.4 to 1.7 heights wide. Of several gaps
    that would do, the widest wins. In this order:

    1. above or below the name, when a gap goes right across and the part is at least 0.4 of the drawing's height;
    2. after the name: only when its gap is 1.5 times as wide as any other and the name before it is visibly lower than
       the drawing, since most wordmarks could offer their last letter;
    3. before the name, the usual case;
    4. else the leading square.

    Returns:
        The region as fractions of the drawing, or None when it is no lockup.
    """
    mask = drawing.ink
    width, height = mask.size
    if width <= _LOCKUP_ASPECT * height:
        return None
    columns, rows = mask.getprojection()
    return _stacked(mask, rows) or _beside(mask, columns)


def _stacked(mask: Image.Image, rows: list[int]) -> Region | None:
    width, height = mask.size
    found: list[tuple[int, Region]] = []
    for start, end in _gaps(rows):
        cut = (start + end) / 2 / height
        for top, bottom, region in ((0, start, (0.0, 0.0, 1.0, cut)), (end, height, (0.0, cut, 1.0, 1.0))):
            left, _, right, _ = mask.crop((0, top, width, bottom)).getbbox() or (0, 0, 0, 0)
            if bottom - top >= _NARROWEST * height and _is_symbol(right - left, bottom - top):
                found.append((end - start, region))
    return max(found, key=lambda gap_and_region: gap_and_region[0])[1] if found else None


def _beside(mask: Image.Image, columns: list[int]) -> Region:
    width, height = mask.size
    gaps = _gaps(columns)
    sizes = sorted(end - start for start, end in gaps)
    if sizes and (len(sizes) == 1 or sizes[-1] >= _CLEARLY_WIDER * sizes[-2]):
        start, end = _widest_gap(gaps)
        _, top, _, bottom = mask.crop((0, 0, start, height)).getbbox() or (0, 0, 0, 0)
        if _is_symbol(width - end, height) and bottom - top <= _NAME_HEIGHT * height:
            return ((start + end) / 2 / width, 0.0, 1.0, 1.0)
    before = [(start, end) for start, end in gaps if _is_symbol(start, height)]
    if before:
        start, end = _widest_gap(before)
        return (0.0, 0.0, (start + end) / 2 / width, 1.0)
    return (0.0, 0.0, height / width, 1.0)


def _is_symbol(width: int, height: int) -> bool:
    return _NARROWEST * height <= width <= _BROADEST * height


def _gaps(projection: list[int]) -> list[tuple[int, int]]:
    """Runs of zeros as (start, end), in order; there are none at the ends, since a drawing is trimmed."""
    return runs(not filled for filled in projection)


def _widest_gap(gaps: list[tuple[int, int]]) -> tuple[int, int]:
    """The widest gap, the first of equals."""
    return max(gaps, key=lambda gap: gap[1] - gap[0])
