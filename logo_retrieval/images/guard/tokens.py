"""Small help with the tokens of tinycss2, which has no types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def word(token: Any) -> str:  # noqa: ANN401
    """A keyword, in small letters; empty for other tokens."""
    return str(token.lower_value) if token.type == "ident" else ""


def solid(tokens: Sequence[Any]) -> list[Any]:
    """The tokens without the gaps between them."""
    return [token for token in tokens if token.type not in ("whitespace", "comment")]


def split_at_commas(tokens: Sequence[Any]) -> Iterator[list[Any]]:
    """The parts of a list."""
    part: list[Any] = []
    for token in tokens:
        if token == ",":
            yield part
            part = []
        else:
            part.append(token)
    yield part
