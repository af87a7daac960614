"""Labelled files through a classifier: how well it answers, class by class and file by file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from logo_retrieval.errors import IndexStoreError, UnreadableImage
from logo_retrieval.evaluation import metrics
from logo_retrieval.evaluation.measure import UNANSWERED, Answers, estimate, measure
from logo_retrieval.evaluation.result import (
    FIGURES,
    ClassResult,
    Confusion,
    Evaluation,
    FileResult,
    IndexFacts,
    ReliabilityBin,
)
from logo_retrieval.gallery.records import Gallery, GalleryData, read_gallery
from logo_retrieval.images.source import read_source
from logo_retrieval.models.resolve import STARTER, starter_index
from logo_retrieval.open_set.fusion import OTHER_SHARE
from logo_retrieval.types import OTHER, BoolArray, Float64Array, Int64Array

if TYPE_CHECKING:
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.gallery.reader import Progress

_TOP = 5


def evaluate(
    classifier: LogoClassifier,
    gallery: GalleryData,
    *,
    other_share: float = OTHER_SHARE,
    progress: Progress | None = None,
) -> Evaluation:
    """Classifies every file of a gallery and measures the answers.

    A class that the index writes in other letters, `tumblr` for `Tumblr`, is the same, and a remark says so. One that
    the index does not know should be answered `other`, and is measured so. A file that cannot be read has no answer,
    not even `other`: see `measure`.

    Args:
        classifier: of an open index.
        gallery: the files with their classes: a folder of classes, a table, a pandas DataFrame with the columns path
            and label, or what `read_gallery` made of one.
        other_share: of unknown logos, that probabilities shall be for, see `LogoClassifier.classify`.
        progress: called after each file.

    Raises:
        GalleryError: when the gallery cannot be read.
        IndexStoreError: when the index turns out to be damaged, or its classes are changed meanwhile.
        ValueError: when the share is out of range.
    """
    gallery = read_gallery(gallery)
    names, other = list(classifier.classes), classifier.classes.index(OTHER)
    position = {name: place for place, name in enumerate(names)}
    records = gallery.records
    meant = _other_spellings({record.label for record in records}, names)
    true = np.array([position.get(meant.get(record.label, record.label), other) for record in records], np.int64)
    predicted = np.full(len(records), UNANSWERED, np.int64)
    probabilities = np.zeros((len(records), len(names)))
    in_top = np.zeros(len(records), np.bool_)
    digests: list[bytes] = []
    decisions = []
    stream = classifier.classify_stream(_contents(gallery, digests), top=len(names), other_share=other_share)
    for row, decision in enumerate(stream):
        if decision.label is not None:
            if {scored.label for scored in decision.top} != position.keys():
                raise IndexStoreError(
                    f"the classes of the index '{classifier.store.folder}' changed meanwhile: evaluate again"
                )
            predicted[row] = position[decision.label]
            for scored in decision.top:
                probabilities[row, position[scored.label]] = scored.probability
            in_top[row] = names[true[row]] in (scored.label for scored in decision.top[:_TOP])
        decisions.append((decision.status, decision.probability, decision.reason, decision.neighbours[:1]))
        if progress is not None:
            progress(row + 1, len(records))

    in_index = classifier.store.held(set(digests))
    files = tuple(
        FileResult(
            path=record.given,
            label=record.label,
            expected=names[expected],
            predicted=None if answer == UNANSWERED else names[answer],
            probability=probability,
            status=status,
            reason=reason,
            nearest=nearest[0] if nearest else None,
            in_index=digest in in_index,
            file=record.path,
        )
        for record, expected, answer, (status, probability, reason, nearest), digest in zip(
            records, true, predicted, decisions, digests, strict=True
        )
    )
    everything = np.arange(len(records))
    figures = {
        **measure(Answers(predicted, 1 - probabilities[:, other], probabilities), true, other),
        "top5_accuracy": estimate(lambda i: float(in_top[i].mean()), everything, true != other, share_of=everything),
    }
    answered = predicted != UNANSWERED
    return Evaluation(
        index=_facts(classifier),
        files=files,
        figures={name: figures.get(name) for name in FIGURES},
        classes=_class_results(true, predicted, names),
        confusions=tuple(
            Confusion(names[expected], names[answer], count)
            for expected, answer, count in metrics.confusion_pairs(true[answered], predicted[answered])
        ),
        reliability=_reliability(probabilities[everything, predicted][answered], (predicted == true)[answered]),
        remarks=(*gallery.remarks, *(f"the class '{given}' is taken for '{name}'" for given, name in meant.items())),
        other_share=other_share,
    )


def _other_spellings(given: Iterable[str], names: Sequence[str]) -> dict[str, str]:
    """Of classes that are not among some names, those that differ from exactly one in case alone: that one."""
    by_letters: dict[str, list[str]] = {}
    for name in names:
        by_letters.setdefault(name.casefold(), []).append(name)
    unknown = sorted(set(given) - set(names))
    alike = ((name, by_letters.get(name.casefold(), [])) for name in unknown)
    return {name: spellings[0] for name, spellings in alike if len(spellings) == 1}


def _contents(gallery: Gallery, digests: list[bytes]) -> Iterator[bytes | Path]:
    """Each file read once, its SHA-256 noted; one that cannot be read goes on as a path, to be answered as such."""
    for record in gallery.records:
        try:
            data = read_source(record.drawing)
        except UnreadableImage:
            digests.append(b"")
            yield record.drawing
        else:
            digests.append(hashlib.sha256(data).digest())
            yield data


def _facts(classifier: LogoClassifier) -> IndexFacts:
    store = classifier.store
    return IndexFacts(
        name=STARTER if store.folder == starter_index() else str(store.folder),
        path=str(store.folder),
        classes=len(classifier.classes),
        model=store.manifest.model,
        model_digest=store.manifest.model_digest,
        precision=store.manifest.precision,
        created=store.manifest.created,
        versions=dict(store.manifest.versions),
    )


def _class_results(true: Int64Array, predicted: Int64Array, names: Sequence[str]) -> tuple[ClassResult, ...]:
    classes = np.union1d(true, predicted[predicted != UNANSWERED])
    hits, support, claimed = metrics.class_counts(true, predicted, classes)
    results = [
        ClassResult(
            name=names[place],
            support=int(n_true),
            predicted=int(n_claimed),
            precision=float(n_hits / n_claimed) if n_claimed else None,
            recall=float(n_hits / n_true) if n_true else None,
            f2=float(score),
        )
        for place, n_hits, n_true, n_claimed, score in zip(
            classes, hits, support, claimed, metrics.f_beta(hits, support, claimed), strict=True
        )
    ]
    return tuple(sorted(results, key=lambda result: (result.name == OTHER, result.name)))


def _reliability(confidences: Float64Array, correct: BoolArray) -> tuple[ReliabilityBin, ...]:
    if not len(confidences):
        return ()
    counts, means, accuracies = metrics.reliability(confidences, correct)
    edges = np.linspace(0, 1, len(counts) + 1)
    return tuple(
        ReliabilityBin(float(low), float(high), int(n), float(mean) if n else None, float(accuracy) if n else None)
        for low, high, n, mean, accuracy in zip(edges[:-1], edges[1:], counts, means, accuracies, strict=True)
    )
