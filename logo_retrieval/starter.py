"""The index and the model that ship with the package."""

from __future__ import annotations

from pathlib import Path

from logo_retrieval.errors import ModelError

STARTER = "starter"


def starter_index() -> Path:
    """The folder of the shipped index: 160 companies and `other`. It is read, never written."""
    return Path(__file__).parent / "starter"


def resolve_model(model: str) -> Path:
    """The bundle folder of a model: "starter", the folder of a bundle, or of an index that holds one.

    Raises:
        ModelError: when it is none of these.
    """
    folder = starter_index() if model == STARTER else Path(model)
    candidates = [folder, *sorted(folder.glob("models/*"))]
    for candidate in candidates:
        if (candidate / "model.json").is_file():
            return candidate
    raise ModelError(f"expected '{STARTER}' or the folder of a model bundle with a model.json, got '{model}'")
