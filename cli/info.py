"""`logo-retrieval info`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

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
    from logo_retrieval.models import model_of
    from logo_retrieval.store.index_store import IndexStore
    from logo_retrieval.store.schema import SCHEMA_VERSION

    folder = index_to_read(index)
    with IndexStore(folder) as store:
        manifest, sizes, changes = store.manifest, store.class_sizes(), store.changes()
        config = model_of(folder, manifest).config
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
        "preparation": dict(manifest.preparation),
        "decision": dict(manifest.decision),
        "created": manifest.created,
        "versions": dict(manifest.versions),
        "changes": [asdict(change) for change in changes],
    }
    if kind == "json":
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    click.echo(f"index      {shown(str(folder))} (schema {SCHEMA_VERSION}, made {manifest.created})")
    click.echo(f"drawings   {facts['items']} in {len(sizes)} classes")
    click.echo(f"model      {config.name}: {config.backbone} at {config.input_size_px} px, {manifest.dim} wide")
    click.echo(f"           {manifest.precision}, digest {manifest.model_digest[:16]}, {config.licence}")
    for place, change in enumerate(changes[-_LATEST:]):
        title = "" if place else "changes"
        click.echo(f"{title:10} {change.at}  {change.action}: {shown(change.detail)}")
    click.echo("classes    " + ", ".join(f"{shown(name)} {size}" for name, size in sizes.items()))
