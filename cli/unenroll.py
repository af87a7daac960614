"""`logo-retrieval unenroll`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import changed_index_option, index_to_change, index_to_write
from .output import shown


@click.command()
@click.option("--class", "label", metavar="NAME", help="The company to forget, with its drawings and names.")
@click.option(
    "--item", "items", metavar="ID", multiple=True, help="A drawing, as answers name it; may come repeatedly."
)
@changed_index_option
def unenroll(label: str | None, items: tuple[str, ...], index: Path | None) -> None:
    """Remove a company, or single drawings, from an index.

    Nothing of them stays in its files but a line in the log of changes, without the pictures: see `info`. The answers
    are then those of an index that never had them. A company goes with its last drawing, unless it has names.

    \b
    Examples:
      logo-retrieval unenroll --class newco
      logo-retrieval unenroll --item newco/old-logo.svg
    """
    if (label is None) == (not items):
        raise click.UsageError("expected --class NAME, or --item ID")

    from logo_retrieval.indexing.enrol import unenroll as remove

    with index_to_change(index) as opened:
        gone = remove(opened, label, items)
    folder = index_to_write(index)
    for name in items:
        click.echo(f"{shown(str(folder))}: drawing '{shown(name)}' removed")
    for name in gone:
        click.echo(f"{shown(str(folder))}: class '{shown(name)}' removed")
