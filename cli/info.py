"""`logo-retrieval info`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from .options import index_option, index_to_read
from .output import shown

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
    from logo_retrieval.inference.knowledge import Knowledge
    from logo_retrieval.models.resolve import model_of
    from logo_retrieval.store.index_store import IndexStore
    from logo_retrieval.store.schema import SCHEMA_VERSION

    folder = index_to_read(index)
    with IndexStore(folder) as store:
        manifest, sizes, changes = store.manifest, store.class_sizes(), store.changes()
        names = {label: own for label, own in store.class_names().items() if own}
        model = model_of(folder, manifest)
    config, knowledge = model.config, Knowledge.read(model, manifest.decision)
    fusion, impostors, share = knowledge.fusion, knowledge.impostors, knowledge.share(None)
    decision = {
        "fitted": fusion.fitted,
        "weights": fusion.weights,
        "scale": None if fusion.scale is None else asdict(fusion.scale),
        "impostors": 0 if impostors is None else len(impostors.vectors),
        "vouching": 0 if impostors is None else len(impostors.log_odds),
        "threshold": None if impostors is None or share is None else impostors.threshold(share),
        "max_false_accept": share,
    }
    facts = {
        "path": str(folder),
        "classes": list(sizes),
        "items": sum(sizes.values()),
        "dim": manifest.dim,
        "model": {
            "name": manifest.model,
            "digest": manifest.model_digest,
            "backbone": config.backbone,
            "input_size_px": config.input_size_px,
            "pooling": config.pooling,
            "precision": manifest.precision,
            "weights": config.weights,
            "licence": config.licence,
            "paper": config.paper,
        },
        "schema": SCHEMA_VERSION,
        "class_sizes": sizes,
        "class_names": names,
        "preparation": dict(manifest.preparation),
        "decision": decision,
        "created": manifest.created,
        "versions": dict(manifest.versions),
        "changes": [asdict(change) for change in changes],
    }
    if kind == "json":
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    click.echo(f"index      {shown(str(folder))} (schema {SCHEMA_VERSION}, made {manifest.created})")
    click.echo(f"drawings   {facts['items']} in {len(sizes)} classes")
    if names:
        click.echo(f"names      {sum(map(len, names.values()))} of {len(names)} classes")
    click.echo(f"model      {config.name}: {config.backbone} at {config.input_size_px} px, {manifest.dim} wide")
    click.echo(f"           {manifest.precision}, digest {manifest.model_digest[:16]}, {config.licence}")
    for line_title, line in zip(("decision", "", ""), _decision_lines(decision), strict=False):
        click.echo(f"{line_title:10} {line}")
    for place, change in enumerate(changes[-_LATEST:]):
        title = "" if place else "changes"
        click.echo(f"{title:10} {change.at}  {change.action}: {shown(change.detail)}")
    click.echo("classes    " + ", ".join(f"{shown(name)} {size}" for name, size in sizes.items()))


def _decision_lines(decision: dict[str, Any]) -> Iterator[str]:
    """How odds come about and what they are worth, for people."""
    if decision["fitted"]:
        yield "weights fitted on drawings that the networks they were fitted with had not seen"
    else:
        yield "weights that ship with the package, on the scale that this index's own drawings show: not calibrated"
    bars = f"{decision['impostors']:,} impostors of the model" if decision["impostors"] else "drawings of 'other' here"
    yield f"bars of enrolled companies by {bars}"
    if decision["threshold"] is None:
        yield "the likeliest answer is given: the model has no unknown logos to vouch for a share of false names"
    else:
        yield (
            f"a company is named for at most {decision['max_false_accept']:.0%} of unknown logos, by default: "
            f"{decision['vouching']:,} of them vouch for log-odds above {decision['threshold']:.2f}"
        )
