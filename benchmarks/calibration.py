"""What networks say about drawings that they have not seen, as sets that the decision is fitted to and judged by.

Each drawing is asked of an index that holds the drawings of all other artists, as the one that ships will be asked by
artists whom it does not know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from logobench_data import OTHER
from networks import (
    BRANDS,
    CLEAN,
    COINS,
    COPIES,
    DEGRADED,
    NOVEL_CLEAN,
    NOVEL_DEGRADED,
    SEED,
    Network,
    Others,
    Queries,
    asked,
)

from logo_retrieval.evaluation.fitting import Asked, balanced
from logo_retrieval.inference.knowledge import Knowledge
from logo_retrieval.inference.predict import Scores
from logo_retrieval.inference.snapshot import IndexSnapshot
from logo_retrieval.open_set.evidence import Features
from logo_retrieval.open_set.fusion import best_company
from logo_retrieval.reading.matching import Names
from logo_retrieval.types import BoolArray, Float32Array, Float64Array, Int64Array

SHARES = {CLEAN: 1.0, DEGRADED: 1.0, COPIES: 0.5, BRANDS: 2.0, COINS: 0.1, NOVEL_CLEAN: 1.0, NOVEL_DEGRADED: 1.0}
"""How much each kind counts in the fit, among known and among unknown logos: most logos asked about are brands by
artists that nobody has met; coins are many and of one hand."""

FOLDS = 5
LEAST_DRAWINGS = 4
"""Of a brand of the wide set that is enrolled: one to enrol leaves three to ask."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Queries that were asked, and what the index said."""

    queries: Queries
    asked: Asked

    @classmethod
    def of(cls, parts: Sequence[tuple[Queries, Scores]], held: IndexSnapshot) -> Trial:
        """Of several indexes with the same classes, whose profile is that of the last."""
        queries = Queries.joined([each for each, _ in parts])
        place = {name: position for position, name in enumerate(held.classes)}
        true = np.array([place[label] for label in queries.labels])
        weights = balanced(true != held.other, queries.kinds, SHARES)
        found = [scores.features for _, scores in parts]
        heads = [each.head for each in found if each.head is not None]
        features = Features(
            np.concatenate([each.nearest for each in found]),
            np.concatenate(heads) if heads else None,
            np.concatenate([each.company for each in found]),
            np.concatenate([each.rival for each in found]),
        )
        return cls(queries, Asked(features, held.profile, true, held.other, weights))

    @property
    def folds(self) -> Int64Array:
        """(n,) such that all of one company, or of one unknown brand, is in one fold."""
        return _digests(self.queries.groups) % FOLDS

    @property
    def half(self) -> Int64Array:
        """(n,) 0 or 1, in the same way."""
        return _digests(self.queries.groups) // FOLDS % 2

    @property
    def unknown(self) -> BoolArray:
        """(n,) logos that neither the index nor the network knows, held out by the collection split."""
        fresh = np.isin(self.queries.kinds, (CLEAN, DEGRADED))
        unknown: BoolArray = fresh & (self.asked.true == self.asked.other)
        return unknown

    def may_teach(self, half: int) -> BoolArray:
        """(n,) the queries of one half of novel companies and unknown logos, and all of known companies."""
        known = np.isin(self.queries.kinds, (CLEAN, DEGRADED)) & ~self.unknown
        chosen: BoolArray = known | (self.half == half)
        return chosen


def _digests(names: Iterable[str]) -> Int64Array:
    return np.array([int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") for name in names], np.int64)


def leads(odds: Float64Array, unknown: BoolArray, other: int) -> Float32Array:
    """(u,) the largest log-odds of a company for some unknown logos, which vouch for the share of false names."""
    found: Float32Array = best_company(odds[unknown], other)[0].astype(np.float32)
    return found


def known_companies(network: Network, knowledge: Knowledge, others: Others = "seen") -> Trial:
    """Companies of the index and unknown logos, all held out from the network.

    Args:
        network: that is asked.
        knowledge: of it.
        others: drawings of `other` in the index.
    """
    parts = [
        *network.asked_by_artist(knowledge, network.drawn, CLEAN, others),
        *network.asked_by_artist(knowledge, network.worn, DEGRADED, others),
    ]
    held = network.index(network.gallery(others=others), knowledge)
    if others == "seen":
        everything = network.index(network.gallery(others="all"), knowledge)
        copies = network.queries(network.worn, network.unseen, COPIES)
        parts.append((copies, asked(copies, everything, knowledge)))
    unknown = network.unknown()
    parts.append((unknown, asked(unknown, held, knowledge)))
    return Trial.of(parts, held)


def novel_companies(
    network: Network, knowledge: Knowledge, drawings: int, companies: int, lot: int, *, alone: bool = False
) -> Trial:
    """Companies that the network has never seen, enrolled by some drawings of each; asked are all their others.

    With them are asked, in drawings held out, the companies of the index and unknown logos.

    Args:
        network: to which they are novel.
        knowledge: of it.
        drawings: so many of each are enrolled; those of a company with too few stay fewer, one at least is asked. With
            0 it is enrolled by its name alone, and asked are those of its drawings that spell it.
        companies: so many by lot.
        lot: the number of the lot.
        alone: whether the index holds nothing else, as a user's own does; then no other companies are asked.
    """
    chance = np.random.default_rng((SEED, drawings, companies, lot))
    hidden = np.flatnonzero(np.isin(network.labels, list(network.without)))
    drawn = Queries.joined(
        [
            network.queries(network.drawn, hidden, NOVEL_CLEAN),
            network.wide_queries(network.further, network.brands, NOVEL_CLEAN, named=True),
        ]
    )
    names, counts = np.unique(drawn.labels, return_counts=True)
    chosen = chance.choice(names[counts >= LEAST_DRAWINGS], companies, replace=False)
    enrolled = np.concatenate(
        [
            chance.choice(rows, min(drawings, len(rows) - 1), replace=False)
            for rows in (np.flatnonzero(drawn.labels == name) for name in np.sort(chosen))
        ]
    )
    seen = network.gallery(others="seen")
    seen = seen[(network.parts[seen] == "train") & (not alone)]  # so that no artist who is asked is in the index
    held = network.index(seen, knowledge, drawn.only(np.sort(enrolled).astype(np.int64)), chosen.tolist())
    worn = Queries.joined(
        [
            network.queries(network.worn, hidden, NOVEL_DEGRADED),
            network.wide_queries(network.further_worn, network.brands, NOVEL_DEGRADED, named=True),
        ]
    )
    same = set(zip(drawn.labels[enrolled].tolist(), drawn.rows[enrolled].tolist(), strict=True))
    queries = []
    for source in (drawn, worn):
        is_new = np.isin(source.labels, chosen)
        fresh = [pair not in same for pair in zip(source.labels.tolist(), source.rows.tolist(), strict=True)]
        asked_about = source.only(np.flatnonzero(is_new & np.array(fresh)))
        queries.append(asked_about if drawings else asked_about.only(np.flatnonzero(spells_its_name(asked_about))))
    unknown = network.unknown()
    queries.append(unknown.only(np.flatnonzero(~np.isin(unknown.groups, chosen))))
    known = network.unseen[(network.labels[network.unseen] == OTHER) | (not alone)]
    queries += [network.queries(network.drawn, known, CLEAN), network.queries(network.worn, known, DEGRADED)]
    whole = Queries.joined(queries)
    return Trial.of([(whole, asked(whole, held, knowledge))], held)


def spells_its_name(queries: Queries) -> BoolArray:
    """(n,) whether the label of each is read on it."""
    labels, own = np.unique(queries.labels, return_inverse=True)
    named, _ = Names([(label,) for label in labels.tolist()]).read_as(queries.texts.tolist())
    spelled: BoolArray = named[np.arange(len(queries)), own] > 0
    return spelled
