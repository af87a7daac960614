"""What a picture plainly shows, beside what the network makes of it: its hues and its shape, in few bytes."""

from __future__ import annotations

import numpy as np

from logo_retrieval.images.hues import hue_histograms
from logo_retrieval.images.shapes import templates
from logo_retrieval.types import HUES, Int8Array, UInt8Array


def traits_of(views: UInt8Array) -> UInt8Array:
    """(n, 272) uint8 of (n, s, s, 3) pictures: the hues, then the shape."""
    return np.concatenate([hue_histograms(views), templates(views).view(np.uint8)], axis=1)


def hues_in(traits: UInt8Array) -> UInt8Array:
    """(..., 16) by `hue_histograms`."""
    return traits[..., :HUES]


def shapes_in(traits: UInt8Array) -> Int8Array:
    """(..., 256) by `templates`."""
    return traits[..., HUES:].view(np.int8)
