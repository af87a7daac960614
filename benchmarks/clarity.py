"""Chooses how clearly a name stands in a text, and what a clear one says: `python benchmarks/clarity.py`.

The drawings are those of the wide set whose brands training met as `other`; the decision is not fitted to them, and no
table is made of them. The names are their artists' slugs, in words where one of these parts them. Half of the brands
by lot are known by name, then the other half, and all drawings with something that may be writing are asked. The
probability that a drawing shows a brand goes with exp(w named - v (written - named)), that it shows none of them with
exp(b), as in the decision; the choice with the least log-loss at the best w, v and b wins. One constant is changed at a
time until none gains.

w and v are the weights of a name in the decision too. By shape nearly every company with a name is known already, and
hardly any of its drawings says something else, so that the fit of the decision could tell neither what a name says
where no drawing is near, nor how much another text takes. v is that of companies known by their label alone; for the
160, whose names are reviewed, it is fitted to the drawings of LogoBench that networks are trained with, which nobody is
asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from bench_queries import SPLIT, texts_of
from logobench_data import LogoBench, names_by_class
from scipy.optimize import minimize
from small import bench_of, options, parsed, wide_of
from starter_networks import held_out_brands
from surroundings import write_result
from wide_data import WideDrawing
from written import read_wide

from logo_retrieval.reading.matching import CLARITY, Clarity, Names, words
from logo_retrieval.types import BoolArray, Float32Array, Float64Array, Int64Array, TextLine

GRID: dict[str, tuple[float, ...]] = {
    "misread": (1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 18.0),
    "full_length": (2, 3, 4, 5, 6, 7, 8),
    "stray": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    "part": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    "sure": (1.0, 2.0, 4.0, 8.0, 16.0),
    "nothing": (1, 2, 3),
    "writing": (4, 5, 6, 7),
}
SEED = 0

Texts = list[tuple[TextLine, ...]]


class Asked:
    """Texts of drawings, and classes that are known by name."""

    def __init__(self, texts: Texts, labels: np.ndarray, names: Mapping[str, Sequence[str]], *, reviewed: bool) -> None:
        """Takes n texts, what each drawing shows, the names of c classes, and whether these are all that there are."""
        self._texts, self._known, self._names = texts, list(names), list(names.values())
        self._by_part = () if reviewed else range(len(names))
        place = {label: position for position, label in enumerate(self._known)}
        self.true: Int64Array = np.array([place.get(label, -1) for label in labels.tolist()])
        self._unclear = self._shortened(labels)

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

    def read_as(self, clarity: Clarity) -> tuple[Float32Array, Float32Array]:
        """(n, c) how clearly each is named, and (n,) how clearly anything is written."""
        named, written = Names(self._names, clarity, self._by_part).read_as(self._texts)
        return np.where(self._unclear, np.float32(0), named), written


class Said:
    """What texts say at some clarity."""

    def __init__(self, asked: Asked, clarity: Clarity) -> None:
        """Matches the texts with the names."""
        named, self._written = asked.read_as(clarity)
        self._known = asked.true >= 0
        self._n_names = named.shape[1]
        self._own = np.where(self._known, named[np.arange(len(named)), asked.true], 0)
        self._rows, columns = np.nonzero(named)  # of hundreds of names hardly any
        self._named = named[self._rows, columns]

    def losses(self, none: float, name: float, else_written: float) -> Float64Array:
        """(n,) log-losses, in nats, at b, w and v."""
        unnamed = np.exp(-else_written * self._written)
        clear = self._utility(self._named, self._written[self._rows], name, else_written)
        gained = np.bincount(self._rows, np.exp(clear) - unnamed[self._rows], len(self._own))
        whole = np.log(np.exp(none) + self._n_names * unnamed + gained)
        losses: Float64Array = whole - np.where(
            self._known, self._utility(self._own, self._written, name, else_written), none
        )
        return losses

    @staticmethod
    def _utility(named: np.ndarray, written: np.ndarray, name: float, else_written: float) -> np.ndarray:
        utility: np.ndarray = name * named - else_written * np.maximum(written - named, 0)
        return utility


def loss(halves: list[Asked], clarity: Clarity) -> tuple[float, dict[str, float]]:
    """The mean log-loss, in nats a drawing, at the best weights, and these."""
    said = [Said(half, clarity) for half in halves]
    found = minimize(
        lambda weights: float(np.concatenate([each.losses(*weights) for each in said]).mean()),
        np.array([7.0, 16.0, 2.5]),
        method="Nelder-Mead",
        options={"xatol": 0.02},
    )
    return float(found.fun), dict(zip(("none", "name", "else_written"), found.x.round(2).tolist(), strict=True))


def reviewed(asked: Asked, clarity: Clarity, name: float) -> float:
    """V of classes whose names were reviewed, w given."""
    said = Said(asked, clarity)
    found = minimize(lambda weights: float(said.losses(weights[0], name, weights[1]).mean()), np.array([7.0, 2.5]))
    return round(float(found.x[1]), 2)


def training_part(bench: LogoBench, cache: Path) -> Asked:
    """The drawings of LogoBench that networks are trained with."""
    rows = np.flatnonzero(np.array(bench.parts[SPLIT]) == "train")
    read, _ = texts_of(bench, cache)
    labels = np.array([bench.drawings[row].label for row in rows])
    return Asked([read.get(row, ()) for row in rows.tolist()], labels, names_by_class(), reviewed=True)


def in_words(wide: Iterable[WideDrawing]) -> dict[str, str]:
    """Brands whose words are parted in the name of a file, such as `amazon-pay` or `amazon-pay-icon`."""
    found = {}
    for drawing in wide:
        parts = re.split("[-_]", drawing.path.stem)
        for end in range(2, len(parts) + 1):
            if "".join(parts[:end]) == drawing.brand:
                found[drawing.brand] = " ".join(parts[:end])
    return found


def best(
    loss_of: Callable[[Clarity], float], grid: Mapping[str, Sequence[float]]
) -> tuple[Clarity, dict[Clarity, float]]:
    """The best choice, and the loss of each that was looked at."""
    losses: dict[Clarity, float] = {}
    chosen, before = CLARITY, None
    while chosen != before:
        before = chosen
        for name, values in grid.items():
            tried = [Clarity(**{**chosen._asdict(), name: value}) for value in values]
            losses.update({each: loss_of(each) for each in tried if each not in losses})
            chosen = min(tried, key=lambda each: losses[each])
    return chosen, losses


def main() -> None:
    """Chooses, prints, writes."""
    arguments = parsed(options(__doc__, output="clarity.json", cache=True))
    (bench, cache), wide = bench_of(arguments), wide_of(arguments)
    held = held_out_brands(wide)
    rows = np.array([row for row, each in enumerate(wide) if each.scope != "coin" and each.brand not in held])
    found = read_wide(wide, rows, None, cache)
    texts = list(found.values())
    brands = np.array([wide[row].brand for row in found])
    names, spelled = np.random.default_rng(SEED).permutation(np.unique(brands)), in_words(wide)
    by_half = [{name: (spelled.get(name, name),) for name in sorted(names[half::2].tolist())} for half in (0, 1)]
    halves = [Asked(texts, brands, known, reviewed=False) for known in by_half]
    grid = {name: values[:2] for name, values in GRID.items()} if arguments.small else GRID
    chosen, losses = best(lambda clarity: loss(halves, clarity)[0], grid)
    for clarity, value in sorted(losses.items(), key=lambda each: each[1]):
        print(f"{value:.4f}  {clarity}")
    _, weights = loss(halves, chosen)
    weights["else_written_reviewed"] = reviewed(training_part(bench, cache), chosen, weights["name"])
    report = {
        "drawings": len(texts),
        "brands": len(names),
        "chosen": chosen._asdict(),
        "weights": weights,
        "losses": [{**clarity._asdict(), "log_loss": round(value, 5)} for clarity, value in losses.items()],
    }
    print(report["weights"])
    write_result(arguments.output, "the clarity of names", report)


if __name__ == "__main__":
    main()
