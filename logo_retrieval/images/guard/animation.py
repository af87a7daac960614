"""What animations leave behind: a drawing that builds itself up is drawn as when it has been built."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import measure_path, numbers

ANIMATIONS = frozenset(("animate", "set", "animateTransform", "animateColor", "animateMotion"))

_VISIBLE = frozenset("opacity fill-opacity stroke-opacity stop-opacity visibility display stroke-dashoffset".split())
"""What is taken at its most visible when it never comes to rest."""

_LONGEST_TRANSFORM = 2_000

_CLOCK = re.compile(r"\s*([+-]?)\s*((?:\d+:)?\d+:)?([\d.]+)\s*(h|min|s|ms)?\s*")
_EVENT = re.compile(r"\s*([\w.-]+?)\.(begin|end)\s*(.*)")
_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001}
_SCALE = re.compile(r"(?:scale\(\s*)?([\d.]+)")


@dataclass(frozen=True, slots=True, eq=False)
class Animation:
    """An element of SMIL.

    Attributes:
        tag: its name.
        attributes: as they were.
    """

    tag: str
    attributes: Mapping[str, str]


class Timeline:
    """When the animations of a document begin and end, in seconds."""

    def __init__(self, animations: Sequence[Animation]) -> None:
        self._by_id = {each.attributes["id"]: each for each in reversed(animations) if "id" in each.attributes}
        self._begins: dict[Animation, float] = {}
        self._open: list[Animation] = []
        self._in_circles: set[Animation] = set()
        self.order = sorted(animations, key=self.begin)

    def begin(self, animation: Animation) -> float:
        """When one begins; infinite for those that wait for a click."""
        if animation in self._open:
            self._in_circles.update(self._open[self._open.index(animation) :])
            return math.inf
        if animation not in self._begins:
            self._open.append(animation)
            parts = animation.attributes.get("begin", "0s").split(";")
            self._begins[animation] = min(map(self._moment, parts))
            self._open.pop()
        return self._begins[animation]

    def is_endless(self, animation: Animation) -> bool:
        """Whether one goes on for ever, by itself or because its end leads to its beginning."""
        attributes = animation.attributes
        repeats = attributes.get("repeatCount"), attributes.get("repeatDur")
        return "indefinite" in repeats or animation in self._in_circles

    def _moment(self, text: str) -> float:
        event = _EVENT.fullmatch(text)
        if event is None:
            return _seconds(text)
        other = self._by_id.get(event[1])
        if other is None or len(self._open) > 32:
            return math.inf
        moment = self.begin(other) + (_seconds(event[3]) if event[3] else 0.0)
        return moment + _duration(other.attributes) if event[2] == "end" else moment

    def left_by(self, animation: Animation, target: Element) -> tuple[str, str] | None:
        """The attribute that an animation has changed when all has ended, and its value; None where nothing stays.

        What ends as it began leaves nothing behind. Of what goes on for ever, that which fades or grows is taken at
        its most visible, and that which moves or turns where it began.
        """
        attributes = animation.attributes
        moves = animation.tag == "animateMotion"
        name = "transform" if moves else attributes.get("attributeName", "").strip()
        holds = animation.tag == "set" and attributes.get("dur", "indefinite") == "indefinite"
        endless = self.is_endless(animation)
        stays = attributes.get("fill") == "freeze" or holds
        if not name or not (stays or endless) or self.begin(animation) == math.inf:
            return None
        values = [value.strip() for value in attributes.get("values", "").split(";") if value.strip()]
        values = values or [attributes[key].strip() for key in ("from", "to") if key in attributes]
        before = target.animated.get(name, target.attributes.get(name, ""))[:_LONGEST_TRANSFORM]
        transforms = moves or animation.tag == "animateTransform"
        added = transforms and (attributes.get("additive") == "sum" or not values)
        if "by" in attributes and "to" not in attributes and len(values) < 2:
            values = [_sum(values[0] if values else "" if added else before, attributes["by"])]
        if moves and (path := measure_path(attributes.get("path", ""))) is not None:
            values = ["{:.9g} {:.9g}".format(*path.end)]
        if not values:
            return None
        value = values[-1]
        if endless:
            grows = attributes.get("type") == "scale"
            if name not in _VISIBLE and not grows:
                return None
            value = most_visible("scale" if grows else name, values)
        if transforms:
            value = f"{attributes.get('type', 'translate')}({value})"
            value = f"{value} {before}" if moves else f"{before} {value}" if added else value
        return name, value


def end_animations(animations: Mapping[Animation, Element | str], by_id: Mapping[str, Element]) -> None:
    """Tells each element what its animations leave behind, those that began last at the end.

    Args:
        animations: with the element that each is for, or a link to it.
        by_id: the elements that have an id.
    """
    timeline = Timeline(list(animations))
    for animation in timeline.order:
        aim = animations[animation]
        target = by_id.get(aim[1:]) if isinstance(aim, str) else aim
        left = timeline.left_by(animation, target) if target is not None else None
        if target is not None and left is not None:
            name, value = left
            target.animated[name] = value


def _sum(one: str, other: str) -> str:
    """Two lists of numbers, added."""
    return " ".join(f"{sum(pair):.9g}" for pair in zip_longest(numbers(one), numbers(other), fillvalue=0.0))


def _seconds(text: str) -> float:
    """A clock value or an offset; infinite where it is none."""
    match = _CLOCK.fullmatch(text)
    if match is None or match[3].count(".") > 1 or match[3] == ".":
        return math.inf
    whole = 0.0
    for part in (match[2] or "").split(":")[:-1]:
        whole = 60 * (whole + float(part))
    found = (whole + float(match[3])) * _SECONDS[match[4] or "s"]
    return -found if match[1] == "-" else found


def _duration(attributes: Mapping[str, str]) -> float:
    once = _seconds(attributes.get("dur", "indefinite"))
    if "repeatDur" in attributes:
        return _seconds(attributes["repeatDur"])
    times = attributes.get("repeatCount", "1").strip()
    return once * float(times) if re.fullmatch(r"\d+(\.\d+)?", times) else math.inf


def most_visible(name: str, values: Sequence[str]) -> str:
    """That of several values with which most is seen; of sizes, that which is nearest to the whole.

    >>> most_visible("opacity", ["0", ".9", ".1"]), most_visible("scale", ["0", "1.2", "1"])
    ('.9', '1')
    """

    def seen(value: str) -> float:
        if name in ("visibility", "display"):
            return float(value not in ("none", "hidden", "collapse"))
        found = _SCALE.search(value)
        number = float(found[1].rstrip(".") or 0) if found and found[1].count(".") < 2 else 0.0
        if name == "stroke-dashoffset":
            return -number
        return -abs(1 - number) if name == "scale" else number

    return max(values, key=seen)


Frames = list[tuple[float, list[tuple[str, str]]]]
"""Of a rule of keyframes: when, from 0 to 1, and what is declared then."""


def at_end(moments: Frames, words: Sequence[str]) -> list[tuple[str, str]]:
    """What keyframes leave behind, or where they show most if they never end.

    Args:
        moments: the keyframes.
        words: of the value of `animation`.
    """
    endless = "infinite" in words
    if "paused" in words and not any(word.startswith("-") for word in words):
        share = 1.0 if "reverse" in words or "alternate-reverse" in words else 0.0
    elif endless:
        share = math.nan
    elif {"forwards", "both"}.intersection(words):
        times = next((int(word) for word in words if word.isdigit() and word != "0"), 1)
        turns = "reverse" in words or "alternate-reverse" in words
        share = float(turns == (bool({"alternate", "alternate-reverse"}.intersection(words)) and times % 2 == 0))
    else:
        return []
    values: dict[str, list[str]] = {}
    for moment, declared in moments:
        for name, value in declared:
            grows = name == "scale" or (name == "transform" and value.startswith("scale"))
            if (name in _VISIBLE or grows) if math.isnan(share) else (moment == share):
                values.setdefault(name, []).append(value)
    if not math.isnan(share):
        return [(name, each[-1]) for name, each in values.items()]
    return [(name, most_visible("scale" if name == "transform" else name, each)) for name, each in values.items()]
