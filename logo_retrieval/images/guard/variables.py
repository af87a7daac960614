"""Variables of CSS, put in where they are used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_LONGEST_VALUE = 4096
_DEEPEST_VARIABLE = 16
_MOST_STEPS = 500
_VARIABLE = re.compile(r"(?<![\w-])(?:var|env)\(", re.IGNORECASE)


def has_variables(value: str) -> bool:
    """Whether a value has any."""
    return "(" in value and _VARIABLE.search(value) is not None


def substituted(value: str, variables: Mapping[str, str]) -> str | None:
    """A value with its variables put in, or the fallbacks of those that are not known; None where that fails.

    >>> substituted("var(--a, #08f) var(--b)", {"--b": "var(--c,1)"})
    '#08f 1'
    """
    return _substituted(value, variables, iter(range(_MOST_STEPS)), 0)


def _substituted(value: str, variables: Mapping[str, str], steps: Iterator[int], depth: int) -> str | None:
    start = _VARIABLE.search(value)
    while start is not None:
        if depth > _DEEPEST_VARIABLE or len(value) > _LONGEST_VALUE or next(steps, None) is None:
            return None
        end = _closing(value, start.end() - 1)
        if end < 0:
            return None
        name, comma, fallback = value[start.end() : end].partition(",")
        found = variables.get(name.strip())
        inner = _substituted(found, variables, steps, depth + 1) if found is not None else None
        if inner is None and comma:
            inner = _substituted(fallback.strip(), variables, steps, depth + 1)
        if inner is None:
            return None
        value = value[: start.start()] + inner + value[end + 1 :]
        start = _VARIABLE.search(value, start.start() + len(inner))
    return value


def _closing(text: str, opening: int) -> int:
    """The bracket that closes one; -1 where none does."""
    open_ones = 0
    for place in range(opening, len(text)):
        open_ones += (text[place] == "(") - (text[place] == ")")
        if open_ones == 0:
            return place
    return -1
