"""Drawings as they are met in the wild: shrunk, compressed, tinted, inverted, on badges, turned, in few colours.

What is done to a drawing depends on its key and the kind alone, so a degraded copy is the same in every run.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from logobench_data import PackDrawing
from PIL import Image, ImageDraw

from logo_retrieval.images.prepare import Picture
from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.images.svg import SvgPicture

Rng = np.random.Generator
_ART_PX = 256
_MARGIN = 0.08


def degraded(drawing: PackDrawing, kind: str, brand_hex: str | None) -> bytes:
    """The bytes of an image file that shows a drawing in a degraded way.

    Args:
        drawing: to be worn.
        kind: a key of `KINDS`.
        brand_hex: the official colour, to tint a single-colour drawing with; a random one where there is none.
    """
    digest = hashlib.sha256(f"{kind}:{drawing.key}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    art = _opened(drawing).render(_ART_PX)
    colour = brand_hex or _random_colour(rng)
    return KINDS[kind](art, drawing, colour, rng)


def kind_by_lot(drawing: PackDrawing, salt: str) -> str:
    """One kind for a drawing."""
    digest = hashlib.sha256(f"{salt}:{drawing.key}".encode()).digest()
    return sorted(KINDS)[digest[0] % len(KINDS)]


def _favicon(art: Image.Image, drawing: PackDrawing, colour: str, rng: Rng) -> bytes:
    side = int(rng.choice([16, 24, 32, 48, 64]))
    return saved(_on_ground(_coloured(art, drawing, colour), _ground(drawing)).resize((side, side)), "PNG")


def _icon(art: Image.Image, drawing: PackDrawing, colour: str, rng: Rng) -> bytes:
    side = int(rng.choice([32, 48]))
    return saved(_square(_coloured(art, drawing, colour)).resize((side, side)), "ICO", sizes=[(side, side)])


def _jpeg(art: Image.Image, drawing: PackDrawing, colour: str, rng: Rng) -> bytes:
    picture = _on_ground(_coloured(art, drawing, colour), _ground(drawing))
    return saved(picture, "JPEG", quality=int(rng.integers(20, 61)))


def _badge(art: Image.Image, drawing: PackDrawing, colour: str, rng: Rng) -> bytes:
    """On a coloured square with round corners; single-colour art in white."""
    sign = flat(art, "#ffffff") if drawing.style == "mono" else art
    ground = colour if drawing.style == "mono" else _random_pale(rng)
    picture = _square(sign, margin=0.25)
    badge = Image.new("RGBA", picture.size)
    ImageDraw.Draw(badge).rounded_rectangle((0, 0, *badge.size), radius=badge.width // 5, fill=ground)
    badge.alpha_composite(picture)
    return saved(badge, "PNG")


def _inverted(art: Image.Image, drawing: PackDrawing, colour: str, rng: Rng) -> bytes:
    """Single-colour art in white on dark; coloured art in grey on white."""
    if drawing.style == "mono":
        return saved(_on_ground(flat(art, "#ffffff"), _random_dark(rng)), "PNG")
    return saved(_on_ground(art, _ground(drawing)).convert("L"), "PNG")


def _turned(art: Image.Image, drawing: PackDrawing, colour: str, rng: Rng) -> bytes:
    turned = _square(_coloured(art, drawing, colour)).rotate(float(rng.uniform(-8, 8)), Image.Resampling.BICUBIC)
    return saved(_on_ground(turned, _ground(drawing)), "WEBP", quality=60)


def _few_colours(art: Image.Image, drawing: PackDrawing, colour: str, rng: Rng) -> bytes:
    picture = _on_ground(_coloured(art, drawing, colour), _ground(drawing)).resize((96, 96))
    return saved(picture.quantize(int(rng.choice([8, 16, 32]))), "GIF")


KINDS: dict[str, Callable[[Image.Image, PackDrawing, str, Rng], bytes]] = {
    "badge": _badge,
    "favicon": _favicon,
    "few colours": _few_colours,
    "icon": _icon,
    "inverted": _inverted,
    "jpeg": _jpeg,
    "turned": _turned,
}
"""By name, what can be done to a drawing."""


def _opened(drawing: PackDrawing) -> Picture:
    data = drawing.path.read_bytes()
    return SvgPicture.open(data) if drawing.format == "svg" else RasterPicture.open(data, drawing.format)


def _coloured(art: Image.Image, drawing: PackDrawing, colour: str) -> Image.Image:
    return flat(art, colour) if drawing.style == "mono" and drawing.bg == "white" else art


def flat(art: Image.Image, colour: str) -> Image.Image:
    """The same shape all in one colour."""
    flat = Image.new("RGBA", art.size, colour)
    flat.putalpha(art.getchannel("A"))
    return flat


def _ground(drawing: PackDrawing) -> str:
    return "#ffffff" if drawing.bg == "white" else "#202020"


def _square(art: Image.Image, margin: float = _MARGIN) -> Image.Image:
    side = round(max(art.size) * (1 + 2 * margin))
    square = Image.new("RGBA", (side, side))
    square.alpha_composite(art, ((side - art.width) // 2, (side - art.height) // 2))
    return square


def _on_ground(art: Image.Image, ground: str) -> Image.Image:
    square = _square(art)
    laid = Image.new("RGBA", square.size, ground)
    laid.alpha_composite(square)
    return laid.convert("RGB")


def _random_colour(rng: Rng) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rng.integers(0, 180, 3))


def _random_dark(rng: Rng) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rng.integers(0, 90, 3))


def _random_pale(rng: Rng) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rng.integers(190, 256, 3))


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    """The bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
