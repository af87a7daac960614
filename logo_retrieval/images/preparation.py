"""How pictures are prepared, as a value that an index keeps.

Light, as the decoder processes start with it: it needs no image library, nor the library of dataclasses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self

Engine = Literal["resvg", "cairosvg"]
"""Which renderer draws SVG."""

RULES = 2
"""Changes whenever the same bytes would be prepared to other pixels, so that an index knows which rules made it."""

LINE_PX = 48
"""Height of what may be writing, as a recogniser of text takes it."""


class _Values(NamedTuple):
    size_px: int
    engine: Engine
    rules: int


class Preparation(_Values):
    """How pictures become pixels; stored with an index, since a query must be prepared like the gallery.

    Attributes:
        size_px: side of the square views.
        engine: which renderer draws SVG.
        rules: the revision of the rules in `prepare`, `views` and `badge`.
    """

    __slots__ = ()

    def __new__(cls, size_px: int = 224, engine: Engine = "resvg", rules: int = RULES) -> Self:
        """Checks the values.

        Raises:
            ValueError: for one that is not allowed, or rules of another version.
        """
        if type(size_px) is not int or not 32 <= size_px <= 1024:
            raise ValueError(f"size_px must be a whole number between 32 and 1024, got {size_px}")
        if engine not in ("resvg", "cairosvg"):
            raise ValueError(f"engine must be 'resvg' or 'cairosvg', got {engine!r}")
        if rules != RULES:
            raise ValueError(f"prepared by rules {rules}, this version knows rules {RULES} alone: rebuild the index")
        return super().__new__(cls, size_px, engine, rules)

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return self._asdict()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preparation:
        """The inverse of `to_dict`.

        Raises:
            ValueError: for a value that is not allowed, or rules of another version.
        """
        unknown = values.keys() - {"size_px", "engine", "rules"}
        if unknown:
            raise ValueError(f"a preparation has size_px, engine and rules, got also {sorted(unknown)}")
        return cls(**values)
