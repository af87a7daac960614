"""Drawings: SVG behind the guard, drawn at the size and region that is asked for."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, NoReturn, Protocol

from logo_retrieval.errors import BackendError, UnreadableImage
from logo_retrieval.images.guard.guard import SafeSvg, guard

if TYPE_CHECKING:
    from PIL import Image

MAX_PX = 4096
"""The longest side that is drawn."""

MAX_ASPECT = 200.0
"""Beyond, a drawing is a sliver."""

FONT_FAMILY = "Liberation Sans"

_FINEST = 4
"""How much larger a drawing is drawn at most, and then shrunk, for the sake of large pictures inside it.

Of what is more than twice as large as it is drawn, renderers leave out pixels.
"""

_FRAMES_KEPT = 2.0
"""How far beside a frame resvg keeps what a filter works on, in frames."""

_UNEVEN = 1.0001
"""By how much a frame is larger when it is drawn again.

Where a filter's region is a whole number of pixels wide, resvg may count one more in one place than in another, and
then fails, too.
"""

Frame = tuple[float, float, float, float]
"""Left, top, width and height in user units."""


class _Engine(Protocol):
    """Draws one drawing.

    Attributes:
        size: width and height in user units.
    """

    size: tuple[float, float]

    def png(self, frame: Frame, width_px: int, height_px: int) -> bytes:
        """Draws what lies in `frame` onto transparent ground of that many pixels, as PNG."""


class SvgPicture:
    """A guarded and parsed drawing. It belongs to the thread that opened it.

    Attributes:
        width: in user units, after normalisation by the guard.
        height: likewise.
    """

    def __init__(self, engine: _Engine, inner_pixels: float) -> None:
        self._engine = engine
        self._inner_pixels = inner_pixels
        self.width, self.height = engine.size
        if max(self.width, self.height) > MAX_ASPECT * min(self.width, self.height):
            size = f"{self.width:g} x {self.height:g}"
            raise UnreadableImage("empty", f"the drawing is a sliver of {size}, {MAX_ASPECT:g} to 1 is the limit")

    @classmethod
    def open(cls, data: bytes, engine: str = "resvg", *, nesting: int = 0) -> SvgPicture:
        """Guards and parses SVG bytes, plain or gzipped.

        Args:
            data: the bytes of the file.
            engine: "resvg" or "cairosvg".
            nesting: how many other drawings the bytes lie in.

        Returns:
            The picture, ready to draw.

        Raises:
            UnreadableImage: with the guard's codes; corrupt or crashed when the renderer cannot take it; empty for a
                sliver.
            BackendError: the engine is not installed, or its system library is missing.
            ValueError: there is no such engine.
        """
        if engine not in _ENGINES:
            raise ValueError(f"engine must be one of {sorted(_ENGINES)}, got {engine!r}")
        svg = guard(data, nesting=nesting)
        return cls(_ENGINES[engine](svg), svg.pixels)

    def render(self, longest_px: int, region: tuple[float, float, float, float] | None = None) -> Image.Image:
        """Draws the picture, or a part of it.

        Args:
            longest_px: pixels of the longer side, 1 to 4096; the other follows from the aspect, at least 1.
            region: left, top, right and bottom as fractions of the canvas, in 0..1; None is all of it.

        Returns:
            An RGBA image with straight alpha on transparent ground.

        Raises:
            UnreadableImage: the renderer failed.
            ValueError: a parameter is out of range.
        """
        if not 1 <= longest_px <= MAX_PX:
            raise ValueError(f"longest_px must be in 1..{MAX_PX}, got {longest_px}")
        left, top, right, bottom = region or (0.0, 0.0, 1.0, 1.0)
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise ValueError(f"region must hold 0 <= left < right <= 1 and 0 <= top < bottom <= 1, got {region}")
        frame = (left * self.width, top * self.height, (right - left) * self.width, (bottom - top) * self.height)
        scale = longest_px / max(frame[2:])
        finer = max(1, min(math.ceil(math.sqrt(self._inner_pixels) / (2 * longest_px)), _FINEST, MAX_PX // longest_px))
        width_px, height_px = (finer * max(1, round(side * scale)) for side in frame[2:])
        try:
            image = self._drawn(frame, width_px, height_px)
        except UnreadableImage:
            across, down = _beside(self.width / frame[2], width_px), _beside(self.height / frame[3], height_px)
            frame = (*frame[:2], frame[2] * _UNEVEN, frame[3] * _UNEVEN)
            image = self._drawn(frame, width_px, height_px, across, down)
        return image.reduce(finer)

    def _drawn(self, frame: Frame, width_px: int, height_px: int, across: int = 0, down: int = 0) -> Image.Image:
        """Draws a frame of so many pixels, alone or with as many frames of its size beside it on either side."""
        from PIL import PngImagePlugin

        left, top, width, height = frame
        columns, rows = 1 + 2 * across, 1 + 2 * down
        around = (left - across * width, top - down * height, columns * width, rows * height)
        png = self._engine.png(around, columns * width_px, rows * height_px)
        x, y = across * width_px, down * height_px
        with PngImagePlugin.PngImageFile(BytesIO(png)) as image:
            return image.convert("RGBA").crop((x, y, x + width_px, y + height_px))


class _Resvg:
    """resvg: fast, faithful, no system library."""

    def __init__(self, svg: SafeSvg) -> None:
        from resvg import usvg

        options = usvg.Options.default()
        options.font_size = 16.0  # of browsers; lengths in em depend on it
        if svg.has_text:
            options.font_family = FONT_FAMILY
            for font in _fonts():
                options.load_font_data(font)
        try:
            self._tree = usvg.Tree.from_str(svg.text, options)
        except BaseException as error:
            _raise_unreadable(error, "corrupt")
        # Without any size resvg takes the extent of the drawing; a little air keeps its outermost edges visible.
        width, height = self._tree.int_size()
        air = 0.05 * max(width, height)
        self.size = svg.size or (width + air, height + air)

    def png(self, frame: Frame, width_px: int, height_px: int) -> bytes:
        from resvg import render

        left, top, width, height = frame
        x_scale, y_scale = width_px / width, height_px / height
        transform = (x_scale, 0.0, -left * x_scale, 0.0, y_scale, -top * y_scale)
        try:
            return render(self._tree, transform, bg_size=(width_px, height_px))
        except BaseException as error:
            _raise_unreadable(error, "crashed")


class _CairoSvg:
    """cairosvg: a second opinion; needs the system's libcairo."""

    def __init__(self, svg: SafeSvg) -> None:
        try:
            from cairosvg.surface import PNGSurface
        except (ImportError, OSError) as error:
            raise BackendError(
                "the engine 'cairosvg' needs the extra 'svg-cairo' (pip install 'logo-retrieval[svg-cairo]') and the "
                f"system library libcairo2: {error}"
            ) from error
        if svg.size is None:
            raise UnreadableImage("corrupt", "the drawing has neither view box nor size, which cairosvg needs")
        self._surface = PNGSurface
        self._text = svg.text
        self.size = svg.size

    def png(self, frame: Frame, width_px: int, height_px: int) -> bytes:
        view = " ".join(f"{value:.9g}" for value in frame)
        window = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{width_px}" height="{height_px}" '
            f'preserveAspectRatio="none">{self._text}</svg>'
        )
        try:
            png: bytes = self._surface.convert(bytestring=window.encode(), url_fetcher=_refuse_fetch)
        except Exception as error:  # cairosvg lets errors of every kind through
            raise UnreadableImage(
                "crashed", f"cairosvg failed on the drawing: {type(error).__name__}: {error}"
            ) from error
        return png


_ENGINES: dict[str, Callable[[SafeSvg], _Engine]] = {"resvg": _Resvg, "cairosvg": _CairoSvg}


def _beside(whole: float, side_px: int) -> int:
    """How many frames to draw beside one, on either side, so that filters on all of the drawing can work.

    resvg leaves out what of a filter's region is more than `_FRAMES_KEPT` beside what is drawn, and some steps of
    filters fail then.

    Args:
        whole: how often the frame fits into the drawing.
        side_px: of the frame.
    """
    wanted = max(1, math.ceil((whole / (_FRAMES_KEPT + 0.5) - 1) / 2))
    return min(wanted, (MAX_PX // side_px - 1) // 2)


def _raise_unreadable(error: BaseException, code: str) -> NoReturn:
    """Turns an error of resvg, or a panic inside it, into an unreadable image; what else comes along goes on."""
    # A panic derives from BaseException, and its type can only be had from one.
    if isinstance(error, ValueError | RuntimeError) or type(error).__name__ == "PanicException":
        raise UnreadableImage(code, f"resvg cannot draw it: {error}") from None
    raise error


def _refuse_fetch(url: str, resource_type: str) -> bytes:
    if url.startswith("data:image/"):
        from base64 import b64decode

        return b64decode(url.partition(",")[2])
    raise ValueError(f"the drawing may not load {resource_type} from {url[:80]!r}")


@functools.cache
def _fonts() -> tuple[bytes, ...]:
    from pathlib import Path

    folder = Path(__file__).parent / "fonts"
    return tuple((folder / f"LiberationSans-{style}.ttf").read_bytes() for style in ("Regular", "Bold"))
