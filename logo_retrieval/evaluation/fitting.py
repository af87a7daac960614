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
    RIVAL,
    TRAINED,
    Fusion,
    columns,
)
from logo_retrieval.values import BoolArray, Float64Array, Int64Array

RIDGE = 0.1
"""Pull of each weight towards where it starts, as if it had a normal distribution about that with this precision: some
ten queries outweigh it."""

_MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What an index said about n queries, and the truth.

    Attributes:
        features: by `answers.score`.
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

    def headless(self) -> Asked:
        """The same as if the model had no head."""
        company, rival = self.features.company.copy(), self.features.rival.copy()
        for name in ("head", "head_lead"):
            company[..., COMPANY_FEATURES.index(name)] = 0
        rival[:, RIVAL_FEATURES.index("head")] = 0
        features = replace(self.features, head=None, company=company, rival=rival)
        return replace(self, features=features)


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
    """The weights of some groups by penalised maximum likelihood, those of the others as they are.

    Minimises, by L-BFGS-B with the weights at 0 or above (Byrd et al. 1995, "A limited memory algorithm for bound
    constrained optimization"), the negative log-likelihood of the truth and ridge / 2 times the squared distance of the
    weights from their start. No chance is involved.

    Args:
        start: where the weights begin, and what the ridge pulls them to.
        asked: sets of queries.
        groups: that are fitted.
        ridge: strength of the pull.
    """
    names = [(group, name) for group in groups for name in columns(group)]
    ends = np.cumsum([len(columns(group)) for group in groups])[:-1]
    first = np.concatenate([start.of_group(group) for group in groups])
    free = np.array([name != BIAS for _, name in names])
    total = float(np.concatenate([each.weights for each in asked]).sum())

    def loss(flat: Float64Array) -> tuple[float, Float64Array]:
        weights = dict(zip(groups, np.split(flat, ends), strict=True))
        pull = np.where(free, flat - first, 0.0)
        value, slope = ridge / 2 * float(pull @ pull), ridge * pull
        for each in asked:
            part, slopes = _loss(each, start, weights)
            value += part
            slope = slope + np.concatenate([slopes.get(group, np.zeros(len(columns(group)))) for group in groups])
        return value / total, slope / total

    bounds = [(None, None) if name == BIAS else (0.0, None if name in GROUPS[group] else 0.0) for group, name in names]
    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _MOST_STEPS})
    fitted: dict[str, dict[str, float]] = {group: {} for group in groups}
    for (group, name), value in zip(names, found.x.tolist(), strict=True):
        if name == BIAS or name in GROUPS[group]:
            fitted[group][name] = value
    return replace(start, weights={**start.weights, **fitted}, fitted=True)


def cross_fitted(start: Fusion, asked: Asked, folds: Int64Array, groups: Sequence[str]) -> Float64Array:
    """(n, c) log-odds of each query by weights that were fitted without its fold, so that none judges itself.

    Args:
        start: as in `fit_fusion`.
        asked: the queries.
        folds: (n,) the fold of each.
        groups: that are fitted.
    """
    odds = np.zeros(asked.features.nearest.shape)
    for fold in np.unique(folds):
        fitted = fit_fusion(start, [asked.only(folds != fold)], groups)
        odds[folds == fold] = asked.only(folds == fold).log_odds(fitted)
    return odds


def _loss(asked: Asked, start: Fusion, fitted: Mapping[str, Float64Array]) -> tuple[float, dict[str, Float64Array]]:
    """The negative log-likelihood of one set, summed, and its slope by group."""
    headless = asked.features.head is None
    novel, rival = (HEADLESS_NOVEL, HEADLESS_RIVAL) if headless else (NOVEL, RIVAL)
    companies = np.arange(len(asked.profile.counts)) != asked.other
    x, r = asked.features.company[:, companies], asked.features.rival
    trained = asked.profile.trained[companies] & (not headless)
    n, c = x.shape[:2]

    def of(group: str) -> Float64Array:
        return fitted[group] if group in fitted else start.of_group(group)

    weights = np.where(trained[:, None], of(TRAINED), of(novel))
    utilities = np.empty((n, c + 2))  # of each company, a drawing of other, and nothing
    utilities[:, :c] = weights[:, 0] + np.einsum("ncf,cf->nc", x, weights[:, 1:])
    utilities[:, c] = of(rival)[0] + r @ of(rival)[1:]
    utilities[:, c + 1] = np.log(c)
    utilities -= utilities.max(axis=1, keepdims=True)
    chances = np.exp(utilities)
    chances /= chances.sum(axis=1, keepdims=True)
    place = np.cumsum(companies) - 1
    truth = np.zeros((n, c + 2))
    is_other = asked.true == asked.other
    rows = np.flatnonzero(~is_other)
    truth[rows, place[asked.true[rows]]] = 1.0
    unknown = chances[is_other, c:]
    truth[is_other, c:] = unknown / unknown.sum(axis=1, keepdims=True)
    likelihood = np.where(truth > 0, chances, 0)[rows, place[asked.true[rows]]]
    value = -float(asked.weights[rows] @ np.log(np.maximum(likelihood, 1e-300)))
    value -= float(asked.weights[is_other] @ np.log(np.maximum(unknown.sum(axis=1), 1e-300)))
    excess = asked.weights[:, None] * (chances - truth)
    slopes = {}
    for group, members in ((TRAINED, trained), (novel, ~trained)):
        if group in fitted:
            part = excess[:, :c][:, members]
            slopes[group] = np.concatenate([[part.sum()], np.einsum("nc,ncf->f", part, x[:, members])])
    if rival in fitted:
        slopes[rival] = np.concatenate([[excess[:, c].sum()], excess[:, c] @ r])
    return value, slopes
