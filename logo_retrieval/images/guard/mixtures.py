"""Colours made of others, `color-mix()`, relative colours and `light-dark()`, in one plain notation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from logo_retrieval.images.guard.maths import without_sums
from logo_retrieval.images.guard.tokens import solid, split_at_commas, word

if TYPE_CHECKING:
    from coloraide import Color

_CHANNELS = {
    **dict.fromkeys(("rgb", "rgba"), ("srgb", "r g b", 255.0)),
    **dict.fromkeys(("hsl", "hsla"), ("hsl", "h s l", 100.0)),
    "hwb": ("hwb", "h w b", 100.0),
    "lab": ("lab", "l a b", 1.0),
    "lch": ("lch", "l c h", 1.0),
    "oklab": ("oklab", "l a b", 1.0),
    "oklch": ("oklch", "l c h", 1.0),
}
"""Function -> its space, the words for its channels, and what a full channel counts there (hues are in degrees)."""

_LIGHTEST = {"lab": 100.0, "lch": 100.0, "oklab": 1.0, "oklch": 1.0}
"""Of these functions, the lightness that none exceeds."""

_SPACES = {"xyz": "xyz-d65"}
_HUES = ("shorter", "longer", "increasing", "decreasing")
_DEEPEST = 8


def mixed(value: str, current: str) -> Color | None:
    """A colour in any notation; None when it is none.

    Args:
        value: as it stands in a style.
        current: what `currentcolor` means here, in a plain notation.

    >>> mixed("color-mix(in srgb, red, blue 25%)", "black").to_string(hex=True)
    '#bf0040'
    >>> mixed("rgb(from currentcolor r calc(g * 2) b / 50%)", "#004000").to_string(hex=True)
    '#00800080'
    """
    import tinycss2

    try:
        return _colour(tinycss2.parse_component_value_list(value, skip_comments=True), current, 0)
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError, IndexError, RecursionError):
        return None


def _colour(tokens: Sequence[Any], current: str, depth: int) -> Color:
    import tinycss2
    from coloraide import Color

    (token,) = solid(tokens)
    if depth > _DEEPEST:
        raise ValueError("colours are mixed too often")
    if token.type != "function":
        return Color(current if word(token) == "currentcolor" else token.serialize().lower())
    arguments = solid(token.arguments)
    if token.lower_name == "color-mix":
        return _mix(arguments, current, depth + 1)
    if token.lower_name == "light-dark":
        light, _ = split_at_commas(arguments)
        return _colour(light, current, depth + 1)
    if token.lower_name == "contrast-color":
        ground = _colour(arguments, current, depth + 1)
        return max(Color("white"), Color("black"), key=ground.contrast)
    words: dict[str, float] = {}
    if word(arguments[0]) == "from":
        origin, arguments = _colour(arguments[1:2], current, depth + 1), arguments[2:]
        words = _channels(token.lower_name, origin, arguments)
        if not any(argument == "/" for argument in arguments):
            arguments += tinycss2.parse_component_value_list(f"/ {words['alpha']:.6g}")
    parts = (each.serialize() for each in without_sums(arguments, words))
    found = Color(f"{token.lower_name}({' '.join(parts)})".replace(" ,", ","))
    lightest = _LIGHTEST.get(token.lower_name)
    if lightest is not None and not math.isnan(found["lightness"]):
        found["lightness"] = min(max(found["lightness"], 0.0), lightest)
    return found


def _channels(function: str, origin: Color, arguments: Sequence[Any]) -> dict[str, float]:
    """What the words in a relative colour stand for."""
    if function == "color":
        space = _space(arguments[0])
        words, full = ("x y z" if space.startswith("xyz") else "r g b"), 1.0
    else:
        space, words, full = _CHANNELS[function]
    values = origin.convert(space).coords(nans=False)
    named = zip(words.split(), values, strict=True)
    alpha = origin.alpha(nans=False)
    return {**{name: value if name == "h" else full * value for name, value in named}, "alpha": alpha}


def _mix(arguments: Sequence[Any], current: str, depth: int) -> Color:
    parts = list(split_at_commas(arguments))
    space, hue = "oklab", "shorter"
    if word(parts[0][0]) == "in":
        method, *parts = parts
        space = _space(method[1])
        hue = next((word(token) for token in method[2:] if word(token) in _HUES), hue)
    (one, share), (other, other_share) = (_part(part, current, depth) for part in parts)
    share = share if share is not None else 1 - other_share if other_share is not None else 0.5
    other_share = other_share if other_share is not None else 1 - share
    if not (0 <= share <= 1 and 0 <= other_share <= 1):
        raise ValueError("shares are from 0 to 100 %")
    whole = share + other_share
    found: Color = one.mix(other, other_share / whole, space="srgb" if space == "rgb" else space, hue=hue)
    return found.set("alpha", lambda alpha: alpha * min(whole, 1.0))


def _part(tokens: Sequence[Any], current: str, depth: int) -> tuple[Color, float | None]:
    """A colour that is mixed, and its share."""
    tokens = without_sums(tokens, {})
    shares = [token.value / 100 for token in tokens if token.type == "percentage"]
    colour = _colour([token for token in tokens if token.type != "percentage"], current, depth)
    return colour, shares[0] if shares else None


def _space(token: Any) -> str:  # noqa: ANN401 - tinycss2 has no types
    return _SPACES.get(word(token), word(token))
