"""From a picture of any shape to a square drawing: lay on a ground, trim, keep the aspect, pad.

Works on Pillow images alone: a decoder process that never imports numpy starts in half the time.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple, Protocol

from PIL import Image, ImageChops

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pixels import is_opaque

Region = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of a picture."""

Colour = tuple[int, int, int]

WHOLE: Region = (0.0, 0.0, 1.0, 1.0)

_WHITE: Colour = (255, 255, 255)
_DARK: Colour = (32, 32, 32)

_INK_CONTRAST = 16  # of 255, in the channel that differs most
_ROUNDING = 1  # of 255: what colours with little alpha are off by
_CLEAR_SHARE = 0.02
_WHITENESS = 48
_EVEN_BORDER_SHARE = 2 / 3
_FULL_ENOUGH = 0.95
_MAX_PASSES = 4
_FINE_FACTOR = 4
_SMALLEST_SHARE = 0.01
_LONGEST_ASPECT = 32
_SOLID_REST = 0.02
_EDGE_PX = 2


class Picture(Protocol):
    """What can be drawn at any size: a vector drawing, or pixels."""

    width: float
    height: float

    def render(self, longest_px: int, region: Region | None = None) -> Image.Image:
        """An RGBA image of a region, its longer side `longest_px`."""
        ...


class Ground(NamedTuple):
    """The colours that count as nothing.

    Attributes:
        behind: what transparent parts are laid on.
        around: of the margins; they are trimmed off, and the square is padded with it.
    """

    behind: Colour
    around: Colour


class Drawing(NamedTuple):
    """A trimmed drawing, not yet square.

    Attributes:
        pixels: RGB, the longer side nearly `size_px`, never more.
        ink: the mask of what is drawn, as `ink` gives it.
        clear: RGBA, the same on no ground.
        region: where it lies in the picture.
        ground: what it stands on.
    """

    pixels: Image.Image
    ink: Image.Image
    clear: Image.Image
    region: Region
    ground: Ground


class Sheet(NamedTuple):
    """A picture laid on its ground: RGB, the mask of what is drawn, and RGBA as it was before."""

    pixels: Image.Image
    ink: Image.Image
    clear: Image.Image


def draw(picture: Picture, size_px: int) -> Drawing:
    """Draws the whole of a picture, trimmed.

    The ground: transparent parts are laid on white, or on dark grey when more than 2 % is transparent and the rest is
    so light (alpha-weighted mean of max(255 - c) below 48) that it would vanish; margins have the colour of that
    ground. A picture that is opaque has margins in the colour of its own border, where at least two thirds of the
    border agree on one, so a sign on a blue square is trimmed to the sign and padded with blue; else it counts as
    reaching its edges and is padded with white. One colour all over is a plain sign on white, unless it is white.

    Raises:
        UnreadableImage: "empty" when nothing is drawn, or a speck or a sliver.
    """
    rough = picture.render(size_px)
    ground = _ground(rough)
    sheet = _sheet(rough, ground)
    if sheet.ink.getbbox() is None:
        rough = picture.render(size_px * _FINE_FACTOR)  # hairlines fade away when they are shrunk
        ground = _ground(rough)
        sheet = _sheet(rough, ground)
        if sheet.ink.getbbox() is None:
            ground = Ground(_WHITE, _WHITE)
            sheet = _sheet(rough, ground)
    drawing = draw_region(picture, WHOLE, ground, size_px, sheet)
    left, top, right, bottom = drawing.region
    longest = max((right - left) * picture.width, (bottom - top) * picture.height)
    if longest < _SMALLEST_SHARE * max(picture.width, picture.height):
        raise UnreadableImage("empty", "only a speck is drawn on an empty ground")
    return drawing


def draw_region(picture: Picture, region: Region, ground: Ground, size_px: int, sheet: Sheet | None = None) -> Drawing:
    """Draws what a region holds, trimmed, and sharp even where it is a small part of the picture.

    Args:
        picture: to draw from.
        region: of the picture.
        ground: as found by `draw`.
        size_px: of the longer side.
        sheet: the region as laid already, if it was.

    Raises:
        UnreadableImage: "empty" when there is nothing in it, or a sliver.
    """
    sheet = sheet or _sheet(picture.render(size_px, region), ground)
    box = _ink_box(sheet)
    for _ in range(_MAX_PASSES):
        size = sheet.pixels.size
        if max(box[2] - box[0], box[3] - box[1]) >= _FULL_ENOUGH * size_px and max(size) == size_px:
            break
        region = _within(region, (box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1), size)
        sheet = _sheet(picture.render(size_px, region), ground)
        box = _ink_box(sheet)
    pixels = sheet.pixels.crop(box)
    if max(pixels.size) > _LONGEST_ASPECT * min(pixels.size):
        raise UnreadableImage("empty", f"what is drawn is a sliver of {pixels.width} x {pixels.height}")
    region = _within(region, box, sheet.pixels.size)
    return Drawing(pixels, sheet.ink.crop(box), sheet.clear.crop(box), region, ground)


def square(drawing: Drawing, size_px: int) -> Image.Image:
    """Pads a drawing to a square of `size_px` with the colour around it, the drawing in the middle."""
    padded = Image.new("RGB", (size_px, size_px), drawing.ground.around)
    width, height = drawing.pixels.size
    padded.paste(drawing.pixels, ((size_px - width) // 2, (size_px - height) // 2))
    return padded


def within(outer: Region, inner: Region) -> Region:
    """A region given as fractions of another, as fractions of the picture."""
    left, top, right, bottom = outer
    width, height = right - left, bottom - top
    return (
        left + inner[0] * width,
        top + inner[1] * height,
        min(left + inner[2] * width, right),
        min(top + inner[3] * height, bottom),
    )


def contrast(one: Colour, other: Colour) -> int:
    """The difference in the channel that differs most, 0..255."""
    return max(abs(here - there) for here, there in zip(one, other, strict=True))


def ink(pixels: Image.Image, around: Colour, most_alike: int = _INK_CONTRAST) -> Image.Image:
    """A mask (L, 0 or 255) of the pixels that differ from the colour around by more than a contrast, as one sees it."""
    red, green, blue = ImageChops.difference(pixels, Image.new("RGB", pixels.size, around)).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(
        [0] * (most_alike + 1) + [255] * (255 - most_alike)
    )


def leaves_trace(clear: Image.Image, ground: Ground) -> bool:
    """Whether an RGBA image that is laid on a ground differs from the colour around by more than rounding does."""
    return ink(_laid(clear, ground), ground.around, _ROUNDING).getbbox() is not None


def ink_share(picture: Image.Image) -> float:
    """Of an RGBA image, the share that differs visibly from the ground that `draw` would lay it on."""
    ground = _ground(picture)
    return _sheet(picture, ground).ink.histogram()[255] / (picture.width * picture.height)


def is_solid(drawing: Drawing) -> bool:
    """Whether one colour, not that of the ground, fills the drawing but for at most 2 %, such as rounded corners."""
    pixels = drawing.pixels
    if min(pixels.size) > 4 * _EDGE_PX:  # the outermost pixels may be half covered
        pixels = pixels.crop((_EDGE_PX, _EDGE_PX, pixels.width - _EDGE_PX, pixels.height - _EDGE_PX))
    colour = _median(pixels.histogram())
    if contrast(colour, drawing.ground.around) <= _INK_CONTRAST:
        return False
    return ink(pixels, colour).histogram()[255] <= _SOLID_REST * pixels.width * pixels.height


def _ground(picture: Image.Image) -> Ground:
    red, green, blue, alpha = picture.split()
    shades = alpha.histogram()
    if sum(shades[:128]) > _CLEAR_SHARE * picture.width * picture.height:
        weight = sum(value * count for value, count in enumerate(shades)) / 255
        depth = ImageChops.multiply(ImageChops.invert(ImageChops.darker(ImageChops.darker(red, green), blue)), alpha)
        total_depth = sum(value * count for value, count in enumerate(depth.histogram()))
        behind = _DARK if total_depth < _WHITENESS * weight else _WHITE
        return Ground(behind, behind)
    laid = _laid(picture, Ground(_WHITE, _WHITE))
    border = Image.new("L", laid.size, 255)
    border.paste(0, (1, 1, laid.width - 1, laid.height - 1))
    around = _median(laid.histogram(border))
    agreeing, *_, differing = ink(laid, around).histogram(border)
    even = agreeing >= _EVEN_BORDER_SHARE * (agreeing + differing)
    return Ground(_WHITE, around if even else _WHITE)


def _median(histogram: list[int]) -> Colour:
    """Of an RGB histogram, channel by channel."""
    medians = []
    for channel in range(3):
        counts = list(accumulate(histogram[256 * channel : 256 * (channel + 1)]))
        medians.append(bisect_left(counts, counts[-1] / 2))
    return medians[0], medians[1], medians[2]


def _laid(picture: Image.Image, ground: Ground) -> Image.Image:
    alpha = picture.getchannel("A")
    if is_opaque(alpha):
        return picture.convert("RGB")
    laid = Image.new("RGB", picture.size, ground.behind)
    laid.paste(picture, mask=alpha)
    return laid


def _sheet(picture: Image.Image, ground: Ground) -> Sheet:
    laid = _laid(picture, ground)
    return Sheet(laid, ink(laid, ground.around), picture)


def _ink_box(sheet: Sheet) -> tuple[int, int, int, int]:
    box = sheet.ink.getbbox()
    if box is None:
        raise UnreadableImage("empty", "nothing is drawn: it is blank or in one colour")
    return box


def _within(region: Region, box: tuple[int, int, int, int], size: tuple[int, int]) -> Region:
    """The part of a region that a pixel box of its rendering covers, no further than the region."""
    left, top, right, bottom = region
    across, down = (right - left) / size[0], (bottom - top) / size[1]
    return (
        left + across * max(box[0], 0),
        top + down * max(box[1], 0),
        min(left + across * min(box[2], size[0]), right),
        min(top + down * min(box[3], size[1]), bottom),
    )
