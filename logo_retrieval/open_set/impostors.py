"""What a model said of unknown logos, and travels with it: they vouch for the share of false names."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from logo_retrieval.errors import ModelError
from logo_retrieval.packed import array_file, read_arrays
from logo_retrieval.types import BoolArray, Float32Array, Float64Array

IMPOSTORS_FILE = "impostors.npz"
"""The file of a model bundle that holds them: `log_odds` (u,) and `novel_log_odds` (v,) float32, and `novel_pairs`
int64."""

_TAIL = 15
"""So many log-odds, at least, tell a threshold."""


@dataclass(frozen=True, slots=True)
class Impostors:
    """What was said of drawings of unknown logos.

    Attributes:
        log_odds: (u,) float32 by `fusion.Fusion.log_odds`, the largest of any trained company, of logos that neither
            the network nor the fit of the decision has seen.
        novel_log_odds: (v,) float32, the largest of all log-odds of one such logo and one novel company.
        novel_pairs: how many pairs of such a logo and a novel company there were.
    """

    log_odds: Float32Array
    novel_log_odds: Float32Array = field(default_factory=lambda: np.zeros(0, np.float32))
    novel_pairs: int = 0

    @classmethod
    def read(cls, file: Path) -> Self:
        """Reads a file with the content of `to_bytes`.

        Raises:
            ModelError: when it is missing or damaged.
        """
        log_odds, novel, pairs = read_arrays(file, ("log_odds", "novel_log_odds", "novel_pairs"), "impostors")
        for odds in (log_odds, novel):
            if odds.dtype != np.float32 or odds.ndim != 1 or not np.isfinite(odds).all():
                raise ModelError(
                    f"'{file}' must hold (u,) finite float32 log-odds, got {odds.dtype} of shape {odds.shape}"
                )
        if pairs.dtype != np.int64 or pairs.shape != () or pairs < 0:
            raise ModelError(f"'{file}' must hold a number of pairs, got {pairs.dtype} of shape {pairs.shape}")
        return cls(log_odds, novel, int(pairs))

    def to_bytes(self) -> bytes:
        """The content of the file."""
        return array_file(
            log_odds=np.sort(self.log_odds),
            novel_log_odds=-np.sort(-self.novel_log_odds),
            novel_pairs=np.int64(self.novel_pairs),
        )

    def threshold(self, max_false_accept: float) -> float:
        """The log-odds above which a company may be named.

        An unknown logo that is like those u exceeds the k-th largest of their log-odds with a probability of
        k / (u + 1), whatever the distribution (split conformal prediction; Vovk et al. 2005, "Algorithmic Learning in a
        Random World", section 2.2). So the threshold is the k-th, k being a (u + 1) rounded down. Where k would be
        below fifteen, it would rest on a few drawings: it then lies beyond the fifteenth, as far as an exponential tail
        reaches (Weissman 1978, "Estimation of parameters and large quantiles based on the k largest observations"):

            t = x + (k - 1) m ((k / (a (u + 1)))^(1 / (k - 1)) - 1)

        with x the k-th and m the mean excess of the k - 1 above it. As m is itself drawn by chance, the reach is such
        that an unknown logo exceeds t with a probability of a, if the tail is exponential.

        Args:
            max_false_accept: a, above 0 and below 1.

        Raises:
            ValueError: when it is out of that range, or so small that u logos cannot vouch for it.

        >>> Impostors(np.float32([0.1, 0.4, 0.2, 0.3])).threshold(0.4)
        0.30000001192092896
        """
        if not 0 < max_false_accept < 1:
            raise ValueError(
                f"the share of unknown logos to be named must be above 0 and below 1, got {max_false_accept}"
            )
        u = len(self.log_odds)
        may_exceed = max_false_accept * (u + 1) + 1e-9
        if may_exceed < 1:
            raise ValueError(
                f"{max_false_accept} is less than the {u} unknown logos of this model can vouch for: give "
                f"{math.ceil(10_000 / (u + 1)) / 10_000} or more"
            )
        k = max(int(may_exceed), min(_TAIL, u // 2))
        largest = np.sort(self.log_odds)[-k:].astype(np.float64)
        if k <= may_exceed:
            return float(largest[0])
        excess = (largest[1:] - largest[0]).sum()  # (k - 1) m
        return float(largest[0] + excess * ((k / may_exceed) ** (1 / (k - 1)) - 1))

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

        >>> known = Impostors(np.float32([0]), np.float32([3, 2, 1]), 1000)
        >>> known.novel_threshold(0.02, 10), known.novel_threshold(0.02, 20), known.novel_threshold(0.02, 1)
        (1.0, 2.0, -inf)
        """
        if n_novel == 0 or self.novel_pairs == 0:
            return -math.inf
        rank = int(max_false_accept * self.novel_pairs / n_novel + 1e-9)
        tail = -np.sort(-self.novel_log_odds)
        return float(tail[rank]) if rank < len(tail) else -math.inf

    def thresholds(self, max_false_accept: float, novel: BoolArray) -> Float64Array:
        """(c,) the log-odds above which each class is named.

        Trained companies together are given to at most the share of unknown logos, see `threshold`. Novel ones must
        exceed the same log-odds, and more where they are so many that they would name more than the share again, see
        `novel_threshold`.

        Args:
            max_false_accept: the share.
            novel: (c,) which classes training did not know.
        """
        found = np.full(len(novel), self.threshold(max_false_accept))
        found[novel] = np.maximum(found[novel], self.novel_threshold(max_false_accept, int(novel.sum())))
        return found
