"""Takes what was removed from an index out of its cache, in place: the rest is prepared still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from logo_retrieval.packed import unit, units_of
from logo_retrieval.store.cache import Prepared, read_cache, remove_cache, remove_unfinished, reseal
from logo_retrieval.store.seal import PART
from logo_retrieval.types import Int64Array

_A_COPY = 1 - 1e-5
"""Cosines: a centroid that is so near to a vector may be that vector itself."""


def forget(folder: Path, items: Sequence[int], names: Mapping[str, Sequence[str]]) -> None:
    """Wipes items out of the cache, what follows from them, and classes and names that are gone.

    A process that has the cache open goes on with what is left, and sees then that the index has changed.

    Args:
        folder: of the index.
        items: their numbers.
        names: of the classes that there are, by class.

    Raises:
        IndexStoreError: when the cache can neither be changed nor deleted.
    """
    remove_unfinished(folder)
    try:
        cache = read_cache(folder, write=True)
        if cache is not None:
            _wipe_items(cache, np.array(items, np.int64))
            classes = [label if label in names else "" for label in cache.facts["classes"]]
            kept = [
                [name for name in of_class if name in names.get(label, ())]
                for label, of_class in zip(cache.facts["classes"], cache.facts["names"], strict=True)
            ]
            wiped = {str(item // PART) for item in items}  # to be read anew, also when all comes back that was there
            parts = {
                table: {part: "" if part in wiped else checksum for part, checksum in of_table.items()}
                for table, of_table in cache.facts["parts"].items()
            }
            reseal(folder, cache, {**cache.facts, "classes": classes, "names": kept, "parts": parts})
            return
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # full, locked, or of another making
        pass
    remove_cache(folder)


def _wipe_items(cache: Prepared, items: Int64Array) -> None:
    arrays = cache.arrays
    rows = np.flatnonzero(np.isin(arrays["vector_items"], items))
    if len(rows) == 0:
        return
    slots = arrays["slots"][rows] if "slots" in arrays else rows
    vectors = units_of(arrays["halves"][slots])
    arrays["halves"][slots] = 0  # before their checksums, see `changed`
    arrays["sums"][slots] = 0
    gone = np.isin(arrays["item_ids"], items)
    arrays["item_traits"][gone] = 0
    arrays["trait_sums"][gone] = 0
    touched = np.unique(arrays["item_classes"][gone])
    for name in ("means", "rows"):
        if name in arrays:
            arrays[name][touched] = 0
    if "centroids" in arrays:
        copies = (arrays["centroids"] @ vectors.T).max(axis=1) > _A_COPY
        for place in np.flatnonzero(copies).tolist():
            rest = arrays["halves"][slice(*arrays["starts"][place : place + 2].tolist())]
            arrays["centroids"][place] = unit(rest.astype(np.float32).sum(axis=0, keepdims=True))[0]
