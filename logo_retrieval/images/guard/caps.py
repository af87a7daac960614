"""What a drawing may ask for: plain counts and sizes. No logo comes near them.

A drawing just below them may still keep a renderer busy for seconds; the limits of the decoder processes are for that.
"""

from __future__ import annotations

from logo_retrieval.errors import UnreadableImage

Load = dict[str, float]
"""What drawing something takes: how much of each thing that is capped."""

MAX_DEPTH = 96
"""Of elements that hold or name others: 8 in logos. A renderer may call itself for each."""

CAPS = {
    "elements": (10_000, "elements and letters"),
    "stops": (100_000, "stops in the gradients of all its shapes"),
    "layers": (250, "transparent, clipped and masked parts and patterns"),
    "nested": (16, "transparent, clipped and masked parts in each other"),
    "pixels": (40_000_000, "pixels in its pictures"),
    "crossings": (1e7, "lines that cross others"),
    "dashes": (100_000, "dashes"),
    "stroke": (1_000, "times the width of the picture in that of a stroke"),
    "steps": (2_000, "steps of filters"),
    "filtered": (150, "times the area of the picture for its filters to work on"),
    "radius": (0.02, "times the width of the picture for its filters to thicken lines by"),
    "tiled": (50, "times the area of the picture in the tiles of its patterns"),
}
"""How much of each thing is allowed, everything counted as often as it is drawn, and what it is.

The most in 60,000 real logos: 2,600 elements, 239 stops, 83 layers up to 4 in each other, 0.8 million pixels, 14,000
dashes, strokes as wide as 3 pictures, 64 steps of filters (1,624 in emoji that look solid) over 117 times the picture,
a radius of 0.008, tiles of 7 times the picture, and in the few whose paths are long enough to be measured, 8,200
crossings. Each cap lies between that and where a renderer takes seconds or much memory. A radius of up to eight times
its cap is drawn in several steps (`effects`). Layers smaller than the picture count by their area, where it is known.
"""

MAX_SQUARED_DATA = 4e8
"""Of the squared lengths of path data: as many lines cannot cross each other too often, however they lie."""

_LARGEST = frozenset("depth nested stroke radius".split())
"""What several have is the largest of theirs, and else their sum."""

_POWERS = {"stroke": 1, "radius": 1, "crossings": 2, "filtered": 2, "tiled": 2, "layered": 2}
"""What grows with the scale, and how: lengths are in longer sides of the canvas, and areas in their squares."""


def join(load: Load, other: Load, times: float = 1.0) -> None:
    """Adds another load, so many times."""
    for name, value in other.items():
        known = load.get(name, 0.0)
        load[name] = max(known, value) if name in _LARGEST else known + value * times


def scaled(load: Load, factor: float) -> Load:
    """The load of what is drawn larger by a factor."""
    powers = (1.0, factor, factor * factor)
    return load if factor == 1 else {name: value * powers[_POWERS.get(name, 0)] for name, value in load.items()}


def on_layer(load: Load) -> Load:
    """The load of what is drawn on one layer more."""
    return {**load, "layers": load.get("layers", 0.0) + 1, "nested": load.get("nested", 0.0) + 1}


def unsized(load: Load) -> Load:
    """The load of layers that may each be as large as the picture."""
    return {**load, "unsized": load.get("layers", 0.0), "layered": 0.0}


def vague(load: Load) -> Load:
    """The load of what may draw beyond the boxes of its shapes, so that no layer of it has a known size."""
    return {**unsized(load), "vague": 1.0}


def is_unsure(load: Load) -> bool:
    """Whether outlines have to be measured to know what is allowed: there are dashes, or much of something."""
    few = load.get("layers", 0.0) <= CAPS["layers"][0] and load.get("data", 0.0) <= MAX_SQUARED_DATA
    return "unmeasured" in load or not few


def check(load: Load) -> None:
    """Checks a load.

    Raises:
        UnreadableImage: unsafe, when it exceeds a cap.
    """
    # A layer takes what its area takes: exporters clip each of a thousand small parts, and each letter.
    layers = load.get("layers", 0.0)
    load = {**load, "layers": min(layers, load.get("unsized", 0.0) + load.get("layered", 0.0))}
    for name, (most, things) in CAPS.items():
        if not load.get(name, 0.0) <= most:  # so that a NaN is refused as well
            raise unsafe(f"more than {most:,g} {things}")


def unsafe(reason: str) -> UnreadableImage:
    """The error for a drawing that asks for too much."""
    return UnreadableImage("unsafe", f"the SVG asks for too much: {reason}")
