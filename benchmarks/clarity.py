"""Chooses how clearly a name stands in a text: `python benchmarks/clarity.py`.

The drawings are those of the wide set whose brands training met as `other`; the decision is not fitted to them, and no
table is made of them. Their artists' slugs are the names. Half of the brands by lot are known by name, then the other
half, and all drawings with something that may be writing are asked. The probability that a drawing shows a brand goes
with exp(w named), that it shows none of them with exp(b), as in the decision; the choice with the least log-loss at the
best w and b wins. One constant is changed at a time until none gains.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from held_out import held_out_brands
from logobench_data import default_cache
from scipy.optimize import minimize
from surroundings import RESULTS, surroundings
from wide_data import load_wide
from written import read_wide

from logo_retrieval.reading.names import CLARITY, Clarity, Names, words
from logo_retrieval.values import BoolArray, Float32Array, Int64Array, TextLine

GRID: dict[str, tuple[float, ...]] = {
    "misread": (1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 18.0),
    "full_length": (2, 3, 4, 5, 6, 7, 8),
    "stray": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
}
SEED = 0

Texts = list[tuple[TextLine, ...]]


class Half:
    """Drawings, and some brands that are known by name."""

    def __init__(self, texts: Texts, brands: np.ndarray, known: np.ndarray) -> None:
        """Takes n texts, the brand of each, and c known brands."""
        self._texts, self._known = texts, known.tolist()
        place = {brand: position for position, brand in enumerate(self._known)}
        self.true: Int64Array = np.array([place.get(brand, -1) for brand in brands.tolist()])
        self._unclear = self._shortened(brands)

    def _shortened(self, brands: np.ndarray) -> BoolArray:
        """(n, c) whether one of two names is part of the other, and the drawing does not spell its own.

        `ccstripe` shows stripe: that is neither right nor wrong.
        """
        known = np.array(["".join(words(brand)) for brand in self._known])
        unclear = np.zeros((len(brands), len(known)), np.bool_)
        for row, brand in enumerate(brands.tolist()):
            whole = "".join(words(brand))
            spelled = Names([(brand,)]).read_as([self._texts[row]])[0].max() > 0
            if not spelled:
                unclear[row] = [each != whole and (each in whole or whole in each) for each in known.tolist()]
        return unclear

    def named(self, clarity: Clarity) -> Float32Array:
        """(n, c) how clearly each is named."""
        named, _ = Names([(brand,) for brand in self._known], clarity).read_as(self._texts)
        return np.where(self._unclear, np.float32(0), named)


def loss(halves: list[Half], clarity: Clarity) -> float:
    """The mean log-loss, in nats a drawing, at the best weights."""
    asked = [(half.named(clarity), half.true) for half in halves]
    spelled = [(np.nonzero(named)[0], named[named > 0]) for named, _ in asked]  # of thousands of names hardly any
    of_true = [np.where(true < 0, 0, named[np.arange(len(true)), true]) for named, true in asked]

    def mean(weights: np.ndarray) -> float:
        none, weight = weights.tolist()
        losses = []
        for (named, true), (rows, values), right in zip(asked, spelled, of_true, strict=True):
            gained = np.bincount(rows, np.exp(weight * values) - 1, len(named))
            whole = np.log(np.exp(none) + named.shape[1] + gained)
            losses.append(whole - np.where(true < 0, none, weight * right))
        return float(np.concatenate(losses).mean())

    return float(minimize(mean, np.array([8.0, 10.0]), method="Nelder-Mead", options={"xatol": 0.02}).fun)


def best(loss_of: Callable[[Clarity], float]) -> tuple[Clarity, dict[Clarity, float]]:
    """The best choice, and the loss of each that was looked at."""
    losses: dict[Clarity, float] = {}
    chosen, before = CLARITY, None
    while chosen != before:
        before = chosen
        for name, values in GRID.items():
            tried = [Clarity(**{**chosen._asdict(), name: value}) for value in values]
            losses.update({each: loss_of(each) for each in tried if each not in losses})
            chosen = min(tried, key=lambda each: losses[each])
    return chosen, losses


def main() -> None:
    """Chooses, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    parser.add_argument("--output", type=Path, default=RESULTS / "clarity.json", help="where the losses are written")
    arguments = parser.parse_args()
    wide = load_wide(arguments.cache)
    held = held_out_brands(wide)
    rows = np.array([row for row, each in enumerate(wide) if each.scope != "coin" and each.brand not in held])
    found = read_wide(wide, rows, None, arguments.cache)
    texts = list(found.values())
    brands = np.array([wide[row].brand for row in found])
    names = np.random.default_rng(SEED).permutation(np.unique(brands))
    halves = [Half(texts, brands, np.sort(names[half::2])) for half in (0, 1)]
    chosen, losses = best(lambda clarity: loss(halves, clarity))
    for clarity, value in sorted(losses.items(), key=lambda each: each[1]):
        print(f"{value:.4f}  {clarity}")
    report = {
        **surroundings(),
        "drawings": len(texts),
        "brands": len(names),
        "chosen": chosen._asdict(),
        "losses": [{**clarity._asdict(), "log_loss": round(value, 5)} for clarity, value in losses.items()],
    }
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
