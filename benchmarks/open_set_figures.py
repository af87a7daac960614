"""Figures of decisions in an open world: what is right, how far probabilities can be trusted, what is named falsely.

Odds are (n, c) log-odds of n queries and c classes by `Fusion.log_odds`; true is (n,) positions of the right classes;
other is the position of `other`, which is the right class of an unknown logo.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bench_queries import rounded

from logo_retrieval.evaluation.measure import estimate
from logo_retrieval.evaluation.metrics import auroc, macro_f_beta
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT
from logo_retrieval.open_set.fusion import best_company, named, probabilities
from logo_retrieval.types import BoolArray, Float64Array, Int64Array

BINS = 15
LEAST_IN_BIN = 30
COVERAGES = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


def mixed(company: BoolArray, share: float) -> Float64Array:
    """(n,) weights by which a share of the queries is unknown, summing to 1."""
    weights: Float64Array = np.where(company, (1 - share) / max(company.sum(), 1), share / max((~company).sum(), 1))
    return weights


def weighted_ece(confidence: Float64Array, right: BoolArray, weights: Float64Array) -> float:
    """Expected calibration error where queries count differently; weights sum to 1."""
    gaps = np.bincount(bins_of(confidence), weights * (confidence - right), BINS)
    return float(np.abs(gaps).sum())


def bins_of(confidence: Float64Array) -> Int64Array:
    """(n,) in which fifteenth each lies."""
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def calibration(odds: Float64Array, true: Int64Array, other: int, threshold: float, share: float) -> dict[str, Any]:
    """ECE over all answers where a share of the logos is unknown, and how the answers that name a company hold.

    Args:
        odds: log-odds.
        true: right classes.
        other: position of `other`.
        threshold: above which a company is named.
        share: of unknown logos.
    """
    chances = probabilities(odds, other, share)
    label = named(odds, other, threshold)
    confidence, right = chances[np.arange(len(true)), label], label == true
    weights, company = mixed(true != other, share), label != other
    bins = []
    for place in range(BINS):
        rows = company & (bins_of(confidence) == place)
        if rows.sum() >= LEAST_IN_BIN:
            stated, found = (np.average(what[rows], weights=weights[rows]) for what in (confidence, right))
            bins.append([int(rows.sum()), round(float(stated), 4), round(float(found), 4)])
    return {
        "ece": round(weighted_ece(confidence, right, weights), 4),
        "named_right": round(float((weights * (company & right)).sum() / max((weights * company).sum(), 1e-12)), 4),
        "named_bins": bins,
        "worst_bin": max((round(abs(stated - found), 4) for _, stated, found in bins), default=0.0),
    }


def quality(odds: Float64Array, true: Int64Array, other: int, groups: Int64Array) -> dict[str, Any]:
    """What is right where a company is named from log-odds of 0 on, with intervals over brands and companies."""
    label, company = named(odds, other, 0.0), true != other
    right, everything = label == true, np.arange(len(true))
    known = best_company(odds, other)[0]
    statistics: dict[str, Callable[[Int64Array], float]] = {
        "macro_f2": lambda i: macro_f_beta(true[i], label[i], np.unique(true[i])),
        "companies_right": lambda i: float(right[i][company[i]].mean()),
        "other_right": lambda i: float(right[i][~company[i]].mean()),
        "auroc": lambda i: auroc(known[i], company[i]),
    }
    figures = {
        name: rounded(estimate(statistic, everything, company, groups=groups)) for name, statistic in statistics.items()
    }
    return {"queries": len(true), **figures}


def least_score(score: Float64Array, company: Int64Array, unknown: BoolArray, other: int) -> float:
    """The score that 2 % of some unknown logos exceed; one whose nearest is no company exceeds none."""
    ranked = np.sort(np.where(company == other, -np.inf, score)[unknown])[::-1]
    return float(ranked[int(DEFAULT_FALSE_ACCEPT * len(ranked))])


def companies_at(score: Float64Array, company: Int64Array, true: Int64Array, other: int) -> float:
    """The share of companies that a rule finds where its threshold names 2 % of these very unknown logos."""
    least = least_score(score, company, true == other, other)
    return round(float(((company == true) & (score > least))[true != other].mean()), 4)


def risk_coverage(odds: Float64Array, true: Int64Array, other: int) -> list[list[float]]:
    """Of the surest answers, where half of the queries are unknown, the share that is wrong, by how many are taken."""
    chances = probabilities(odds, other)
    order = np.argsort(-chances.max(axis=1), kind="stable")
    weights = mixed(true != other, 0.5)[order]
    wrong = (chances.argmax(axis=1) != true)[order]
    covered = np.cumsum(weights)
    taken = {coverage: covered <= coverage + 1e-9 for coverage in COVERAGES}
    return [
        [coverage, round(float(np.average(wrong[rows], weights=weights[rows])), 4)] for coverage, rows in taken.items()
    ]
