"""Which frame of an animation stands for it."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import cast

from PIL import Image, ImageFile

from logo_retrieval.images.pixels import BLANK_RANGE, eight_bit, is_blank
from logo_retrieval.images.prepare import ink_share

MAX_FRAMES = 1024
"""So far an animation is looked at."""

MAX_FRAME_PIXELS = 160_000_000
"""Of all of those frames: each has to be decoded for the next, which takes about 2 s for so many."""

_FRAMES_SEEN = 8
_CLEARLY_LESS = 0.9  # what the first frame shows, of what the fullest does
_ROUGH_PX = 48


def fullest_frame(image: ImageFile.ImageFile) -> Image.Image:
    """The first frame, unless a later one shows clearly more: of a few, the last among them, that which shows most.

    Where those few are blank, all are looked at. What a PNG has for those who know no animations is none of its frames.
    """
    within_budget = min(MAX_FRAMES, MAX_FRAME_PIXELS // (image.width * image.height))
    last = min(_frame_count(image), within_budget) - 1
    pixels = _first_frame(image)
    if last < 1:
        return pixels
    pixels = pixels.copy()  # the next frame comes in its place
    first = _shown(pixels)
    if image.info.get("default_image"):
        first, frame = _fullest_of(image, (1,))
        pixels = frame or pixels
    few = sorted({round(last * step / _FRAMES_SEEN) for step in range(1, _FRAMES_SEEN + 1)} - {0})
    most, best = _fullest_of(image, few)
    if first == most == 0 and last > _FRAMES_SEEN:
        most, best = _fullest_of(image, range(1, last))
    return best if best is not None and first < _CLEARLY_LESS * most else pixels


def _frame_count(image: ImageFile.ImageFile) -> int:
    """How many frames there are, before that in whose header the file is cut off."""
    try:
        return getattr(image, "n_frames", 1)
    except (IndexError, struct.error):  # as the reader of GIF has it
        count = image.tell() + 1
        image.seek(0)
        return count


def _first_frame(image: ImageFile.ImageFile) -> Image.Image:
    """What the first frame of a GIF leaves free of its canvas is transparent; Pillow fills it with a colour."""
    box = image.tile[0][1] if image.format == "GIF" and image.tile else None
    pixels = eight_bit(image)
    if box is None or box == (0, 0, *image.size):
        return pixels
    pixels = pixels.convert("RGBA")
    alpha = Image.new("L", image.size)
    alpha.paste(pixels.getchannel("A").crop(box), box)
    pixels.putalpha(alpha)
    return pixels


def _fullest_of(image: ImageFile.ImageFile, numbers: Iterable[int]) -> tuple[float, Image.Image | None]:
    """Of some frames, how much the one shows that shows most, and it; None where all are blank."""
    most, best = 0.0, None
    for number in numbers:
        try:
            image.seek(number)
            frame = eight_bit(image)
        except (EOFError, OSError, RuntimeError, SyntaxError, ValueError):
            break  # cut off or damaged: what came before counts
        share = _shown(frame)
        if share > most:
            best, most = frame.copy(), share  # the next frame comes in its place
    return most, best


def _shown(pixels: Image.Image) -> float:
    """Of a frame, the share that is drawn, the less the fainter it is."""
    if is_blank(pixels):
        return 0.0
    rough = pixels.resize((_ROUGH_PX, _ROUGH_PX), Image.Resampling.BOX).convert("RGBA")
    *colours, opaque = (high - low for low, high in cast("tuple[tuple[int, int], ...]", rough.getextrema()))
    return ink_share(rough) * (opaque if opaque > BLANK_RANGE else max(colours)) / 255
