"""An evaluation as one HTML page: the figures, the classes, the confusions, and the mistakes as pictures."""

from __future__ import annotations

from pathlib import Path

from logo_retrieval.evaluation.result import FIGURES, Evaluation
from logo_retrieval.images.fingerprint import thumbnail
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.reports.page import render
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import LogoImage

MOST_PICTURES = 300
"""Mistakes shown; a page of some thousand pictures is neither opened nor read."""

_MOST_ROWS = 300


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
    page = render(
        "evaluation.html.j2",
        evaluation=evaluation,
        figure_names=FIGURES,
        worst_first=sorted(
            evaluation.classes, key=lambda result: (result.support == 0, result.f2, -result.support, result.name)
        ),
        mistakes=list(zip(shown, drawn, strict=True)),
        nearest=nearest,
        most_rows=_MOST_ROWS,
    )
    file.write_text(page, encoding="utf-8")
