"""Sums in values, `calc()` and its kin, worked out: a renderer knows only numbers."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from logo_retrieval.images.guard.geometry import length
from logo_retrieval.images.guard.tokens import solid, split_at_commas, word

Quantity = tuple[float, str]
"""A number and its unit: none, `%`, `deg`, `s` or `px`."""

_SAME_UNIT: Mapping[str, Callable[..., float]] = {
    "calc": lambda value: value,
    "-webkit-calc": lambda value: value,
    "min": min,
    "max": max,
    "clamp": lambda low, value, high: max(low, min(value, high)),
    "abs": abs,
    "round": lambda value, step=1.0: math.floor(value / step + 0.5) * step,
    "mod": operator.mod,
    "rem": math.fmod,
    "hypot": math.hypot,
    "sqrt": math.sqrt,
    "pow": math.pow,
    "exp": math.exp,
    "log": math.log,
}
"""What they give has the unit of what they take."""

_NO_UNIT: Mapping[str, Callable[..., float]] = {
    "sign": lambda value: math.copysign(1.0, value) if value else 0.0,
    **{name: getattr(math, name) for name in ("sin", "cos", "tan")},
}
_ANGLES: Mapping[str, Callable[..., float]] = {name: getattr(math, name) for name in ("asin", "acos", "atan", "atan2")}
_FUNCTIONS = {**_SAME_UNIT, **_NO_UNIT, **_ANGLES}
_SUM = re.compile(rf"(?<![\w-])(?:{'|'.join(_FUNCTIONS)})\(", re.IGNORECASE)
_SHARE = re.compile(r"(?<![\d.])([-+]?(?:\d*\.)?\d+)%")
_CONSTANTS = {"pi": math.pi, "e": math.e, "none": 0.0, "nan": 0.0, "infinity": math.inf, "-infinity": -math.inf}
_LARGEST = 1e9
TURNS = {"deg": 1.0, "grad": 0.9, "rad": 180 / math.pi, "turn": 360.0}
"""Units of angles, in degrees."""

_TIMES = {"s": 1.0, "ms": 0.001}
_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_LONGEST = 500


def worked_out(value: str) -> str:
    """A value with the sums in it worked out; one that cannot be stays as it is.

    >>> worked_out("calc(1 / 2) min(3px, calc(2px * 4)) rgb(calc(100 + 28) 0 0)")
    '0.5 3px rgb(128 0 0)'
    """
    if "(" not in value or _SUM.search(value) is None or len(value) > _LONGEST:
        return value
    import tinycss2

    try:
        return str(tinycss2.serialize(without_sums(tinycss2.parse_component_value_list(value), {})))
    except RecursionError:
        return value


def without_shares(value: str, whole: float) -> str:
    """A value with its shares as lengths, so that sums of both can be worked out.

    >>> without_shares("calc(50% - 10px)", 80)
    '30px'
    """
    return worked_out(_SHARE.sub(lambda share: f"{float(share[1]) / 100 * whole:.9g}px", value))


def without_sums(tokens: Sequence[Any], words: Mapping[str, float]) -> list[Any]:
    """The same tokens, each word and each sum that can be worked out as a number.

    Args:
        tokens: as tinycss2 has them.
        words: that stand for numbers.
    """
    import tinycss2

    found: list[Any] = []
    for token in tokens:
        quantity = _quantity(token, words) if _is_sum(token) or word(token) in words else None
        if quantity is not None:
            number, unit = min(max(quantity[0], -_LARGEST), _LARGEST), quantity[1]
            found += tinycss2.parse_component_value_list(f"{number:.9g}{unit}".replace("e-", "e-0"))
        else:
            if token.type == "function":
                token.arguments = without_sums(token.arguments, words)
            found.append(token)
    return found


def _is_sum(token: Any) -> bool:  # noqa: ANN401 - tinycss2 has no types
    return token.type == "function" and token.lower_name in _FUNCTIONS


def _quantity(token: Any, words: Mapping[str, float]) -> Quantity | None:  # noqa: ANN401
    """What one token stands for; None when that is no quantity."""
    if token.type in ("number", "percentage"):
        return token.value, "%" if token.type == "percentage" else ""
    if token.type == "dimension":
        return _dimension(token.value, token.lower_unit)
    if token.type == "ident":
        number = words.get(token.lower_value, _CONSTANTS.get(token.lower_value))
        return None if number is None else (number, "")
    if token.type == "() block":
        return _sum(token.content, words)
    if not _is_sum(token):
        return None
    quantities = [_sum(part, words) for part in split_at_commas(token.arguments)]
    units = {quantity[1] for quantity in quantities if quantity is not None}
    if None in quantities or len(units) != 1:
        return None
    name, unit = token.lower_name, units.pop()
    numbers = [quantity[0] for quantity in quantities if quantity is not None]
    if name in _NO_UNIT and unit == "deg":
        numbers = [math.radians(number) for number in numbers]
    try:
        number = _FUNCTIONS[name](*numbers)
    except (TypeError, ValueError, ArithmeticError):  # too many arguments, too few, or beyond what it takes
        return None
    return (math.degrees(number), "deg") if name in _ANGLES else (number, "" if name in _NO_UNIT else unit)


def _dimension(number: float, unit: str) -> Quantity | None:
    for units, base in ((TURNS, "deg"), (_TIMES, "s")):
        if unit in units:
            return number * units[unit], base
    pixels = length(f"1{unit}")
    return None if pixels is None else (number * pixels, "px")


def _sum(tokens: Sequence[Any], words: Mapping[str, float]) -> Quantity | None:
    """Works out terms and factors from the left to the right, products first."""
    parts = solid(tokens)
    total: list[Quantity] = []
    signs: list[str] = []
    for place, part in enumerate(parts):
        if place % 2:
            if part.type != "literal" or part.value not in _OPERATORS:
                return None
            signs.append(part.value)
            continue
        quantity = _quantity(part, words)
        if quantity is None:
            return None
        if signs and signs[-1] in "*/":
            joined = _joined(total.pop(), signs.pop(), quantity)
            if joined is None:
                return None
            quantity = joined
        total.append(quantity)
    if len(signs) != len(total) - 1:
        return None
    found = total[0]
    for sign, quantity in zip(signs, total[1:], strict=True):
        joined = _joined(found, sign, quantity)
        if joined is None:
            return None
        found = joined
    return found


def _joined(one: Quantity, sign: str, other: Quantity) -> Quantity | None:
    if sign in "+-":
        fits = one[1] == other[1]
    else:
        fits = not other[1] or (sign == "*" and not one[1])
    if not fits or (sign == "/" and other[0] == 0):
        return None
    return _OPERATORS[sign](one[0], other[0]), one[1] or other[1]
