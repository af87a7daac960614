"""Two networks, the drawings that they have not seen, and the indexes that these are asked of.

Which drawings the measured and the held-out network have not seen is told in `starter_networks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from bench_queries import SPLIT, WORN, may_be_asked
from embedded import Embedded, embed_all, embed_degraded, embed_wide
from logobench_data import OTHER, LogoBench, load, names_by_class
from starter_networks import HELD_OUT, MEASURED, held_out_brands, held_out_companies
from wide_data import WideDrawing, load_wide
from written import Texts, read_all, read_wide

from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import Query, Scores, score
from logo_retrieval.inference.snapshot import IndexSnapshot, snapshot_of
from logo_retrieval.models.bundle import ModelBundle, read_bundle
from logo_retrieval.open_set.evidence import nearest_company
from logo_retrieval.open_set.fusion import Fusion
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.runs import run_starts
from logo_retrieval.types import Float32Array, Int64Array, UInt8Array

CLEAN, DEGRADED, COPIES, BRANDS, COINS, NOVEL_CLEAN, NOVEL_DEGRADED = range(7)
"""Kinds of queries: by unseen artists as drawn and degraded; degraded copies of drawings of the index; drawings of
brands and of coins that the network has never seen; drawings of enrolled companies, as drawn and degraded."""

Others = Literal["all", "seen", "none"]
"""Which drawings of `other` lie in an index."""

_FACTS = ("labels", "groups", "kinds", "rows", "texts")
"""What `Queries` hold of each query."""

COINS_ASKED = 700
SEED = 0


@dataclass(frozen=True, slots=True)
class Queries:
    """Some drawings as views, and what is known of them.

    Attributes:
        vectors: (m, d) of all views.
        owners: (m,) the query of each, in 0..n-1, ascending.
        traits: (m, 272) of all views.
        labels: (n,) what each shows; `OTHER` for an unknown logo.
        groups: (n,) what must stay on one side of a fold.
        kinds: (n,) such as `CLEAN`.
        rows: (n,) which drawing each is, within its kind.
        texts: (n,) what is read on each.
    """

    vectors: Float32Array
    owners: Int64Array
    traits: UInt8Array
    labels: np.ndarray
    groups: np.ndarray
    kinds: Int64Array
    rows: Int64Array
    texts: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, chosen: Int64Array) -> Queries:
        """Some of them, in ascending order."""
        place = np.full(len(self), -1)
        place[chosen] = np.arange(len(chosen))
        kept = place[self.owners] >= 0
        facts = (getattr(self, name)[chosen] for name in _FACTS)
        return Queries(self.vectors[kept], place[self.owners[kept]], self.traits[kept], *facts)

    @classmethod
    def joined(cls, parts: Sequence[Queries]) -> Queries:
        """Several after one another."""
        firsts = np.cumsum([0, *map(len, parts)])
        owners = [part.owners + first for part, first in zip(parts, firsts, strict=False)]
        facts = (np.concatenate([getattr(part, name) for part in parts]) for name in _FACTS)
        vectors, traits = (np.concatenate([getattr(part, name) for part in parts]) for name in ("vectors", "traits"))
        return cls(vectors, np.concatenate(owners), traits, *facts)


class Network:
    """One network, the drawings that it has not seen, and the index that they are asked of."""

    def __init__(
        self,
        bench: LogoBench,
        wide: tuple[WideDrawing, ...],
        bundle: ModelBundle,
        cache: Path,
        *,
        without: Iterable[str] = (),
        brands: Iterable[str] = (),
    ) -> None:
        """Embeds everything, or takes what the cache has.

        Args:
            bench: LogoBench.
            wide: the wide set.
            bundle: of the network.
            cache: folder for what can be made again.
            without: companies that it has not seen.
            brands: of the wide set that it has not seen.
        """
        self.bench, self.wide, self.bundle = bench, wide, bundle
        self.without, unseen = frozenset(without), frozenset(brands)
        self.labels = np.array([drawing.label for drawing in bench.drawings])
        self.collections = np.array([drawing.collection for drawing in bench.drawings])
        self.parts = np.array(bench.parts[SPLIT])
        self.drawn = embed_all(bench, bundle, cache)
        everything = np.arange(len(bench.drawings))
        self.worn = embed_degraded(bench, everything, WORN, bundle, cache)
        chance = np.random.default_rng(SEED)
        coins = np.array([row for row, drawing in enumerate(wide) if drawing.scope == "coin"])
        self.coins = np.sort(chance.choice(coins, COINS_ASKED, replace=False))
        self.brands = np.array(
            [row for row, drawing in enumerate(wide) if drawing.scope != "coin" and drawing.brand in unseen], np.int64
        )
        self.names = names_by_class()
        unknown = np.union1d(self.coins, self.brands)
        self.further = embed_wide(wide, unknown, None, bundle, cache)
        self.further_worn = embed_wide(wide, self.brands, WORN, bundle, cache)
        self.texts: dict[int, Texts] = {
            id(self.drawn): read_all(bench, everything, None, cache),
            id(self.worn): read_all(bench, everything, WORN, cache),
            id(self.further): read_wide(wide, unknown, None, cache),
            id(self.further_worn): read_wide(wide, self.brands, WORN, cache),
        }

    @cached_property
    def head(self) -> HeadVectors | None:
        """What its training learned, if it was trained."""
        if HEAD_FILE not in self.bundle.config.files:
            return None
        return HeadVectors.read(self.bundle.path(HEAD_FILE), self.bundle.config.dim)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """That its training knew."""
        return tuple(name for name in self.bench.classes if name not in self.without)

    @cached_property
    def unseen(self) -> Int64Array:
        """Rows of LogoBench by artists who are held out, companies that it has not seen left out."""
        return np.flatnonzero(may_be_asked(self.bench) & ~np.isin(self.labels, list(self.without)))

    def gallery(self, *, without: Iterable[str] = (), others: Others) -> Int64Array:
        """Rows of LogoBench for an index, some artists left out.

        Args:
            without: artists.
            others: drawings of `other`: all, those that the network has seen, so that the rest may be asked, or none.
        """
        kept = ~np.isin(self.collections, list(without)) & ~np.isin(self.labels, list(self.without))
        if others != "all":
            kept &= (self.labels != OTHER) | ((self.parts == "train") & (others == "seen"))
        return np.flatnonzero(kept)

    def index(
        self, rows: Int64Array, knowledge: Knowledge, novel: Queries | None = None, companies: Iterable[str] = ()
    ) -> IndexSnapshot:
        """An index of whole drawings of LogoBench, and of all views of drawings of some novel companies.

        Without drawings of LogoBench it has no classes of it but `other`, as a user's own index may be.
        """
        vectors, owners = self.drawn.of(rows, all_views=False)[0], np.arange(len(rows))
        traits = self.drawn.traits_of(rows, all_views=False)
        names = self.labels[rows]
        classes = self.classes if len(rows) else (OTHER,)
        if novel is not None:
            vectors = np.concatenate([vectors, novel.vectors])
            owners = np.concatenate([owners, novel.owners + len(rows)])
            names = np.concatenate([names, novel.labels])
            traits = np.concatenate([traits, novel.traits[run_starts(novel.owners)]])
            classes = (*classes, *sorted(companies))
        place = {name: position for position, name in enumerate(classes)}
        item_classes = np.array([place[name] for name in names])
        known_as = [self.names.get(name, ()) for name in classes]
        return snapshot_of(classes, item_classes, vectors, owners, knowledge, known_as, traits)

    def queries(self, source: Embedded, rows: Int64Array, kind: int) -> Queries:
        """Drawings of LogoBench that `source` holds."""
        rows = np.intersect1d(rows, source.owners)
        labels = self.labels[rows]
        groups = np.where(labels == OTHER, np.array(self.bench.groups)[rows], labels)
        return self._queries(source, rows, kind, labels, groups)

    def wide_queries(self, source: Embedded, rows: Int64Array, kind: int, *, named: bool) -> Queries:
        """Drawings of the wide set that `source` holds, under their brands or as unknown logos."""
        rows = np.intersect1d(rows, source.owners)
        brands = np.array([self.wide[row].brand for row in rows])
        return self._queries(source, rows, kind, brands if named else np.full(len(rows), OTHER), brands)

    def _queries(
        self, source: Embedded, rows: Int64Array, kind: int, labels: np.ndarray, groups: np.ndarray
    ) -> Queries:
        texts = np.empty(len(rows), dtype=object)
        for place, row in enumerate(rows.tolist()):
            texts[place] = self.texts[id(source)].get(row, ())
        traits, kinds = source.traits_of(rows, all_views=True), np.full(len(rows), kind)
        return Queries(*source.of(rows, all_views=True), traits, labels, groups, kinds, rows, texts)

    def unknown(self) -> Queries:
        """Brands and coins that it has never seen."""
        return Queries.joined(
            [
                self.wide_queries(self.further, self.brands, BRANDS, named=False),
                self.wide_queries(self.further, self.coins, COINS, named=False),
            ]
        )

    def knowledge(self, fusion: Fusion, *, head: bool = True) -> Knowledge:
        """Of the network, with some fusion and on its own scale, and its head if it has one that is wanted."""
        fusion = replace(fusion, scale=self.scale, fitted=True)
        return Knowledge(self.head if head else None, None, fusion, self.bundle.config.name)

    @cached_property
    def scale(self) -> Scale:
        """By the drawings of `other` that it has not seen, each asked of the index without its artist."""
        bare = replace(Fusion.blank(), scale=Scale(0.0, 1.0, 0.0, 1.0))
        knowledge = Knowledge(self.head, None, bare, self.bundle.config.name)
        nearest, head = [], []
        for queries, scores in self.asked_by_artist(knowledge, self.drawn, CLEAN):
            unknown = queries.labels == OTHER
            near, by_head = nearest_company(scores.features, self.classes.index(OTHER), unknown)
            nearest.append(near)
            if by_head is not None:
                head.append(by_head)
        return Scale.of_unknown(np.concatenate(nearest), np.concatenate(head) if head else None)

    def asked_by_artist(
        self, knowledge: Knowledge, source: Embedded, kind: int, others: Others = "seen"
    ) -> Iterator[tuple[Queries, Scores]]:
        """Each unseen artist's drawings, asked of the index without that artist and without what is to be unknown."""
        for artist in np.unique(self.collections[self.unseen]):
            rows = self.unseen[self.collections[self.unseen] == artist]
            queries = self.queries(source, rows, kind)
            if len(queries):
                held = self.index(self.gallery(without=[artist], others=others), knowledge)
                yield queries, asked(queries, held, knowledge)


def asked(queries: Queries, held: IndexSnapshot, knowledge: Knowledge) -> Scores:
    """What an index says."""
    query = Query(queries.vectors, queries.owners, len(queries), queries.traits, queries.texts.tolist())
    return score(query, held, knowledge.fusion)


def both_networks(work: Path, cache: Path) -> tuple[Network, Network]:
    """The measured network, which the shipped one goes on from, and the held-out one, to which more is novel.

    Args:
        work: folder that `export_starter.py` has filled.
        cache: folder for what can be made again.
    """
    bench, wide = load(cache), load_wide(cache)
    without, brands = held_out_companies(bench), held_out_brands(wide)
    return (
        Network(bench, wide, read_bundle(work / MEASURED), cache),
        Network(bench, wide, read_bundle(work / HELD_OUT), cache, without=without, brands=brands),
    )
