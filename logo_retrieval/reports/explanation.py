"""Answers with their evidence as one HTML page: each picture as it was seen, the nearest drawings, what decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp
from pathlib import Path

from logo_retrieval.images.fingerprint import thumbnail
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.reports.html import Number, page, picture, scale, table, text
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import OTHER, Decision, LogoImage, ScoredLabel

_NEIGHBOURS = 5
_LABELS = 3
_LEAST_SHOWN = 0.05

Answered = Sequence[tuple[str, Decision]]
"""Path and decision of each input."""


def write_explanation(answered: Answered, n_inputs: int, store: IndexStore, name: str, file: Path) -> None:
    """Writes the page. The files that are shown are decoded once more.

    Args:
        answered: the inputs to show, in their order; all that are unreadable are among them.
        n_inputs: how many there were.
        store: the index that was asked.
        name: of the index.
        file: to be written.

    Raises:
        OSError: when the page cannot be written.
    """
    items = {each.item for _, decision in answered for each in decision.neighbours[:_NEIGHBOURS]}
    known = store.thumbnails(items)
    readable = [path for path, decision in answered if decision.status == "ok"]
    preparation = Preparation.from_dict(store.manifest.preparation)
    with DecoderPool(preparation) as pool:
        images = pool.decode(map(Path, readable), all_views=False)
        drawn = [thumbnail(image.views[0]) if isinstance(image, LogoImage) else None for image in images]
    pictures = dict(zip(readable, drawn, strict=True))
    body = [*_head(answered, n_inputs, name), *_overview(answered), *_answers(answered, pictures, known)]
    file.write_text(page(f"Answers of {name}", body), encoding="utf-8")


def _head(answered: Answered, n_inputs: int, name: str) -> Iterator[str]:
    unreadable = sum(decision.status != "ok" for _, decision in answered)
    yield f"<h1>What {text(name)} answers</h1>"
    readable = len(answered) - unreadable
    left_out = f" Of the others {readable} are shown." if len(answered) < n_inputs else ""
    yield f"<p>{n_inputs} inputs, {unreadable} unreadable.{left_out}</p>"
    yield (
        '<p class="soft">A picture is shown as it was seen: on its ground, without its margins. Under the answer stand '
        "the likeliest classes: their probability, the similarity of their nearest drawing and the cosine of the "
        "trained head, and what each part of the evidence adds to the log-odds against an unknown logo.</p>"
    )


def _overview(answered: Answered) -> Iterator[str]:
    """How many inputs got each answer."""
    counts: dict[str, list[float]] = {}
    for _, decision in answered:
        if decision.label is not None and decision.probability is not None:
            counts.setdefault(decision.label, []).append(decision.probability)
    if len(counts) > 1:
        yield "<h2>Answers</h2>"
        yield table(
            ["class", "inputs", "least probability"],
            [
                [text(label), Number(len(own), 0), Number(min(own))]
                for label, own in sorted(counts.items(), key=lambda entry: -len(entry[1]))
            ],
        )


def _answers(answered: Answered, pictures: Mapping[str, bytes | None], known: Mapping[str, bytes]) -> Iterator[str]:
    yield "<h2>Inputs</h2>"
    rows: list[list[str | Number]] = []
    for path, decision in answered:
        nearest = "".join(
            f"<figure>{picture(known.get(each.item))}<figcaption><b>{text(each.label)}</b> {each.similarity:.2f}<br>"
            f"{text(each.item)}</figcaption></figure>"
            for each in decision.neighbours[:_NEIGHBOURS]
        )
        rows.append(
            [
                f"{picture(pictures.get(path))}<br><small>{text(path)}</small>",
                _verdict(decision),
                Number(decision.probability),
                f'<div class="nearest">{nearest}</div>',
            ]
        )
    yield f'<div class="whole">{table(["input", "answer", "probability", "nearest drawings"], rows)}</div>'


def _verdict(decision: Decision) -> str:
    """The answer, and what speaks for it and against it."""
    if decision.status != "ok" or decision.label is None:
        return f"<b>unreadable</b><br><small>{text(decision.reason or '')}</small>"
    lines = [f"<b>{text(decision.label)}</b>"]
    company = next((each for each in decision.top if each.label != OTHER), None)
    if decision.missed_by is not None and company is not None:
        lines.append(
            f"<small>nearest company {text(company.label)}: its odds would have to be "
            f"{exp(decision.missed_by):,.1f} times as high for it to be named</small>"
        )
    read = [line.text for line in decision.text or () if line.text]
    if read:
        lines.append(f"<small>read: {', '.join(map(text, read))}</small>")
    for each in decision.top[:_LABELS]:
        head = "" if each.head is None else f", head {each.head:.2f}"
        lines.append(
            f"<small>{text(each.label)} {each.probability:.3f}: nearest {each.nearest:.2f}{head}</small>"
            f"{scale(each.probability)}{_contributions(each)}"
        )
    return "".join(f"<div>{line}</div>" for line in lines)


def _contributions(scored: ScoredLabel) -> str:
    """What each part of the evidence adds to the log-odds, largest first; parts that add nothing are left out."""
    parts = sorted(scored.contributions.items(), key=lambda part: -abs(part[1]))
    said = ", ".join(f"{name.replace('_', ' ')} {value:+.1f}" for name, value in parts if abs(value) >= _LEAST_SHOWN)
    return f'<small class="soft">{said}</small>' if said else ""
