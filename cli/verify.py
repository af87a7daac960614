"""`logo-retrieval verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import index_option, index_to_read
from .output import shown


@click.command()
@index_option
def verify(index: Path | None) -> None:
    """Check an index: tables, vectors, checksums of both and of the model, and that it opens.

    Exit code 0: sound; 1: not, with one line a fault.

    \b
    Example:
      logo-retrieval verify --index indexes/mine
    """
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.errors import LogoRetrievalError
    from logo_retrieval.models.resolve import model_of
    from logo_retrieval.store.index_store import IndexStore

    folder = index_to_read(index)
    with IndexStore(folder) as store:
        faults = [f"{store.file.name}: {fault}" for fault in store.faults()]
        wiped = store.is_wiped()
        try:
            model_of(folder, store.manifest)
        except LogoRetrievalError as error:
            faults.append(str(error))
    for fault in faults:
        click.echo(shown(fault), err=True)
    if faults:
        click.echo(f"{shown(str(folder))}: {len(faults)} fault(s): restore a copy or build it again", err=True)
        sys.exit(1)
    with LogoClassifier.open(folder) as classifier:
        model = classifier.model
    if not wiped:
        click.echo("what was removed last may still lie in the file until `logo-retrieval compact` has run", err=True)
    click.echo(f"{shown(str(folder))}: sound (tables, vectors, model {model.digest[:16]})")
