"""The values that travel along the line: bytes, image, embedding, neighbours, decision.

Letters in shapes: n queries, v views of one image, s side in pixels, d embedding width, k neighbours, c classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from logo_retrieval.images.preparation import LINE_PX

BoolArray = npt.NDArray[np.bool_]
Float16Array = npt.NDArray[np.float16]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
UInt8Array = npt.NDArray[np.uint8]
Int8Array = npt.NDArray[np.int8]

Place = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of a picture."""

OTHER = "other"
"""The reserved class: a drawing of no company that the index knows."""

_DIGITS = 6
"""Of numbers in JSON, behind the point."""

HUES = 16
"""Parts of the circle of hues."""

SHAPE_PX = 16
"""Side of the small picture that tells a shape."""

TRAITS = HUES + SHAPE_PX**2
"""Bytes by `images.traits.traits_of`."""

MISSING_ID = -1
"""Fills the places of a neighbour list that no item took."""


@dataclass(frozen=True, slots=True)
class LogoImage:
    """A decoded picture, ready to embed.

    Attributes:
        views: (v, s, s, 3) uint8 RGB; view 0 is the whole drawing; further ones are the symbol of a lockup and
            what stands on a sign.
        format: what the bytes were, such as "svg" or "png", whatever the file was called.
        width: of the picture as stored, in pixels (SVG: in user units, rounded).
        height: likewise.
        lines: what may be writing, each (48, w, 3) uint8 RGB; none where nobody asked for them.
        line_places: where each of them lies.
    """

    views: UInt8Array
    format: str
    width: int
    height: int
    lines: tuple[UInt8Array, ...] = ()
    line_places: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        shape = self.views.shape
        if self.views.dtype != np.uint8 or len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3 or shape[0] < 1:
            raise ValueError(f"views must be uint8 of shape (v, s, s, 3), got {self.views.dtype} of shape {shape}")

    @classmethod
    def of_pixels(
        cls, pixels: bytes, side: int, lines: Sequence[tuple[int, Place]], format: str, width: int, height: int
    ) -> Self:
        """From the RGB bytes of all views, `side` px square, and then of all lines, given their widths and places."""
        ends = list(accumulate((LINE_PX * line_width * 3 for line_width, _ in lines), initial=0))
        everything = np.frombuffer(pixels, dtype=np.uint8)
        views, written = np.split(everything, [len(everything) - ends[-1]])
        drawn = tuple(part.reshape(LINE_PX, -1, 3) for part in np.split(written, ends[1:-1]) if len(part))
        places = tuple((left, top, right, bottom) for _, (left, top, right, bottom) in lines)
        return cls(views.reshape(-1, side, side, 3), format, width, height, drawn, places)


@dataclass(frozen=True, slots=True)
class TextLine:
    """What was read on a line.

    Attributes:
        text: without spaces at its ends; empty where there is no writing.
        confidence: in [0, 1], the reader's own.
        place: in the picture; None where only the line is known.
    """

    text: str
    confidence: float
    place: Place | None = None

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON."""
        place = None if self.place is None else [round(edge, _DIGITS) for edge in self.place]
        return {"text": self.text, "confidence": round(self.confidence, _DIGITS), "place": place}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The k nearest gallery items of each of n queries, nearest first.

    Attributes:
        ids: (n, k) int64 item ids, `MISSING_ID` where the gallery holds fewer than k items.
        similarities: (n, k) float32 inner product of unit vectors, in [-1, 1], larger is closer; -inf where missing.
        views: (n, k) int64 the view of the query that came nearest to each; None where each query is a single view.
    """

    ids: Int64Array
    similarities: Float32Array
    views: Int64Array | None = None

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.ids.shape != self.similarities.shape:
            raise ValueError(
                f"ids and similarities must share one shape (n, k), got {self.ids.shape} and {self.similarities.shape}"
            )

    def __len__(self) -> int:
        return int(self.ids.shape[0])

    def first(self, k: int) -> Neighbours:
        """The k nearest of them."""
        return Neighbours(self.ids[:, :k], self.similarities[:, :k], None if self.views is None else self.views[:, :k])


@dataclass(frozen=True, slots=True)
class ScoredLabel:
    """A class, or `OTHER`, and what speaks for it.

    Attributes:
        label: the class.
        probability: in [0, 1].
        nearest: similarity of its nearest drawing; of a class with none among the neighbours that were looked at, that
            of the last of them, than which it cannot be larger.
        head: cosine of its nearest target in the head, None when the model has no head.
        contributions: what each part of the evidence adds to its log-odds, by name; empty for `OTHER`.
    """

    label: str
    probability: float
    nearest: float
    head: float | None
    contributions: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Label and probability as plain values for JSON, without what speaks for them."""
        return {"label": self.label, "probability": cut(self.probability)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A gallery drawing that resembles the query.

    Attributes:
        item: its id in the index, also what `unenroll --item` takes.
        label: its class.
        similarity: in [-1, 1], larger is closer.
        view: of the query that resembles it, in `LogoImage.views`: 0 is the whole drawing, others are parts of it.
    """

    item: str
    label: str
    similarity: float
    view: int = 0

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON, without the view."""
        return {"item": self.item, "label": self.label, "similarity": round(self.similarity, _DIGITS)}


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one input; an unreadable input is an answer too.

    Attributes:
        status: "ok", or "unreadable" (then label and probability are None and reason says why).
        label: a class of the index, where its evidence is such as at most the stated share of unknown logos has, or it
            is the likeliest and nothing vouches for a share; else `OTHER`.
        probability: of that label, in [0, 1].
        top: the likeliest labels, likeliest first; probabilities sum to at most 1.
        neighbours: the nearest drawings, nearest first.
        missed_by: by how much the log-odds of the likeliest company fall short of what it takes to be named; None where
            they do not.
        text: the lines that were read in the picture; None where nobody looked, since shape settled the answer.
        log_odds: that it shows any known company, where unknown logos are as many as known ones; None when unreadable.
        reason: "code: text" when unreadable.
    """

    status: Literal["ok", "unreadable"]
    label: str | None = None
    probability: float | None = None
    top: tuple[ScoredLabel, ...] = ()
    neighbours: tuple[Evidence, ...] = ()
    missed_by: float | None = None
    text: tuple[TextLine, ...] | None = None
    log_odds: float | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON: what `classify --format jsonl` says of an input, but where it is and who answered.

        >>> Decision("unreadable", reason="empty: nothing is drawn").to_dict()["reason"]
        'empty: nothing is drawn'
        """
        return {
            "status": self.status,
            "label": self.label,
            "probability": None if self.probability is None else cut(self.probability),
            "top": [each.to_dict() for each in self.top],
            "neighbours": [each.to_dict() for each in self.neighbours],
            "reason": self.reason,
            "text": None if self.text is None else [line.to_dict() for line in self.text],
        }


def cosine(product: float) -> float:
    """What two vectors of unit length, each rounded, multiply to, as a cosine.

    >>> cosine(np.float32(1.0000001))
    1.0
    """
    return min(max(float(product), -1.0), 1.0)


def cut(probability: float, digits: int = _DIGITS) -> float:
    """Cut, not rounded: probabilities still sum to at most 1, and nothing is certain that was not."""
    scale = 10.0**digits
    return math.floor(probability * scale) / scale
