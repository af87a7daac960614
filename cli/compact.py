"""`logo-retrieval compact`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import index_to_write, new_index_option
from .output import shown


@click.command()
@new_index_option
def compact(index: Path | None) -> None:
    """Rewrite the file of an index without gaps.

    \b
    Example:
      logo-retrieval compact --index indexes/mine
    """
    from logo_retrieval.models.resolve import check_writable
    from logo_retrieval.store.changes import compact as rewrite

    folder = index_to_write(index)
    check_writable(folder)
    before, after = rewrite(folder)
    click.echo(f"{shown(str(folder))}: {before:,} bytes before, {after:,} after")
