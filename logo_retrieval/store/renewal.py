"""An index that has changed since it was read: only the parts are read whose checksums are others now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from logo_retrieval.store.seal import ANSWERED_BY, PART, Seals
from logo_retrieval.store.stored import StoredIndex
from logo_retrieval.types import BoolArray, Int64Array


def changed_parts(before: StoredIndex, seals: Seals) -> list[int] | None:
    """The numbers of the parts that are others than before, ascending; None where nothing tells."""
    now = seals.parts()
    if not now or not before.parts:
        return None
    changed: set[str] = set()
    for table in ANSWERED_BY:
        changed |= {part for part, _ in before.parts[table].items() ^ now[table].items()}
    return sorted(map(int, changed))


def are_renamed(before: StoredIndex, classes: Mapping[int, str]) -> bool:
    """Whether a number that a class had is another one's now: rows in which nothing has changed mean that one.

    Args:
        before: the index before.
        classes: names by number, as they are now.
    """
    had = zip(before.class_ids.tolist(), before.classes, strict=True)
    return any(classes.get(number, name) != name for number, name in had)


def outside(ids: Int64Array, parts: Sequence[int]) -> BoolArray:
    """(n,) whether items lie in other parts than these."""
    lies_outside: BoolArray = ~np.isin(ids // PART, np.array(parts, np.int64))
    return lies_outside


def joined(kept: Int64Array, fresh: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Item numbers of what stays and of what came, ascending, and the positions among both that they come from."""
    everything = np.concatenate([kept, fresh])
    order = np.argsort(everything, kind="stable")
    return everything[order], order
