"""What a model may be called by: the shipped one, a bundle on disk, or a backbone made into one on the spot."""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from logo_retrieval.concurrency.locks import locked
from logo_retrieval.durable import sync_all, take_place
from logo_retrieval.errors import IndexReadOnly, IndexStoreError, ModelError
from logo_retrieval.models.bundle import CONFIG_NAME, ModelBundle, check_files, described_bundle, read_bundle
from logo_retrieval.models.ensemble import member_folders, read_members, write_ensemble
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.manifest import Manifest
from logo_retrieval.store.schema import INDEX_FILE, storage_errors, use_log

if TYPE_CHECKING:
    from logo_retrieval.backbones.catalog import BackboneSpec

STARTER = "starter"


@cache
def starter_index() -> Path:
    """The folder of the index that ships with the package: 160 companies and `other`. It is read, never written."""
    return Path(__file__).parents[1] / "starter"


def starter_model() -> ModelBundle:
    """The model that ships with the package, checked."""
    return _model_of_index(starter_index())


def copy_starter(folder: Path) -> None:
    """Copies the index that ships with the package, so that it can be changed.

    Raises:
        IndexStoreError: when something lies there already, or the folder cannot be written.
    """
    with changed_starter(folder):
        pass


@contextmanager
def changed_starter(folder: Path) -> Iterator[Path]:
    """A copy of the index that ships with the package, to be changed; it becomes `folder` when the block ends well.

    Raises:
        IndexStoreError: when something lies there already, another process has made it meanwhile, or it cannot be
            written.
    """
    if folder.exists():
        raise IndexStoreError(f"'{folder}' exists: the starter index is copied to a new folder only")
    parent_is_new = not folder.parent.exists()
    try:
        with storage_errors(folder, "write"):
            folder.parent.mkdir(parents=True, exist_ok=True)
        with _scratch(folder) as aside:
            copy = aside / folder.name
            with storage_errors(folder, "write"):
                _copy_files(starter_index(), copy)
            use_log(copy / INDEX_FILE)
            try:
                yield copy
            except IndexStoreError as error:  # the user knows the folder that is to be
                raise type(error)(str(error).replace(str(copy), str(folder))) from error
            _take_its_place(copy, folder)
    except BaseException:
        if parent_is_new:
            with suppress(OSError):  # another process has put something there
                folder.parent.rmdir()
        raise


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder beside one that is to be; those that killed processes have left there are removed.

    Whoever uses one holds a lock on it, which ends with the process.
    """
    prefix = f".{folder.name}.new-"  # of no folder that people make
    with storage_errors(folder, "write"), locked(folder.parent):
        for leftover in folder.parent.glob(f"{glob.escape(prefix)}*"):
            # another process has it, or ends just now
            with suppress(BlockingIOError, FileNotFoundError), locked(leftover, wait=False):
                shutil.rmtree(leftover, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
        lock = ExitStack()
        lock.enter_context(locked(aside))
    with lock:
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _copy_files(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        if file.is_file():  # not with its mode: that of an installed package's files may forbid writing
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def _take_its_place(copy: Path, folder: Path) -> None:
    try:
        with storage_errors(folder, "write"):
            sync_all(copy)
            take_place(copy, folder)
    except IndexStoreError as error:
        if not folder.exists():
            raise
        raise IndexStoreError(
            f"another process has made '{folder}' meanwhile: nothing was changed, run the command again"
        ) from error


def check_writable(folder: Path) -> None:
    """Refuses to change the index that ships with the package.

    Raises:
        IndexReadOnly: when it is that.
    """
    if folder.resolve() == starter_index().resolve():
        raise IndexReadOnly(
            "the index that ships with the package is read only: copy it with "
            "`logo_retrieval.models.resolve.copy_starter`, and open the copy"
        )


def model_folder(folder: Path, digest: str) -> Path:
    """Where an index keeps the model bundle of this digest."""
    return folder / "models" / digest[:16]


def model_of(folder: Path, manifest: Manifest) -> ModelBundle:
    """The model bundle inside an index, checked against the index's manifest.

    Raises:
        ModelError: when it is missing or damaged.
        IndexStoreError: when the index was made by another model than the one that lies there.
    """
    bundle = described_bundle(model_folder(folder, manifest.model_digest))
    if bundle.digest != manifest.model_digest:
        raise IndexStoreError(
            f"the index '{folder}' was made by model {manifest.model_digest[:16]}, but '{bundle.folder / CONFIG_NAME}' "
            f"is that of {bundle.digest[:16]}: restore the folder, or build the index again"
        )
    check_files(bundle)
    return bundle


def stored_model(model: str) -> ModelBundle | None:
    """The model that is there already under a name: "starter", the folder of a bundle or of an index; else None.

    Raises:
        ModelError: when it is damaged.
    """
    folder = starter_index() if model == STARTER else Path(model)
    if (folder / CONFIG_NAME).is_file():
        return read_bundle(folder)
    return _model_of_index(folder) if (folder / INDEX_FILE).is_file() else None


def model_of_weights(weights: str) -> ModelBundle | None:
    """The model that a training's `weights` name; None where they are published ones, none or a file of Keras.

    Raises:
        ModelError: when it is damaged.
    """
    return None if weights in ("imagenet", "none") else stored_model(weights)


def model_to_begin_with(weights: str, backbone: str) -> ModelBundle | None:
    """The model whose weights a training of a backbone begins with; None where they are no model's.

    Raises:
        ModelError: when it is damaged, of another backbone, or of one whose weights a graph does not give back.
    """
    from logo_retrieval.backbones.catalog import find_backbone

    bundle = model_of_weights(weights)
    if bundle is None:
        return None
    if bundle.config.backbone != find_backbone(backbone).name:
        raise ModelError(
            f"the model '{weights}' is of the backbone {bundle.config.backbone}, got {backbone}: "
            "train that one, or begin with other weights"
        )
    if not find_backbone(backbone).is_chain:
        raise ModelError(
            f"a training cannot begin with the model '{weights}': its graph does not tell the layers of {backbone} "
            "apart, only those of efficientnet_lite0, 1 and 2; begin with a Keras weights file"
        )
    return bundle


def is_backbone(model: str) -> bool:
    """Whether a name means a backbone of the catalogue to `opened_model`: nothing on disk that has it is a model."""
    from logo_retrieval.backbones.catalog import CATALOG

    folder = Path(model)
    stored = any((folder / name).is_file() for name in (CONFIG_NAME, INDEX_FILE))
    return model in CATALOG and not stored and not member_folders(folder)


@contextmanager
def opened_model(
    model: str,
    *,
    weights: str = "imagenet",
    pooling: str = "avg",
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Iterator[ModelBundle]:
    """A model for as long as the block lasts; whoever needs it longer copies it, as an index does.

    Args:
        model: "starter"; the folder of a bundle or of an index that holds one; a folder of bundles, which are then
            joined to an ensemble; or a backbone of the catalogue, which is then exported: that needs the extra `train`.
        weights: of a backbone: "imagenet", "none" or a Keras weights file.
        pooling: of a backbone: "avg", "max" or "gem".
        progress: of an export, called with the steps done and their total.

    Raises:
        ModelError: when it is none of these, is damaged, or the weights cannot be had.
        BackendError: when a backbone is asked for without Keras.
    """
    from logo_retrieval.backbones.catalog import CATALOG

    folder = Path(model)
    if (stored := stored_model(model)) is not None:
        yield stored
    elif member_folders(folder):
        with tempfile.TemporaryDirectory() as scratch:
            yield write_ensemble(Path(scratch) / "ensemble", read_members(folder), name=folder.resolve().name)
    elif model in CATALOG:
        with tempfile.TemporaryDirectory() as scratch:
            yield _exported(Path(scratch) / model, CATALOG[model], weights, pooling, progress)
    else:
        raise ModelError(
            f"expected '{STARTER}', the folder of a model bundle with a {CONFIG_NAME}, a folder of such, or a backbone "
            f"({', '.join(CATALOG)}), got '{model}'"
        )


def _exported(
    folder: Path, spec: BackboneSpec, weights: str, pooling: str, progress: Callable[[int, int], object]
) -> ModelBundle:
    from logo_retrieval.backbones.build import build_embedder
    from logo_retrieval.backbones.export import export_bundle
    from logo_retrieval.backbones.weights import describe_weights

    return export_bundle(
        folder,
        spec,
        build_embedder(spec.name, weights=weights, pooling=pooling),
        name=f"{spec.name}-{Path(weights).name}-{pooling}",
        pooling=pooling,
        weights=describe_weights(spec, weights),
        progress=progress,
    )


def _model_of_index(folder: Path) -> ModelBundle:
    with IndexStore(folder) as store:
        return model_of(folder, store.manifest)
