"""From neighbours of single views to neighbours of items."""

from __future__ import annotations

import numpy as np

from logo_retrieval.runs import run_starts
from logo_retrieval.types import MISSING_ID, Int64Array, Neighbours


def best_over_views(neighbours: Neighbours, owners: Int64Array, n_queries: int, k: int) -> Neighbours:
    """Merges the lists of a query's views: an item counts once, with its best similarity over views.

    Args:
        neighbours: (n_views, j) lists of single query views.
        owners: (n_views,) which query each view belongs to, in 0..n_queries-1.
        n_queries: how many queries there are; one that owns no view gets an empty list.
        k: columns of the result.

    Returns:
        (n_queries, k) neighbours with the views that found them, nearest first; ties by the smaller id, then by the
        earlier view. An item with several gallery views is also merged, so search with a larger j than k when gallery
        items have many views.
    """
    if owners.shape != (len(neighbours),):
        raise ValueError(f"owners must have shape ({len(neighbours)},), got {owners.shape}")
    ids = np.full((n_queries, k), MISSING_ID, np.int64)
    similarities = np.full((n_queries, k), -np.inf, np.float32)
    views = np.zeros((n_queries, k), np.int64)
    for query in range(n_queries):
        of_query = owners == query
        there = neighbours.ids[of_query] != MISSING_ID
        items, scores = neighbours.ids[of_query][there], neighbours.similarities[of_query][there]
        seen_by = there.nonzero()[0]
        by_id = np.lexsort((-scores, items))
        best = by_id[run_starts(items[by_id])]
        kept = best[np.lexsort((items[best], -scores[best]))][:k]
        ids[query, : len(kept)] = items[kept]
        similarities[query, : len(kept)] = scores[kept]
        views[query, : len(kept)] = seen_by[kept]
    return Neighbours(ids, similarities, views)
