"""What follows from the drawings of an index and its model beside the neighbours: rows of the head, the scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.heads.imprinting import NOBODY, Imprinted, imprint
from logo_retrieval.inference.contents import Contents
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.types import OTHER, BoolArray, Int64Array


@dataclass(frozen=True, slots=True)
class Derived:
    """Of an index of c classes.

    Attributes:
        classes: names, `other` among them.
        places: (f,) int64 the novel classes that have drawings.
        imprinted: what these have in the head, in their order; None without a head.
        scale: of the network.
    """

    classes: tuple[str, ...]
    places: Int64Array
    imprinted: Imprinted | None
    scale: Scale

    def fits(self, learned: HeadVectors | None) -> bool:
        """Whether it may follow from what a model has learned: it claims of so many targets."""
        n_targets = None if learned is None else len(learned.classes)
        return n_targets == (None if self.imprinted is None else len(self.imprinted.claims))


def standing(classes: Sequence[str], learned: HeadVectors | None) -> tuple[BoolArray, BoolArray]:
    """(c,) which classes are companies that training knew, and which are others."""
    targets = set() if learned is None else set(learned.classes)
    company = np.array([name != OTHER for name in classes])
    trained = company & np.array([name in targets for name in classes])
    return trained, company & ~trained


def derive(contents: Contents, knowledge: Knowledge, before: tuple[Derived, Collection[str]] | None = None) -> Derived:
    """What follows from the contents of an index and its model, and from nothing else.

    Args:
        contents: of the index.
        knowledge: of the model.
        before: of the index as it was, and the classes that are others now; what it says of the rest need not be
            computed again.
    """
    learned = knowledge.head
    _, novel = standing(contents.classes, learned)
    scale = knowledge.fusion.scale or contents.scale(learned)
    counts = np.bincount(contents.snapshot.item_classes, minlength=len(contents.classes))
    places = np.flatnonzero(novel & (counts > 0))
    imprinted = None if learned is None else _imprinted(contents, places, learned, scale, before)
    return Derived(contents.classes, places, imprinted, scale)


def _imprinted(
    contents: Contents,
    places: Int64Array,
    learned: HeadVectors,
    scale: Scale,
    before: tuple[Derived, Collection[str]] | None,
) -> Imprinted:
    """What the novel classes have in the head."""
    nameless = learned.nameless(contents.classes)
    earlier = None if before is None else before[0].imprinted
    if before is None or earlier is None or not np.array_equal(nameless, learned.nameless(before[0].classes)):
        return imprint(contents.means(places), learned.vectors, nameless, scale.head_high)
    was = _places_before(places, contents, *before)
    stays = was != NOBODY
    means = np.empty((len(places), learned.vectors.shape[1]), np.float32)
    means[stays] = earlier.means[was[stays]]
    means[~stays] = contents.means(places[~stays])
    return imprint(means, learned.vectors, nameless, scale.head_high, (earlier, was))


def _places_before(places: Int64Array, contents: Contents, before: Derived, touched: Collection[str]) -> Int64Array:
    """(f,) of each novel class with drawings its place among those before; `NOBODY` of one that is touched or new."""
    place = {before.classes[c]: was for was, c in enumerate(before.places.tolist())}
    names = (contents.classes[c] for c in places.tolist())
    return np.array([NOBODY if name in touched else place.get(name, NOBODY) for name in names], np.int64)
