"""What animations leave behind: a drawing that builds itself up is drawn as when it has been built."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise, zip_longest

from logo_retrieval.images.guard.drawing import Element
from logo_retrieval.images.guard.geometry import measure_path, numbers, segments
from logo_retrieval.images.guard.values import identifier

ANIMATIONS = frozenset(("animate", "set", "animateTransform", "animateColor", "animateMotion"))

VISIBLE = frozenset("opacity fill-opacity stroke-opacity stop-opacity visibility display stroke-dashoffset".split())
"""What is taken at its most visible when it never comes to rest."""

_LONGEST_TRANSFORM = 2_000

_CLOCK = re.compile(r"([+-]?)\s*((?:\d+:)?\d+:)?([\d.]+)\s*(h|min|s|ms)?")
_EVENT = re.compile(r"([\w.-]+?)\.(begin|end)(.*)", re.DOTALL)
_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001}
_SCALE = re.compile(r"(?:scale\(\s*)?([\d.]+)")


class Animation:
    """An element of SMIL.

    Attributes:
        tag: its name.
        attributes: as they were; of one that moves along a path elsewhere also `mpath`, the link to it.
    """

    __slots__ = ("attributes", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes


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
        event = _EVENT.fullmatch(text.strip())
        if event is None:
            return _seconds(text)
        other = self._by_id.get(event[1])
        if other is None or len(self._open) > 32:
            return math.inf
        moment = self.begin(other) + (_seconds(event[3]) if event[3].strip() else 0.0)
        return moment + _duration(other.attributes) if event[2] == "end" else moment

    def left_by(self, animation: Animation, target: Element, path: str) -> tuple[str, str] | None:
        """The attribute that an animation has changed when all has ended, and its value; None where nothing stays.

        What ends as it began leaves nothing behind. Of what goes on for ever, that which fades or grows is taken at
        its most visible, and else what rests is taken where it rests longest; what never does, where it began.

        Args:
            animation: that may have changed it.
            target: what it is for.
            path: that it moves along, empty where it has none.
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
        if moves:
            place = _place(attributes, path, values, endless=endless)
            return (name, f"{place} {before}") if place else None
        if not values:
            return None
        value: str | None = values[-1]
        if endless:
            grows = attributes.get("type") == "scale"
            if name in VISIBLE or grows:
                value = most_visible("scale" if grows else name, values)
            else:
                value = held_longest(_timed(attributes, values))
        if value is None:
            return None
        if transforms:
            value = f"{attributes.get('type', 'translate')}({value})"
            value = f"{before} {value}" if added else value
        return name, value


def _place(attributes: Mapping[str, str], path: str, values: Sequence[str], *, endless: bool) -> str:
    """Where a motion ends, as transforms; one that never does, where it begins."""
    outline = measure_path(path)
    back = endless or (numbers(attributes.get("keyPoints", "")) or [1.0])[-1] < 0.5
    at: Sequence[float]
    if outline is not None:
        at = next(segments(path)).points[0] if back else outline.end
        heading = 0.0 if back else outline.heading
    elif values:
        at, heading = (numbers(values[0 if endless else -1]) + [0.0, 0.0])[:2], 0.0
    else:
        return ""
    angle = {"auto": heading, "auto-reverse": heading + 180}.get(attributes.get("rotate", ""), 0.0)
    return f"translate({at[0]:.9g} {at[1]:.9g})" + (f"rotate({angle:.9g})" if angle else "")


def _timed(attributes: Mapping[str, str], values: Sequence[str]) -> list[tuple[float, str]]:
    """When, from 0 to 1, which value is there."""
    times = numbers(attributes.get("keyTimes", ""))
    discrete = attributes.get("calcMode") == "discrete"
    if len(times) != len(values):
        steps = len(values) if discrete else max(len(values) - 1, 1)
        times = [number / steps for number in range(len(values))]
    ends = [*times[1:], 1.0] if discrete else times
    return [(time, value) for *span, value in zip(times, ends, values, strict=True) for time in span]


def end_animations(animations: Mapping[Animation, Element | str], by_id: Mapping[str, Element]) -> None:
    """Tells each element what its animations leave behind, those that began last at the end.

    Args:
        animations: with the element that each is for, or a link to it.
        by_id: the elements that have an id.
    """
    timeline = Timeline(list(animations))
    for animation in timeline.order:
        aim = animations[animation]
        target = by_id.get(identifier(aim[1:])) if isinstance(aim, str) else aim
        along = by_id.get(identifier(animation.attributes.get("mpath", "")[1:]))
        path = along.attributes.get("d", "") if along is not None and along.tag == "path" else ""
        path = path or animation.attributes.get("path", "")
        left = timeline.left_by(animation, target, path) if target is not None else None
        if target is not None and left is not None:
            name, value = left
            target.animated[name] = value


def _sum(one: str, other: str) -> str:
    """Two lists of numbers, added."""
    return " ".join(f"{sum(pair):.9g}" for pair in zip_longest(numbers(one), numbers(other), fillvalue=0.0))


def _seconds(text: str) -> float:
    """A clock value or an offset; infinite where it is none."""
    match = _CLOCK.fullmatch(text.strip())
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


def held_longest(moments: Sequence[tuple[float, str]]) -> str | None:
    """The value that stays the same for the longest time; None where none does.

    >>> held_longest([(0.0, "a"), (0.2, "b"), (0.9, "b"), (1.0, "a")])
    'b'
    """
    spans = [(end - start, one) for (start, one), (end, other) in pairwise(moments) if one == other]
    span, value = max(spans, default=(0.0, ""), key=lambda each: each[0])
    return value if span > 0 else None
