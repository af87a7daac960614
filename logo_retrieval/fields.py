"""The fields of JSON objects that come from files: what each must be."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_LARGEST_SIZE = 2**31
_SHA256 = re.compile(r"[0-9a-f]{64}")

Check = tuple[str, Callable[[Any], bool]]
"""What a field must be, in words, and whether a value is that."""


def read_object(text: str) -> dict[str, Any]:
    """The object in some JSON.

    Raises:
        ValueError: it is not JSON, nested too deeply, or holds something else.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ValueError(f"must hold a JSON object, got {type(values).__name__}")
    return values


def wrong_field(values: Mapping[str, Any], checks: Mapping[str, Check]) -> str | None:
    """A sentence about the first field that is not what it must be; all of them must be there."""
    for key, (expected, is_fine) in checks.items():
        if not is_fine(values[key]):
            return f"{key} must be {expected}, got {values[key]!r:.200}"
    return None


def is_text(value: object) -> bool:
    """Any text."""
    return isinstance(value, str)


def is_size(value: object) -> bool:
    """A number of pixels or components."""
    return type(value) is int and 0 < value < _LARGEST_SIZE


def is_digest(value: object) -> bool:
    """A SHA-256, hexadecimal."""
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def is_numbers(value: object) -> bool:
    """An object of finite numbers; whole ones of a size that a float can have."""
    return isinstance(value, dict) and all(
        (type(each) is float and math.isfinite(each)) or (type(each) is int and abs(each) < 2**63)
        for each in value.values()
    )


def is_texts(value: object) -> bool:
    """An object of texts."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def is_object(value: object) -> bool:
    """Any object."""
    return isinstance(value, dict)


TEXT: Check = ("text", is_text)
SIZE: Check = ("a positive whole number", is_size)
DIGEST: Check = ("64 hexadecimal digits", is_digest)
NUMBERS: Check = ("an object of finite numbers", is_numbers)
TEXTS: Check = ("an object of texts", is_texts)
OBJECT: Check = ("an object", is_object)
