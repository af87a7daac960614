"""Values from JSON that lies in files: what a field must be stands in its declaration, and nowhere else."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_type_hints

_SHA256 = re.compile(r"[0-9a-f]{64}")

Kind = TypeVar("Kind")


def read_object(text: str | bytes) -> dict[str, Any]:
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


def built(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """A dataclass whose fields are declared as the types below, from the fields of an object.

    Raises:
        ValueError: a field is missing, unknown, or not what it must be.
    """
    declared = get_type_hints(kind, include_extras=True)
    missing, unknown = sorted(declared.keys() - values.keys()), sorted(values.keys() - declared.keys())
    if missing or unknown:
        raise ValueError(f"must hold all its fields and no others: missing fields {missing}, unknown fields {unknown}")
    for name, field_type in declared.items():
        expected, is_fine = field_type.__metadata__
        if not is_fine(values[name]):
            raise ValueError(f"is damaged: {name} must be {expected}, got {values[name]!r:.200}")
    return kind(**values)


def is_digest(value: object) -> bool:
    """A SHA-256, hexadecimal."""
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _is_finite(value: object) -> bool:
    """Whole numbers are of a size that a float can have."""
    return (type(value) is float and math.isfinite(value)) or (type(value) is int and abs(value) < 2**63)


def _is_numbers(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_finite, value.values()))


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


# Beside the type of each: what it must be, in words, and whether a value is that.
Text = Annotated[str, "text", lambda value: isinstance(value, str)]
Size = Annotated[int, "a positive whole number", lambda value: type(value) is int and 0 < value < 2**31]
Digest = Annotated[str, "64 hexadecimal digits", is_digest]
Finite = Annotated[float, "a finite number", _is_finite]
Object = Annotated[Mapping[str, Any], "an object", lambda value: isinstance(value, dict)]
Numbers = Annotated[Mapping[str, float], "an object of finite numbers", _is_numbers]
Texts = Annotated[Mapping[str, str], "an object of texts", _is_texts]
