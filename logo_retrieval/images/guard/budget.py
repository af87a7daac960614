"""What drawing may cost: the rates, the limits, and the sums so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.geometry import Box

MAX_MILLISECONDS = 1_000.0
MAX_SHAPES = 50_000
MAX_FILTER_PRIMITIVES = 400
MAX_DEPTH = 96
MAX_LAYER_DEPTH = 16

# Milliseconds of one core at 224 pixels, measured on resvg 0.47; an area is in squares as wide as the longer side.
VISIT = 0.02
SHAPE = 0.01
SEGMENT = 0.0005
CROSSING = 6e-6
DASH = 0.001
GLYPH = 0.03
GLYPH_IN_SPAN = 5e-4
MEGAPIXEL = 25.0
FILL_AREA = 0.2
GRADIENT_AREA = 0.4
STOP_AREA = 0.012
PATTERN_AREA = 0.5
LAYER_AREA = 0.8
MASK_AREA = 1.5
REGION_AREA = 2.5


class Budget:
    """Adds up the estimates and refuses what goes beyond a limit.

    Attributes:
        visible: the part of the canvas, or pattern tile, that is drawn.
        layer_frame: the part that a layer may cover.
    """

    def __init__(self, visible: Box) -> None:
        self.visible = visible
        # resvg cuts layers off two canvases beyond each edge.
        self.layer_frame = visible.grown(2 * visible.width, 2 * visible.height)
        self._times = 1
        self._milliseconds = 0.0
        self._shapes = self._primitives = self._depth = self._layers = 0

    def spend(self, milliseconds: float) -> None:
        """Adds to the time."""
        self._milliseconds += milliseconds * self._times
        # Written so that a NaN is refused as well.
        if not self._milliseconds <= MAX_MILLISECONDS:
            raise _unsafe(f"drawing it would take more than {MAX_MILLISECONDS:.0f} ms by estimate")

    def add_shape(self) -> None:
        """Counts a shape."""
        self._shapes += self._times
        if self._shapes > MAX_SHAPES:
            raise _unsafe(f"it draws more than {MAX_SHAPES} shapes")
        self.spend(SHAPE)

    def add_primitive(self, rate: float, region: Box) -> None:
        """Counts a filter primitive of so many milliseconds per area."""
        self._primitives += self._times
        if self._primitives > MAX_FILTER_PRIMITIVES:
            raise _unsafe(f"it applies more than {MAX_FILTER_PRIMITIVES} filter primitives")
        seen = region.area_within(self.layer_frame)
        if seen:
            # Some primitives fill their whole region, however far it goes beyond the frame.
            self.spend(rate * seen + REGION_AREA * (region.area_within(region) - seen))

    def add_layer(self, rate: float, box: Box) -> None:
        """Counts a layer that covers a box."""
        self.spend(rate * box.area_within(self.layer_frame))

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Within: one level of nesting further, references followed."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _unsafe(f"its references nest more than {MAX_DEPTH} deep")
        yield
        self._depth -= 1

    @contextmanager
    def in_layer(self) -> Iterator[None]:
        """Within: in one more transparent layer."""
        self._layers += 1
        if self._layers > MAX_LAYER_DEPTH:
            raise _unsafe(f"it nests more than {MAX_LAYER_DEPTH} transparent layers")
        yield
        self._layers -= 1

    @contextmanager
    def repeated(self, times: int, visible: Box | None = None) -> Iterator[None]:
        """Within: everything counts so many times, and is seen through another frame."""
        before = self._times, self.visible
        self._times *= times
        self.visible = visible or self.visible
        yield
        self._times, self.visible = before


def _unsafe(reason: str) -> UnreadableImage:
    return UnreadableImage("unsafe", f"the SVG asks for too much: {reason}")
