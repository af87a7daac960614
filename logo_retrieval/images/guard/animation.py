"""What animations leave behind: a drawing that builds itself up is drawn as when it has been built."""

from __future__ import annotations

import re

ANIMATIONS = frozenset(("animate", "set", "animateTransform", "animateColor"))

Frames = list[tuple[float, list[tuple[str, str]]]]
"""Of a rule of keyframes: when, from 0 to 1, and what is declared then."""

_VISIBLE = frozenset(("opacity", "fill-opacity", "stroke-opacity", "stop-opacity"))
_BY_ITSELF = re.compile(r"\s*(?:[+-]?[\d.:]+\s*(?:h|min|s|ms)?|[\w-]+\.(?:begin|end)\b.*)\s*")


def end_of(tag: str, attributes: dict[str, str]) -> tuple[str, str] | None:
    """The attribute that an element of SMIL has changed when all has ended, and its value; None where nothing stays.

    What ends as it began leaves nothing behind. Of what goes on for ever, that which fades or grows is taken at its
    most visible, and that which moves or turns where it began. Those that wait for a click never begin.

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
    grows = attributes.get("type") == "scale"
    if endless and not stays:
        if name not in _VISIBLE and not grows:
            return None
        value = max(values, key=_number)
    else:
        value = values[-1]
    if tag == "animateTransform":
        value = f"{attributes.get('type', 'translate')}({value})"
    return name, value


def at_end(moments: Frames, *, endless: bool) -> list[tuple[str, str]]:
    """What keyframes declare at their end, or of an endless animation where what fades is at its most visible."""
    values: dict[str, list[str]] = {}
    for share, declared in moments:
        for name, value in declared:
            if (name in _VISIBLE) if endless else (share == 1.0):
                values.setdefault(name, []).append(value)
    return [(name, max(each, key=_number) if endless else each[-1]) for name, each in values.items()]


def _number(value: str) -> float:
    found = re.match(r"\s*[\d.]+", value)
    return float(found[0].strip().rstrip(".") or 0) if found else 0.0
