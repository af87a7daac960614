"""Drawings made by a line of SVG, and whether two of them look alike."""

from __future__ import annotations

import numpy as np

from logo_retrieval.images.guard.guard import guard
from logo_retrieval.images.svg import SvgPicture

BLUE = "#0080ff"
WHOLE = f'<rect width="90" height="100" fill="{BLUE}"/><path d="M20 20h30v40h-30z" fill="#fff"/>'
SQUARE = f'<rect width="100" height="100" fill="{BLUE}"'


def drawn(body: str, root: str = "", size: str = 'viewBox="0 0 100 100"') -> np.ndarray:
    """The pixels of a drawing with that body, and those attributes of its root."""
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {size} {root}>{body}</svg>'
    )
    return np.asarray(SvgPicture.open(text.encode()).render(50), np.int16)


def same(one: np.ndarray, other: np.ndarray, within: int = 4) -> bool:
    """Whether two pictures look alike but for a few pixels at edges."""
    return one.shape == other.shape and float((np.abs(one - other).max(axis=-1) > within).mean()) < 0.03


def guarded(data: bytes) -> str:
    """The text that the guard makes of a drawing."""
    return guard(data).text
