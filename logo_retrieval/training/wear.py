"""What a picture goes through before it is met: other screens, small sizes, compression. All pictures are RGBA."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageFilter

from logo_retrieval.training import paint
from logo_retrieval.training.paint import Rng


def other_gamma(picture: Image.Image, rng: Rng) -> Image.Image:
    """Brightens or darkens, as another screen does; the origin's."""
    power = math.exp(rng.uniform(-0.5, 0.5))
    table = [round(255 * (shade / 255) ** power) for shade in range(256)]
    return picture.point(table * 3 + list(range(256)))


def blurred(picture: Image.Image, rng: Rng) -> Image.Image:
    """Softens; the origin's."""
    radius = float(rng.uniform(0.4, 1.6)) * max(picture.size) / 160
    return paint.on_serving_ground(picture).filter(ImageFilter.GaussianBlur(radius))


def shrunk(picture: Image.Image, rng: Rng) -> Image.Image:
    """Down to the size of a favicon, a lockup less far; the way back up is that of every query."""
    laid = paint.on_serving_ground(paint.padded(picture, float(rng.uniform(0, 0.1))))
    smallest = min(48, 16 * max(laid.size) / min(laid.size))
    side = math.exp(rng.uniform(math.log(smallest), math.log(72)))
    scale = min(1.0, side / max(laid.size))
    size = (max(4, round(laid.width * scale)), max(4, round(laid.height * scale)))
    methods = [Image.Resampling.BICUBIC, Image.Resampling.BOX, Image.Resampling.LANCZOS]
    return laid.resize(size, Image.Resampling(int(rng.choice(methods))))


def with_grain(picture: Image.Image, rng: Rng) -> Image.Image:
    """Adds grain."""
    laid = paint.on_serving_ground(paint.padded(picture, 0.05)).convert("RGB")
    grain = rng.normal(0, rng.uniform(2, 12), (laid.height, laid.width, 1)).astype(np.float32)
    noisy = np.clip(np.asarray(laid, np.float32) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).convert("RGBA")


def compressed(picture: Image.Image, rng: Rng) -> Image.Image:
    """Compresses and opens again."""
    laid = paint.on_serving_ground(paint.padded(picture, paint.margin(rng))).convert("RGB")
    file = io.BytesIO()
    laid.save(file, "JPEG", quality=int(rng.integers(15, 75)))
    return Image.open(file, formats=["JPEG"]).convert("RGBA")


def of_few_colours(picture: Image.Image, rng: Rng) -> Image.Image:
    """A palette of 8 to 32 colours, as in GIF."""
    laid = paint.on_serving_ground(paint.padded(picture, 0.05)).convert("RGB")
    dither = Image.Dither.FLOYDSTEINBERG if rng.random() < 0.5 else Image.Dither.NONE
    return laid.quantize(int(rng.choice([8, 16, 32])), Image.Quantize.MEDIANCUT, dither=dither).convert("RGBA")
