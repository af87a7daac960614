"""What the animations of CSS leave behind, as those of SMIL do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from logo_retrieval.images.guard.animation import VISIBLE, held_longest, most_visible
from logo_retrieval.images.guard.tokens import declarations

Frames = list[tuple[float, list[tuple[str, str]]]]
"""Of a rule of keyframes: when, from 0 to 1, and what is declared then."""

_BRACKETS = re.compile(r"\([^()]*\)")
_SHORTHANDS = ("animation", "-webkit-animation")
_LONGHAND = re.compile(r"(?:-webkit-)?animation-(?:name|fill-mode|iteration-count|direction|play-state|delay)")


def frames_of(content: Sequence[Any]) -> Frames:
    """Reads the content of `@keyframes`, where nothing may be important."""
    import tinycss2

    found = []
    for rule in tinycss2.parse_rule_list(content, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        declared = [(name, value) for name, value in declarations(rule.content) if not value.endswith("!important")]
        for moment in tinycss2.serialize(rule.prelude).split(","):
            word = moment.strip().lower()
            share = {"from": 0.0, "to": 1.0}.get(word)
            if share is None and re.fullmatch(r"(?:\d*\.)?\d+%", word):
                share = float(word[:-1]) / 100
            if share is not None:
                found.append((share, declared))
    return sorted(found, key=lambda frame: frame[0])


def motion_of(declared: Sequence[tuple[str, str]]) -> list[str]:
    """The values that say which animations an element has.

    Args:
        declared: name and value of what is declared for it, the strongest last; a shorthand undoes what came before.
    """
    motion: dict[str, str] = {}
    for name, value in declared:
        if name in _SHORTHANDS:
            motion = {name: value}
        elif _LONGHAND.fullmatch(name):
            motion[name] = value
    return list(motion.values())


def left_behind(motion: Sequence[str], frames: dict[str, Frames]) -> Iterator[tuple[str, str]]:
    """The properties that animations leave behind, those of the last animation at the end.

    Args:
        motion: the values of the properties of animations, of which each may be a list.
        frames: by name.
    """
    lists = [_BRACKETS.sub("", value.replace("'", " ").replace('"', " ")).split(",") for value in motion]
    for number in range(max(map(len, lists))):
        words = " ".join(each[number % len(each)] for each in lists).split()
        keywords = [word.lower() for word in words]
        for name in dict.fromkeys(words):
            yield from at_end(frames.get(name, []), keywords)


def at_end(moments: Frames, words: Sequence[str]) -> list[tuple[str, str]]:
    """What keyframes leave behind, or where they show most if they never end.

    Args:
        moments: the keyframes.
        words: of the value of `animation`.
    """
    if "paused" in words and not any(word.startswith("-") for word in words):
        share = 1.0 if "reverse" in words or "alternate-reverse" in words else 0.0
    elif "infinite" in words:
        return _of_endless(moments)
    elif {"forwards", "both"}.intersection(words):
        share = _last_share(words)
    else:
        return []
    values: dict[str, tuple[float, str]] = {}
    for moment, declared in moments:
        for name, value in declared:
            nearest = abs(moment - share)
            if nearest < 0.5 and nearest <= values.get(name, (1.0, ""))[0]:
                values[name] = nearest, value
    whole = share in (0.0, 1.0)
    return [(name, value) for name, (distance, value) in values.items() if not whole or distance == 0]


def _last_share(words: Sequence[str]) -> float:
    """How far keyframes are run through at the end."""
    times = next((float(word) for word in words if re.fullmatch(r"(?:\d*\.)?\d+", word)), 1.0)
    whole, part = divmod(times, 1.0)
    if part == 0 and times > 0:
        whole, part = whole - 1, 1.0
    turns = "reverse" in words or "alternate-reverse" in words
    if {"alternate", "alternate-reverse"}.intersection(words):
        turns ^= whole % 2 == 1
    return 1 - part if turns else part


def _of_endless(moments: Frames) -> list[tuple[str, str]]:
    """What keyframes that go on for ever show: of what fades or grows the most visible, else what rests longest."""
    values: dict[str, list[tuple[float, str]]] = {}
    for moment, declared in moments:
        for name, value in declared:
            values.setdefault(name, []).append((moment, value))
    left = []
    for name, each in values.items():
        grows = name == "scale" or (name == "transform" and all(value.startswith("scale") for _, value in each))
        if name in VISIBLE or grows:
            left.append((name, most_visible("scale" if grows else name, [value for _, value in each])))
        elif (rest := held_longest(each)) is not None:
            left.append((name, rest))
    return left
