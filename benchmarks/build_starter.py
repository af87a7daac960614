"""Makes the model and the index that ship with the package: `python benchmarks/build_starter.py`.

Needs the extra [train]. The model is EfficientNet-Lite0 with its ImageNet weights, frozen, followed by a learned
whitening (Mikolajczyk and Matas 2007, "Improving descriptors for fast tree matching by optimal linear projection";
taken up by Radenovic et al. 2018, arXiv 1711.02512) fitted on the drawings that are in the training part of both splits
of LogoBench and on degraded copies of them, so that what the splits measure stays unseen. The constants of the vote are
fitted on the validation parts of both splits. The index then holds every drawing of LogoBench.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from embedded import Embedded, embed_all, embed_degraded
from logobench import fit_vote, ranked
from logobench_data import DATA, OTHER, SPLITS, LogoBench, default_cache, load

from logo_retrieval.backbones.build import build_embedder
from logo_retrieval.backbones.catalog import find_backbone
from logo_retrieval.backbones.export import export_bundle
from logo_retrieval.build import build_index
from logo_retrieval.bundle import MODEL_FILE, ModelBundle, write_bundle
from logo_retrieval.decide.vote import VoteConfig
from logo_retrieval.gallery import Gallery, GalleryRecord
from logo_retrieval.models import starter_index
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.values import Float32Array, Int64Array

BACKBONE = "efficientnet_lite0"
POOLING = "avg"
WEIGHTS = "imagenet"
WIDTH = 256
SHRINKAGE = 0.03  # chosen on the validation parts
COPIES = 3  # degraded ones of each drawing, their kinds by lot
NEAREST = 100  # of a ranking, kept to fit the vote on


def train_in_all_splits(bench: LogoBench) -> Int64Array:
    """The drawings that no split asks about."""
    in_train = [np.array(bench.parts[split]) == "train" for split in SPLITS]
    return np.flatnonzero(np.logical_and.reduce(in_train))


def learned_whitening(
    clean: Float32Array, worn: Float32Array, copied: Int64Array, labels: Int64Array, other: int
) -> tuple[Float32Array, Float32Array]:
    """Mean (d,) and matrix (d, WIDTH) that even out what must not matter, then keep what differs most.

    What must not matter is the scatter of degraded copies about their drawing, and of a company's drawings about their
    mean; shrunk towards a multiple of the identity by SHRINKAGE.

    Args:
        clean: (n, d) vectors of drawings.
        worn: (m, d) vectors of degraded copies.
        copied: (m,) the drawing each is a copy of.
        labels: (n,) classes.
        other: the class that is no company.
    """
    wear = (worn - clean[copied]).astype(np.float64)
    of_companies = [clean[labels == label].astype(np.float64) for label in np.unique(labels[labels != other])]
    hands = np.concatenate([vectors - vectors.mean(axis=0) for vectors in of_companies])
    within = wear.T @ wear / len(wear) + hands.T @ hands / len(hands)
    within += SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    variances, directions = np.linalg.eigh(within)
    whitened = directions / np.sqrt(variances) @ directions.T
    everything = np.concatenate([clean, worn]).astype(np.float64)
    spread, axes = np.linalg.eigh(whitened @ np.cov(everything.T) @ whitened)
    matrix = whitened @ axes[:, np.argsort(-spread)[:WIDTH]]
    matrix /= np.linalg.norm(matrix, axis=0).mean()  # keeps numbers near 1; the unit length that follows undoes it
    return everything.mean(axis=0).astype(np.float32), matrix.astype(np.float32)


def fitted_whitening(bench: LogoBench, plain: ModelBundle, cache: Path) -> tuple[Float32Array, Float32Array]:
    """The whitening of the drawings that no split asks about, with degraded copies of each."""
    rows = train_in_all_splits(bench)
    clean, _ = embed_all(bench, plain, cache).of(rows, symbol=False)
    copies = [embed_degraded(bench, rows, f"wear {n}", plain, cache).of(rows, symbol=False) for n in range(COPIES)]
    labels = np.array([bench.classes.index(bench.drawings[row].label) for row in rows])
    worn, copied = (np.concatenate(parts) for parts in zip(*copies, strict=True))
    return learned_whitening(clean, worn, copied, labels, bench.classes.index(OTHER))


def export(folder: Path, projection: tuple[Float32Array, Float32Array] | None) -> ModelBundle:
    """The embedder as a bundle, with or without the whitening."""
    spec = find_backbone(BACKBONE)
    model = build_embedder(BACKBONE, weights=WEIGHTS, pooling=POOLING, projection=projection)
    name = f"{BACKBONE}-frozen" + (f"-whitened-{WIDTH}" if projection else "")
    return export_bundle(folder, spec, model, name=name, pooling=POOLING, weights=spec.weights_source)


def fitted_vote(bench: LogoBench, embedded: Embedded) -> VoteConfig:
    """Constants of the smallest loss on the validation parts of both splits, asked as `classify` asks: all views."""
    position = {name: i for i, name in enumerate(bench.classes)}
    labels = np.array([position[drawing.label] for drawing in bench.drawings])
    similarities: list[Float32Array] = []
    classes: list[Int64Array] = []
    true: list[Int64Array] = []
    for split in SPLITS:
        parts = np.array(bench.parts[split])
        train, val = np.flatnonzero(parts == "train"), np.flatnonzero(parts == "val")
        gallery, _ = embedded.of(train, symbol=False)
        nearest, of_classes = ranked(gallery, labels[train], *embedded.of(val, symbol=True))
        similarities.append(nearest[:, :NEAREST])
        classes.append(of_classes[:, :NEAREST])
        true.append(labels[val])
    return fit_vote(np.concatenate(similarities), np.concatenate(classes), np.concatenate(true), position[OTHER])


def build(bench: LogoBench, bundle: ModelBundle) -> None:
    """The index over every drawing, in the file format that is never written beside."""
    root = bench.drawings[0].path.parents[2]
    records = [GalleryRecord(drawing.key, drawing.label, Path(drawing.key), drawing.key) for drawing in bench.drawings]
    with contextlib.chdir(root):  # so that the index keeps names within the art, not of this machine
        report = build_index(Gallery(tuple(records), ()), starter_index(), bundle)
    print(f"{report.indexed} drawings of {report.classes} classes, {len(report.duplicates)} duplicates left out")
    for name, reason in report.unreadable:
        print(f"unreadable: {name}: {reason}")
    connection = sqlite3.connect(starter_index() / INDEX_FILE)
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = DELETE")  # read where it lies, it must leave no log beside it
    connection.close()
    shutil.copyfile(DATA / "ATTRIBUTION.md", starter_index() / "ATTRIBUTION.md")  # goes wherever the drawings go


def main() -> None:
    """Exports, fits, builds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    cache = parser.parse_args().cache
    bench = load(cache)
    with tempfile.TemporaryDirectory() as scratch:
        plain = export(Path(scratch) / "plain", None)
        bundle = export(Path(scratch) / "whitened", fitted_whitening(bench, plain, cache))
        vote = fitted_vote(bench, embed_all(bench, bundle, cache))
        print(f"vote: {vote.to_dict()}")
        graph = bundle.path(MODEL_FILE).read_bytes()
        build(
            bench,
            write_bundle(Path(scratch) / "starter", replace(bundle.config, vote=vote.to_dict()), {MODEL_FILE: graph}),
        )


if __name__ == "__main__":
    main()
