"""What an evaluation found, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Estimate
from logo_retrieval.open_set.fusion import OTHER_SHARE
from logo_retrieval.open_set.mixture import are_far_apart
from logo_retrieval.types import OTHER, Evidence

if TYPE_CHECKING:
    from pandas import DataFrame

FIGURES = {
    "macro_f2": "macro F2",
    "company_accuracy": "accuracy on companies",
    "other_recall": "recall of other",
    "top5_accuracy": "top-5 accuracy",
    "auroc": "AUROC, company or other",
    "fpr_at_95_tpr": "FPR at 95 % TPR, company or other",
    "ece": "calibration error (ECE, 15 bins)",
    "brier": "Brier score",
    "nll": "negative log-likelihood",
}
"""Every headline figure by name, as it is called for people. Of FPR and the last three, smaller is better."""

_NAMED = 5

_LEAST = 0.001
"""Advised as a share of `other`: closer to all or none, rounding would make it all or none, which no option takes."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        path: as the gallery gives it.
        label: its class in the gallery.
        expected: the right answer: the label, or `other` where the index does not know that class.
        predicted: the answer; None when unreadable.
        probability: of that answer.
        status: "ok" or "unreadable".
        reason: "code: text" when unreadable.
        nearest: the most similar drawing of the index.
        in_index: whether the index holds a file of the same bytes.
        file: where it is.
    """

    path: str
    label: str
    expected: str
    predicted: str | None
    probability: float | None
    status: str
    reason: str | None
    nearest: Evidence | None
    in_index: bool
    file: Path

    @property
    def is_mistake(self) -> bool:
        """Whether it was answered, and wrongly."""
        return self.predicted is not None and self.predicted != self.expected

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON, without the place where it lies."""
        nearest = None if self.nearest is None else self.nearest.to_dict()
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "file"}
        return {**values, "nearest": nearest}


@dataclass(frozen=True, slots=True)
class ClassResult:
    """One class that was asked for or answered.

    Attributes:
        name: of the class.
        support: files of which it is the right answer.
        predicted: files of which it was the answer.
        precision: None when it never was the answer.
        recall: None without support.
        f2: 0 without a right answer.
    """

    name: str
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f2: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often readable files of one class were taken for another."""

    expected: str
    predicted: str
    count: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The files answered with a probability above `low` and up to `high`; no means where there are none."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """Which index answered; its name is "starter" or its path."""

    name: str
    path: str
    classes: int
    model: str
    model_digest: str
    precision: str
    created: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well an index answers for a gallery.

    Attributes:
        index: which one.
        files: one a record, in the gallery's order.
        figures: by the names of `FIGURES`; None where the gallery cannot tell.
        classes: those asked for or answered, by name, `other` last; macro F2 is the mean `f2` of those with support.
        confusions: the commonest first.
        reliability: by rising probability.
        remarks: of the gallery.
        other_share: of unknown logos, that the probabilities are for.
        seed: of the resamples behind the intervals.
        resamples: how many.
    """

    index: IndexFacts
    files: tuple[FileResult, ...]
    figures: Mapping[str, Estimate | None]
    classes: tuple[ClassResult, ...]
    confusions: tuple[Confusion, ...]
    reliability: tuple[ReliabilityBin, ...]
    remarks: tuple[str, ...]
    other_share: float = OTHER_SHARE
    seed: int = SEED
    resamples: int = RESAMPLES

    @property
    def unreadable(self) -> tuple[FileResult, ...]:
        """Files without an answer."""
        return tuple(file for file in self.files if file.predicted is None)

    @property
    def mistakes(self) -> tuple[FileResult, ...]:
        """Files answered wrongly, the surest answers first."""
        wrong = (file for file in self.files if file.is_mistake)
        return tuple(sorted(wrong, key=lambda file: -(file.probability or 0.0)))

    @property
    def unknown_classes(self) -> dict[str, int]:
        """Classes of the gallery that the index does not know, with the number of their files."""
        return dict(sorted(Counter(file.label for file in self.files if file.label != file.expected == OTHER).items()))

    @property
    def leaked(self) -> int:
        """How many files the index holds byte for byte."""
        return sum(file.in_index for file in self.files)

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures must know, one sentence each."""
        return list(_notes(self))

    def to_frame(self) -> DataFrame:
        """One row a file, see `frames.evaluation_frame`.

        Raises:
            BackendError: when pandas is not installed.
        """
        from logo_retrieval.frames import evaluation_frame

        return evaluation_frame(self)

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON, files without the place where they lie."""
        return {
            "index": asdict(self.index),
            "counts": {
                "files": len(self.files),
                "unreadable": len(self.unreadable),
                "mistakes": len(self.mistakes),
                "classes": sum(result.support > 0 for result in self.classes),
                "in_index": self.leaked,
            },
            "unknown_classes": self.unknown_classes,
            "notes": self.notes,
            "remarks": list(self.remarks),
            "other_share": self.other_share,
            "figures": {name: None if figure is None else asdict(figure) for name, figure in self.figures.items()},
            "seed": self.seed,
            "resamples": self.resamples,
            "classes": [asdict(result) for result in self.classes],
            "confusions": [asdict(pair) for pair in self.confusions],
            "reliability": [asdict(part) for part in self.reliability],
            "files": [file.to_dict() for file in self.files],
        }


def _notes(evaluation: Evaluation) -> Iterator[str]:
    total, unreadable, unknown = len(evaluation.files), len(evaluation.unreadable), evaluation.unknown_classes
    if evaluation.leaked:
        yield (
            f"{evaluation.leaked} of {total} files are in the index byte for byte: figures on them say nothing about "
            "drawings that it does not hold"
        )
    if unreadable:
        yield (
            f"{unreadable} of {total} files could not be read: they count as wrong, not as {OTHER!r}, in macro F2, "
            "accuracy, recall, top-5 accuracy and the classes; the other figures leave them out"
        )
    if unknown:
        named = ", ".join(f"'{name}'" for name in list(unknown)[:_NAMED]) + (
            " and more" if len(unknown) > _NAMED else ""
        )
        yield (
            f"{sum(unknown.values())} files are of {len(unknown)} classes that the index does not know; "
            f"the right answer is then {OTHER!r}: {named}"
        )
    others = next((result.support for result in evaluation.classes if result.name == OTHER), 0)
    share = min(max(others / total, _LEAST), 1 - _LEAST)
    if others == 0:
        yield f"no file is {OTHER!r}: nothing is said about telling companies from {OTHER!r}"
    elif others == total:
        yield f"every file is {OTHER!r}: nothing is said about companies"
    elif are_far_apart(share, evaluation.other_share):
        yield (
            f"{100 * share:.3g}% of the files are {OTHER!r}, the probabilities are for "
            f"{100 * evaluation.other_share:.3g}%: how good they are for such a mix, --other-share {share:.3g} shows"
        )
