"""Variables of CSS, put in where they are used."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LONGEST_VALUE = 4096
_DEEPEST_VARIABLE = 16
_VARIABLE = re.compile(r"(?<![\w-])(?:var|env)\(", re.IGNORECASE)


def has_variables(value: str) -> bool:
    """Whether a value has any."""
    return "(" in value and _VARIABLE.search(value) is not None


def substituted(value: str, variables: Mapping[str, str], depth: int = 0) -> str | None:
    """A value with its variables put in, or the fallbacks of those that are not known; None where that fails.

    >>> substituted("var(--a, #08f) var(--b)", {"--b": "var(--c,1)"})
    '#08f 1'
    """
    if depth > _DEEPEST_VARIABLE or len(value) > _LONGEST_VALUE:
        return None
    start = _VARIABLE.search(value)
    if start is None:
        return value
    end = _closing(value, start.end() - 1)
    if end < 0:
        return None
    name, comma, fallback = value[start.end() : end].partition(",")
    found = variables.get(name.strip())
    inner = substituted(found, variables, depth + 1) if found is not None else None
    if inner is None and comma:
        inner = substituted(fallback.strip(), variables, depth + 1)
    if inner is None:
        return None
    return substituted(value[: start.start()] + inner + value[end + 1 :], variables, depth + 1)


def _closing(text: str, opening: int) -> int:
    """The bracket that closes one; -1 where none does."""
    open_ones = 0
    for place in range(opening, len(text)):
        open_ones += (text[place] == "(") - (text[place] == ")")
        if open_ones == 0:
            return place
    return -1
