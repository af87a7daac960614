"""What a training learns from, and the batches that it is fed: each made by chance that depends on its number alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.concurrency.prefetch import results_ahead
from logo_retrieval.images.prepare import Colour
from logo_retrieval.training.art import ArtStore
from logo_retrieval.training.augment import augmented, plain_view
from logo_retrieval.training.transforms import Scene
from logo_retrieval.types import OTHER, BoolArray, Float64Array, Int64Array, UInt8Array

_AHEAD = 4


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Drawings with what is known of them; n drawings, c classes, t targets.

    A target is what the softmax tells apart. A company is one target; `other` is many: each further brand, and each
    drawing of no brand, is a target of its own, since they have nothing in common but not to be known.

    Attributes:
        art: n drawings.
        targets: (n,) in 0..t-1.
        target_names: t distinct names, by which a later training knows them again.
        target_classes: (t,) class of each target.
        classes: c names, `other` last where there is any.
        validation: (n,) whether a drawing is kept from training and asked instead.
        names: what may be written beside the symbol, where that is known.
        colours: of the brand, where that is known.
    """

    art: ArtStore
    targets: Int64Array
    target_names: tuple[str, ...]
    target_classes: Int64Array
    classes: tuple[str, ...]
    validation: BoolArray
    names: Sequence[str | None]
    colours: Sequence[Colour | None]

    @property
    def labels(self) -> Int64Array:
        """(n,) positions in `classes`."""
        labels: Int64Array = self.target_classes[self.targets]
        return labels

    @property
    def trained_targets(self) -> Int64Array:
        """The targets with a drawing to train on, ascending; no other can be told apart."""
        return np.unique(self.targets[~self.validation])

    @property
    def trained_names(self) -> list[str]:
        """Their names."""
        return [self.target_names[target] for target in self.trained_targets]

    def digest(self) -> str:
        """SHA-256 in hexadecimal of all that batches are drawn from, by which a training knows its data again."""
        facts = repr((self.target_names, self.classes, list(self.names), list(self.colours), self.art.digest()))
        arrays = (self.targets, self.target_classes, self.validation)
        return sha256(facts.encode() + b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


class Batch(NamedTuple):
    """(b, s, s, 3) uint8 views and (b,) targets."""

    views: UInt8Array
    targets: Int64Array


@dataclass(frozen=True, slots=True)
class BatchMaker:
    """Draws batches with replacement: a share of the rows shows companies, the others show `other`.

    A company is drawn with the square root of its number of drawings, then one of its drawings: rare ones are seen more
    often than their share, common ones more often than an equal one. Each drawing of `other` is drawn equally often:
    a brand that several artists have drawn teaches more than one of a single drawing.

    Attributes:
        data: to draw from.
        size_px: side of the views.
        batch: rows of a batch.
        seed: of all chance.
        probabilities: of transforms, by name, in the place of those in the table.
        company_share: of the rows, in 0..1, where there are companies and `other`.
        workers: threads that make batches.
    """

    data: TrainingSet
    size_px: int
    batch: int
    seed: int
    probabilities: Mapping[str, float] = field(default_factory=dict)
    company_share: float = 0.5
    workers: int = field(default_factory=usable_cores)

    def batches(self, first: int, last: int) -> Iterator[Batch]:
        """The batches of steps first..last-1, made ahead by threads; the same whichever step comes first."""
        rows = np.flatnonzero(~self.data.validation)
        cumulative = np.cumsum(shares_of(self.data, ~self.data.validation, self.company_share)[rows])
        cumulative[-1] = 1.0

        def one(step: int) -> Batch:
            drawn = rows[np.searchsorted(cumulative, np.random.default_rng((self.seed, step)).random(self.batch))]
            return Batch(
                np.stack([self._view(int(row), step, place) for place, row in enumerate(drawn)]),
                self.data.targets[drawn],
            )

        with ThreadPoolExecutor(self.workers, thread_name_prefix="augment") as threads:
            yield from results_ahead(threads, one, range(first, last), _AHEAD)

    def copies(self, rows: Int64Array) -> UInt8Array:
        """One augmented view of each of some drawings: (m, s, s, 3) uint8."""
        with ThreadPoolExecutor(self.workers, thread_name_prefix="augment") as threads:
            return np.stack(list(threads.map(lambda row: self._view(int(row), 0, int(row)), rows)))

    def _view(self, row: int, step: int, place: int) -> UInt8Array:
        art = self.data.art[row]
        scene = Scene(art.pixels, art.mono, self.data.colours[row], self.data.names[row])
        return augmented(scene, self.size_px, np.random.default_rng((self.seed, step, place)), self.probabilities)


def shares_of(data: TrainingSet, seen: BoolArray, company_share: float) -> Float64Array:
    """How often each drawing is drawn, as told at `BatchMaker`: (n,), summing to 1.

    Args:
        data: to draw from.
        seen: (n,) whether a drawing is drawn at all; at least one is.
        company_share: of all that show companies, in 0..1.
    """
    rows = np.flatnonzero(seen)
    targets = data.targets[rows]
    company = np.array([name != OTHER for name in data.classes])[data.labels[rows]]
    weights = np.where(company, np.bincount(targets)[targets] ** -0.5, 1.0)
    if company.any() and not company.all():
        weights[company] *= company_share / weights[company].sum()
        weights[~company] *= (1 - company_share) / weights[~company].sum()
    shares = np.zeros(len(data.targets))
    shares[rows] = weights / weights.sum()
    return shares


def plain_views(art: ArtStore, rows: Int64Array, size_px: int) -> UInt8Array:
    """The whole drawings as a query would show them: (m, s, s, 3) uint8, at least one."""
    with ThreadPoolExecutor(usable_cores()) as threads:
        views = list(threads.map(lambda row: plain_view(art[int(row)].pixels, size_px), rows))
    return np.stack(views)
