"""An evaluation as one HTML page: the figures, the classes, the confusions, and the mistakes as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from logo_retrieval.evaluation.result import FIGURES, Evaluation, FileResult
from logo_retrieval.images.fingerprint import thumbnail
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.reports.html import Bar, Number, page, picture, reliability_diagram, scale, table, text
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import LogoImage

MOST_PICTURES = 300
"""Mistakes shown; a page of some thousand pictures is neither opened nor read."""

_MOST_ROWS = 300
_UNBOUNDED = ("brier", "nll")


def write_report(evaluation: Evaluation, file: Path) -> None:
    """Writes the page. The index is read again, and so are the files of the mistakes that are shown.

    Raises:
        IndexStoreError: when the index is gone.
        OSError: when the page cannot be written.
    """
    shown = evaluation.mistakes[:MOST_PICTURES]
    with IndexStore(Path(evaluation.index.path)) as store:
        preparation = Preparation.from_dict(store.manifest.preparation)
        nearest = store.thumbnails({mistake.nearest.item for mistake in shown if mistake.nearest})
    with DecoderPool(preparation) as pool:
        images = pool.decode([mistake.file for mistake in shown], all_views=False)
        drawn = [thumbnail(image.views[0]) if isinstance(image, LogoImage) else None for image in images]
    body = [
        *_head(evaluation),
        *_notes(evaluation),
        *_figures(evaluation),
        *_reliability(evaluation),
        *_classes(evaluation),
        *_confusions(evaluation),
        *_mistakes(evaluation, list(zip(shown, drawn, strict=True)), nearest),
        *_unreadable(evaluation),
    ]
    file.write_text(page(f"Evaluation of {evaluation.index.name}", body), encoding="utf-8")


def _head(evaluation: Evaluation) -> Iterator[str]:
    index = evaluation.index
    yield f"<h1>How well {text(index.name)} answers</h1>"
    yield (
        f"<p>{len(evaluation.files)} files of {sum(each.support > 0 for each in evaluation.classes)} classes, "
        f"{len(evaluation.mistakes)} answered wrongly, {len(evaluation.unreadable)} unreadable.</p>"
    )
    yield (
        f'<p class="soft">Index of {index.classes} classes, made {text(index.created)} by model {text(index.model)} '
        f"(digest {text(index.model_digest[:16])}, {text(index.precision)}).</p>"
    )


def _notes(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.notes:
        yield '<ul class="notes">' + "".join(f"<li>{text(note)}</li>" for note in evaluation.notes) + "</ul>"


def _figures(evaluation: Evaluation) -> Iterator[str]:
    yield "<h2>Figures</h2>"
    yield f'<p class="soft">With 95 % bootstrap intervals from {evaluation.resamples} resamples of the files.</p>'
    yield table(
        ["figure", "value", "from", "to", ""],
        [
            [
                text(FIGURES[name]),
                *(Number(each) for each in (figure.value, figure.low, figure.high)),
                "" if name in _UNBOUNDED else scale(figure.value, figure.low, figure.high),
            ]
            for name, figure in evaluation.figures.items()
            if figure is not None
        ],
    )


def _reliability(evaluation: Evaluation) -> Iterator[str]:
    bars = [
        Bar(each.low, each.high, each.count, each.confidence, each.accuracy)
        for each in evaluation.reliability
        if each.confidence is not None and each.accuracy is not None
    ]
    if bars:
        yield "<h2>Are the probabilities true?</h2>"
        yield (
            '<p class="soft">Of the answers given with a certain probability, the share that is right: on the '
            "diagonal where a probability means what it says, below it where it promises too much. The small bars tell "
            "how many answers that are.</p>"
        )
        yield reliability_diagram(bars, sum(bar.count for bar in bars))


def _classes(evaluation: Evaluation) -> Iterator[str]:
    yield "<h2>Classes</h2>"
    yield (
        '<p class="soft">Files: of which it is the right answer. Answered: of which it was the answer. Worst first; '
        "a click on a column sorts.</p>"
    )
    worst = sorted(evaluation.classes, key=lambda each: (each.support == 0, each.f2, -each.support, each.name))
    yield table(
        ["class", "files", "answered", "precision", "recall", "F2", ""],
        [
            [
                text(each.name),
                Number(each.support, 0),
                Number(each.predicted, 0),
                Number(each.precision),
                Number(each.recall),
                Number(each.f2 if each.support else None),
                scale(each.f2),
            ]
            for each in worst
        ],
    )


def _confusions(evaluation: Evaluation) -> Iterator[str]:
    pairs = evaluation.confusions
    if pairs:
        yield "<h2>Confusions</h2>"
        yield _left_out(len(pairs), _MOST_ROWS, "pairs, the commonest first")
        yield table(
            ["right answer", "answered", "files"],
            [[text(each.expected), text(each.predicted), Number(each.count, 0)] for each in pairs[:_MOST_ROWS]],
        )


def _mistakes(
    evaluation: Evaluation, shown: Sequence[tuple[FileResult, bytes | None]], nearest: Mapping[str, bytes]
) -> Iterator[str]:
    if shown:
        yield "<h2>Mistakes</h2>"
        yield _left_out(len(evaluation.mistakes), MOST_PICTURES, "mistakes, the surest first")
        yield '<p class="soft">Left the file as the model sees it, right the nearest drawing of the index.</p>'
        yield '<div class="mistakes">'
        yield from (_card(mistake, drawn, nearest) for mistake, drawn in shown)
        yield "</div>"


def _card(mistake: FileResult, drawn: bytes | None, nearest: Mapping[str, bytes]) -> str:
    evidence = mistake.nearest
    label = text(mistake.label)
    if mistake.label != mistake.expected:
        label += f"</b>, unknown to the index: <b>{text(mistake.expected)}"
    parts = [
        f"is <b>{label}</b>",
        f"answered <b>{text(str(mistake.predicted))}</b> {mistake.probability or 0.0:.3f}",
        text(mistake.path) + (" (in the index byte for byte)" if mistake.in_index else ""),
    ]
    if evidence is not None:
        parts.append(f"nearest {evidence.similarity:.2f} {text(evidence.item)} of {text(evidence.label)}")
    return (
        f"<figure>{picture(drawn)}{picture(nearest.get(evidence.item) if evidence else None)}"
        f"<figcaption>{'<br>'.join(parts)}</figcaption></figure>"
    )


def _unreadable(evaluation: Evaluation) -> Iterator[str]:
    files = evaluation.unreadable
    if files:
        yield "<h2>Unreadable files</h2>"
        yield _left_out(len(files), _MOST_ROWS, "files")
        yield table(
            ["file", "class", "reason"],
            [[text(file.path), text(file.label), text(file.reason or "")] for file in files[:_MOST_ROWS]],
        )


def _left_out(total: int, most: int, what: str) -> str:
    shown = f"{total} {what}." if total <= most else f"{most} of {total} {what}; {total - most} are left out here."
    return f'<p class="soft">{shown}</p>'
