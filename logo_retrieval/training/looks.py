"""How a drawing may look: heavier strokes, outlines, gradients, relief, gloss, shadows, and grounds of some stuff.

Icon themes and earlier decades draw marks in these ways; packs of one colour do not. All pictures are RGBA.
"""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from logo_retrieval.images.prepare import Colour
from logo_retrieval.training.paint import WHITE, Rng, ink_colour, inked
from logo_retrieval.types import Float32Array

_STROKE_PX = 5
_COLOURS = 4
_THICKEST = 0.04
"""Half of the stroke of a line icon, as a share of the side."""
_WITHIN = [0] * 214 + [255] * 42
"""Of a blurred shape what is above .84: a deviation or more within its edge."""
_PIXELS = 192
"""The side of a picture at which strokes, reliefs and shadows have the sizes given here."""


def stroked(picture: Image.Image, rng: Rng) -> Image.Image:
    """Heavier or lighter, by up to two pixels on each side."""
    alpha = picture.getchannel("A")
    heavier = rng.random() < 0.5
    size = _odd(_STROKE_PX, picture)
    changed = alpha.filter(ImageFilter.MaxFilter(size) if heavier else ImageFilter.MinFilter(size))
    return with_alpha(flooded(picture) if heavier else picture, Image.blend(alpha, changed, rng.uniform(0.3, 1.0)))


def outlined(picture: Image.Image, rng: Rng, *, mono: bool) -> Image.Image:
    """As a line icon: a stroke of 3 to 8 % of the side along every edge, corners rounded, all in one colour.

    What is thinner than such a stroke becomes one. A Gaussian blur of a shape, with the half stroke as its deviation,
    is between .16 and .84 where a straight edge is no further than that.

    Args:
        picture: transparent where nothing is drawn.
        rng: all of the chance.
        mono: whether it has one colour; else there are edges between its colours, too.
    """
    half = float(rng.uniform(0.015, _THICKEST)) * max(picture.size)
    larger = _with_room(picture, round(2 * half))
    ramp = [round(255 * min(max((0.34 - abs(shade / 255 - 0.5)) * 4 * half + 0.5, 0), 1)) for shade in range(256)]
    edges = [part.filter(ImageFilter.GaussianBlur(half)).point(ramp) for part in _parts(larger, mono=mono)]
    return inked(functools.reduce(ImageChops.lighter, edges), ink_colour(picture))


def is_of_lines(picture: Image.Image) -> bool:
    """Whether hardly anything of it is thicker than the strokes of a line icon."""
    alpha = picture.getchannel("A")
    thick = alpha.filter(ImageFilter.GaussianBlur(_THICKEST * max(picture.size))).point(_WITHIN)
    return thick.histogram()[255] < 0.15 * sum(alpha.histogram()[128:])


def _parts(picture: Image.Image, *, mono: bool) -> list[Image.Image]:
    """8-bit masks of the shape and, unless it has one colour, of what has each of its colours."""
    alpha = picture.getchannel("A")
    if mono:
        return [alpha]
    colours = flooded(picture).convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    of_each = [colours.point([255 * (shade == index) for shade in range(256)], "L") for index in range(_COLOURS)]
    return [alpha, *(ImageChops.darker(part, alpha) for part in of_each if any(part.histogram()[1:]))]


def shaded(picture: Image.Image, rng: Rng, strength: float = 0.7) -> Image.Image:
    """From one colour to another along some direction, or from light to dark."""
    delta = rng.uniform(-strength, strength, 3 if rng.random() < 0.5 else 1).astype(np.float32)
    return _lit(picture, ramp(picture.size, rng)[..., None] * delta)


def in_relief(picture: Image.Image, rng: Rng) -> Image.Image:
    """Lit from one side, as if the edges were bevelled."""
    alpha = picture.getchannel("A").filter(ImageFilter.BoxBlur(max(picture.size) * 4 / _PIXELS))
    height = np.asarray(alpha, np.float32) / 255
    down, right = np.gradient(height)
    angle = rng.uniform(0.2, 2.9)
    light = (np.sin(angle) * down + np.cos(angle) * right) * rng.uniform(3.0, 10.0) * max(picture.size) / _PIXELS
    return _lit(picture, light[..., None])


def glossy(picture: Image.Image, rng: Rng) -> Image.Image:
    """With light on the upper part that ends at a curve."""
    width, height = picture.size
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    edge = rng.uniform(0.35, 0.6) + rng.uniform(-0.6, 0.6) * across**2
    light = rng.uniform(0.12, 0.5) * np.clip((edge - down) * height, 0, 1) * (1 - 0.6 * down)
    return _lit(picture, light[..., None])


def with_shadow(picture: Image.Image, rng: Rng) -> Image.Image:
    """With a soft shadow, or one that reaches to the edge of the picture."""
    larger = _with_room(picture, round(max(picture.size) * 0.08))
    alpha = larger.getchannel("A")
    if rng.random() < 0.3:
        shadow = _long_shadow(alpha)
    else:
        away = max(1, round(max(picture.size) * rng.uniform(0.01, 0.04)))
        shadow = ImageChops.offset(alpha, away, away).filter(ImageFilter.GaussianBlur(away))
    ground = Image.new("RGBA", larger.size)
    dark = float(rng.uniform(0.15, 0.6))
    ground.putalpha(shadow.point([round(shade * dark) for shade in range(256)]))
    return Image.alpha_composite(ground, larger)


def printed(sign: Image.Image, art: Image.Image) -> Image.Image:
    """Art in the middle of a sign, cut off where the sign ends."""
    shape, layer = sign.getchannel("A"), Image.new("RGBA", sign.size)
    layer.paste(art, ((sign.width - art.width) // 2, (sign.height - art.height) // 2))
    return with_alpha(Image.alpha_composite(sign, layer), shape)


def with_emblem(picture: Image.Image, rng: Rng, colour: Colour) -> Image.Image:
    """With a disc or a small square over a corner, a fifth to two fifths of the shorter side wide."""
    side = max(1.0, min(picture.size) * rng.uniform(0.2, 0.4))
    left = picture.width - side if rng.random() < 0.8 else 0.0
    top = picture.height - side if rng.random() < 0.5 else 0.0
    radius = side * float(rng.choice([0.5, 0.5, 0.25]))
    edge = WHITE if rng.random() < 0.3 else None
    covered = picture.copy()
    ImageDraw.Draw(covered).rounded_rectangle(
        (left, top, left + side - 1, top + side - 1), radius, (*colour, 255), edge, round(side * 0.08)
    )
    return covered


def tilted(picture: Image.Image, rng: Rng, fill: tuple[int, int, int, int]) -> Image.Image:
    """Seen from a side, a little."""
    width, height = picture.size
    x, y = rng.uniform(-0.3, 0.3, 2) / (width, height)
    middle_x, middle_y = width / 2, height / 2
    # (u, v) shows the point m + (u - m) / (1 + x (u - m_x) + y (v - m_y)) of the picture
    base = 1 - x * middle_x - y * middle_y
    data = (
        1 + middle_x * x, middle_x * y, middle_x * base - middle_x,
        middle_y * x, 1 + middle_y * y, middle_y * base - middle_y,
        x / base, y / base,
    )  # fmt: skip
    scaled = [value / base for value in data[:6]] + list(data[6:])
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, scaled, Image.Resampling.BICUBIC, fillcolor=fill
    )


def of_stuff(picture: Image.Image, rng: Rng) -> Image.Image:
    """Uneven like paper, fabric or a wall, or lit unevenly."""
    width, height = picture.size
    kind, amount = rng.random(), rng.uniform(0.02, 0.1)
    if kind < 0.3:
        noise = _noise(picture.size, 7, rng) + np.float32(0.3) * _noise(picture.size, 64, rng)
        return _lit(picture, np.float32(amount) * noise)
    if kind < 0.6:
        return _lit(picture, np.float32(amount) * _noise(picture.size, 64, rng))
    if kind < 0.8:
        pitch = rng.uniform(0.5, 1.6)
        threads = np.sin(np.arange(width) * pitch) * np.sin(np.arange(height) * pitch)[:, None]
        return _lit(picture, amount * threads[..., None])
    light = 1 + ramp(picture.size, rng)[..., None] * rng.uniform(0.1, 0.5)
    return _lit(picture, np.asarray(picture, np.float32)[..., :3] / 255 * (light - 1))


def ramp(size: tuple[int, int], rng: Rng) -> Float32Array:
    """(h, w) from about -0.5 to 0.5 along some direction, as often downwards as any other."""
    angle = np.pi / 2 if rng.random() < 0.5 else rng.uniform(-np.pi, np.pi)
    across = np.linspace(-0.5, 0.5, size[0], dtype=np.float32)
    down = np.linspace(-0.5, 0.5, size[1], dtype=np.float32)[:, None]
    return np.asarray(np.cos(angle) * across + np.sin(angle) * down, np.float32)


def with_alpha(picture: Image.Image, alpha: Image.Image) -> Image.Image:
    """The same colours in another shape."""
    changed = picture.copy()
    changed.putalpha(alpha)
    return changed


def flooded(picture: Image.Image) -> Image.Image:
    """With the mean colour of what is drawn where nothing is, so that a wider shape finds no black there."""
    pixels = np.asarray(picture, np.float32)
    weights = pixels[..., 3]
    mean = (pixels[..., :3] * weights[..., None]).sum((0, 1)) / max(float(weights.sum()), 1.0)
    around = Image.new("RGBA", picture.size, (*(round(float(shade)) for shade in mean), 255))
    return Image.alpha_composite(around, picture)


def _with_room(picture: Image.Image, room: int) -> Image.Image:
    """With so many empty pixels on each side."""
    larger = Image.new("RGBA", (picture.width + 2 * room, picture.height + 2 * room))
    larger.paste(picture, (room, room))
    return larger


def _lit(picture: Image.Image, light: np.ndarray) -> Image.Image:
    """With light added, (h, w, 1 or 3) in shares of white."""
    pixels = np.asarray(picture, np.float32)
    lit = np.clip(pixels[..., :3] + 255 * light.astype(np.float32), 0, 255).astype(np.uint8)
    return with_alpha(Image.fromarray(lit).convert("RGBA"), picture.getchannel("A"))


def _noise(size: tuple[int, int], cells: int, rng: Rng) -> Float32Array:
    coarse = Image.fromarray(rng.standard_normal((cells, cells), np.float32), "F")
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.float32)[..., None]


def _long_shadow(alpha: Image.Image) -> Image.Image:
    """Down and to the right."""
    pixels = 1
    while pixels < max(alpha.size):
        moved = Image.new("L", alpha.size)
        moved.paste(alpha, (pixels, pixels))
        alpha, pixels = ImageChops.lighter(alpha, moved), 2 * pixels
    return alpha


def _odd(pixels: int, picture: Image.Image) -> int:
    """So many pixels at the usual side, for this one; odd, as filters want it."""
    return max(3, round(pixels * max(picture.size) / _PIXELS) // 2 * 2 + 1)
