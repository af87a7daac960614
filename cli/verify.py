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
    """Check an index: tables, vectors, model checksums.

    Exit code 0: sound; 1: not, with one line a fault.

    \b
    Example:
      logo-retrieval verify --index indexes/mine
    """
    from logo_retrieval.models import model_of
    from logo_retrieval.store.index_store import IndexStore

    folder = index_to_read(index)
    with IndexStore(folder) as store:
        faults = store.faults()
        model = model_of(folder, store.manifest)
    for fault in faults:
        click.echo(shown(fault), err=True)
    if faults:
        click.echo(f"{folder}: {len(faults)} faults: restore a copy or build it again", err=True)
        sys.exit(1)
    click.echo(f"{shown(str(folder))}: sound (tables, vectors, model {model.digest[:16]})")
