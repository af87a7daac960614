"""`logo-retrieval info`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from .options import index_option, index_to_read
from .output import json_text, shown

_LATEST = 5
"""Of the changes, how many the table shows."""


@click.command()
@index_option
@click.option("--format", "kind", type=click.Choice(["table", "json"]), default="table", show_default=True)
def info(index: Path | None, kind: str) -> None:
    """Tell what an index holds and which model made it.

    \b
    Example:
      logo-retrieval info --index indexes/mine --format json
    """
    from logo_retrieval.inference.facts import facts_of
    from logo_retrieval.store.index_store import IndexStore

    folder = index_to_read(index)
    with IndexStore(folder) as store:
        facts = facts_of(store, str(folder))
    if kind == "json":
        click.echo(json_text(facts, indent=2))
        return
    for line in _lines(folder, facts):
        click.echo(shown(line))


def _lines(folder: Path, facts: dict[str, Any]) -> Iterator[str]:
    """The facts for people."""
    model, names, changes = facts["model"], facts["class_names"], facts["changes"]
    yield f"index      {folder} (schema {facts['schema']}, made {facts['created']})"
    yield f"drawings   {facts['items']} in {len(facts['classes'])} classes"
    if names:
        yield f"names      {sum(map(len, names.values()))} of {len(names)} classes"
    yield f"model      {model['name']}: {model['backbone']} at {model['input_size_px']} px, {facts['dim']} wide"
    yield f"           {model['precision']}, digest {model['digest'][:16]}, {model['licence']}"
    for line_title, line in zip(("decision", ""), _decision_lines(facts["decision"]), strict=False):
        yield f"{line_title:10} {line}"
    for place, change in enumerate(changes[-_LATEST:]):
        title = "" if place else "changes"
        yield f"{title:10} {change['at']}  {change['action']}: {change['detail']}"
    yield "classes    " + ", ".join(f"{name} {size}" for name, size in facts["class_sizes"].items())


def _decision_lines(decision: dict[str, Any]) -> Iterator[str]:
    """How odds come about and what they are worth, for people."""
    if decision["fitted"]:
        yield "weights fitted on drawings that the networks they were fitted with had not seen"
    else:
        yield "weights that ship with the package, on the scale that this index's own drawings show: not calibrated"
    if decision["threshold"] is None:
        vouching = f"{decision['vouching']:,} unknown logos are too few to vouch for the default share of false names"
        yield f"the likeliest answer is given: {vouching}"
    else:
        yield (
            f"a company is named for at most {decision['max_false_accept']:.0%} of unknown logos, by default: "
            f"{decision['vouching']:,} of them vouch for log-odds above {decision['threshold']:.2f}"
        )
