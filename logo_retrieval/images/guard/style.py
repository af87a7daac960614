"""Which values the costly properties of an element have."""

from __future__ import annotations

from collections.abc import Mapping

from logo_retrieval.images.guard.tree import Element
from logo_retrieval.images.guard.values import style_of

INHERITED = frozenset(
    "fill stroke stroke-width stroke-dasharray marker marker-start marker-mid marker-end font-size".split()
)
ISOLATING = frozenset("filter mask clip-path opacity mix-blend-mode isolation".split())
_FOLLOWED = INHERITED | ISOLATING | {"transform"}

Styles = dict[str, list[str]]
"""Property -> its values; several where elements are taken together."""


def styles_of(element: Element, inherited: Mapping[str, list[str]]) -> Styles:
    """The values of an element whose style has been decided."""
    own = {**element.attributes, **style_of(element.attributes)}
    return {**inherited, **{name: [value] for name, value in own.items() if name in _FOLLOWED}}
