"""Augmentation for logos: the views that a training sees, prepared as queries are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.prepare import draw, square
from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.images.views import draw_views
from logo_retrieval.training.paint import WHITE, Rng, fitted, on_serving_ground
from logo_retrieval.training.transforms import TRANSFORMS, Scene
from logo_retrieval.types import UInt8Array


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
    changed = scene._replace(picture=fitted(scene.picture, size_px))
    for transform in TRANSFORMS:
        if rng.random() < probabilities.get(transform.name, transform.probability):
            changed = transform.apply(changed, rng)
    try:
        return prepared(changed.picture, size_px)
    except UnreadableImage:
        return plain_view(scene.picture, size_px)


def prepared(picture: Image.Image, size_px: int) -> UInt8Array:
    """The view of a whole picture, as a query gets it: (s, s, 3) uint8.

    Raises:
        UnreadableImage: "empty".
    """
    drawing = draw(RasterPicture(picture, *picture.size), size_px)
    return np.asarray(square(drawing, size_px))


def plain_view(picture: Image.Image, size_px: int) -> UInt8Array:
    """The view of art as it is, (s, s, 3) uint8.

    A strip that is a sliver at this size, while it was none when it was read, is shown too.
    """
    try:
        return prepared(picture, size_px)
    except UnreadableImage:
        view = Image.new("RGB", (size_px, size_px), WHITE)
        strip = fitted(on_serving_ground(picture), size_px)
        view.paste(strip, ((size_px - strip.width) // 2, (size_px - strip.height) // 2))
        return np.asarray(view)


def query_views(picture: Image.Image, size_px: int) -> UInt8Array:
    """All views of an RGBA picture, as a query has them, the whole one first: (v, s, s, 3) uint8."""
    try:
        squares = draw_views(RasterPicture(picture, *picture.size), size_px, all_views=True).squares
    except UnreadableImage:
        return plain_view(picture, size_px)[None]
    return np.stack([np.asarray(each) for each in squares])
