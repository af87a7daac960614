"""LogoBench as embeddings, as drawn and degraded, kept in the cache under everything they depend on."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import degrade
import numpy as np
from logobench_data import ARCHIVE, DATA, LogoBench, read_rows
from wide_data import ARCHIVE as WIDE_ARCHIVE
from wide_data import WideDrawing

from logo_retrieval.embedding import INT8, Embedder, load_embedder
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images import hues, shapes
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.traits import traits_of
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.types import TRAITS, BoolArray, Float32Array, Int64Array, LogoImage, UInt8Array

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Embedded:
    """Drawings as (m, d) unit vectors, the (m,) drawing each view is of, and whether it is the whole drawing.

    And the (m, 272) traits of the views.
    """

    vectors: Float32Array
    owners: Int64Array
    whole: BoolArray
    traits: UInt8Array

    def of(self, drawings: Int64Array, *, all_views: bool) -> tuple[Float32Array, Int64Array]:
        """The views of some drawings, and for each its position in `drawings`."""
        position = np.full(max(self.owners.max(initial=0), drawings.max(initial=0)) + 1, -1)
        position[drawings] = np.arange(len(drawings))
        wanted = (position[self.owners] >= 0) & (self.whole | all_views)
        return self.vectors[wanted], position[self.owners[wanted]]

    def traits_of(self, drawings: Int64Array, *, all_views: bool) -> UInt8Array:
        """The traits of the views that `of` gives."""
        return self.traits[np.isin(self.owners, drawings) & (self.whole | all_views)]


def embed_all(bench: LogoBench, bundle: ModelBundle, cache: Path, runtime: str | None = None) -> Embedded:
    """Every view of every drawing, by the model's usual runtime unless another is named.

    Raises:
        SystemExit: when a drawing cannot be read.
    """
    everything = np.arange(len(bench.drawings))
    embedded = embed_drawn(bench, everything, bundle, cache, runtime)
    absent = np.setdiff1d(everything, embedded.owners)
    if len(absent):
        raise SystemExit(f"{len(absent)} drawings cannot be read, such as {bench.drawings[absent[0]].key}")
    return embedded


def embed_drawn(
    bench: LogoBench, rows: Int64Array, bundle: ModelBundle, cache: Path, runtime: str | None = None
) -> Embedded:
    """Every view of some drawings; those that cannot be read are left out."""
    return _kept(ARCHIVE, sources_of(bench, rows, None), rows, None, bundle, cache, runtime)


def embed_degraded(
    bench: LogoBench, rows: Int64Array, salt: str, bundle: ModelBundle, cache: Path, runtime: str | None = None
) -> Embedded:
    """Every view of one degraded copy of each of some drawings, kinds by lot; copies that show nothing are left out."""
    return _kept(ARCHIVE, sources_of(bench, rows, salt), rows, salt, bundle, cache, runtime)


def embed_wide(
    wide: tuple[WideDrawing, ...], rows: Int64Array, salt: str | None, bundle: ModelBundle, cache: Path
) -> Embedded:
    """Every view of some drawings of the wide set, or with a salt of one degraded copy of each."""
    return _kept(WIDE_ARCHIVE, wide_sources_of(wide, rows, salt), rows, salt, bundle, cache, None)


def _kept(
    archive: Path,
    sources: Iterable[bytes | Path],
    rows: Int64Array,
    salt: str | None,
    bundle: ModelBundle,
    cache: Path,
    runtime: str | None,
) -> Embedded:
    embedder = load_embedder(bundle, runtime=runtime)
    preparation = Preparation(size_px=embedder.input_size_px)
    code = (Path(str(module.__file__)) for module in (degrade, hues, shapes))
    made_by = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (archive, *code)]
    asked = hashlib.sha256(rows.tobytes()).hexdigest()
    recipe = [made_by, asked, salt, _embeds_by(bundle, embedder), embedder.precision, preparation.to_dict()]
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    kept = cache / "embeddings" / f"{archive.name.partition('.')[0]}-{digest[:16]}.npz"
    if not kept.is_file():
        embedded = embed_sources(sources, rows, embedder, preparation)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, suffix=".npz", delete=False) as aside:
            np.savez(aside, **asdict(embedded))
        Path(aside.name).replace(kept)
    with np.load(kept, allow_pickle=False) as arrays:
        return Embedded(**arrays)


def _embeds_by(bundle: ModelBundle, embedder: Embedder) -> dict[str, str]:
    """Of a bundle's files those by which it embeds, with their SHA-256."""
    graphs = bundle.int8_graphs if embedder.precision == INT8 else bundle.graphs
    files = [file for graph in graphs for file in (graph, *bundle.others(graph).values())]
    return {file.name: bundle.config.files[file.name] for file in files}


def sources_of(bench: LogoBench, rows: Int64Array, salt: str | None) -> Iterable[bytes | Path]:
    """The files of some drawings, or with a salt degraded copies of them, kinds by lot."""
    drawings = [bench.drawings[row] for row in rows]
    if salt is None:
        return (drawing.path for drawing in drawings)
    brand_hex = {row["brand"]: row["hex"] for row in read_rows(DATA / "brand_hex.csv")}
    return (
        degrade.degraded(drawing, degrade.kind_by_lot(drawing, salt), brand_hex.get(drawing.label))
        for drawing in drawings
    )


def wide_sources_of(wide: tuple[WideDrawing, ...], rows: Int64Array, salt: str | None) -> Iterable[bytes | Path]:
    """The same of the wide set."""
    drawings = [wide[row] for row in rows]
    if salt is None:
        return (drawing.path for drawing in drawings)
    return (degrade.degraded(drawing, degrade.kind_by_lot(drawing, salt), None) for drawing in drawings)


def whole_views(bench: LogoBench, rows: Int64Array, salt: str | None, size_px: int) -> tuple[UInt8Array, Int64Array]:
    """(m, s, s, 3) whole drawings or degraded copies, and the (m,) rows they are of; what shows nothing is left out."""
    with DecoderPool(Preparation(size_px=size_px)) as pool:
        images = list(pool.decode(sources_of(bench, rows, salt), all_views=False))
    shown = {row: image for row, image in zip(rows.tolist(), images, strict=True) if isinstance(image, LogoImage)}
    return np.stack([image.views[0] for image in shown.values()]), np.array(list(shown))


def embed_sources(
    sources: Iterable[bytes | Path], rows: Int64Array, embedder: Embedder, preparation: Preparation
) -> Embedded:
    """Every view of some files, one for each of (n,) rows in their order; those that cannot be read are left out."""
    owners: list[int] = []
    waiting: list[UInt8Array] = []
    vectors: list[Float32Array] = []
    traits: list[UInt8Array] = []
    with DecoderPool(preparation) as pool:
        for row, image in zip(rows, pool.decode(sources, all_views=True), strict=True):
            if isinstance(image, UnreadableImage):
                continue
            owners += [int(row)] * len(image.views)
            waiting.append(image.views)
            traits.append(traits_of(image.views))
            if len(waiting) == _BATCH:
                vectors.append(embedder.embed(np.concatenate(waiting)))
                waiting.clear()
    if waiting:
        vectors.append(embedder.embed(np.concatenate(waiting)))
    owner = np.array(owners, np.int64)
    none = np.zeros((0, embedder.dim), np.float32)
    traitless = np.zeros((0, TRAITS), np.uint8)
    whole = np.diff(owner, prepend=-1) != 0
    return Embedded(np.concatenate([none, *vectors]), owner, whole, np.concatenate([traitless, *traits]))
