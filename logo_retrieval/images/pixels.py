"""Pixels of every mode as 8-bit grey or RGB, with alpha or without."""

from __future__ import annotations

import math

from PIL import Image, ImageChops

from logo_retrieval.errors import UnreadableImage

BLANK_RANGE = 16
"""Values that differ by no more are one to the eye."""

_GLANCE = (32, 32)
"""Pixels that are looked at first: what they show, the picture shows."""


def is_blank(pixels: Image.Image) -> bool:
    """Whether the picture is transparent, or of one colour, all over."""
    return _is_blank(_glance(pixels)) and _is_blank(pixels)


def _is_blank(pixels: Image.Image) -> bool:
    ranges = pixels.getextrema()
    bands = [ranges] if isinstance(ranges[0], (int, float)) else list(ranges)
    if pixels.mode in ("LA", "RGBA"):
        lowest_alpha, highest_alpha = bands.pop()
        if highest_alpha <= BLANK_RANGE or highest_alpha - lowest_alpha > BLANK_RANGE:
            return highest_alpha <= BLANK_RANGE
    return all(high - low <= BLANK_RANGE for low, high in bands)


def is_opaque(alpha: Image.Image) -> bool:
    """Whether an alpha plane is 255 all over."""
    return ImageChops.invert(alpha).getbbox() is None


def is_black(pixels: Image.Image) -> bool:
    """Whether red, green and blue of an RGBA image are 0 all over."""
    return all(each.getchannel(band).getbbox() is None for each in (_glance(pixels), pixels) for band in "RGB")


def is_grey(pixels: Image.Image) -> bool:
    """Whether red, green and blue of an RGB or RGBA image are the same in each of its pixels."""
    for each in (_glance(pixels), pixels):
        red, green, blue = (each.getchannel(band) for band in "RGB")
        if ImageChops.difference(red, green).getbbox() or ImageChops.difference(green, blue).getbbox():
            return False
    return True


def _glance(pixels: Image.Image) -> Image.Image:
    return pixels.resize(_GLANCE, Image.Resampling.NEAREST)


def eight_bit(image: Image.Image) -> Image.Image:
    """Decodes, and converts whatever the mode is to L, LA, RGB or RGBA."""
    image.load()
    pixels = image
    if pixels.mode.startswith("I;16"):
        pixels = _sixteen_bit(pixels)
    elif pixels.mode in ("I", "F"):
        pixels = _stretched(pixels)
    elif pixels.mode == "La":
        pixels = pixels.convert("LA")
    if pixels.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in pixels.info:
        return pixels
    if pixels.mode == "1" and "transparency" not in pixels.info:
        return pixels.convert("L")
    return pixels.convert("RGBA" if pixels.has_transparency_data else "RGB")


def toned(pixels: Image.Image, shades: list[int]) -> Image.Image:
    """The same with other shades of all colours.

    Args:
        pixels: of mode L, LA, RGB or RGBA.
        shades: what each of 256 becomes.
    """
    bands = len(pixels.getbands())
    alpha = list(range(256)) if pixels.mode in ("LA", "RGBA") else []
    return pixels.point(shades * (bands - bool(alpha)) + alpha)


def _sixteen_bit(pixels: Image.Image) -> Image.Image:
    """16-bit grey to 8 bits; the one value that stands for transparent becomes an alpha plane."""
    wide = pixels.convert("I")
    grey = wide.point(lambda value: value * (1 / 257)).convert("L")
    hole = pixels.info.get("transparency")
    if isinstance(hole, int):
        above = wide.point(lambda value: value * 255 - hole * 255).convert("L")
        below = wide.point(lambda value: value * -255 + hole * 255).convert("L")
        grey.putalpha(ImageChops.lighter(above, below))
    return grey


def _stretched(pixels: Image.Image) -> Image.Image:
    """Wide integers and floats to 8 bits; full scale is 1, 255 or 65,535, the first that fits, else their range."""
    low, high = pixels.getextrema()
    if not (isinstance(low, (int, float)) and isinstance(high, (int, float)) and math.isfinite(high - low)):
        raise UnreadableImage("corrupt", "the pixel values are not finite numbers")
    full_scales = [scale for scale in (1.0, 255.0, 65535.0) if low >= 0 and high <= scale]
    offset, span = (0.0, full_scales[0]) if full_scales else (float(low), float(high - low))
    factor = 255.0 / span
    return pixels.convert("F").point(lambda value: value * factor - offset * factor).convert("L")
