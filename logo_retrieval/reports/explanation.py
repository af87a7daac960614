"""Answers with their evidence as one HTML page: each picture as it was seen, the nearest drawings, what decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Literal

from logo_retrieval.images.fingerprint import thumbnail
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.open_set.fusion import OF_COLOURS, OF_SHAPE, OF_TEXT
from logo_retrieval.reports.page import render
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import OTHER, Decision, LogoImage, ScoredLabel

_NEIGHBOURS = 5
_LABELS = 3
_LEAST_SHOWN = 0.05
_SIDE_PX = 144

_Kind = Literal["unreadable", "named", "other"]

_KINDS_OF_EVIDENCE = {"text": OF_TEXT, "colours": OF_COLOURS, "shape": OF_SHAPE}

Answered = Sequence[tuple[str, Decision]]
"""Path and decision of each input."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An input on the page.

    Attributes:
        path: of it.
        decision: about it.
        whole: the picture as it was seen; None where it cannot be read, or not any more.
        part: the part of it that came nearest to the index, None where that was the whole.
    """

    path: str
    decision: Decision
    whole: bytes | None
    part: bytes | None

    @property
    def kind(self) -> _Kind:
        return _kind(self.decision)

    @property
    def company(self) -> ScoredLabel | None:
        """The likeliest company."""
        return next((scored for scored in self.decision.top if scored.label != OTHER), None)

    @property
    def odds_missing(self) -> float:
        """By what the odds of the likeliest company would have to be multiplied for it to be named."""
        return exp(self.decision.missed_by or 0.0)

    @property
    def read(self) -> list[str]:
        """What was read."""
        return [line.text for line in self.decision.text or () if line.text]

    @property
    def added(self) -> dict[str, float]:
        """What text, colours and shape add to the log-odds of the likeliest company; 0 where it is hardly anything."""
        said = {} if self.company is None else self.company.contributions
        sums = {kind: sum(said.get(name, 0.0) for name in names) for kind, names in _KINDS_OF_EVIDENCE.items()}
        return {kind: added if abs(added) >= _LEAST_SHOWN else 0.0 for kind, added in sums.items()}

    @property
    def scored(self) -> list[tuple[ScoredLabel, list[tuple[str, float]]]]:
        """The likeliest labels, and what each part of the evidence adds to their log-odds."""
        return [(scored, _contributions(scored)) for scored in self.decision.top[:_LABELS]]


def write_explanation(answered: Answered, n_inputs: int, store: IndexStore, name: str, file: Path) -> None:
    """Writes the page. The files that are shown are decoded once more.

    Args:
        answered: the inputs to show, in their order; all that are unreadable are among them, and come first.
        n_inputs: how many there were.
        store: the index that was asked.
        name: of the index.
        file: to be written.

    Raises:
        OSError: when the page cannot be written.
    """
    entries = list(_entries(answered, Preparation.from_dict(store.manifest.preparation)))
    kinds: dict[_Kind, int] = dict.fromkeys(("unreadable", "named", "other"), 0)
    answers: dict[str, list[float]] = {}
    for entry in entries:
        kinds[entry.kind] += 1
        if entry.decision.label is not None and entry.decision.probability is not None:
            answers.setdefault(entry.decision.label, []).append(entry.decision.probability)
    page = render(
        "explanation.html.j2",
        index=name,
        n_inputs=n_inputs,
        kinds=kinds,
        answers=dict(sorted(answers.items(), key=lambda answer: -len(answer[1]))),
        entries=entries,
        known=store.thumbnails({item.item for entry in entries for item in entry.decision.neighbours[:_NEIGHBOURS]}),
        most_neighbours=_NEIGHBOURS,
    )
    file.write_text(page, encoding="utf-8")


def _entries(answered: Answered, preparation: Preparation) -> Iterator[_Entry]:
    """Those that are unreadable first."""
    readable = [(path, decision) for path, decision in answered if _kind(decision) != "unreadable"]
    yield from (_Entry(path, decision, None, None) for path, decision in answered if _kind(decision) == "unreadable")
    with DecoderPool(preparation) as pool:
        images = pool.decode((Path(path) for path, _ in readable), all_views=True)
        for (path, decision), image in zip(readable, images, strict=True):
            views = image.views if isinstance(image, LogoImage) else ()
            nearest = decision.neighbours[0].view if decision.neighbours else 0
            whole, part = (thumbnail(views[view], _SIDE_PX) if view < len(views) else None for view in (0, nearest))
            yield _Entry(path, decision, whole, part if nearest else None)


def _kind(decision: Decision) -> _Kind:
    if decision.status != "ok":
        return "unreadable"
    return "other" if decision.label == OTHER else "named"


def _contributions(scored: ScoredLabel) -> list[tuple[str, float]]:
    """What each part of the evidence adds to the log-odds, largest first; parts that add nothing are left out."""
    parts = sorted(scored.contributions.items(), key=lambda part: -abs(part[1]))
    return [(name.replace("_", " "), value) for name, value in parts if abs(value) >= _LEAST_SHOWN]
