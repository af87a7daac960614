"""What the decision is worth in an open world: `python benchmarks/open_set.py WORK [--output JSON]`.

The same sets as those that `calibrate.py` fits to, each query judged by weights that were fitted without its company or
brand, five folds. Known companies and unknown logos are asked of the measured and of the held-out network and of a
backbone as ImageNet left it, without a head; novel companies of the held-out one. Reported are, at 30, 60 and 90 %
unknown logos, how far the probabilities can be trusted, over all answers and bin by bin where a company is named; what
each part of the evidence is worth, and reading; false names asked for and given; risk and coverage; and enrolment.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from calibrate import (
    FROZEN,
    cross_judged,
    halves,
    judged_by_halves,
    known_trials,
    novel_tail,
    novel_trials,
)
from calibration import Trial, known_companies, leads, novel_companies
from logobench import rounded
from logobench_data import default_cache
from networks import BRANDS, CLEAN, COINS, COPIES, DEGRADED, NOVEL_CLEAN, NOVEL_DEGRADED, Network, both_networks
from surroundings import RESULTS, surroundings
from written import start_of_fit

from logo_retrieval.evaluation.fitting import Asked, cross_fitted, fit_fusion, fitted_by_fold, judged_by_fold
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, estimate
from logo_retrieval.evaluation.metrics import auroc, macro_f_beta
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT, Knowledge
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.open_set.evidence import COMPANY_FEATURES, RIVAL_FEATURES
from logo_retrieval.open_set.fusion import (
    GROUPS,
    HEADLESS_NOVEL,
    HEADLESS_RIVAL,
    OF_TEXT,
    RIVAL,
    TRAINED,
    best_company,
    named,
    probabilities,
)
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.types import BoolArray, Float64Array, Int64Array

UNKNOWN_SHARES = (0.3, 0.6, 0.9)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
DRAWINGS = (0, 1, 3, 5, 10)
COMPANIES = 60
LOTS = 3
BINS = 15
LEAST_IN_BIN = 30
COVERAGES = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
QUERIES = {"as drawn": CLEAN, "degraded": DEGRADED, "copies of known drawings": COPIES}


def mixed(company: BoolArray, share: float) -> Float64Array:
    """(n,) weights by which a share of the queries is unknown, summing to 1."""
    weights: Float64Array = np.where(company, (1 - share) / max(company.sum(), 1), share / max((~company).sum(), 1))
    return weights


def calibration(odds: Float64Array, true: Int64Array, other: int, threshold: float, share: float) -> dict[str, Any]:
    """ECE over all answers, and stated and true shares of those that name a company, by fifteenths."""
    chances = probabilities(odds, other, share)
    label = named(odds, other, threshold)
    confidence, right = chances[np.arange(len(true)), label], label == true
    weights, company = mixed(true != other, share), label != other
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, weights * (confidence - right), BINS)
    bins = []
    for each in range(BINS):
        rows = company & (place == each)
        if rows.sum() >= LEAST_IN_BIN:
            mass = weights[rows].sum()
            stated, found = ((weights[rows] * what[rows]).sum() / mass for what in (confidence, right))
            bins.append([int(rows.sum()), round(float(stated), 4), round(float(found), 4)])
    return {
        "ece": round(float(np.abs(gaps).sum()), 4),
        "named_right": round(float((weights * (company & right)).sum() / max((weights * company).sum(), 1e-12)), 4),
        "named_bins": bins,
        "worst_bin": max((round(abs(stated - found), 4) for _, stated, found in bins), default=0.0),
    }


def quality(odds: Float64Array, true: Int64Array, other: int, threshold: float, groups: Int64Array) -> dict[str, Any]:
    """What is right where a company is named above a threshold, with intervals over brands and companies."""
    label, company = named(odds, other, threshold), true != other
    right, everything = label == true, np.arange(len(true))
    known = best_company(odds, other)[0]
    statistics: dict[str, Callable[[Int64Array], float]] = {
        "macro_f2": lambda i: macro_f_beta(true[i], label[i], np.unique(true[i])),
        "companies_right": lambda i: float(right[i][company[i]].mean()),
        "other_right": lambda i: float(right[i][~company[i]].mean()),
        "auroc": lambda i: auroc(known[i], company[i]),
    }
    return {
        name: rounded(estimate(statistic, everything, company, groups=groups)) for name, statistic in statistics.items()
    }


def threshold_of(odds: Float64Array, unknown: BoolArray, other: int, share: float = DEFAULT_FALSE_ACCEPT) -> float:
    """The conformal one, by some unknown logos."""
    return Impostors(np.zeros((0, 1), np.float32), leads(odds, unknown, other)).threshold(share)


def numbered(groups: Iterable[str]) -> Int64Array:
    """(n,) a number for each name."""
    return np.unique(np.array(list(groups)), return_inverse=True)[1].astype(np.int64)


def vouched(trial: Trial, odds: Float64Array, share: float = DEFAULT_FALSE_ACCEPT) -> dict[int, float]:
    """By fold, the threshold by the unknown logos of all other folds."""
    return {
        int(fold): threshold_of(odds, trial.unknown & (trial.folds != fold), trial.asked.other, share)
        for fold in np.unique(trial.folds)
    }


def above(odds: Float64Array, other: int, folds: Int64Array, thresholds: dict[int, float]) -> Float64Array:
    """The log-odds, such that 0 is each fold's own threshold."""
    shift = np.array([thresholds[int(fold)] for fold in folds])
    moved: Float64Array = odds - shift[:, None]
    moved[:, other] = 0.0
    return moved


def known(network: Network) -> dict[str, Any]:
    """Known companies and unknown logos, each by weights and a threshold that have not seen it."""
    headed, start = network.head is not None, start_of_fit()
    trial, bare = known_trials(network, start, head=headed)
    asked, kinds, other = trial.asked, trial.queries.kinds, trial.asked.other
    groups_of_weights = (TRAINED, RIVAL) if headed else (HEADLESS_NOVEL, HEADLESS_RIVAL)
    folds = [trial.folds, bare.folds]
    by_fold = fitted_by_fold(start, [asked, bare.asked], folds, groups_of_weights, pinned=OF_TEXT)
    odds, odds_bare, odds_unread = (
        judged_by_fold(by_fold, evidence, folds)
        for evidence, folds in ((asked, trial.folds), (bare.asked, bare.folds), (unread(asked), trial.folds))
    )
    thresholds = vouched(trial, odds)
    threshold = float(np.mean(list(thresholds.values())))
    moved = above(odds, other, trial.folds, thresholds)
    groups = numbered(trial.queries.groups)
    shapes = np.array(
        [
            network.bench.parts["collection"][row] if kind in (CLEAN, DEGRADED) else ""
            for row, kind in zip(trial.queries.rows, kinds, strict=True)
        ]
    )
    sets = {name: kinds == kind for name, kind in QUERIES.items()}
    sets["unseen shapes"] = (kinds == CLEAN) & (shapes != "dropped")
    entry: dict[str, Any] = {
        name: {"queries": int(rows.sum()), **quality(moved[rows], asked.true[rows], other, 0.0, groups[rows])}
        for name, rows in sets.items()
    }
    rows = bare.queries.kinds == CLEAN
    moved_bare = above(odds_bare, other, bare.folds, thresholds)
    entry["no other in the index"] = {
        "queries": int(rows.sum()),
        **quality(moved_bare[rows], bare.asked.true[rows], other, 0.0, numbered(bare.queries.groups)[rows]),
    }
    entry["reading"] = reading(trial, odds, odds_unread, thresholds)
    fresh = np.isin(kinds, (CLEAN, BRANDS))
    near = asked.features.nearest
    for name, rows in sets.items():
        entry[name]["companies_right_at_share"] = {
            rule: round(companies_at(score[rows], company[rows], asked.true[rows], other), 4)
            for rule, (score, company) in {
                "fusion": best_company(odds, other),
                "nearest drawing": (near.max(axis=1).astype(np.float64), near.argmax(axis=1)),
            }.items()
        }
    entry["threshold"] = round(threshold, 3)
    entry["calibration"] = {
        str(share): calibration(odds[fresh], asked.true[fresh], other, threshold, share) for share in UNKNOWN_SHARES
    }
    entry["unknown_named"] = {
        name: round(float((moved[kinds == kind].max(axis=1) > 0)[asked.true[kinds == kind] == other].mean()), 4)
        for name, kind in {"by unseen artists": CLEAN, "degraded": DEGRADED, "brands": BRANDS, "coins": COINS}.items()
        if (kinds == kind).any()
    }
    entry["false_accept"] = {str(share): false_names(trial, odds, share) for share in SHARES}
    entry["risk_coverage"] = risk_coverage(odds[fresh], asked.true[fresh], other)
    return entry


def unread(asked: Asked) -> Asked:
    """The same as if nothing had been read."""
    for name in OF_TEXT:
        asked = without(asked, name, ())
    return asked


def reading(
    trial: Trial, odds: Float64Array, odds_unread: Float64Array, thresholds: dict[int, float]
) -> dict[str, dict[str, Any]]:
    """What reading is worth: the same weights and threshold, with what is written and without.

    Args:
        trial: queries.
        odds: (n, c) log-odds with what is written.
        odds_unread: without.
        thresholds: by fold.
    """
    asked, kinds, texts = trial.asked, trial.queries.kinds, trial.queries.texts
    company = asked.true != asked.other
    spelled = asked.features.company[np.arange(len(kinds)), asked.true, COMPANY_FEATURES.index("named")] > 0
    fresh, has_lines = np.isin(kinds, (CLEAN, DEGRADED, BRANDS)), np.array([len(each) > 0 for each in texts])
    sets = {
        "all": fresh,
        "its company is spelled": fresh & company & spelled,
        "something else is read": fresh & has_lines & ~(company & spelled),
        "nothing to read": fresh & ~has_lines,
    }
    found: dict[str, dict[str, Any]] = {}
    for name, rows in sets.items():
        found[name] = {"companies": int((rows & company).sum()), "unknown": int((rows & ~company).sum())}
        for how, evidence in (("read", odds), ("unread", odds_unread)):
            right = named(above(evidence, asked.other, trial.folds, thresholds), asked.other, 0.0) == asked.true
            shares = {f"{what}_right": right[rows & chosen] for what, chosen in sides(company).items()}
            found[name][how] = {what: round(float(each.mean()), 4) for what, each in shares.items() if len(each)}
    threshold = float(np.mean(list(thresholds.values())))
    for how, evidence in (("read", odds), ("unread", odds_unread)):
        found["all"][how]["ece"] = {
            str(share): calibration(evidence[fresh], asked.true[fresh], asked.other, threshold, share)["ece"]
            for share in UNKNOWN_SHARES
        }
    return found


def sides(company: BoolArray) -> dict[str, BoolArray]:
    """Companies and unknown logos, as the results name them."""
    return {"companies": company, "other": ~company}


def companies_at(score: Float64Array, company: Int64Array, true: Int64Array, other: int) -> float:
    """The share of companies that a rule finds where its threshold names 2 % of these very unknown logos."""
    ranked = np.where(company == other, -np.inf, score)
    unknown = np.sort(ranked[true == other])[::-1]
    least = unknown[int(DEFAULT_FALSE_ACCEPT * len(unknown))]
    return float(((company == true) & (ranked > least))[true != other].mean())


def false_names(trial: Trial, odds: Float64Array, share: float) -> dict[str, float]:
    """Of unknown logos the share that is named where so much is asked for, and the companies that still are."""
    asked = trial.asked
    moved = above(odds, asked.other, trial.folds, vouched(trial, odds, share))
    label = named(moved, asked.other, 0.0)
    judged = np.isin(trial.queries.kinds, (CLEAN, DEGRADED, BRANDS))
    unknown, company = judged & (asked.true == asked.other), judged & (asked.true != asked.other)
    return {
        "given": round(float((label[unknown] != asked.other).mean()), 4),
        "companies_right": round(float((label == asked.true)[company].mean()), 4),
    }


def risk_coverage(odds: Float64Array, true: Int64Array, other: int) -> list[list[float]]:
    """Of the surest answers, where half of the queries are unknown, the share that is wrong, by how many are taken."""
    chances = probabilities(odds, other)
    order = np.argsort(-chances.max(axis=1), kind="stable")
    weights = mixed(true != other, 0.5)[order]
    wrong = (chances.argmax(axis=1) != true)[order]
    covered = np.cumsum(weights)
    found = []
    for coverage in COVERAGES:
        taken = covered <= coverage + 1e-9
        found.append([coverage, round(float((weights * wrong)[taken].sum() / weights[taken].sum()), 4)])
    return found


def ablation(trial: Trial) -> dict[str, Any]:
    """What is lost in likelihood, AUROC and macro F2 by leaving out one part of the evidence."""
    asked, rows = trial.asked, np.isin(trial.queries.kinds, (CLEAN, DEGRADED, BRANDS))

    def judged(odds: Float64Array) -> dict[str, float]:
        chances, true = probabilities(odds, asked.other)[rows], asked.true[rows]
        weights = mixed(true != asked.other, 0.5)
        likelihood = -(weights * np.log(chances[np.arange(len(true)), true])).sum()
        known = best_company(odds, asked.other)[0][rows]
        f2 = macro_f_beta(true, chances.argmax(axis=1), np.unique(true))
        figures = {"nll": likelihood, "auroc": auroc(known, true != asked.other), "macro_f2": f2}
        return {name: round(float(value), 4) for name, value in figures.items()}

    def by(evidence: Asked) -> dict[str, float]:
        (odds,) = cross_fitted(start_of_fit(), [evidence], [trial.folds], (TRAINED, RIVAL), pinned=OF_TEXT)
        return judged(odds)

    entry = {"everything": by(asked)}
    parts = {name: (name, None) for name in GROUPS[TRAINED]} | {"drawings of other as rivals": (None, RIVAL_FEATURES)}
    for name, (feature, rival) in parts.items():
        entry[f"no {name}"] = by(without(asked, feature, rival or ()))
    return entry


def without(asked: Asked, feature: str | None, rival: Iterable[str]) -> Asked:
    """The same with some features at 0."""
    company, rivals = asked.features.company.copy(), asked.features.rival.copy()
    if feature is not None:
        company[..., COMPANY_FEATURES.index(feature)] = 0
    for name in rival:
        rivals[:, RIVAL_FEATURES.index(name)] = 0
    return replace(asked, features=replace(asked.features, company=company, rival=rivals))


def enrolment(network: Network) -> dict[str, Any]:
    """Companies that the network has never seen, enrolled sixty at a time.

    The weights of novel companies are fitted in two halves of these companies, each judged by those of the other; so
    are the log-odds that vouch for what they must exceed.
    """
    start = start_of_fit()
    trial, bare = known_trials(network, start)
    fusion = fit_fusion(start, [trial.asked, bare.asked], (TRAINED, RIVAL), pinned=OF_TEXT)
    fits = novel_trials(network, start)
    by_half = halves(fusion, fits)
    odds, _ = cross_judged((trial, bare))
    impostors = Impostors(
        np.zeros((0, 1), np.float32), leads(odds, trial.unknown, trial.asked.other), *novel_tail(fits, by_half)
    )
    knowledge = replace(network.knowledge(fusion), impostors=impostors)
    near = trial.asked.features.nearest[trial.unknown]
    ranked = np.where(near.argmax(axis=1) == trial.asked.other, -np.inf, near.max(axis=1))
    plain = float(np.sort(ranked)[::-1][int(DEFAULT_FALSE_ACCEPT * len(ranked))])
    found: dict[str, Any] = {}
    for drawings in DRAWINGS:
        entries = []
        for lot in range(LOTS):
            each = novel_companies(network, network.knowledge(start), drawings, COMPANIES, 100 + lot)
            entries.append(judged_enrolment(each, judged_by_halves(each, by_half), knowledge, plain))
        found[str(drawings)] = {
            name: round(float(np.mean([entry[name] for entry in entries])), 4) for name in entries[0]
        }
        print(drawings, json.dumps(found[str(drawings)]), flush=True)
    return found


def judged_enrolment(trial: Trial, odds: Float64Array, knowledge: Knowledge, plain: float) -> dict[str, float]:
    """The figures of one lot, half of whose queries are unknown and a quarter each of new and of old companies."""
    asked, kinds, other = trial.asked, trial.queries.kinds, trial.asked.other
    thresholds = knowledge.thresholds(DEFAULT_FALSE_ACCEPT, asked.profile)
    assert thresholds is not None  # noqa: S101
    label = named(odds, other, thresholds)
    right, unknown = label == asked.true, trial.unknown
    novel = asked.profile.novel[asked.true]
    old = np.isin(kinds, (CLEAN, DEGRADED)) & asked.profile.trained[asked.true]
    without_new = np.where(asked.profile.novel, -np.inf, odds)
    before = named(without_new, other, thresholds)
    near = asked.features.nearest
    by_cosine = np.where(near.max(axis=1) > plain, near.argmax(axis=1), other)
    chances = probabilities(odds, other)
    confidence = chances[np.arange(len(label)), label]
    weights = 0.5 * unknown / unknown.sum() + 0.25 * novel / novel.sum() + 0.25 * old / old.sum()
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, weights * (confidence - right), BINS)
    clean = kinds == NOVEL_CLEAN
    return {
        "new_right": float(right[clean].mean()),
        "new_right_degraded": float(right[kinds == NOVEL_DEGRADED].mean()),
        "new_likeliest": float((best_company(odds, other)[1] == asked.true)[clean].mean()),
        "old_right": float(right[old].mean()),
        "old_moved": float((label != before)[old].mean()),
        "other_right": float(right[unknown].mean()),
        "other_right_before": float((before == other)[unknown].mean()),
        "ece": float(np.abs(gaps).sum()),
        "plain_new_right": float((by_cosine == asked.true)[clean].mean()),
        "plain_other_right": float((by_cosine == other)[unknown].mean()),
    }


def main() -> None:
    """Runs, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder with the bundles of both networks")
    parser.add_argument("--output", type=Path, default=RESULTS / "open_set.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    parser.add_argument("--enrolment", action="store_true", help="measure enrolment alone, keep the other figures")
    arguments = parser.parse_args()
    measured, held_out = both_networks(arguments.work, arguments.cache)
    if arguments.enrolment:
        earlier = json.loads(arguments.output.read_text(encoding="utf-8"))
        earlier["enrolment"] = enrolment(held_out)
        arguments.output.write_text(json.dumps(earlier, indent=1) + "\n", encoding="utf-8")
        return
    frozen = Network(measured.bench, measured.wide, read_bundle(arguments.work / FROZEN), arguments.cache)
    results: dict[str, Any] = {
        "benchmark": "LogoBench-160 and the wide set, the decision in an open world",
        **surroundings(),
        "seed": SEED,
        "resamples": RESAMPLES,
        "networks": {"measured": known(measured), "held out": known(held_out), "frozen": known(frozen)},
        "evidence": ablation(known_companies(measured, measured.knowledge(start_of_fit()))),
        "enrolment": enrolment(held_out),
    }
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results["networks"], indent=1))


if __name__ == "__main__":
    main()
