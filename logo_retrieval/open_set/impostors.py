"""Unknown logos that travel with a model: they set the bar for each class, and vouch for the share of false names."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from logo_retrieval.errors import ModelError
from logo_retrieval.packed import array_file, expect_packed, packed, read_arrays, unpacked
from logo_retrieval.runs import run_starts
from logo_retrieval.types import Float32Array, Float64Array, Int64Array

IMPOSTORS_FILE = "impostors.npz"
"""The file of a model bundle that holds them: `vectors` (m, d) int8, `log_odds` (u,) and `novel_log_odds` (v,) float32,
and `novel_pairs` int64."""

MOST_IMPOSTORS = 2000
"""So many say enough."""

FEWEST_IMPOSTORS = 100
"""Fewer have no hundredth part."""

BAR_QUANTILE = 0.99
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Impostors:
    """Drawings of unknown logos.

    Attributes:
        vectors: (m, d) float32 of unit length, the impostor cohort; its drawings show no company of an index.
        log_odds: (u,) float32 by `fusion.Fusion.log_odds`, the largest of any trained company, of logos that neither
            the network nor the fit of the decision has seen.
        novel_log_odds: (v,) float32, the largest of all log-odds of one such logo and one novel company.
        novel_pairs: how many pairs of such a logo and a novel company there were.
    """

    vectors: Float32Array
    log_odds: Float32Array
    novel_log_odds: Float32Array = field(default_factory=lambda: np.zeros(0, np.float32))
    novel_pairs: int = 0

    @classmethod
    def read(cls, file: Path, dim: int) -> Self:
        """Reads a file with the content of `to_bytes`.

        Args:
            file: of a model bundle.
            dim: d, the embedding width of the model.

        Raises:
            ModelError: when it is missing, damaged, or does not fit the model.
        """
        names = ("vectors", "log_odds", "novel_log_odds", "novel_pairs")
        quanta, log_odds, novel, pairs = read_arrays(file, names, "impostors")
        expect_packed(quanta, dim, file)
        for each in (log_odds, novel):
            if each.dtype != np.float32 or each.ndim != 1 or not np.isfinite(each).all():
                raise ModelError(
                    f"'{file}' must hold (u,) finite float32 log-odds, got {each.dtype} of shape {each.shape}"
                )
        if pairs.dtype != np.int64 or pairs.shape != () or pairs < 0:
            raise ModelError(f"'{file}' must hold a number of pairs, got {pairs.dtype} of shape {pairs.shape}")
        return cls(unpacked(quanta), log_odds, novel, int(pairs))

    def to_bytes(self) -> bytes:
        """The content of the file."""
        return array_file(
            vectors=packed(self.vectors),
            log_odds=np.sort(self.log_odds),
            novel_log_odds=-np.sort(-self.novel_log_odds),
            novel_pairs=np.int64(self.novel_pairs),
        )

    def threshold(self, max_false_accept: float) -> float:
        """The log-odds above which a company may be named.

        The split conformal quantile (Vovk et al. 2005, "Algorithmic Learning in a Random World", section 2.2): of u
        log-odds the one of rank ceil((u + 1)(1 - a)). An unknown logo that is like those u exceeds it with a
        probability of at most a, whatever the distribution.

        Args:
            max_false_accept: a, above 0 and below 1.

        Raises:
            ValueError: when it is out of that range, or so small that u logos cannot vouch for it.

        >>> Impostors(np.zeros((0, 2), np.float32), np.float32([0.1, 0.4, 0.2, 0.3])).threshold(0.4)
        0.30000001192092896
        """
        if not 0 < max_false_accept < 1:
            raise ValueError(
                f"the share of unknown logos to be named must be above 0 and below 1, got {max_false_accept}"
            )
        u = len(self.log_odds)
        rank = math.ceil((u + 1) * (1 - max_false_accept) - 1e-9)
        if rank > u:
            raise ValueError(
                f"{max_false_accept} is less than the {u} unknown logos of this model can vouch for: give "
                f"{1 / (u + 1):.4f} or more"
            )
        return float(np.sort(self.log_odds)[rank - 1])

    def novel_threshold(self, max_false_accept: float, n_novel: int) -> float:
        """The log-odds above which a novel company may be named, so that all of them together stay within the share.

        Each of K novel companies is another chance for an unknown logo to be named. With r(t) the share of pairs of an
        unknown logo and a novel company whose log-odds are above t, the share that any of them names is at most K r(t)
        (Bonferroni's inequality).

        Args:
            max_false_accept: the share.
            n_novel: K.

        Returns:
            -inf where the share is not reached, or nothing is known of novel companies.

        >>> known = Impostors(np.zeros((0, 2), np.float32), np.float32([0]), np.float32([3, 2, 1]), 1000)
        >>> known.novel_threshold(0.02, 10), known.novel_threshold(0.02, 20), known.novel_threshold(0.02, 1)
        (1.0, 2.0, -inf)
        """
        if n_novel == 0 or self.novel_pairs == 0:
            return -math.inf
        rank = int(max_false_accept * self.novel_pairs / n_novel + 1e-9)
        tail = -np.sort(-self.novel_log_odds)
        return float(tail[rank]) if rank < len(tail) else -math.inf


def spread(rows: Int64Array, most: int = MOST_IMPOSTORS) -> Int64Array:
    """At most so many of some rows, evenly spread over them."""
    places = np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(np.int64)
    return rows[places]


def bars(cohort: Float32Array, vectors: Float32Array, owners: Int64Array, n_classes: int) -> Float64Array:
    """The similarity with each class that one in a hundred impostors exceeds.

    Z-norm in speaker verification measures a model by a cohort of impostors likewise (Auckenthaler et al. 2000, "Score
    normalization for text-independent speaker verification systems", Digital Signal Processing 10, section 3): a
    triangle has more drawings like it in the world than a coat of arms, and of many drawings one is near by chance.

    Args:
        cohort: (m, d) unit vectors of drawings that show none of the classes.
        vectors: (v, d) unit vectors of the classes' drawings, in any order.
        owners: (v,) the class of each, in 0..f-1.
        n_classes: f.

    Returns:
        (f,) float64; NaN where there are fewer than a hundred impostors, and for a class without vectors.
    """
    found = np.full(n_classes, np.nan)
    if len(cohort) < FEWEST_IMPOSTORS or len(vectors) == 0:
        return found
    nearest = np.full((len(cohort), n_classes), -1, np.float32)
    order = np.argsort(owners, kind="stable")
    for block in np.split(order, range(_BLOCK, len(order), _BLOCK)):
        firsts = run_starts(owners[block])
        present = owners[block][firsts]
        best = np.maximum.reduceat(cohort @ vectors[block].T, firsts, axis=1)
        nearest[:, present] = np.maximum(nearest[:, present], best)
    present = owners[order][run_starts(owners[order])]
    rank = len(cohort) - 1 - int((1 - BAR_QUANTILE) * len(cohort))
    found[present] = np.partition(nearest[:, present], rank, axis=0)[rank]
    return found
