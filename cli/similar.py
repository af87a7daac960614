"""`logo-retrieval similar`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from . import output
from .options import EXIT_SOME_UNREADABLE, NamedPath, index_option, index_to_read


@click.command()
@click.argument("path", type=NamedPath())
@index_option
@click.option("--format", "kind", type=click.Choice(output.FORMATS), default="table", show_default=True)
@click.option("--top", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How many drawings.")
def similar(path: str, index: Path | None, kind: str, top: int) -> None:
    """List the drawings that look most like one image.

    \b
    Example:
      logo-retrieval similar image.svg --top 20 --format jsonl
    """
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.errors import UnreadableImage

    with LogoClassifier.open(index_to_read(index)) as classifier:
        try:
            found = classifier.similar(path, k=top)
        except UnreadableImage as error:
            click.echo(output.shown(f"Error: '{path}' is unreadable: {error}"), err=True)
            sys.exit(EXIT_SOME_UNREADABLE)
    stream = output.stdout()
    rows = [each.to_dict() for each in found]
    if kind == "jsonl":
        stream.writelines(map(output.json_line, rows))
    elif kind == "csv":
        stream.write(output.csv_line(["item", "label", "similarity"]))
        stream.writelines(output.csv_line(row.values()) for row in rows)
    else:
        stream.write(f"{'similarity':>10}  {'label':20}  item\n")
        for each in found:
            stream.write(f"{each.similarity:10.3f}  {output.shown(each.label):20}  {output.shown(each.item)}\n")
