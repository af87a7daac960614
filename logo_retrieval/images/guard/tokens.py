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


def declarations(content: str | Sequence[Any]) -> list[tuple[str, str]]:
    """(name, raw value) of the declarations of a block, in their order, nested rules left out."""
    import tinycss2

    parsed = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return [raw(each) for each in parsed if each.type == "declaration"]


def raw(declaration: Any) -> tuple[str, str]:  # noqa: ANN401
    """(name, raw value) of one declaration."""
    import tinycss2

    value = tinycss2.serialize(declaration.value).strip()
    return declaration.name, f"{value} !important" if declaration.important else value
