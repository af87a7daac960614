"""A large index as it lies in the cache: what was read, where its vectors lie for the search, and what follows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from logo_retrieval.checksums import row_sums
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.heads.imprinting import NOBODY, Imprinted
from logo_retrieval.inference.derived import Derived
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.packed import units_of
from logo_retrieval.search.halves import halves_of
from logo_retrieval.search.open import open_index
from logo_retrieval.search.partitions import PartitionedIndex, Partitions
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.store.cache import CACHE_FILE, Prepared, read_cache, write_cache
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.seal import ANSWERED_BY, are_parts
from logo_retrieval.store.stored import StoredIndex
from logo_retrieval.store.traits import ItemTraits

_FORMAT = 5
"""Of the cache, and of how what is in it is computed."""

_NUMBERS = ("class_ids", "item_ids", "item_classes", "vector_items")


def keep(folder: Path, manifest: Manifest, stored: StoredIndex, index: VectorIndex, derived: Derived) -> None:
    """Writes the cache of an index that has no tail."""
    facts = {
        "recipe": _recipe(manifest),
        "generation": stored.generation,
        "classes": stored.classes,
        "names": stored.names,
        "parts": stored.parts,
        "scale": astuple(derived.scale),
    }
    arrays: dict[str, np.ndarray] = {name: getattr(stored, name) for name in _NUMBERS}
    arrays["places"] = derived.places
    arrays["item_traits"] = stored.item_traits.at(np.arange(len(stored.item_ids)))
    arrays["trait_sums"] = row_sums(arrays["item_traits"])
    if derived.imprinted is not None:
        dim = derived.imprinted.means.shape[1]
        for name in ("means", "rows"):  # by class, so that what is removed can be told
            arrays[name] = np.zeros((len(derived.classes), dim), np.float32)
            arrays[name][derived.places] = getattr(derived.imprinted, name)
        arrays |= {name: getattr(derived.imprinted, name) for name in ("nearest", "nearness", "claims")}
    write_cache(folder, Prepared(facts, {**arrays, **_searched(index)}))


def _searched(index: VectorIndex) -> dict[str, np.ndarray]:
    """The vectors of an index, the last of all; in partitions, or in their order."""
    if isinstance(index, PartitionedIndex):
        held = index.partitions
        found: dict[str, np.ndarray] = {"centroids": held.centroids, "starts": held.starts, "slots": index.slots}
        return {**found, "sums": held.sums, "halves": held.halves}
    halves = halves_of(index.vectors_at(np.arange(len(index))))
    return {"sums": row_sums(halves), "halves": halves}


def opened(folder: Path, manifest: Manifest) -> tuple[StoredIndex, VectorIndex, Derived] | None:
    """What the cache of an index holds, as of one generation or another; None where there is none.

    Of an index in partitions vectors and traits are not read, and are compared with their checksums when they are.
    """
    kept = read_cache(folder)
    if kept is None or kept.facts.get("recipe") != _recipe(manifest):
        return None
    try:
        stored = _stored_of(kept.facts, kept.arrays, folder / CACHE_FILE)
        index = _index_of(kept.arrays, manifest.dim, folder / CACHE_FILE)
        return stored, index, _derived_of(stored.open_classes, kept.arrays, manifest.dim, Scale(*kept.facts["scale"]))
    except (IndexStoreError, LookupError, TypeError, ValueError, AttributeError):  # damaged, or of another making
        return None


def _stored_of(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray], file: Path) -> StoredIndex:
    stored = StoredIndex(
        generation=facts["generation"],
        classes=tuple(facts["classes"]),
        item_traits=ItemTraits.of_cache(arrays["item_traits"], arrays["trait_sums"], file),
        vectors=None,
        names=tuple(map(tuple, facts["names"])),
        parts=facts["parts"],
        **{name: arrays[name] for name in _NUMBERS},
    )
    _expect(all(isinstance(name, str) for name in stored.classes))
    _expect(all(are_parts(stored.parts.get(table)) for table in ANSWERED_BY))
    _expect(np.array_equal(stored.vector_items[stored.whole_drawings], stored.item_ids))
    _expect(_are_places(stored.item_classes, len(stored.classes)) and len(stored.item_classes) == len(stored.item_ids))
    _expect(len(stored.item_traits) == len(stored.item_ids) and len(stored.class_ids) == len(stored.classes))
    return stored


def _expect(fine: bool) -> None:
    """Raises ValueError where parts of the cache do not fit each other."""
    if not fine:
        raise ValueError("the parts of the cache do not fit each other")


def _are_places(places: np.ndarray, n: int) -> bool:
    return bool(((places >= 0) & (places < n)).all())


def _index_of(arrays: Mapping[str, np.ndarray], dim: int, file: Path) -> VectorIndex:
    """Searches the vectors, which lie in this file.

    Raises:
        ValueError: they are not those that were written.
    """
    ids, halves, sums = arrays["vector_items"], arrays["halves"], arrays["sums"]
    _expect(halves.shape == (len(sums), dim))
    if "slots" in arrays:
        centroids, starts, slots = arrays["centroids"], arrays["starts"], arrays["slots"]
        _expect(centroids.shape == (len(starts) - 1, dim) and len(slots) == len(ids) and _are_places(slots, len(sums)))
        _expect(bool(starts[0] == 0 and starts[-1] == len(sums) and (np.diff(starts) >= 0).all()))
        return PartitionedIndex(Partitions(centroids, starts, halves, sums, file), slots, ids)
    _expect(len(sums) == len(ids) and np.array_equal(row_sums(halves), sums))
    _expect(np.array_equal(row_sums(arrays["item_traits"]), arrays["trait_sums"]))
    return open_index(units_of(halves), ids)


def _derived_of(classes: tuple[str, ...], arrays: Mapping[str, np.ndarray], dim: int, scale: Scale) -> Derived:
    places, imprinted = arrays["places"], None
    if "means" in arrays:
        _expect(arrays["means"].shape == arrays["rows"].shape == (len(classes), dim))
        by_class = (arrays[name][places] for name in ("means", "rows"))
        imprinted = Imprinted(*by_class, *(arrays[name] for name in ("nearest", "nearness", "claims")))
        of_targets = imprinted.nearest, imprinted.nearness, imprinted.claims
        _expect(len({array.shape for array in of_targets}) == 1 and imprinted.claims.ndim == 1)
        _expect(
            all(_are_places(array - NOBODY, len(places) - NOBODY) for array in (imprinted.nearest, imprinted.claims))
        )
    return Derived(classes, places, imprinted, scale)


def _recipe(manifest: Manifest) -> str:
    """A digest of what the cache depends on beside the contents of the index."""
    parts = [_FORMAT, manifest.model_digest, manifest.dim, dict(manifest.decision)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
