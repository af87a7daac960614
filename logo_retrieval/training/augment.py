"""Augmentation for logos: a table of named transforms, each with the probability that it is applied.

A drawing is met on any ground, in any colour, shrunk and compressed, but never mirrored: a mirrored logo is another
logo. What comes out goes through the same preparation as a query.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.prepare import Colour, draw, square
from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.training import lockups
from logo_retrieval.training.art import Art
from logo_retrieval.values import UInt8Array

Rng = np.random.Generator

_WHITE: Colour = (255, 255, 255)
_DARK: Colour = (32, 32, 32)
_VISIBLE = 64
"""Ink that differs less from its ground, in the channel that differs most, is as good as gone."""
_LOST_SHARE = 0.1
_WIDEST_SYMBOL = 1.6
_SHORTEST_NAME = 4


class Scene(NamedTuple):
    """A drawing on its way to a picture.

    Attributes:
        picture: RGBA; opaque once it stands on a ground.
        mono: whether all of it has one colour and may have any.
        colour: the brand's own, where it is known.
        name: likewise, as it is written.
    """

    picture: Image.Image
    mono: bool
    colour: Colour | None
    name: str | None = None


class Transform(NamedTuple):
    """One row of the table."""

    name: str
    probability: float
    apply: Callable[[Scene, Rng], Scene]


def augmented(scene: Scene, size_px: int, rng: Rng, probabilities: Mapping[str, float]) -> UInt8Array:
    """Makes one training view.

    Args:
        scene: the art.
        size_px: side of the view.
        rng: all chance comes from it.
        probabilities: by name of the transform, in the place of those in the table.

    Returns:
        (s, s, 3) uint8 RGB, as a query would be prepared; the art itself where the transforms left nothing to see.
    """
    changed = scene._replace(picture=_fitted(scene.picture, size_px))
    for transform in TRANSFORMS:
        if rng.random() < probabilities.get(transform.name, transform.probability):
            changed = transform.apply(changed, rng)
    try:
        return prepared(changed.picture, size_px)
    except UnreadableImage:
        return prepared(scene.picture, size_px)


def prepared(picture: Image.Image, size_px: int) -> UInt8Array:
    """The view of a whole picture, as a query gets it: (s, s, 3) uint8.

    Raises:
        UnreadableImage: "empty".
    """
    drawing = draw(RasterPicture(picture, *picture.size), size_px)
    return np.asarray(square(drawing, size_px))


def plain_view(art: Art, size_px: int) -> UInt8Array:
    """The view of art as it is, (s, s, 3) uint8."""
    return prepared(art.pixels, size_px)


def _lockup(scene: Scene, rng: Rng) -> Scene:
    """Sets a name beside, above or around a symbol: mostly its own, else one of nobody's."""
    width, height = scene.picture.size
    if max(width, height) > _WIDEST_SYMBOL * min(width, height):
        return scene
    own = scene.name is not None and rng.random() < 0.75
    name = lockups.display_name(scene.name) if own and scene.name else lockups.word(rng)
    composed = lockups.lockup(scene.picture, name, rng, _ink_colour(scene.picture))
    return scene._replace(picture=_fitted(composed, max(width, height)))


def _name_alone(scene: Scene, rng: Rng) -> Scene:
    """Sets the name without the symbol, in some other type."""
    if scene.name is None or len(scene.name) < _SHORTEST_NAME:
        return scene
    colour = scene.colour or _grey(int(rng.integers(0, 70)))
    name = lockups.wordmark(lockups.display_name(scene.name), rng, colour)
    return Scene(_fitted(name, max(scene.picture.size)), True, scene.colour, scene.name)


def _tint(scene: Scene, rng: Rng) -> Scene:
    """Gives art of one colour the brand's, near-black, or a random one."""
    if not scene.mono:
        return scene
    chance = rng.random()
    if scene.colour is not None and chance < 0.45:
        colour = scene.colour
    elif chance < 0.6:
        colour = _grey(int(rng.integers(0, 70)))
    else:
        colour = _random_colour(rng)
    return scene._replace(picture=_flat(scene.picture, colour))


def _reverse(scene: Scene, rng: Rng) -> Scene:
    """Art of one colour in white, or nearly, on the brand's colour, a dark one or any."""
    if not scene.mono:
        return scene
    white = _flat(scene.picture, _grey(int(rng.integers(235, 256))))
    if scene.colour is not None and rng.random() < 0.4 and _contrast(scene.colour, _WHITE) >= 80:
        ground = scene.colour
    else:
        ground = _grey(int(rng.integers(0, 90))) if rng.random() < 0.4 else _random_colour(rng, brightest=0.75)
    return scene._replace(picture=_laid(_padded(white, _margin(rng)), ground), mono=False)


def _grey_out(scene: Scene, rng: Rng) -> Scene:
    """Takes the colours away."""
    red, green, blue, alpha = scene.picture.split()
    shade = Image.merge("RGB", (red, green, blue)).convert("L")
    return scene._replace(picture=Image.merge("RGBA", (shade, shade, shade, alpha)))


def _invert(scene: Scene, rng: Rng) -> Scene:
    """The negative."""
    red, green, blue, alpha = scene.picture.split()
    return scene._replace(
        picture=Image.merge("RGBA", (*(ImageChops.invert(each) for each in (red, green, blue)), alpha))
    )


def _hue(scene: Scene, rng: Rng) -> Scene:
    """Turns the hue a little and changes saturation, as colour profiles, old versions and special editions do."""
    hue, saturation, value = scene.picture.convert("RGB").convert("HSV").split()
    turn, scale = round(rng.normal(0, 12)), rng.uniform(0.6, 1.3)
    hue = hue.point([(shade + turn) % 256 for shade in range(256)])
    saturation = saturation.point([min(255, round(shade * scale)) for shade in range(256)])
    coloured = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
    coloured.putalpha(scene.picture.getchannel("A"))
    return scene._replace(picture=coloured)


def _aspect(scene: Scene, rng: Rng) -> Scene:
    """Stretches one side by up to a quarter."""
    factor = math.exp(rng.uniform(-0.22, 0.22))
    width, height = scene.picture.size
    size = (max(1, round(width * min(1, factor))), max(1, round(height * min(1, 1 / factor))))
    return scene._replace(picture=scene.picture.resize(size, Image.Resampling.BILINEAR))


def _turn(scene: Scene, rng: Rng) -> Scene:
    """Turns by a few degrees; the corners that open show the ground."""
    around = None if _is_transparent(scene.picture) else _border_colour(scene.picture)
    fill = (0, 0, 0, 0) if around is None else (*around, 255)
    turned = scene.picture.rotate(float(rng.normal(0, 5)), Image.Resampling.BICUBIC, expand=True, fillcolor=fill)
    return scene._replace(picture=turned)


def _crop(scene: Scene, rng: Rng) -> Scene:
    """Cuts up to an eighth off one or two sides."""
    width, height = scene.picture.size
    left, top, right, bottom = rng.uniform(0, 0.125, 4) * (rng.random(4) < 0.4)
    box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    return scene._replace(picture=scene.picture.crop(box)) if min(width, height) > 32 else scene


def _ground(scene: Scene, rng: Rng) -> Scene:
    """Lays transparent art on a ground that it stands out from."""
    if not _is_transparent(scene.picture):
        return scene
    picture = _padded(scene.picture, _margin(rng))
    for _ in range(4):
        ground = _random_ground(rng)
        if _stands_out(picture, ground):
            return scene._replace(picture=_laid(picture, ground), mono=False)
    return scene


def _badge(scene: Scene, rng: Rng) -> Scene:
    """Lays transparent art on a square, rounded or round sign, which lies on a page."""
    if not _is_transparent(scene.picture):
        return scene
    side = max(scene.picture.size)
    room = round(side * rng.uniform(0.08, 0.45))
    width, height = (side, side) if rng.random() < 0.8 else scene.picture.size
    sign = Image.new("RGBA", (width + 2 * room, height + 2 * room))
    art = scene.picture
    for _ in range(4):
        own = scene.colour is not None and rng.random() < 0.35
        ground = scene.colour if own and scene.colour else _random_colour(rng)
        if scene.mono and rng.random() < 0.6 and _contrast(ground, _WHITE) >= 80:
            art = _flat(scene.picture, _WHITE)
        if _stands_out(art, ground):
            break
    else:
        return scene
    radius = min(sign.size) * float(rng.choice([0.0, 0.12, 0.22, 0.35, 0.5]))
    ImageDraw.Draw(sign).rounded_rectangle((0, 0, sign.width - 1, sign.height - 1), radius=radius, fill=(*ground, 255))
    sign.alpha_composite(art, ((sign.width - art.width) // 2, (sign.height - art.height) // 2))
    if rng.random() < 0.5:
        page = _WHITE if rng.random() < 0.7 else _random_ground(rng)
        sign = _laid(_padded(sign, float(rng.uniform(0, 0.1))), page)
    return scene._replace(picture=sign, mono=False)


def _gamma(scene: Scene, rng: Rng) -> Scene:
    """Brightens or darkens, as another screen does; the origin's."""
    power = math.exp(rng.uniform(-0.5, 0.5))
    table = [round(255 * (shade / 255) ** power) for shade in range(256)]
    return scene._replace(picture=scene.picture.point(table * 3 + list(range(256))))


def _blur(scene: Scene, rng: Rng) -> Scene:
    """Softens; the origin's."""
    laid = _on_serving_ground(scene.picture)
    radius = float(rng.uniform(0.4, 1.6)) * max(laid.size) / 160
    return scene._replace(picture=laid.filter(ImageFilter.GaussianBlur(radius)), mono=False)


def _shrink(scene: Scene, rng: Rng) -> Scene:
    """Down to the size of a favicon, a lockup less far; the way back up is that of every query."""
    laid = _on_serving_ground(_padded(scene.picture, float(rng.uniform(0, 0.1))))
    smallest = min(48, 16 * max(laid.size) / min(laid.size))
    side = math.exp(rng.uniform(math.log(smallest), math.log(72)))
    scale = min(1.0, side / max(laid.size))
    size = (max(4, round(laid.width * scale)), max(4, round(laid.height * scale)))
    method = Image.Resampling(
        int(rng.choice([Image.Resampling.BICUBIC, Image.Resampling.BOX, Image.Resampling.LANCZOS]))
    )
    return scene._replace(picture=laid.resize(size, method), mono=False)


def _noise(scene: Scene, rng: Rng) -> Scene:
    """Adds grain."""
    laid = _on_serving_ground(_padded(scene.picture, 0.05)).convert("RGB")
    grain = rng.normal(0, rng.uniform(2, 12), (laid.height, laid.width, 1)).astype(np.float32)
    noisy = np.clip(np.asarray(laid, np.float32) + grain, 0, 255).astype(np.uint8)
    return scene._replace(picture=Image.fromarray(noisy).convert("RGBA"), mono=False)


def _jpeg(scene: Scene, rng: Rng) -> Scene:
    """Compresses and opens again."""
    laid = _on_serving_ground(_padded(scene.picture, _margin(rng))).convert("RGB")
    file = io.BytesIO()
    laid.save(file, "JPEG", quality=int(rng.integers(15, 75)))
    return scene._replace(picture=Image.open(file, formats=["JPEG"]).convert("RGBA"), mono=False)


def _few_colours(scene: Scene, rng: Rng) -> Scene:
    """A palette of 4 to 32 colours, as in GIF."""
    laid = _on_serving_ground(_padded(scene.picture, 0.05)).convert("RGB")
    dither = Image.Dither.FLOYDSTEINBERG if rng.random() < 0.5 else Image.Dither.NONE
    reduced = laid.quantize(int(rng.choice([8, 16, 32])), Image.Quantize.MEDIANCUT, dither=dither)
    return scene._replace(picture=reduced.convert("RGBA"), mono=False)


TRANSFORMS: tuple[Transform, ...] = (
    Transform("name alone", 0.02, _name_alone),
    Transform("lockup", 0.15, _lockup),
    Transform("tint", 0.6, _tint),
    Transform("hue", 0.12, _hue),
    Transform("grey", 0.07, _grey_out),
    Transform("invert", 0.03, _invert),
    Transform("aspect", 0.25, _aspect),
    Transform("turn", 0.2, _turn),
    Transform("crop", 0.12, _crop),
    Transform("reverse", 0.22, _reverse),
    Transform("badge", 0.25, _badge),
    Transform("ground", 0.3, _ground),
    Transform("gamma", 0.2, _gamma),
    Transform("blur", 0.1, _blur),
    Transform("shrink", 0.3, _shrink),
    Transform("noise", 0.06, _noise),
    Transform("jpeg", 0.2, _jpeg),
    Transform("few colours", 0.07, _few_colours),
)
"""In the order in which they are applied."""


def _fitted(picture: Image.Image, longest_px: int) -> Image.Image:
    scale = longest_px / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC)


def _flat(picture: Image.Image, colour: Colour) -> Image.Image:
    flat = Image.new("RGBA", picture.size, colour)
    flat.putalpha(picture.getchannel("A"))
    return flat


def _padded(picture: Image.Image, margin: float) -> Image.Image:
    """With room all around, a share of the longer side, in the colour of the border where it is opaque."""
    room = round(margin * max(picture.size))
    if room == 0:
        return picture
    size = (picture.width + 2 * room, picture.height + 2 * room)
    fill = (0, 0, 0, 0) if _is_transparent(picture) else (*_border_colour(picture), 255)
    padded = Image.new("RGBA", size, fill)
    padded.paste(picture, (room, room))
    return padded


def _laid(picture: Image.Image, ground: Colour) -> Image.Image:
    laid = Image.new("RGBA", picture.size, (*ground, 255))
    laid.alpha_composite(picture)
    return laid


def _on_serving_ground(picture: Image.Image) -> Image.Image:
    """White, or dark under art too light for white."""
    if not _is_transparent(picture):
        return picture
    return _laid(picture, _WHITE if _stands_out(picture, _WHITE) else _DARK)


def _is_transparent(picture: Image.Image) -> bool:
    return any(picture.getchannel("A").histogram()[:128])


def _border_colour(picture: Image.Image) -> Colour:
    red, green, blue = picture.getpixel((0, 0))[:3]  # type: ignore[index]
    return int(red), int(green), int(blue)


def _ink_colour(picture: Image.Image) -> Colour:
    """The median of what is drawn."""
    pixels = np.asarray(picture.resize((32, 32), Image.Resampling.NEAREST))
    ink = pixels[pixels[..., 3] > 128]
    red, green, blue = (int(shade) for shade in np.median(ink[:, :3], axis=0)) if len(ink) else (0, 0, 0)
    return red, green, blue


def _stands_out(picture: Image.Image, ground: Colour) -> bool:
    """Whether at most a tenth of the ink is too near the ground's colour to be seen."""
    small = np.asarray(picture.resize((32, 32), Image.Resampling.NEAREST), np.int16)
    ink = small[small[..., 3] > 128, :3]
    near = np.abs(ink - np.array(ground, np.int16)).max(axis=1) < _VISIBLE
    return bool(len(ink) and near.mean() <= _LOST_SHARE)


def _contrast(one: Colour, other: Colour) -> int:
    return max(abs(here - there) for here, there in zip(one, other, strict=True))


def _margin(rng: Rng) -> float:
    return float(rng.uniform(0.02, 0.3))


def _grey(shade: int) -> Colour:
    return shade, shade, shade


def _random_ground(rng: Rng) -> Colour:
    """White most often, else pale, dark or any."""
    chance = rng.random()
    if chance < 0.25:
        return _WHITE
    if chance < 0.5:
        red, green, blue = (int(shade) for shade in rng.integers(200, 256, 3))
        return red, green, blue
    if chance < 0.75:
        red, green, blue = (int(shade) for shade in rng.integers(0, 60, 3))
        return red, green, blue
    return _random_colour(rng)


def _random_colour(rng: Rng, brightest: float = 1.0) -> Colour:
    """Any hue, mostly saturated."""
    hue, saturation, value = rng.random(), rng.uniform(0.25, 1) ** 0.6, rng.uniform(0.25, 1) * brightest
    sextant, rest = divmod(hue * 6, 1)
    low, falling, rising = 1 - saturation, 1 - saturation * rest, 1 - saturation * (1 - rest)
    parts = (
        (1, rising, low),
        (falling, 1, low),
        (low, 1, rising),
        (low, falling, 1),
        (rising, low, 1),
        (1, low, falling),
    )
    red, green, blue = (round(255 * value * part) for part in parts[int(sextant) % 6])
    return red, green, blue
