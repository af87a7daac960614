"""Colours and grounds for augmentation: what can be seen on what."""

from __future__ import annotations

import numpy as np
from PIL import Image

from logo_retrieval.images.prepare import Colour

Rng = np.random.Generator

WHITE: Colour = (255, 255, 255)
_DARK: Colour = (32, 32, 32)
_VISIBLE = 64
"""Ink that differs less from its ground, in the channel that differs most, is as good as gone."""
_LOST_SHARE = 0.1


def fitted(picture: Image.Image, longest_px: int) -> Image.Image:
    """The picture with its longer side of so many pixels."""
    scale = longest_px / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC)


def flat(picture: Image.Image, colour: Colour) -> Image.Image:
    """The same shape all in one colour."""
    return inked(picture.getchannel("A"), colour)


def inked(mask: Image.Image, colour: Colour) -> Image.Image:
    """One colour where an 8-bit mask has ink."""
    picture = Image.new("RGBA", mask.size, colour)
    picture.putalpha(mask)
    return picture


def padded(picture: Image.Image, margin: float) -> Image.Image:
    """With room all around, a share of the longer side, in the colour of the border where it is opaque."""
    room = round(margin * max(picture.size))
    if room == 0:
        return picture
    size = (picture.width + 2 * room, picture.height + 2 * room)
    padded = Image.new("RGBA", size, around(picture))
    padded.paste(picture, (room, room))
    return padded


def laid(picture: Image.Image, ground: Colour) -> Image.Image:
    """The picture on an opaque ground."""
    laid = Image.new("RGBA", picture.size, (*ground, 255))
    laid.alpha_composite(picture)
    return laid


def on_serving_ground(picture: Image.Image) -> Image.Image:
    """White, or dark under art too light for white."""
    if not is_transparent(picture):
        return picture
    return laid(picture, WHITE if stands_out(picture, WHITE) else _DARK)


def is_transparent(picture: Image.Image) -> bool:
    """Whether any of it shows the ground."""
    return any(picture.getchannel("A").histogram()[:128])


def around(picture: Image.Image) -> tuple[int, int, int, int]:
    """What goes on beyond the edges: the colour of the first corner, or nothing around transparent art."""
    if is_transparent(picture):
        return 0, 0, 0, 0
    red, green, blue = picture.getpixel((0, 0))[:3]  # type: ignore[index]
    return int(red), int(green), int(blue), 255


def ink_colour(picture: Image.Image) -> Colour:
    """The median of what is drawn."""
    pixels = np.asarray(picture.resize((32, 32), Image.Resampling.NEAREST))
    ink = pixels[pixels[..., 3] > 128]
    red, green, blue = (int(shade) for shade in np.median(ink[:, :3], axis=0)) if len(ink) else (0, 0, 0)
    return red, green, blue


def stands_out(picture: Image.Image, ground: Colour) -> bool:
    """Whether at most a tenth of the ink is too near the ground's colour to be seen."""
    small = np.asarray(picture.resize((32, 32), Image.Resampling.NEAREST), np.int16)
    ink = small[small[..., 3] > 128, :3]
    near = np.abs(ink - np.array(ground, np.int16)).max(axis=1) < _VISIBLE
    return bool(len(ink) and near.mean() <= _LOST_SHARE)


def margin(rng: Rng) -> float:
    """Some room around a drawing, as a share of its longer side."""
    return float(rng.uniform(0.02, 0.3))


def grey(shade: int) -> Colour:
    """A shade of grey, 0..255."""
    return shade, shade, shade


def random_ground(rng: Rng) -> Colour:
    """White most often, else pale, dark or any."""
    chance = rng.random()
    if chance < 0.25:
        return WHITE
    if chance < 0.75:
        red, green, blue = rng.integers(*((200, 256) if chance < 0.5 else (0, 60)), 3).tolist()
        return red, green, blue
    return random_colour(rng)


def random_colour(rng: Rng, brightest: float = 1.0) -> Colour:
    """Any hue, mostly saturated."""
    hue, saturation, value = rng.random(), rng.uniform(0.25, 1) ** 0.6, rng.uniform(0.25, 1) * brightest
    sextant, rest = divmod(hue * 6, 1)
    low, falling, rising = 1 - saturation, 1 - saturation * rest, 1 - saturation * (1 - rest)
    parts = (
        *((1, rising, low), (falling, 1, low), (low, 1, rising)),
        *((low, falling, 1), (rising, low, 1), (1, low, falling)),
    )
    red, green, blue = (round(255 * value * part) for part in parts[int(sextant) % 6])
    return red, green, blue
