"""Near-duplicates: files of the same bytes, pictures that look the same, drawings of the same logo."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from logo_retrieval.components import join
from logo_retrieval.drawings import Drawings
from logo_retrieval.images.fingerprint import hamming_distance
from logo_retrieval.types import Int64Array, cosine

NEAR_SIMILARITY = 0.85
"""From here on two drawings are taken for the same: 96 of 100 such pairs are, by `benchmarks/near_duplicates.py`."""

SAME_BITS = 4
"""Up to here two perceptual hashes are taken for the same picture, if the embeddings do not contradict it."""

UNLIKE_SIMILARITY = 0.7
"""Below it they do: an arrow up and an arrow down may have the same hash."""

_PAIRS_PER_BLOCK = 1 << 21
"""Similarities held at once: 8 MiB of float32, however many drawings."""

Kind = Literal["bytes", "picture", "drawing"]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One drawing and the one that it repeats.

    Attributes:
        name: of the drawing.
        label: its class, empty where none is known.
        kind: "bytes" (the files are equal), "picture" (their perceptual hashes are) or "drawing" (their embeddings
            are near).
        similarity: of the embeddings, in [-1, 1].
        of: the name of the other one.
        of_label: its class.
    """

    name: str
    label: str
    kind: Kind
    similarity: float
    of: str
    of_label: str

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON; a class that is not known is None."""
        labels = {"label": self.label or None, "of_label": self.of_label or None}
        return {**asdict(self), **labels, "similarity": round(self.similarity, 6)}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Drawings that repeat one another.

    Attributes:
        first: the name of the first of them.
        label: its class.
        others: the rest, each with the nearest of those before it.
    """

    first: str
    label: str
    others: tuple[Duplicate, ...]

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON; a class that is not known is None."""
        others = [each.to_dict() for each in self.others]
        return {"first": self.first, "label": self.label or None, "others": others}


def find_clusters(drawings: Drawings, threshold: float = NEAR_SIMILARITY, kind: Kind = "drawing") -> list[Cluster]:
    """Drawings connected by pairs that are duplicates, largest clusters first.

    Args:
        drawings: n of them. Time grows with n squared, memory with n.
        threshold: the similarity from which on two drawings are duplicates.
        kind: the loosest that counts: "bytes" alone, these and "picture", or all.

    Raises:
        ValueError: when the threshold is no number, or the kind none of these.
    """
    threshold = _checked(threshold, kind)
    components = np.arange(len(drawings))
    twins: dict[bytes, int] = {}
    firsts = np.array([twins.setdefault(digest, place) for place, digest in enumerate(drawings.digests)], np.int64)
    join(components, firsts, np.arange(len(drawings)))
    distinct = np.flatnonzero(firsts == np.arange(len(drawings)))
    if kind != "bytes":
        _join_near(components, drawings, distinct, threshold if kind == "drawing" else np.inf)
    order = np.argsort(components, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(components[order])) + 1)
    clusters = [_cluster(drawings, group, firsts) for group in groups if len(group) > 1]
    return sorted(clusters, key=lambda cluster: -len(cluster.others))


def _checked(threshold: float, kind: Kind) -> float:
    if math.isnan(threshold):
        raise ValueError(f"threshold must be a number, got {threshold}")
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, got {kind!r}")
    return float(threshold)


def find_matches(
    drawings: Drawings, gallery: Drawings, threshold: float = NEAR_SIMILARITY, kind: Kind = "drawing"
) -> list[Duplicate]:
    """Those of the drawings that the gallery has too, each with the one of the same bytes, or the nearest there.

    Args:
        drawings: in whose order the answers come.
        gallery: to be searched.
        threshold: as in `find_clusters`.
        kind: likewise.

    Raises:
        ValueError: likewise.
    """
    threshold = _checked(threshold, kind)
    same = {digest: place for place, digest in reversed(list(enumerate(gallery.digests)))}
    found = {row: same[digest] for row, digest in enumerate(drawings.digests) if digest in same}
    if kind != "bytes" and len(gallery):
        rows = np.array([row for row in range(len(drawings)) if row not in found], np.int64)
        found |= _nearest(drawings, rows, gallery, threshold if kind == "drawing" else np.inf)
    return [_duplicate(drawings, row, gallery, found[row]) for row in sorted(found)]


def _nearest(drawings: Drawings, rows: Int64Array, gallery: Drawings, threshold: float) -> dict[int, int]:
    """The place of the most similar duplicate of each of some drawings that has one."""
    found: dict[int, int] = {}
    step = max(1, _PAIRS_PER_BLOCK // len(gallery))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        similarities = drawings.vectors[block] @ gallery.vectors.T
        best = similarities.argmax(axis=1)
        near = similarities[np.arange(len(block)), best] >= threshold
        found |= dict(zip(block[near].tolist(), best[near].tolist(), strict=True))
        row, column = np.nonzero((similarities >= UNLIKE_SIMILARITY) & ~near[:, None])
        alike = _look_alike(drawings.hashes[block[row]], gallery.hashes[column])
        row, column = row[alike], column[alike]
        for place in np.lexsort((column, -similarities[row, column], row)).tolist():
            found.setdefault(int(block[row[place]]), int(column[place]))
    return found


def _join_near(components: Int64Array, drawings: Drawings, distinct: Int64Array, threshold: float) -> None:
    """Connects pairs of the same picture or drawing; what is connected already is not looked at again.

    So of a thousand copies of one picture not every pair is listed.
    """
    step = max(1, _PAIRS_PER_BLOCK // max(1, len(distinct)))
    for start in range(0, len(distinct), step):
        block, rest = distinct[start : start + step], distinct[start:]
        similarities = drawings.vectors[block] @ drawings.vectors[rest].T
        apart = components[block][:, None] != components[rest]
        row, column = np.nonzero((similarities >= min(threshold, UNLIKE_SIMILARITY)) & apart)
        first, second = block[row], rest[column]
        alike = _look_alike(drawings.hashes[first], drawings.hashes[second])
        near = (similarities[row, column] >= threshold) | alike
        join(components, first[near], second[near])


def _look_alike(hashes: Int64Array, others: Int64Array) -> npt.NDArray[np.bool_]:
    """(n,) whether each two of (n,) hashes are of the same picture."""
    return np.asarray(hamming_distance(hashes, others) <= SAME_BITS)


def _cluster(drawings: Drawings, group: Int64Array, firsts: Int64Array) -> Cluster:
    """One cluster; `firsts` holds for each drawing the first one of the same bytes."""
    nearest = firsts[group]
    places = np.flatnonzero(nearest[1:] == group[1:]) + 1
    step = max(1, _PAIRS_PER_BLOCK // len(group))
    for start in range(0, len(places), step):
        block = places[start : start + step]
        before = group[: block[-1]]
        similarities = drawings.vectors[group[block]] @ drawings.vectors[before].T
        similarities[np.arange(len(before)) >= block[:, None]] = -np.inf
        nearest[block] = before[similarities.argmax(axis=1)]
    others = [
        _duplicate(drawings, row, drawings, of)
        for row, of in zip(group[1:].tolist(), nearest[1:].tolist(), strict=True)
    ]
    first = int(group[0])
    return Cluster(drawings.names[first], drawings.labels[first], tuple(others))


def _duplicate(drawings: Drawings, row: int, gallery: Drawings, place: int) -> Duplicate:
    kind: Kind = "drawing"
    if drawings.digests[row] == gallery.digests[place]:
        kind, similarity = "bytes", 1.0  # whatever their vectors, which may not have been asked for
    else:
        similarity = cosine(drawings.vectors[row] @ gallery.vectors[place])
        if _look_alike(drawings.hashes[[row]], gallery.hashes[[place]])[0]:
            kind = "picture"
    return Duplicate(
        drawings.names[row],
        drawings.labels[row],
        kind,
        similarity,
        gallery.names[place],
        gallery.labels[place],
    )
