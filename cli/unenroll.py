"""`logo-retrieval unenroll`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import changed_index_option, class_option, index_to_change, index_to_write
from .output import shown


@click.command()
@class_option("The company to forget, with its drawings and names.")
@click.option(
    "--name", "names", metavar="NAME", multiple=True, help="Of the company, this name alone; may come repeatedly."
)
@click.option(
    "--item", "items", metavar="ID", multiple=True, help="A drawing, as answers name it; may come repeatedly."
)
@changed_index_option
def unenroll(label: str | None, names: tuple[str, ...], items: tuple[str, ...], index: Path | None) -> None:
    """Remove a company, names of it, or single drawings, from an index.

    Nothing of them stays in its files but a line in the log of changes, without the pictures: see `info`. The answers
    are then those of an index that never had them. A company goes with the last of its drawings and names.

    \b
    Examples:
      logo-retrieval unenroll --class newco
      logo-retrieval unenroll --class newco --name "New Co"
      logo-retrieval unenroll --item newco/old-logo.svg
    """
    if (label is None) == (not items) or (names and label is None):
        raise click.UsageError("expected --class NAME, with --name NAME or without, or --item ID")

    from logo_retrieval.indexing.enrol import unenroll as remove

    with index_to_change(index) as opened:
        gone = remove(opened, label, items, names or None)
    folder = index_to_write(index)
    for name in items:
        click.echo(f"{shown(str(folder))}: drawing '{shown(name)}' removed")
    for name in names:
        click.echo(f"{shown(str(folder))}: name '{shown(name)}' removed")
    for name in gone:
        click.echo(f"{shown(str(folder))}: class '{shown(name)}' removed")
