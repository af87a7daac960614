"""The fusion of evidence, fitted to drawings that neither gallery nor network has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from logo_retrieval.open_set.evidence import COMPANY_FEATURES, RIVAL_FEATURES, ClassProfile, Features
from logo_retrieval.open_set.fusion import (
    BIAS,
    GROUPS,
    HEADLESS_NOVEL,
    HEADLESS_RIVAL,
    NOVEL,
    PINNED,
    RIVAL,
    TRAINED,
    Fusion,
)
from logo_retrieval.types import BoolArray, Float64Array, Int64Array

RIDGE = 0.1
"""Pull of each weight towards where it starts, as if it had a normal distribution about that with this precision: some
ten queries outweigh it."""

_MOST_STEPS = 500

_BIASES = (0.0, 8.0)
"""Log-odds above the start, of companies and rivals alike: "nothing" may be likely where no drawing is near, or not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an index said about n queries, and the truth.

    Attributes:
        features: by `inference.predict.score`.
        profile: of the index's c classes.
        true: (n,) positions of the true classes; `other` for unknown logos.
        other: its position.
        weights: (n,) how much each query counts.
    """

    features: Features
    profile: ClassProfile
    true: Int64Array
    other: int
    weights: Float64Array

    def only(self, chosen: BoolArray) -> Asked:
        """Some of the queries."""
        head = self.features.head
        features = Features(
            self.features.nearest[chosen],
            None if head is None else head[chosen],
            self.features.company[chosen],
            self.features.rival[chosen],
        )
        return replace(self, features=features, true=self.true[chosen], weights=self.weights[chosen])

    def log_odds(self, fusion: Fusion) -> Float64Array:
        """(n, c) by some weights."""
        return fusion.log_odds(self.features, self.other, self.profile)


def balanced(company: BoolArray, sources: Int64Array, shares: Mapping[int, float]) -> Float64Array:
    """(n,) weights by which known and unknown logos count alike, as the fusion supposes them to be.

    Args:
        company: (n,) whether a query shows a known company.
        sources: (n,) which kind of drawings each query is of.
        shares: how much all unknown, or all known, queries of a kind count together, by kind.
    """
    weights = np.zeros(len(company))
    for known in (False, True):
        for source, share in shares.items():
            rows = (company == known) & (sources == source)
            weights[rows] = share / max(int(rows.sum()), 1)
        rows = company == known
        weights[rows] *= len(company) / 2 / max(float(weights[rows].sum()), 1e-12)
    return weights


def fit_fusion(start: Fusion, asked: Sequence[Asked], groups: Sequence[str], *, ridge: float = RIDGE) -> Fusion:
    """The weights of some groups by penalised maximum likelihood, those of the others, and `PINNED` ones, as they are.

    Minimises, by L-BFGS-B with the weights at 0 or above (Byrd et al. 1995, "A limited memory algorithm for bound
    constrained optimization"), the negative log-likelihood of the truth and ridge / 2 times the squared distance of the
    weights from their start. Like that of every mixture, the likelihood has more than one peak: the best of those is
    taken that the search finds from biases near the start and far above it. No chance is involved.

    Args:
        start: where the weights begin, and what the ridge pulls them to.
        asked: sets of queries.
        groups: that are fitted.
        ridge: strength of the pull.
    """
    names = {group: (BIAS, *features) for group, features in GROUPS.items()}
    given = {group: np.array([start.weights[group][name] for name in names[group]]) for group in GROUPS}
    first = np.concatenate([given[group] for group in groups])
    ends = np.cumsum([len(given[group]) for group in groups])[:-1]
    in_order = [name for group in groups for name in names[group]]
    free = np.array([name != BIAS for name in in_order])
    problems = [_Problem(part) for part in asked]
    total = sum(float(part.weights.sum()) for part in asked)

    def parted(flat: Float64Array) -> dict[str, Float64Array]:
        return dict(zip(groups, np.split(flat, ends), strict=True))

    def loss(flat: Float64Array) -> tuple[float, Float64Array]:
        weights = given | parted(flat)
        pull = np.where(free, flat - first, 0.0)
        value, slope = ridge / 2 * float(pull @ pull), ridge * pull
        for problem in problems:
            part, slopes = problem.loss(weights)
            value += part
            slope = slope + np.concatenate([slopes.get(group, 0 * weights[group]) for group in groups])
        return value / total, slope / total

    bounds = [
        (value, value) if name in PINNED else (None if name == BIAS else 0.0, None)
        for name, value in zip(in_order, first.tolist(), strict=True)
    ]
    starts = [np.where(free, first, first + bias) for bias in _BIASES]
    runs = [
        minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _MOST_STEPS})
        for begin in starts
    ]
    best = min(runs, key=lambda run: float(run.fun))
    fitted = {group: dict(zip(names[group], part.tolist(), strict=True)) for group, part in parted(best.x).items()}
    return replace(start, weights={**start.weights, **fitted}, fitted=True)


def cross_fitted(
    start: Fusion, asked: Sequence[Asked], folds: Sequence[Int64Array], groups: Sequence[str]
) -> list[Float64Array]:
    """(n, c) log-odds of each query of each set by weights fitted without its fold, so that none judges itself.

    Args:
        start: as in `fit_fusion`.
        asked: sets of queries, which are fitted together.
        folds: (n,) the fold of each query, for each set.
        groups: that are fitted.
    """
    by_fold = fitted_by_fold(start, asked, folds, groups)
    return [judged_by_fold(by_fold, part, of_part) for part, of_part in zip(asked, folds, strict=True)]


def fitted_by_fold(
    start: Fusion, asked: Sequence[Asked], folds: Sequence[Int64Array], groups: Sequence[str]
) -> dict[int, Fusion]:
    """Weights for each fold, fitted without it; arguments as of `cross_fitted`."""
    pairs = list(zip(asked, folds, strict=True))
    return {
        int(fold): fit_fusion(start, [part.only(of_part != fold) for part, of_part in pairs], groups)
        for fold in np.unique(np.concatenate(folds))
    }


def judged_by_fold(by_fold: Mapping[int, Fusion], asked: Asked, folds: Int64Array) -> Float64Array:
    """(n, c) log-odds of each query by the weights for its fold."""
    odds = np.zeros(asked.features.nearest.shape)
    for fold, fusion in by_fold.items():
        odds[folds == fold] = asked.only(folds == fold).log_odds(fusion)
    return odds


class _Problem:
    """One set of queries, laid out so that each step of a fit is a few products of matrices."""

    def __init__(self, asked: Asked) -> None:
        headless = asked.features.head is None
        companies = np.flatnonzero(np.arange(len(asked.profile.counts)) != asked.other)
        trained = asked.profile.trained[companies] & (not headless)
        members = {TRAINED: np.flatnonzero(trained), HEADLESS_NOVEL if headless else NOVEL: np.flatnonzero(~trained)}
        self.members = {group: places for group, places in members.items() if len(places)}
        self.rival = HEADLESS_RIVAL if headless else RIVAL
        self.evidence = {
            group: _with_ones(asked.features.company[:, companies[places]], COMPANY_FEATURES, group)
            for group, places in self.members.items()
        }
        self.against = _with_ones(asked.features.rival, RIVAL_FEATURES, self.rival)
        self.n, self.c, self.weights = len(asked.true), len(companies), asked.weights
        self.nothing = np.log(asked.profile.n_companies)
        self.is_other = asked.true == asked.other
        self.rows = np.flatnonzero(~self.is_other)
        self.columns = np.searchsorted(companies, asked.true[self.rows])

    def loss(self, weights: Mapping[str, Float64Array]) -> tuple[float, dict[str, Float64Array]]:
        """The negative log-likelihood, summed, and its slope by group."""
        utilities = np.empty((self.n, self.c + 2))  # of each company, a drawing of other, and nothing
        for group, places in self.members.items():
            utilities[:, places] = (self.evidence[group] @ weights[group]).reshape(self.n, -1)
        utilities[:, self.c] = self.against @ weights[self.rival]
        utilities[:, self.c + 1] = self.nothing
        utilities -= utilities.max(axis=1, keepdims=True)
        chances = np.exp(utilities, out=utilities)
        chances /= chances.sum(axis=1, keepdims=True)
        likelihood, unknown = chances[self.rows, self.columns], np.maximum(chances[self.is_other, self.c :], 1e-300)
        value = -float(self.weights[self.rows] @ np.log(np.maximum(likelihood, 1e-300)))
        value -= float(self.weights[self.is_other] @ np.log(unknown.sum(axis=1)))
        excess = chances
        excess[self.rows, self.columns] -= 1.0
        excess[self.is_other, self.c :] -= unknown / unknown.sum(axis=1, keepdims=True)
        excess *= self.weights[:, None]
        slopes = {group: excess[:, places].ravel() @ self.evidence[group] for group, places in self.members.items()}
        return value, slopes | {self.rival: excess[:, self.c] @ self.against}


def _with_ones(features: Float64Array, names: tuple[str, ...], group: str) -> Float64Array:
    """(m, 1 + f) ones, and the features that a group has weights for."""
    chosen = features.reshape(-1, len(names))[:, [names.index(name) for name in GROUPS[group]]]
    return np.concatenate([np.ones((len(chosen), 1)), chosen], axis=1)
