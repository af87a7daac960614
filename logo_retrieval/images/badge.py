"""What stands on a badge: a square, rounded or round ground of one colour, as of app icons and favicons."""

from __future__ import annotations

from typing import cast

from PIL import Image

from logo_retrieval.images.prepare import WHOLE, Colour, Drawing, Ground, Region, contrast, ink, leaves_trace

_LONGEST_ASPECT = 1.6
_EDGE = 0.05  # how far inside the sides the colour of the badge is looked for
_SAME = 28  # of 255, in the channel that differs most; JPEG and shading stay below
_MASK_PX = 64
_INK_LEVEL = 96  # a pixel of the shrunk mask that is so full, of 255, is ink
_ROW_BITS = _MASK_PX + 8  # of a mask as one number: the last ones are empty and keep its rows apart
_CORNERS = sum(1 << (row * _ROW_BITS + bit) for row in (0, _MASK_PX - 1) for bit in (8, _ROW_BITS - 1))
_NARROWEST_MARGIN = 3 / _MASK_PX
_SMALLEST = 14 / _MASK_PX


def badge_region(drawing: Drawing) -> tuple[Region, Ground] | None:
    """Finds what stands on a badge.

    A drawing is a badge when it is at most 1.6 times as long as wide, has one colour in the middle of all four sides,
    other than that of the ground it lies on, and something of another colour stands inside with air all around. The
    corners may be cut off or rounded, up to a disc. Holes are nothing that stands on it.

    Returns:
        The region as fractions of the drawing, and the badge as the ground of what is in it; None when it is no badge.
    """
    pixels = drawing.pixels
    if max(pixels.size) > _LONGEST_ASPECT * min(pixels.size):
        return None
    colour = _side_colour(pixels)
    if colour is None or contrast(colour, drawing.ground.around) <= _SAME:
        return None
    level = [0] * _INK_LEVEL + [255] * (256 - _INK_LEVEL)
    mask = ink(pixels, colour).resize((_MASK_PX, _MASK_PX), Image.Resampling.BOX).point(level, "1")
    box = _without_corners(mask).getbbox()
    if box is None:
        return None
    left, top, right, bottom = (edge / _MASK_PX for edge in box)
    if min(left, top, 1 - right, 1 - bottom) < _NARROWEST_MARGIN or max(right - left, bottom - top) < _SMALLEST:
        return None
    air = 1 / _MASK_PX
    region = (
        max(left - air, WHOLE[0]),
        max(top - air, WHOLE[1]),
        min(right + air, WHOLE[2]),
        min(bottom + air, WHOLE[3]),
    )
    ground = Ground(colour, colour)
    width, height = pixels.size
    inside = (region[0] * width, region[1] * height, region[2] * width, region[3] * height)
    return (region, ground) if leaves_trace(drawing.clear.crop(inside), ground) else None


def _without_corners(mask: Image.Image) -> Image.Image:
    """A mask without the ink that hangs together with its corners, side by side."""
    wide = Image.new("1", (_ROW_BITS, _MASK_PX))
    wide.paste(mask)
    inked = int.from_bytes(wide.tobytes())
    grown = inked & _CORNERS
    cut = 0
    while grown != cut:
        cut = grown
        grown = inked & (cut | cut << 1 | cut >> 1 | cut << _ROW_BITS | cut >> _ROW_BITS)
    return Image.frombytes("1", wide.size, (inked & ~cut).to_bytes(_ROW_BITS * _MASK_PX // 8))


def _side_colour(pixels: Image.Image) -> Colour | None:
    """The colour just inside the middle of the four sides, if it is one."""
    width, height = pixels.size
    across, down = round(_EDGE * width), round(_EDGE * height)
    places = (
        (across, height // 2),
        (width - 1 - across, height // 2),
        (width // 2, down),
        (width // 2, height - 1 - down),
    )
    colours = [cast("Colour", pixels.getpixel(place)) for place in places]
    red, green, blue = (sorted(channel)[1] for channel in zip(*colours, strict=True))
    middle = (red, green, blue)
    return middle if all(contrast(colour, middle) <= _SAME for colour in colours) else None
