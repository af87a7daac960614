"""How well brands never seen are told apart by vectors alone: `python benchmarks/strangers.py MODEL [--output JSON]`.

MODEL is the held-out one (`export_starter.py WORK`). Of the thirty companies and of the brands of the wide set that it
has not seen, those with several drawings are enrolled, all at once, by so many of them, of each one at least being left
to ask; three lots. The drawings of LogoBench that it has learned lie in the index too. The nearest drawing names its
brand where it is nearer than all but 2 % of the unknown logos asked come to any that has a name: brands of which there
is a single drawing, and coins. Beside it stands the backbone as ImageNet left it. Intervals are bootstrapped over
brands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from calibrate import FROZEN
from embedded import Embedded, embed_all, embed_wide
from logobench_data import OTHER, LogoBench, load
from networks import SEED
from robustness import NAMED_FALSELY, nearest
from small import bench_of, options, parsed, wide_of
from starter_networks import SPLIT, held_out_brands, held_out_companies
from surroundings import write_result
from wide_data import WideDrawing, load_wide

from logo_retrieval.evaluation.bootstrap import bootstrap_interval
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.types import BoolArray, Float32Array, Int64Array

DRAWINGS = (1, 3, 5)
LOTS = 3

Wide = tuple[WideDrawing, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Some drawings: (m, d) vectors of all views, (m,) which drawing each view is of, (n,) what each shows."""

    vectors: Float32Array
    owners: Int64Array
    labels: np.ndarray

    @classmethod
    def of(cls, source: Embedded, rows: Int64Array, labels: np.ndarray, *, all_views: bool = True) -> Drawn:
        """Those of some rows."""
        return cls(*source.of(rows, all_views=all_views), labels)

    def only(self, chosen: Int64Array) -> Drawn:
        """Some of them, in ascending order."""
        kept = np.isin(self.owners, chosen)
        return Drawn(self.vectors[kept], np.searchsorted(chosen, self.owners[kept]), self.labels[chosen])

    @classmethod
    def joined(cls, one: Drawn, other: Drawn) -> Drawn:
        """One set after another."""
        owners = np.concatenate([one.owners, other.owners + len(one.labels)])
        return cls(np.concatenate([one.vectors, other.vectors]), owners, np.concatenate([one.labels, other.labels]))


def named(queries: Drawn, gallery: Drawn) -> tuple[np.ndarray, Float32Array]:
    """(n,) what the nearest drawing shows, and the cosine."""
    place, cosine = nearest(queries.vectors, queries.owners, gallery.vectors)
    return gallery.labels[gallery.owners[place]], cosine


def some_of_each(chance: np.random.Generator, labels: np.ndarray, drawings: int) -> Int64Array:
    """Rows of so many drawings of each label, one at least being left."""
    lots = []
    for name in np.unique(labels):
        rows = np.flatnonzero(labels == name)
        lots.append(chance.choice(rows, min(drawings, len(rows) - 1), replace=False))
    return np.sort(np.concatenate(lots)).astype(np.int64)


def figure(right: BoolArray, groups: np.ndarray) -> list[float]:
    """A share and its interval."""
    low, high = bootstrap_interval(lambda rows: float(right[rows].mean()), len(right), SEED, groups=groups)
    return [round(value, 4) for value in (float(right.mean()), low, high)]


def measured(bundle: ModelBundle, bench: LogoBench, wide: Wide, unseen: set[str], cache: Path) -> dict[str, Any]:
    """The figures of one network.

    Args:
        bundle: of it.
        bench: LogoBench.
        wide: the wide set.
        unseen: companies and brands that it has not seen.
        cache: folder for embeddings.
    """
    labels, parts = np.array([each.label for each in bench.drawings]), np.array(bench.parts[SPLIT])
    drawn, hidden = embed_all(bench, bundle, cache), np.isin(labels, list(unseen))
    novel, learned = np.flatnonzero(hidden), np.flatnonzero((parts == "train") & ~hidden)
    further = np.flatnonzero([each.scope == "coin" or each.brand in unseen for each in wide])
    shown = np.array([OTHER if wide[row].scope == "coin" else wide[row].brand for row in further])
    known = Drawn.of(drawn, learned, labels[learned], all_views=False)
    strange = Drawn.joined(
        Drawn.of(drawn, novel, labels[novel]),
        Drawn.of(embed_wide(wide, further, None, bundle, cache), further, shown),
    )
    names, counts = np.unique(strange.labels, return_counts=True)
    several = np.isin(strange.labels, names[(counts > 1) & (names != OTHER)])
    enrolled, unknown = strange.only(np.flatnonzero(several)), strange.only(np.flatnonzero(~several))
    figures = {}
    for drawings in DRAWINGS:
        near, enough, groups = [], [], []
        for lot in range(LOTS):
            rows = some_of_each(np.random.default_rng((SEED, drawings, lot)), enrolled.labels, drawings)
            gallery = Drawn.joined(known, enrolled.only(rows))
            label, cosine = named(unknown, gallery)
            bound = np.quantile(np.where(label == OTHER, -1.0, cosine), 1 - NAMED_FALSELY)
            asked = enrolled.only(np.setdiff1d(np.arange(len(enrolled.labels)), rows))
            label, cosine = named(asked, gallery)
            near.append(label == asked.labels)
            enough.append(near[-1] & (cosine > bound))
            groups.append(asked.labels)
        brand = np.concatenate(groups)
        figures[str(drawings)] = {
            "nearest drawing is right": figure(np.concatenate(near), brand),
            "right and near enough": figure(np.concatenate(enough), brand),
        }
        print(bundle.config.name, drawings, figures[str(drawings)], flush=True)
    return {"brands": len(np.unique(enrolled.labels)), "unknown": len(unknown.labels), "drawings": figures}


def main() -> None:
    """Asks both, writes the result and shows it."""
    arguments = parsed(options(__doc__, output="strangers.json", cache=True, model="of the held-out network"))
    unseen = {*held_out_companies(load(arguments.cache)), *held_out_brands(load_wide(arguments.cache))}
    (bench, cache), wide = bench_of(arguments), wide_of(arguments)
    networks = {}
    for name, model in (("held-out", str(arguments.model)), ("frozen", FROZEN)):
        with opened_model(model) as bundle:
            networks[name] = {"model": bundle.digest, **measured(bundle, bench, wide, unseen, cache)}
    write_result(arguments.output, "strangers", {"networks": networks})


if __name__ == "__main__":
    main()
