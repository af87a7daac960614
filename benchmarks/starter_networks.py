"""The three networks of the starter, and which drawings each may see. Light: neither JAX nor TensorFlow.

The held-out network has not seen the drawings that the collection split holds out, thirty of the companies, a quarter
of the brands of the wide set, and any coin: on these the decision is fitted. The measured one has not seen those
drawings. Of the artists of its test part both have seen nothing, of those of its validation part drawings of other
brands, from the wide set. The shipped one has seen everything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from fetched_data import load_fetched
from logobench_data import DATA, OTHER, Drawing, LogoBench, load, load_earlier, load_packs, load_vintage
from starter_data import Seen, seen, training_set, with_glyphs
from wide_data import WideDrawing, load_generic, load_wide

from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.recipe import Recipe

SPLIT = "collection"
HELD_OUT, MEASURED, SHIPPED = "held-out", "measured", "shipped"
"""Names of the networks, of their files and of the folders of their bundles."""

WEIGHTS = DATA / "measured.npz"
"""The released ones of the measured network."""

RECIPE = Recipe(
    backbone="efficientnet_lite1",
    size_px=192,
    dropout=0.2,
    batch=512,
    head_epochs=0,
    learning_rate=1e-3,
    weight_decay=0.05,
    margin=0.2,
    seed=16,
)

COMPANIES = 30
LEAST_DRAWINGS = 16
"""Ten to enrol leave six to ask."""

BRANDS_SHARE = 0.25
SEED = 0


@dataclass(frozen=True, slots=True)
class Sources:
    """All drawings that there are to learn from.

    Attributes:
        bench: LogoBench.
        vintage: earlier marks, and drawings of further packs.
        wide: the wide set.
        generic: the generic icons.
        fetched: drawings that are not here, or none.
        companies: that the held-out network does not see.
        brands: of the wide set, likewise.
    """

    bench: LogoBench
    vintage: tuple[Drawing, ...]
    wide: tuple[WideDrawing, ...]
    generic: tuple[WideDrawing, ...]
    fetched: tuple[WideDrawing, ...]
    companies: tuple[str, ...]
    brands: frozenset[str]

    @classmethod
    def loaded(cls, cache: Path, packages: Path | None = None) -> Self:
        """Reads them; the first call unpacks the archives into the cache folder.

        Args:
            cache: that folder.
            packages: folder for the packages of `fetched_data`; None leaves these drawings out.
        """
        fetched = () if packages is None else load_fetched(packages, cache)
        bench, wide = load(cache), load_wide(cache)
        companies, brands = held_out_companies(bench), held_out_brands(wide)
        vintage = load_vintage(cache) + load_packs(cache) + load_earlier()
        return cls(bench, vintage, wide, load_generic(cache), fetched, companies, brands)

    def every(self, step: int) -> Sources:
        """One drawing of every so many, for a trial."""
        bench = replace(
            self.bench,
            drawings=self.bench.drawings[::step],
            parts={split: parts[::step] for split, parts in self.bench.parts.items()},
            groups=self.bench.groups[::step],
        )
        few = {name: getattr(self, name)[::step] for name in ("vintage", "wide", "generic", "fetched")}
        return replace(self, bench=bench, **few)


def drawings_of(network: str, sources: Sources) -> Seen:
    """What one of the networks may see."""
    bench, further, vintage = sources.bench, sources.wide + sources.generic + sources.fetched, sources.vintage
    if network == SHIPPED:
        return seen(bench, further, vintage=vintage, split=None, validate=False, coins=True)
    if network == MEASURED:
        return seen(bench, further, vintage=vintage, split=SPLIT)
    without = bench.without(sources.companies)
    return seen(without, further, vintage=vintage, split=SPLIT, held_out=sources.brands)


def network_data(network: str, sources: Sources, cache: Path) -> TrainingSet:
    """The same as a training takes it, with letters and digits."""
    bench = sources.bench if network != HELD_OUT else sources.bench.without(sources.companies)
    return with_glyphs(training_set(bench, drawings_of(network, sources), cache))


def held_out_companies(bench: LogoBench) -> tuple[str, ...]:
    """Thirty by lot, in order of their names, of those with drawings enough."""
    counts = Counter(each.label for each in bench.drawings if each.label != OTHER)
    able = sorted(label for label, count in counts.items() if count >= LEAST_DRAWINGS)
    return tuple(sorted(np.random.default_rng(SEED).choice(able, COMPANIES, replace=False).tolist()))


def held_out_brands(wide: tuple[WideDrawing, ...]) -> frozenset[str]:
    """A quarter by lot of the brands of the wide set that LogoBench does not show; coins are never trained on here."""
    shown = {drawing.brand for drawing in wide if drawing.dev_other_slug}
    able = sorted({drawing.brand for drawing in wide if drawing.scope != "coin"} - shown)
    chosen = np.random.default_rng(SEED).choice(able, round(BRANDS_SHARE * len(able)), replace=False)
    return frozenset(chosen.tolist())
