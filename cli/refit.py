"""`logo-retrieval refit`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import index_to_write, new_index_option
from .output import shown


@click.command()
@new_index_option
def refit(index: Path | None) -> None:
    """Fit the trained head to the companies that were enrolled.

    Learns from the embeddings in the index, in seconds. Until then a company that training has never met stands
    in the head with a row made of the mean of its drawings; it does again after drawings were added to it, or one was
    removed that had been there. What is gained is little: more drawings of a company help more.

    \b
    Example:
      logo-retrieval refit --index indexes/mine
    """
    from logo_retrieval.generation import read_head
    from logo_retrieval.models import model_of
    from logo_retrieval.refit import refit as fit
    from logo_retrieval.store.index_store import IndexStore

    folder = index_to_write(index)
    with IndexStore(folder) as store:
        model = model_of(folder, store.manifest)
        report = fit(store, read_head(model, store.manifest.dim))
    if not report.classes:
        click.echo(f"{shown(str(folder))}: training has met every class: nothing to fit")
        return
    number = len(report.classes)
    click.echo(
        f"{shown(str(folder))}: head fitted to {number} {'class' if number == 1 else 'classes'} "
        f"on {report.n_drawings:,} drawings"
    )
