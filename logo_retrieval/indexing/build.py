"""From a gallery to an index: decode, embed, keep; in pieces that survive a kill, written in one transaction."""

from __future__ import annotations

import json
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np

from logo_retrieval.embedding import load_embedder
from logo_retrieval.errors import GalleryError, IndexStoreError, ModelError, UnreadableImage
from logo_retrieval.gallery.reader import BuildReport, Intake, Progress
from logo_retrieval.gallery.records import Gallery, GalleryRecord, printable
from logo_retrieval.images.fingerprint import perceptual_hash, thumbnail
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Engine, Preparation
from logo_retrieval.images.traits import traits_of
from logo_retrieval.models.bundle import ModelBundle, read_bundle, write_bundle
from logo_retrieval.models.resolve import model_folder
from logo_retrieval.store.cache import CACHE_FILE
from logo_retrieval.store.changes import Names, check_no_enrolments, replace_index
from logo_retrieval.store.manifest import Manifest, library_versions
from logo_retrieval.store.schema import INDEX_FILE, SCHEMA_VERSION, connect, storage_errors
from logo_retrieval.store.staging import STAGING_FILE, Staging
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.types import Float32Array, LogoImage, UInt8Array

Embed = Callable[[UInt8Array], Float32Array]
"""Gives (n, d) vectors of (n, s, s, 3) views, as `Embedder.embed` does."""

_BATCH = 32
_PROBE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h4v4H1z"/></svg>'

_OWN = (INDEX_FILE, STAGING_FILE, CACHE_FILE, "models", ".")
"""What the names of an index's files begin with, those of an interrupted build too, and of files that nobody sees."""

_MODEL = re.compile(r"[0-9a-f]{16}|\.[0-9a-f]{16}\..*")
"""The names of models that builds have installed, and of what killed ones have left: others are those of the user."""


def build_index(
    gallery: Gallery,
    folder: Path,
    bundle: ModelBundle,
    *,
    runtime: str | None = None,
    renderer: Engine = "resvg",
    progress: Progress | None = None,
    names: Names | None = None,
    keep_enrolments: bool = False,
) -> BuildReport:
    """Writes the index of a gallery into a folder, replacing what the index held.

    An interrupted build goes on where it was when called again with the same model.

    Args:
        gallery: what to index.
        folder: made when missing.
        bundle: the model; it is copied into the index.
        runtime: one of `embedding.RUNTIMES`, the model's usual one by default; queries of this index use the same.
        renderer: of SVG, likewise.
        progress: called after each file.
        names: by class, the names by which it is known, as they are to be kept; classes that are not in the index are
            passed over.
        keep_enrolments: refuse to wipe any, those too that came while this build was at work.

    Raises:
        BackendError: when the runtime or the renderer is not installed.
        GalleryError: when no file could be read.
        ModelError: when the model cannot be loaded.
        IndexStoreError: when the folder cannot be written, another build is writing it, or enrolments are kept.
        In each case the index is as it was.
    """
    if (folder / INDEX_FILE).exists():  # what cannot be replaced is told now, not after the last picture
        connect(folder / INDEX_FILE, write=True).close()
    names = names or {}
    with _made(folder):
        embedder = load_embedder(bundle, runtime=runtime)
        preparation = Preparation(size_px=embedder.input_size_px, engine=renderer)
        manifest = Manifest(
            model=bundle.config.name,
            model_digest=bundle.digest,
            precision=embedder.precision,
            dim=embedder.dim,
            preparation=preparation.to_dict(),
            decision=bundle.config.decision,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=library_versions(),
        )
        recipe = {"model": bundle.digest, "precision": embedder.precision, "preparation": preparation.to_dict()}
        with Staging(folder, json.dumps([recipe, SCHEMA_VERSION, dict(manifest.versions)], sort_keys=True)) as staging:
            intake = Intake(gallery, staging.__contains__, progress)
            with DecoderPool(preparation) as pool:
                list(pool.decode([_PROBE], all_views=False))  # a renderer that is not installed shows before any SVG
                for drawings in embedded(intake, pool, embedder.embed, all_views=False):
                    staging.add(drawings)
            report, kept = intake.report, intake.usable()
            if not kept:
                reasons = "; ".join(f"{name}: {reason}" for name, reason in report.unreadable[:3])
                raise GalleryError(f"none of the {len(gallery.records)} files can be used ({reasons})")
            present = {record.label for record, _ in kept}
            classes = [name for name in gallery.classes if name in present]
            _install_model(folder, bundle)
            items = (stored_item(record, sha, staging.get(sha)) for record, sha in kept)
            own_names = {label: names[label] for label in classes if label in names}
            replace_index(folder, manifest, classes, items, own_names, keep_enrolments=keep_enrolments)
            _remove_other_models(folder, bundle)  # while no other build can install one
            staging.discard()
    report.indexed, report.classes = len(kept), len(classes)
    report.remarks += _remarks_on_classes(gallery, kept)
    return report


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A folder that is there; one that was made for it goes again where a failure leaves it empty."""
    is_fresh = not folder.exists()
    with storage_errors(folder, "write"):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if is_fresh and not any(folder.iterdir()):
            folder.rmdir()
        raise


def check_replaceable(folder: Path) -> None:
    """Checks that a build into a folder would wipe nothing but an earlier build.

    Raises:
        IndexStoreError: when something was enrolled in its index since it was built, or there is something else in it.
    """
    if (folder / INDEX_FILE).is_file():
        with storage_errors(folder, "read"), closing(connect(folder / INDEX_FILE, write=False)) as connection:
            check_no_enrolments(connection, folder)
        return
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    strange = [name for name in names if not name.startswith(_OWN)]
    if strange:
        raise IndexStoreError(
            f"'{folder}' is no index and not empty, it holds {', '.join(map(repr, sorted(strange)[:3]))}"
            f"{' and more' if len(strange) > 3 else ''}: name another folder, or say --replace"
        )


def embedded(
    intake: Intake, pool: DecoderPool, embed: Embed, *, all_views: bool
) -> Iterator[dict[bytes, StoredDrawing]]:
    """Decodes and embeds every new content; yields what can be used by SHA-256, a batch at a time.

    Args:
        intake: gives the contents.
        pool: decodes them.
        embed: called once a batch.
        all_views: see `DecoderPool.decode`.
    """
    waiting: deque[bytes] = deque()

    def data() -> Iterator[bytes]:
        for sha256, content in intake.new_contents():
            waiting.append(sha256)
            yield content

    images = pool.decode(data(), all_views=all_views)
    while batch := list(islice(images, _BATCH)):
        readable: dict[bytes, LogoImage] = {}
        for image in batch:
            if isinstance(image, UnreadableImage):
                intake.spoilt(waiting.popleft(), image)
            else:
                readable[waiting.popleft()] = image
        if readable:
            yield _staged(readable, embed)


def _staged(images: dict[bytes, LogoImage], embed: Embed) -> dict[bytes, StoredDrawing]:
    vectors = embed(np.concatenate([image.views for image in images.values()]))
    ends = np.cumsum([len(image.views) for image in images.values()])
    wholes = np.stack([image.views[0] for image in images.values()])
    per_image = zip(images, wholes, traits_of(wholes), np.split(vectors, ends[:-1]), strict=True)
    return {
        sha256: StoredDrawing(perceptual_hash(whole), traits.tobytes(), thumbnail(whole), rows)
        for sha256, whole, traits, rows in per_image
    }


def stored_item(record: GalleryRecord, sha256: bytes, drawing: StoredDrawing) -> StoredItem:
    """What the index keeps of one record."""
    return StoredItem(record.name, record.label, printable(record.given), sha256, drawing)


def _remarks_on_classes(gallery: Gallery, kept: list[tuple[GalleryRecord, bytes]]) -> Iterator[str]:
    sizes = dict.fromkeys(gallery.classes, 0)
    for record, _ in kept:
        sizes[record.label] += 1
    yield from (f"class '{name}' is left out: none of its files can be used" for name, n in sizes.items() if n == 0)
    single = [name for name, n in sizes.items() if n == 1]
    if single:
        named = ", ".join(f"'{name}'" for name in single[:5]) + (" and more" if len(single) > 5 else "")
        yield f"{len(single)} class(es) have one drawing only, more make answers surer: {named}"


def _install_model(folder: Path, bundle: ModelBundle) -> None:
    """Copies the bundle into the index, so that the folder is complete and can be copied as it is."""
    place = model_folder(folder, bundle.digest)
    try:
        if read_bundle(place).digest == bundle.digest:
            return
    except ModelError:  # there is none, or it is damaged
        shutil.rmtree(place, ignore_errors=True)
    with storage_errors(place, "write"):
        write_bundle(place, bundle.config, {name: bundle.path(name).read_bytes() for name in bundle.config.files})


def _remove_other_models(folder: Path, bundle: ModelBundle) -> None:
    place = model_folder(folder, bundle.digest)
    for other in place.parent.iterdir():
        if other != place and _MODEL.fullmatch(other.name):
            shutil.rmtree(other, ignore_errors=True)
