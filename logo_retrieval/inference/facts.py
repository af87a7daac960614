"""What an index holds and which model made it, as plain values: the contract of `info --format json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.models.resolve import model_of
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import SCHEMA_VERSION


def facts_of(store: IndexStore, path: str) -> dict[str, Any]:
    """Everything that is known of an open index but its drawings.

    Args:
        store: the index.
        path: what it is called.

    Raises:
        IndexStoreError: when it is damaged.
        ModelError: when the model in it is missing or damaged.
    """
    manifest, sizes, changes = store.manifest, store.class_sizes(), store.changes()
    names = {label: own for label, own in store.class_names().items() if own}
    model = model_of(store.folder, manifest)
    config, knowledge = model.config, Knowledge.read(model, manifest.decision)
    fusion, impostors, share = knowledge.fusion, knowledge.impostors, knowledge.share(None)
    decision = {
        "fitted": fusion.fitted,
        "weights": fusion.weights,
        "scale": None if fusion.scale is None else asdict(fusion.scale),
        "vouching": 0 if impostors is None else len(impostors.log_odds),
        "threshold": None if impostors is None or share is None else impostors.threshold(share),
        "max_false_accept": share,
    }
    return {
        "path": path,
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
