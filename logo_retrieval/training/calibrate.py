"""The decision for a network that was just trained, fitted to the drawings kept back for validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, repeat

import numpy as np
from PIL import Image

from logo_retrieval.embedding.protocol import Embedder
from logo_retrieval.evaluation.fitting import Asked, balanced, fit_fusion, judged_by_fold
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.images.traits import traits_of
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import Query, score
from logo_retrieval.inference.snapshot import snapshot_of
from logo_retrieval.open_set.evidence import nearest_company
from logo_retrieval.open_set.fusion import HEADLESS_NOVEL, HEADLESS_RIVAL, RIVAL, TRAINED, Fusion, best_company
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.training.augment import query_views
from logo_retrieval.training.data import BatchMaker, TrainingSet, plain_views
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import HUES, OTHER, Float32Array, Int64Array, UInt8Array

_CHUNK = 64
_FOLDS = 5
_NO_FOLD = -1
"""That of drawings of companies: they vouch for nothing, and no fit can do without them."""
_SALT = 20181
"""Another seed than that of any training, for the augmented copies."""


def calibrated(
    embedder: Embedder, head: HeadVectors | None, recipe: Recipe, data: TrainingSet
) -> tuple[Fusion, Impostors] | None:
    """Asks about the validation drawings, once as they are and once augmented, each with all views that a query has.

    The gallery is what it was trained on. Where the validation drawings show no company or nothing of `other`, there
    is nothing to tell them apart by, and the answer is None. Else it is the fusion, which stays near the one that ships
    where the drawings are few, and the impostors: the log-odds of the drawings of `other`, each by weights that were
    fitted without its fold: a fifth of the brands or, where there is one alone, of its drawings.

    Args:
        embedder: the network as it will answer.
        head: its vectors, if it has any that serve.
        recipe: that it was trained by.
        data: that it was trained on.
    """
    shown, known = np.flatnonzero(data.validation), np.flatnonzero(~data.validation)
    if OTHER not in data.classes:
        return None
    other = data.classes.index(OTHER)
    is_other = data.labels[shown] == other
    if not 0 < np.count_nonzero(is_other) < len(shown):
        return None
    maker = BatchMaker(data, recipe.size_px, recipe.batch, _SALT, recipe.probabilities)
    wholes = (list(plain_views(data.art, rows, recipe.size_px)[:, None]) for rows in _chunks(known))
    gallery, items, gallery_traits = _embedded(embedder, wholes)
    vectors, owners, traits = _embedded(embedder, _views_of_queries(maker, shown))
    traits[owners >= len(shown), :HUES] = 0  # copies are tinted by chance, which real colours are not
    true, unknown = np.tile(data.labels[shown], 2), np.tile(is_other, 2)
    query = Query(vectors, owners, len(true), traits)

    def asked_by(fusion: Fusion) -> Asked:
        knowledge = Knowledge(head, None, fusion, recipe.backbone)
        held = snapshot_of(data.classes, data.labels[known], gallery, items, knowledge, traits=gallery_traits)
        found = score(query, held, fusion).features
        weights = balanced(~unknown, np.zeros(len(true), np.int64), {0: 1.0})
        return Asked(found, held.profile, true, other, weights)

    start = Fusion.default()
    unscaled = asked_by(replace(start, scale=Scale(0.0, 1.0, 0.0, 1.0)))
    try:
        scale = Scale.of_unknown(*nearest_company(unscaled.features, other, unknown))
    except ValueError:  # all alike: nothing to tell by
        return None
    start = replace(start, scale=scale)
    asked = asked_by(start)
    groups = (HEADLESS_NOVEL, HEADLESS_RIVAL) if head is None else (TRAINED, RIVAL)
    brands = np.unique(data.targets[shown[is_other]], return_inverse=True)[1]
    folds = np.full(len(shown), _NO_FOLD)
    folds[is_other] = (brands if brands.any() else np.arange(len(brands))) % _FOLDS
    folds = np.tile(folds, 2)
    by_fold = {fold: fit_fusion(start, [asked.only(folds != fold)], groups) for fold in set(folds[unknown].tolist())}
    vouching = best_company(judged_by_fold(by_fold, asked, folds)[unknown], other)[0].astype(np.float32)
    return fit_fusion(start, [asked], groups), Impostors(vouching)


def _chunks(rows: Int64Array) -> list[Int64Array]:
    return np.split(rows, range(_CHUNK, len(rows), _CHUNK))


def _views_of_queries(maker: BatchMaker, rows: Int64Array) -> Iterator[list[UInt8Array]]:
    """All views of drawings, some at a time: of all as they are, then of an augmented copy of each."""
    chunks = _chunks(rows)
    plain = ([maker.data.art[row].pixels for row in chunk.tolist()] for chunk in chunks)
    copies = ([Image.fromarray(copy).convert("RGBA") for copy in maker.copies(chunk)] for chunk in chunks)
    with ThreadPoolExecutor(maker.workers) as threads:
        for pictures in chain(plain, copies):
            yield list(threads.map(query_views, pictures, repeat(maker.size_px)))


def _embedded(
    embedder: Embedder, chunks: Iterable[Sequence[UInt8Array]]
) -> tuple[Float32Array, Int64Array, UInt8Array]:
    """Of drawings, each as its (v, s, s, 3) views: (m, d) vectors, (m,) the drawing of each view, (m, 272) traits."""
    vectors, traits, counts = [], [], list[int]()
    for chunk in chunks:
        views = np.concatenate(chunk)
        vectors.append(embedder.embed(views))
        traits.append(traits_of(views))
        counts += map(len, chunk)
    return np.concatenate(vectors), np.repeat(np.arange(len(counts)), counts), np.concatenate(traits)
