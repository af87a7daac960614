"""The transforms of augmentation, a table of named ones, each with the probability that it is applied.

A drawing is met on any ground, in any colour, shrunk and compressed, but never mirrored: a mirrored logo is another
logo.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw

from logo_retrieval.images.prepare import Colour, contrast
from logo_retrieval.training import lockups, looks, paint, wear
from logo_retrieval.training.paint import WHITE, Rng
from logo_retrieval.training.typesetting import writable

_WIDEST_SYMBOL = 1.6
_SHORTEST_NAME = 4


class Scene(NamedTuple):
    """A drawing on its way to a picture.

    Attributes:
        picture: RGBA; opaque once it stands on a ground.
        mono: whether all of it has one colour and may have any, as long as it is transparent.
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


def _lockup(scene: Scene, rng: Rng) -> Scene:
    """Sets a name beside, above or around a symbol: mostly its own, else one of nobody's."""
    width, height = scene.picture.size
    if max(width, height) > _WIDEST_SYMBOL * min(width, height):
        return scene
    is_its_own = scene.name is not None and rng.random() < 0.75
    name = lockups.display_name(scene.name) if is_its_own and scene.name else lockups.word(rng)
    composed = lockups.lockup(scene.picture, name, rng, paint.ink_colour(scene.picture))
    return scene._replace(picture=paint.fitted(composed, max(width, height)))


def _name_alone(scene: Scene, rng: Rng) -> Scene:
    """Sets the name without the symbol, in some other type."""
    name = lockups.display_name(scene.name or "")
    if len(writable(name)) < _SHORTEST_NAME:  # a made-up word in its place would get its label
        return scene
    colour = scene.colour or paint.grey(int(rng.integers(0, 70)))
    written = lockups.wordmark(name, rng, colour)
    return scene._replace(picture=paint.fitted(written, max(scene.picture.size)), mono=True)


def _tint(scene: Scene, rng: Rng) -> Scene:
    """Gives art of one colour the brand's, near-black, or a random one."""
    if not scene.mono:
        return scene
    chance = rng.random()
    if scene.colour is not None and chance < 0.45:
        colour = scene.colour
    else:
        colour = paint.grey(int(rng.integers(0, 70))) if chance < 0.6 else paint.random_colour(rng)
    return scene._replace(picture=paint.flat(scene.picture, colour))


def _reverse(scene: Scene, rng: Rng) -> Scene:
    """Art of one colour in white, or nearly, on the brand's colour, a dark one or any."""
    if not scene.mono:
        return scene
    white = paint.flat(scene.picture, paint.grey(int(rng.integers(235, 256))))
    if scene.colour is not None and rng.random() < 0.4 and contrast(scene.colour, WHITE) >= 80:
        ground = scene.colour
    else:
        ground = (
            paint.grey(int(rng.integers(0, 90))) if rng.random() < 0.4 else paint.random_colour(rng, brightest=0.75)
        )
    return scene._replace(picture=paint.laid(paint.padded(white, paint.margin(rng)), ground), mono=False)


def _outline(scene: Scene, rng: Rng) -> Scene:
    """As icon packs draw that know strokes alone."""
    if not paint.is_transparent(scene.picture) or looks.is_of_lines(scene.picture):
        return scene
    return _unless_gone(scene, looks.outlined(scene.picture, rng, mono=scene.mono))


def _stroke(scene: Scene, rng: Rng) -> Scene:
    """Art of one colour with heavier or lighter strokes."""
    return _unless_gone(scene, looks.stroked(scene.picture, rng)) if scene.mono else scene


def _unless_gone(scene: Scene, picture: Image.Image) -> Scene:
    """The scene with another picture of one colour, as long as there is ink in it."""
    is_gone = not any(picture.getchannel("A").histogram()[128:])
    return scene if is_gone else scene._replace(picture=picture, mono=True)


def _shadow(scene: Scene, rng: Rng) -> Scene:
    """With a shadow on whatever lies under it."""
    if not paint.is_transparent(scene.picture):
        return scene
    return scene._replace(picture=looks.with_shadow(scene.picture, rng), mono=False)


def _badge(scene: Scene, rng: Rng) -> Scene:
    """Lays transparent art on a square, rounded or round sign, which lies on a page; seldom the sign cuts it off."""
    if not paint.is_transparent(scene.picture):
        return scene
    side = max(scene.picture.size)
    is_cut = rng.random() < 0.12
    share = rng.uniform(-0.14, 0.02) if is_cut else rng.uniform(0.08, 0.45)
    width, height = (side, side) if rng.random() < 0.8 else scene.picture.size
    room = round(share * (min(width, height) if is_cut else side))  # or nothing would be left of a strip
    sign = Image.new("RGBA", (width + 2 * room, height + 2 * room))
    art = scene.picture
    for _ in range(4):
        is_its_own = scene.colour is not None and rng.random() < 0.35
        ground = scene.colour if is_its_own and scene.colour else paint.random_colour(rng)
        if scene.mono and rng.random() < 0.6 and contrast(ground, WHITE) >= 80:
            art = paint.flat(scene.picture, WHITE)
        if paint.stands_out(art, ground):
            break
    else:
        return scene
    radius = min(sign.size) * float(rng.choice([0.0, 0.12, 0.22, 0.35, 0.5]))
    ImageDraw.Draw(sign).rounded_rectangle((0, 0, sign.width - 1, sign.height - 1), radius=radius, fill=(*ground, 255))
    sign = looks.printed(_faced(sign, rng), art)
    if rng.random() < 0.5:
        page = WHITE if rng.random() < 0.7 else paint.random_ground(rng)
        sign = paint.laid(paint.padded(sign, float(rng.uniform(0, 0.1))), page)
    return scene._replace(picture=sign, mono=False)


def _faced(sign: Image.Image, rng: Rng) -> Image.Image:
    """A sign that is even, from one colour to another, glossy or of some stuff."""
    if rng.random() < 0.3:
        sign = looks.shaded(sign, rng, 0.5)
    if rng.random() < 0.15:
        sign = looks.glossy(sign, rng)
    return looks.of_stuff(sign, rng) if rng.random() < 0.1 else sign


def _grey_out(picture: Image.Image, rng: Rng) -> Image.Image:
    """Takes the colours away."""
    *colours, alpha = picture.split()
    shade = Image.merge("RGB", colours).convert("L")
    return Image.merge("RGBA", (shade, shade, shade, alpha))


def _invert(picture: Image.Image, rng: Rng) -> Image.Image:
    """The negative."""
    *colours, alpha = picture.split()
    return Image.merge("RGBA", (*map(ImageChops.invert, colours), alpha))


def _hue(picture: Image.Image, rng: Rng) -> Image.Image:
    """Turns the hue a little and changes saturation, as colour profiles, old versions and special editions do."""
    hue, saturation, value = picture.convert("RGB").convert("HSV").split()
    turn, scale = round(rng.normal(0, 12)), rng.uniform(0.6, 1.3)
    hue = hue.point([(shade + turn) % 256 for shade in range(256)])
    saturation = saturation.point([min(255, round(shade * scale)) for shade in range(256)])
    coloured = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
    coloured.putalpha(picture.getchannel("A"))
    return coloured


def _relief(picture: Image.Image, rng: Rng) -> Image.Image:
    """With bevelled edges."""
    return looks.in_relief(picture, rng) if paint.is_transparent(picture) and min(picture.size) > 1 else picture


def _tilt(picture: Image.Image, rng: Rng) -> Image.Image:
    """Seen from a side; what opens at the edges shows the ground."""
    return looks.tilted(picture, rng, paint.around(picture))


def _aspect(picture: Image.Image, rng: Rng) -> Image.Image:
    """Stretches one side by up to a quarter."""
    factor = math.exp(rng.uniform(-0.22, 0.22))
    size = (max(1, round(picture.width * min(1, factor))), max(1, round(picture.height * min(1, 1 / factor))))
    return picture.resize(size, Image.Resampling.BILINEAR)


def _turn(picture: Image.Image, rng: Rng) -> Image.Image:
    """Turns by a few degrees; the corners that open show the ground."""
    degrees = float(rng.normal(0, 5))
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=paint.around(picture))


def _crop(picture: Image.Image, rng: Rng) -> Image.Image:
    """Cuts up to an eighth off one or two sides."""
    width, height = picture.size
    left, top, right, bottom = rng.uniform(0, 0.125, 4) * (rng.random(4) < 0.4)
    box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    return picture.crop(box) if min(width, height) > 32 else picture


def _ground(picture: Image.Image, rng: Rng) -> Image.Image:
    """Lays transparent art on a ground that it stands out from."""
    if not paint.is_transparent(picture):
        return picture
    larger = paint.padded(picture, paint.margin(rng))
    grounds = (paint.random_ground(rng) for _ in range(4))
    return next((paint.laid(larger, ground) for ground in grounds if paint.stands_out(larger, ground)), picture)


def _stuff(picture: Image.Image, rng: Rng) -> Image.Image:
    """On paper, fabric or a wall, or in uneven light."""
    return looks.of_stuff(paint.on_serving_ground(paint.padded(picture, paint.margin(rng))), rng)


def _emblem(picture: Image.Image, rng: Rng) -> Image.Image:
    """With a mark in a corner, as apps count what is new and themes tell editions apart."""
    return looks.with_emblem(picture, rng, paint.random_colour(rng))


def _of_picture(change: Callable[[Image.Image, Rng], Image.Image]) -> Callable[[Scene, Rng], Scene]:
    """A transform that looks at nothing but the picture."""
    return lambda scene, rng: scene._replace(picture=change(scene.picture, rng))


TRANSFORMS: tuple[Transform, ...] = (
    Transform("outline", 0.08, _outline),
    Transform("name alone", 0.02, _name_alone),
    Transform("lockup", 0.15, _lockup),
    Transform("tint", 0.6, _tint),
    Transform("hue", 0.12, _of_picture(_hue)),
    Transform("grey", 0.07, _of_picture(_grey_out)),
    Transform("invert", 0.03, _of_picture(_invert)),
    Transform("stroke", 0.1, _stroke),
    Transform("aspect", 0.25, _of_picture(_aspect)),
    Transform("turn", 0.2, _of_picture(_turn)),
    Transform("tilt", 0.06, _of_picture(_tilt)),
    Transform("crop", 0.12, _of_picture(_crop)),
    Transform("gradient", 0.12, _of_picture(looks.shaded)),
    Transform("relief", 0.08, _of_picture(_relief)),
    Transform("gloss", 0.08, _of_picture(looks.glossy)),
    Transform("shadow", 0.08, _shadow),
    Transform("reverse", 0.22, _reverse),
    Transform("badge", 0.25, _badge),
    Transform("ground", 0.3, _of_picture(_ground)),
    Transform("emblem", 0.04, _of_picture(_emblem)),
    Transform("stuff", 0.08, _of_picture(_stuff)),
    Transform("gamma", 0.2, _of_picture(wear.other_gamma)),
    Transform("blur", 0.1, _of_picture(wear.blurred)),
    Transform("shrink", 0.3, _of_picture(wear.shrunk)),
    Transform("noise", 0.06, _of_picture(wear.with_grain)),
    Transform("jpeg", 0.2, _of_picture(wear.compressed)),
    Transform("few colours", 0.07, _of_picture(wear.of_few_colours)),
)
"""In the order in which they are applied."""
