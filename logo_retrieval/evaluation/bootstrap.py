"""How far a statistic would have gone astray on other rows of the same kind; numpy only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from logo_retrieval.evaluation.metrics import Labels
from logo_retrieval.types import Int64Array


def bootstrap_interval(
    statistic: Callable[[Int64Array], float],
    n: int,
    seed: int,
    *,
    resamples: int = 1000,
    groups: Labels | None = None,
    strata: Labels | None = None,
) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic over rows drawn with replacement (Efron & Tibshirani 1993, 13.3).

    With `groups`, whole groups are drawn: drawings of one shape are not independent, and rows drawn one by one would
    give too narrow an interval. With `strata`, each stratum keeps its number of groups, so that neither side of a
    ranking comes out empty. Strata should be large: one of a single group never varies, which narrows the interval.

    Args:
        statistic: takes the (m,) int64 row positions of one resample.
        n: how many rows there are.
        seed: another seed, other resamples.
        resamples: how many.
        groups: (n,) the group of each row; each row is its own by default.
        strata: (n,) the stratum of each row, one for all rows of a group; one for all by default.

    Returns:
        The 2.5 and 97.5 percentiles.

    Raises:
        ValueError: lengths do not fit, there are no rows, or a group lies in two strata.
    """
    group_of = np.arange(n) if groups is None else np.asarray(groups)
    stratum_of = np.zeros(n, np.int64) if strata is None else np.asarray(strata)
    if n < 1 or group_of.shape != (n,) or stratum_of.shape != (n,):
        raise ValueError(f"groups and strata must be ({n},) and n at least 1, got {group_of.shape}, {stratum_of.shape}")
    stratum = np.unique(stratum_of, return_inverse=True)[1]
    group = np.unique(group_of, return_inverse=True)[1]
    # Rows sorted by stratum, then group: a group is a run of rows, a stratum a run of groups.
    rows = np.lexsort((group, stratum))
    run_start = np.flatnonzero(np.diff(group[rows], prepend=-1) | np.diff(stratum[rows], prepend=-1))
    run_length = np.diff(run_start, append=n)
    run_stratum = stratum[rows[run_start]]
    if len(run_start) != group.max() + 1:
        raise ValueError("all rows of a group must lie in one stratum")
    stratum_start = np.searchsorted(run_stratum, run_stratum)
    stratum_length = np.bincount(run_stratum)[run_stratum]
    generator = np.random.Generator(np.random.PCG64(seed))
    values = np.empty(resamples)
    for i in range(resamples):
        drawn = stratum_start + (generator.random(len(run_start)) * stratum_length).astype(np.int64)
        length = run_length[drawn]
        ends = np.cumsum(length)
        within = np.arange(ends[-1]) - np.repeat(ends - length, length)
        values[i] = statistic(rows[np.repeat(run_start[drawn], length) + within])
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
