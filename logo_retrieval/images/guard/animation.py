"""What animations leave behind: a drawing that builds itself up is drawn as when it has been built."""

from __future__ import annotations

import re
from collections.abc import Sequence

ANIMATIONS = frozenset(("animate", "set", "animateTransform", "animateColor"))

Frames = list[tuple[float, list[tuple[str, str]]]]
"""Of a rule of keyframes: when, from 0 to 1, and what is declared then."""

_VISIBLE = frozenset(("opacity", "fill-opacity", "stroke-opacity", "stop-opacity"))
_BY_ITSELF = re.compile(r"\s*(?:[+-]?[\d.:]+\s*(?:h|min|s|ms)?|[\w-]+\.(?:begin|end)\b.*)\s*")


def end_of(tag: str, attributes: dict[str, str]) -> tuple[str, str] | None:
    """The attribute that an element of SMIL has changed when all has ended, and its value; None where nothing stays.

    What ends as it began leaves nothing behind; what goes on for ever shows most at its end, or is at its most visible.
    Those that wait for a click never begin.

    >>> end_of("animate", {"attributeName": "opacity", "values": "0;1", "fill": "freeze"})
    ('opacity', '1')
    """
    name = attributes.get("attributeName", "").strip()
    begin = attributes.get("begin", "0s")
    if not name or not any(_BY_ITSELF.fullmatch(part) for part in begin.split(";")):
        return None
    stays = attributes.get("fill") == "freeze" or (tag == "set" and attributes.get("dur", "indefinite") == "indefinite")
    endless = "indefinite" in (attributes.get("repeatCount"), attributes.get("repeatDur"))
    if not (stays or endless):
        return None
    values = [value.strip() for value in attributes.get("values", "").split(";") if value.strip()]
    values = values or [attributes[key].strip() for key in ("from", "to") if key in attributes]
    if not values:
        return None
    value = most_visible(name, values) if endless else values[-1]
    if tag == "animateTransform":
        value = f"{attributes.get('type', 'translate')}({value})"
    return name, value


def at_end(moments: Frames, *, endless: bool) -> list[tuple[str, str]]:
    """What keyframes declare at their end, or of an endless animation where it shows most."""
    last: dict[str, list[str]] = {}
    for share, declared in moments:
        for name, value in declared:
            if endless or share == 1.0:
                last.setdefault(name, []).append(value)
    return [(name, most_visible(name, values) if endless else values[-1]) for name, values in last.items()]


def most_visible(name: str, values: Sequence[str]) -> str:
    """The last of some values, of degrees of visibility the largest."""
    if name in _VISIBLE:
        return max(values, key=_number)
    return values[-1]


def _number(value: str) -> float:
    found = re.match(r"\s*[\d.]+", value)
    return float(found[0].strip().rstrip(".") or 0) if found else 0.0
