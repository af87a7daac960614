"""What a model may be called by: the shipped one, a bundle on disk, or a backbone made into one on the spot."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logo_retrieval.backbones.catalog import CATALOG
from logo_retrieval.bundle import CONFIG_NAME, ModelBundle, read_bundle
from logo_retrieval.errors import ModelError

STARTER = "starter"


def starter_index() -> Path:
    """The folder of the index that ships with the package: 160 companies and `other`. It is read, never written."""
    return Path(__file__).parent / "starter"


def starter_model() -> ModelBundle:
    """The model that ships with the package, checked."""
    return read_bundle(_bundle_folder(starter_index()) or starter_index())


@contextmanager
def opened_model(model: str, *, weights: str = "imagenet", pooling: str = "avg") -> Iterator[ModelBundle]:
    """A model for as long as the block lasts; whoever needs it longer copies it, as an index does.

    Args:
        model: "starter", the folder of a bundle or of an index that holds one, or a backbone of the catalogue, which is
            then exported to ONNX; that needs the extra `train`.
        weights: of a backbone: "imagenet", "none" or a Keras weights file.
        pooling: of a backbone: "avg", "max" or "gem".

    Raises:
        ModelError: when it is none of these, is damaged, or the weights cannot be had.
        BackendError: when a backbone is asked for without Keras.
    """
    folder = _bundle_folder(starter_index() if model == STARTER else Path(model))
    if folder is not None:
        yield read_bundle(folder)
    elif model in CATALOG:
        from logo_retrieval.backbones.build import build_embedder
        from logo_retrieval.backbones.export import export_bundle
        from logo_retrieval.backbones.weights import describe_weights

        spec = CATALOG[model]
        network = build_embedder(model, weights=weights, pooling=pooling)
        with tempfile.TemporaryDirectory() as scratch:
            yield export_bundle(
                Path(scratch) / model,
                spec,
                network,
                name=f"{model}-{Path(weights).name}-{pooling}",
                pooling=pooling,
                weights=describe_weights(spec, weights),
            )
    else:
        raise ModelError(
            f"expected '{STARTER}', the folder of a model bundle with a {CONFIG_NAME}, or a backbone "
            f"({', '.join(CATALOG)}), got '{model}'"
        )


def _bundle_folder(folder: Path) -> Path | None:
    """The folder itself, or the one bundle inside an index; None when there is none."""
    for candidate in (folder, *sorted(folder.glob("models/*"))):
        if (candidate / CONFIG_NAME).is_file():
            return candidate
    return None
