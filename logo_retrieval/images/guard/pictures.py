"""The pictures inside one drawing: which of them stay, and how much they are all together."""

from __future__ import annotations

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.embedded import (
    MAX_DRAWINGS,
    MAX_EMBEDDED_PIXELS,
    MAX_NESTING,
    Embedded,
    content_of,
    embedded_picture,
    is_data,
    is_drawing,
)


class Pictures:
    """Those that one drawing holds."""

    def __init__(self, nesting: int) -> None:
        """None yet.

        Args:
            nesting: how many drawings the drawing lies in.
        """
        self._nesting = nesting
        self._drawings = self._pixels = 0

    def put(self, element: Element, link: str) -> None:
        """Gives an element the picture of a `data:` link; of any other link, or of none that can be drawn, nothing.

        Raises:
            UnreadableImage: unsafe, when it is too large, or one too many.
        """
        picture = self._embedded(link) if is_data(link) else None
        if picture is None:
            return
        self._pixels += picture.decoded
        if self._pixels > MAX_EMBEDDED_PIXELS:
            raise UnreadableImage("unsafe", f"its pictures have more than {MAX_EMBEDDED_PIXELS:,} pixels")
        element.pixels = picture.pixels
        element.size = picture.size
        element.attributes["href"] = picture.href

    def _embedded(self, link: str) -> Embedded | None:
        content = content_of(link)
        if content is None:
            return None
        if is_drawing(content):
            self._drawings += 1
            allowed = max(1, MAX_DRAWINGS >> 2 * self._nesting)
            if self._drawings > allowed:
                raise UnreadableImage("unsafe", f"the SVG holds more than {allowed} others")
            if self._nesting == MAX_NESTING:
                raise UnreadableImage("unsafe", f"SVG lies in SVG more than {MAX_NESTING} deep")
        return embedded_picture(content, self._nesting)
