"""The program as it ships, asked two packs that nobody has learned: `python benchmarks/held_packs.py [--output JSON]`.

Neither network nor starter index knows these drawings. Many are of the official mark, so that a known drawing looks
nearly the same: the share of these is counted too. Intervals are Wilson's (1927), of 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from logobench_data import OTHER, Drawing, load_packs
from small import options, parsed
from surroundings import write_result

from logo_retrieval import Decision, LogoClassifier

NEARLY_SAME = 0.97
"""The cosine from which on a known drawing looks nearly the same."""

SMALL_EVERY = 30

Answer = tuple[Drawing, Decision]


def share(count: int, total: int) -> list[float]:
    """A share with its interval."""
    if total == 0:
        return [math.nan] * 3
    z, p = 1.96, count / total
    centre, spread = p + z**2 / (2 * total), z * math.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
    low, high = (max(centre + sign * spread, 0.0) / (1 + z**2 / total) for sign in (-1, 1))
    return [round(each, 4) for each in (p, low, high)]


def figures(answers: Sequence[Answer]) -> dict[str, object]:
    """What became of some drawings."""
    companies = [(drawing, answer) for drawing, answer in answers if drawing.label != OTHER]
    others = [answer for drawing, answer in answers if drawing.label == OTHER]
    n = len(companies)
    return {
        "companies": n,
        "right": share(sum(answer.label == drawing.label for drawing, answer in companies), n),
        "wrong company": share(sum(answer.label not in (OTHER, drawing.label) for drawing, answer in companies), n),
        "nearest drawing is right": share(
            sum(answer.neighbours[0].label == drawing.label for drawing, answer in companies), n
        ),
        "nearly the same as a known drawing": share(
            sum(answer.neighbours[0].similarity >= NEARLY_SAME for _, answer in companies), n
        ),
        "others": len(others),
        "named falsely": share(sum(answer.label != OTHER for answer in others), len(others)),
    }


def main() -> None:
    """Asks, writes the result and shows it."""
    arguments = parsed(options(__doc__, output="held_packs.json", cache=True))
    held = [drawing for drawing in load_packs(arguments.cache) if drawing.use == "held"]
    held = held[::SMALL_EVERY] if arguments.small else held
    with LogoClassifier.open() as classifier:
        decisions = classifier.classify([drawing.path for drawing in held])
    unreadable = [drawing.key for drawing, decision in zip(held, decisions, strict=True) if decision.label is None]
    if unreadable:
        raise SystemExit(f"these cannot be read: {', '.join(unreadable)}")
    answers = list(zip(held, decisions, strict=True))
    packs = {
        pack: figures([each for each in answers if each[0].collection == pack])
        for pack in sorted({drawing.collection for drawing in held})
    }
    packs["both"] = figures(answers)
    write_result(arguments.output, "held packs", {"packs": packs})
    for pack, found in packs.items():
        print(pack, found)


if __name__ == "__main__":
    main()
