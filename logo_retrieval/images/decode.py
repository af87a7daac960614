"""Bytes in, views out: the one door to everything in this room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from logo_retrieval.errors import LogoRetrievalError, UnreadableImage
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.prepare import Picture, Region, draw
from logo_retrieval.images.sniff import sniff
from logo_retrieval.images.views import draw_views

if TYPE_CHECKING:  # numpy comes with it, and would double the start of a decoder process
    from logo_retrieval.types import LogoImage


class DecodedViews(NamedTuple):
    """What a decoder process sends back: a `LogoImage` before numpy.

    Attributes:
        pixels: RGB bytes of all views and then of all lines, one after another.
        format: by content.
        width: of the picture as stored.
        height: likewise.
        lines: of each its width in pixels, and where it lies, in fractions of the picture.
    """

    pixels: bytes
    format: str
    width: int
    height: int
    lines: list[tuple[int, Region]]


class DecodedArt(NamedTuple):
    """A drawing with its transparency kept.

    Attributes:
        pixels: RGBA bytes, straight alpha.
        columns: how many there are; the longer side is `size_px`.
        rows: likewise.
    """

    pixels: bytes
    columns: int
    rows: int


def decode(data: bytes, preparation: Preparation, *, all_views: bool, lines: bool = False) -> LogoImage:
    """Decodes one picture in this process.

    Files from strangers belong into a `DecoderPool`: limits on time and memory can only be put on another process.
    Not for several threads at once, as Pillow's warnings are filtered for the whole process meanwhile.

    Args:
        data: a whole file.
        preparation: size and renderer.
        all_views: whether the parts that may stand for the whole are views of their own, see `draw_views`.
        lines: whether there is what may be writing, too.

    Returns:
        The picture, view 0 the whole drawing.

    Raises:
        UnreadableImage: whatever the bytes are, nothing but this.
        BackendError: the renderer that the preparation names is not installed.
    """
    from logo_retrieval.types import LogoImage

    found = decode_views(data, preparation, all_views=all_views, lines=lines)
    return LogoImage.of_pixels(found.pixels, preparation.size_px, found.lines, found.format, found.width, found.height)


def decode_views(data: bytes, preparation: Preparation, *, all_views: bool, lines: bool = False) -> DecodedViews:
    """The same, without numpy."""
    with _faults_as_unreadable():
        format = sniff(data)
        picture = _open(data, format, preparation)
        views = draw_views(picture, preparation.size_px, all_views=all_views, lines=lines)
        pixels = b"".join(each.tobytes() for each in (*views.squares, *(line.pixels for line in views.lines)))
        width, height = max(1, round(picture.width)), max(1, round(picture.height))
        return DecodedViews(pixels, format, width, height, [(line.pixels.width, line.place) for line in views.lines])


def decode_art(data: bytes, preparation: Preparation) -> DecodedArt:
    """Decodes one picture to what training lays on grounds of its own: trimmed, not yet on a ground, not yet square.

    Raises:
        UnreadableImage: whatever the bytes are, nothing but this.
        BackendError: the renderer that the preparation names is not installed.
    """
    with _faults_as_unreadable():
        picture = _open(data, sniff(data), preparation)
        art = picture.render(preparation.size_px, draw(picture, preparation.size_px).region)
        return DecodedArt(art.tobytes(), art.width, art.height)


@contextmanager
def _faults_as_unreadable() -> Iterator[None]:
    """Whatever goes wrong within becomes an unreadable image, unless it is about this program."""
    try:
        yield
    except LogoRetrievalError:
        raise
    except MemoryError:
        raise UnreadableImage("crashed", "the decoder ran out of memory") from None
    except Exception as fault:  # third-party decoders raise what they like on damaged data
        raise UnreadableImage("corrupt", f"it does not decode ({type(fault).__name__}: {fault})"[:300]) from fault
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":  # a Rust library gave up; everything else here is meant to pass
            raise
        raise UnreadableImage("crashed", f"the renderer gave up ({fault})"[:300]) from None


def _open(data: bytes, format: str, preparation: Preparation) -> Picture:
    """Opens a picture; imports only the half of the room that it needs."""
    if format in ("svg", "svgz"):
        from logo_retrieval.images.svg import SvgPicture

        return SvgPicture.open(data, preparation.engine)
    from logo_retrieval.images.raster import RasterPicture

    return RasterPicture.open(data, format)
