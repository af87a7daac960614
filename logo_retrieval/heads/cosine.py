"""The cosine head: one unit vector a target, beside the embeddings it was trained with."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from logo_retrieval.errors import ModelError
from logo_retrieval.heads.imprinting import NOBODY, Imprinted
from logo_retrieval.packed import array_file, expect_packed, packed, read_arrays, unpacked
from logo_retrieval.runs import run_starts
from logo_retrieval.search.products import products, rough_products
from logo_retrieval.types import OTHER, BoolArray, Float32Array, Int64Array

HEAD_FILE = "head.npz"
"""The file of a model bundle that holds the head: `vectors` (t, d) int8, `names` (c,) text, and `classes` (t,) unsigned
integers, the place of each target's name."""


@dataclass(frozen=True, slots=True)
class HeadVectors:
    """What training learned, as it lies in a model bundle.

    Attributes:
        vectors: (t, d) float32 of unit length.
        classes: the class of each target; `other` for the many targets that are no company.
    """

    vectors: Float32Array
    classes: tuple[str, ...]

    @classmethod
    def read(cls, file: Path, dim: int) -> Self:
        """Reads a file with the content of `to_bytes`.

        Args:
            file: of a model bundle.
            dim: d, the embedding width of the model.

        Raises:
            ModelError: when it is missing, damaged, or its arrays do not fit each other or the model.
        """
        quanta, names, classes = read_arrays(file, ("vectors", "names", "classes"), "head")
        expect_packed(quanta, dim, file)
        if names.ndim != 1 or names.dtype.kind != "U":
            raise ModelError(f"'{file}' must hold (c,) names, got {names.dtype} of shape {names.shape}")
        codes = np.frombuffer(names.astype(names.dtype.newbyteorder("=")).tobytes(), np.uint32)
        if codes.max(initial=0) > sys.maxunicode:  # numpy makes texts of any numbers
            raise ModelError(f"'{file}' must hold names, got numbers that are no characters")
        if classes.ndim != 1 or classes.dtype.kind not in "iu":
            raise ModelError(f"'{file}' must hold (t,) places of names, got {classes.dtype} of shape {classes.shape}")
        if len(quanta) != len(classes):
            raise ModelError(f"'{file}' must hold a vector for each of {len(classes)} targets, got {len(quanta)}")
        if len(classes) and not 0 <= classes.min() <= classes.max() < len(names):
            raise ModelError(f"'{file}' must hold places of {len(names)} names, got {classes.min()} to {classes.max()}")
        known = [str(name) for name in names]
        return cls(unpacked(quanta), tuple(known[place] for place in classes))

    def nameless(self, classes: Collection[str]) -> BoolArray:
        """(t,) whether a target speaks for no company among some classes."""
        companies = set(classes) - {OTHER}
        return np.array([name not in companies for name in self.classes], bool)

    def to_bytes(self) -> bytes:
        """The content of the file."""
        place = {name: place for place, name in enumerate(dict.fromkeys(self.classes))}
        classes = np.array([place[name] for name in self.classes], np.min_scalar_type(len(place)))
        return array_file(vectors=packed(self.vectors), names=np.array(list(place), np.str_), classes=classes)


@dataclass(frozen=True, slots=True)
class Novel:
    """The classes of an index that have no target by training.

    Attributes:
        places: (f,) int64 positions among the classes, ascending.
        imprinted: their rows, and the targets that they have claimed.
    """

    places: Int64Array
    imprinted: Imprinted


class CosineHead:
    """Scores the classes of one index."""

    def __init__(self, learned: HeadVectors, classes: Sequence[str], novel: Novel | None = None) -> None:
        """Fits a head to an index.

        A target whose class is not in the index speaks for `other`: what it was trained to know is not known here.

        Args:
            learned: by training.
            classes: c names of the index, `other` among them.
            novel: what those of them have that have no target by training; None where there are none.
        """
        position = {name: place for place, name in enumerate(classes)}
        places = np.array([position.get(name, position[OTHER]) for name in learned.classes], np.int64)
        vectors = learned.vectors
        if novel is not None:
            claimed = novel.imprinted.claims != NOBODY
            places[claimed] = novel.places[novel.imprinted.claims[claimed]]
            vectors = np.concatenate([vectors, novel.imprinted.rows])
            places = np.concatenate([places, novel.places])
        order = np.argsort(places, kind="stable")
        self._n_classes = len(classes)
        self._vectors = vectors[order]
        self._starts = run_starts(places[order])
        self._present = places[order][self._starts]

    def scores(self, views: Float32Array, owners: Int64Array, n_queries: int) -> Float32Array:
        """The highest cosine of any view of a query with any target of a class.

        Args:
            views: (m, d) unit vectors.
            owners: (m,) the query that each view belongs to, ascending, every query with one view at least.
            n_queries: n.

        Returns:
            (n, c) float32 in [-1, 1]; -1 for a class without a target.
        """
        cosines = rough_products(views, self._vectors)
        by_class = np.full((len(views), self._n_classes), -1.0, np.float32)
        for place, row in enumerate(cosines):
            by_class[place, self._present] = products(self._vectors[self._best_of_each(row)], views[place])
        firsts = np.searchsorted(owners, np.arange(n_queries))
        best: Float32Array = np.maximum.reduceat(by_class, firsts, axis=0)
        return best

    def _best_of_each(self, cosines: Float32Array) -> Int64Array:
        """The position of the nearest target of each class that has one, given (t,) cosines."""
        best = np.maximum.reduceat(cosines, self._starts)
        is_best = cosines == np.repeat(best, np.diff(self._starts, append=len(cosines)))
        positions = np.flatnonzero(is_best)
        return positions[np.searchsorted(positions, self._starts)]
