"""The head of an index, fitted anew to the classes that training has never met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logo_retrieval.errors import ModelError
from logo_retrieval.generation import in_open_world, untrained_classes
from logo_retrieval.heads.cosine import CosineHead, HeadVectors
from logo_retrieval.heads.rows import fitted_rows
from logo_retrieval.models import check_writable
from logo_retrieval.store.changes import IndexChanged, write_head_rows
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.values import Float32Array

_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class RefitReport:
    """What was fitted.

    Attributes:
        classes: that have a row of their own now.
        n_drawings: how many, of these and of all other classes, they were fitted to.
    """

    classes: list[str]
    n_drawings: int


def refit(store: IndexStore, learned: HeadVectors | None) -> RefitReport:
    """Fits a row of the head to each class that training has never met; see `LogoClassifier.refit`.

    Raises:
        ModelError: when the model has no head.
        IndexStoreError: when the index cannot be written, or is the one that ships with the package.
    """
    check_writable(store.folder)
    if learned is None:
        raise ModelError(
            f"the model {store.manifest.model} has no head, so that there is nothing to fit anew: build the index with "
            "a trained model, such as the starter"
        )
    while True:
        try:
            return _refit(store, learned)
        except IndexChanged:
            continue


def _refit(store: IndexStore, learned: HeadVectors) -> RefitReport:
    snapshot = store.snapshot()
    assert snapshot.vectors is not None  # noqa: S101 - none were held
    classes = in_open_world(snapshot.classes)
    new = untrained_classes(snapshot, learned, snapshot.vectors.__getitem__)
    if len(new.unmet) == 0:
        return RefitReport([], 0)
    drawings = snapshot.vectors[snapshot.whole_drawings]
    cosines = _cosines(CosineHead(learned, classes, new.rows, new.made.claimed), drawings)
    rows = fitted_rows(new.means[~new.made.met], new.unmet, drawings, snapshot.item_classes, cosines)
    names = [classes[place] for place in new.unmet]
    write_head_rows(store.folder, dict(zip(names, rows, strict=True)), generation=snapshot.generation)
    return RefitReport(names, len(drawings))


def _cosines(head: CosineHead, vectors: Float32Array) -> Float32Array:
    """(n, c), each vector a query of its own."""
    blocks = np.split(vectors, range(_BLOCK, len(vectors), _BLOCK))
    return np.concatenate([head.scores(each, np.arange(len(each)), len(each)) for each in blocks])
