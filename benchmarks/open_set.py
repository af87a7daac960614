"""What the decision is worth in an open world: `python benchmarks/open_set.py WORK [--output JSON]`.

The same sets as those that `calibrate.py` fits to, each query judged by weights that were fitted without its company or
brand, five folds. Known companies and unknown logos are asked of the measured and of the held-out network and of a
backbone as ImageNet left it, without a head; novel companies of the held-out one. Reported are, at 30, 60 and 90 %
unknown logos, how far the probabilities can be trusted, over all answers and bin by bin where a company is named; what
each part of the evidence is worth, and reading; false names asked for and given; risk and coverage; and enrolment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from calibrate import FROZEN, judged_by_halves, known_trials, novel_tail, of_novel
from calibration import FOLDS, Trial, known_companies, leads, novel_companies
from networks import BRANDS, CLEAN, COPIES, DEGRADED, NOVEL_CLEAN, NOVEL_DEGRADED, Network, both_networks
from open_set_figures import calibration, companies_at, least_score, mixed, quality, risk_coverage, weighted_ece
from small import options
from surroundings import write_result
from written import start_of_fit

from logo_retrieval.evaluation.fitting import Asked, cross_fitted, fitted_by_fold, judged_by_fold
from logo_retrieval.evaluation.measure import RESAMPLES, SEED
from logo_retrieval.evaluation.metrics import auroc, macro_f_beta
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.open_set.evidence import COMPANY_FEATURES
from logo_retrieval.open_set.fusion import (
    GROUPS,
    HEADLESS_NOVEL,
    HEADLESS_RIVAL,
    OF_COLOURS,
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
QUERIES = {"as drawn": CLEAN, "degraded": DEGRADED, "copies of known drawings": COPIES}


def numbered(groups: Iterable[str]) -> Int64Array:
    """(n,) a number for each name."""
    return np.unique(np.array(list(groups)), return_inverse=True)[1].astype(np.int64)


def impostors_of(odds: Float64Array, unknown: BoolArray, other: int) -> Impostors:
    """Some unknown logos, to vouch for a threshold."""
    return Impostors(leads(odds, unknown, other))


def vouched(trial: Trial, odds: Float64Array, share: float = DEFAULT_FALSE_ACCEPT) -> dict[int, float]:
    """By fold, the threshold by the unknown logos of all other folds."""
    return {
        fold: impostors_of(odds, trial.unknown & (trial.folds != fold), trial.asked.other).threshold(share)
        for fold in np.unique(trial.folds).tolist()
    }


def above(odds: Float64Array, trial: Trial, thresholds: dict[int, float]) -> Float64Array:
    """The log-odds, such that 0 is each fold's own threshold."""
    shift = np.array([thresholds[int(fold)] for fold in trial.folds])
    moved: Float64Array = odds - shift[:, None]
    moved[:, trial.asked.other] = 0.0
    return moved


def known(network: Network) -> dict[str, Any]:
    """Known companies and unknown logos, each by weights and a threshold that have not seen it."""
    headed, start = network.head is not None, start_of_fit()
    trial, bare = known_trials(network, start, head=headed)
    asked, kinds, other = trial.asked, trial.queries.kinds, trial.asked.other
    groups_of_weights = (TRAINED, RIVAL) if headed else (HEADLESS_NOVEL, HEADLESS_RIVAL)
    folds = [trial.folds, bare.folds]
    by_fold = fitted_by_fold(start, [asked, bare.asked], folds, groups_of_weights)
    odds, unread = (judged_by_fold(by_fold, each, trial.folds) for each in (asked, without(asked, OF_TEXT)))
    thresholds = vouched(trial, odds)
    moved, groups = above(odds, trial, thresholds), numbered(trial.queries.groups)
    sets = {name: kinds == kind for name, kind in QUERIES.items()}
    dropped = np.flatnonzero(network.parts == "dropped")
    sets["unseen shapes"] = (kinds == CLEAN) & ~np.isin(trial.queries.rows, dropped)
    near = asked.features.nearest
    rules = {
        "fusion": best_company(odds, other),
        "nearest drawing": (near.max(axis=1).astype(np.float64), near.argmax(axis=1)),
    }
    entry: dict[str, Any] = {
        name: {
            **quality(moved[rows], asked.true[rows], other, groups[rows]),
            "companies_right_at_share": {
                rule: companies_at(score[rows], company[rows], asked.true[rows], other)
                for rule, (score, company) in rules.items()
            },
        }
        for name, rows in sets.items()
    }
    rows = bare.queries.kinds == CLEAN
    moved_bare = above(judged_by_fold(by_fold, bare.asked, bare.folds), bare, thresholds)[rows]
    entry["no other in the index"] = quality(
        moved_bare, bare.asked.true[rows], other, numbered(bare.queries.groups)[rows]
    )
    entry["reading"] = reading(trial, {"read": odds, "unread": unread}, thresholds)
    fresh = np.isin(kinds, (CLEAN, BRANDS))
    entry["calibration"] = calibrations(odds[fresh], asked.true[fresh], other, thresholds)
    entry["false_accept"] = {str(share): false_names(trial, odds, share) for share in SHARES}
    entry["risk_coverage"] = risk_coverage(odds[fresh], asked.true[fresh], other)
    return entry


def calibrations(odds: Float64Array, true: Int64Array, other: int, thresholds: dict[int, float]) -> dict[str, Any]:
    """At each share of unknown logos, by the mean threshold."""
    threshold = float(np.mean(list(thresholds.values())))
    return {str(share): calibration(odds, true, other, threshold, share) for share in UNKNOWN_SHARES}


def reading(trial: Trial, odds: dict[str, Float64Array], thresholds: dict[int, float]) -> dict[str, dict[str, Any]]:
    """What reading is worth: the same weights and thresholds, with what is written and without.

    Args:
        trial: queries.
        odds: (n, c) log-odds with what is written, "read", and without, "unread".
        thresholds: by fold.
    """
    asked, kinds, texts = trial.asked, trial.queries.kinds, trial.queries.texts
    company = asked.true != asked.other
    spelled = asked.features.company[np.arange(len(kinds)), asked.true, COMPANY_FEATURES.index("named")] > 0
    fresh, has_lines = np.isin(kinds, (CLEAN, DEGRADED, BRANDS)), np.array([len(lines) > 0 for lines in texts])
    sets = {
        "all": fresh,
        "its company is spelled": fresh & company & spelled,
        "something else is read": fresh & has_lines & ~(company & spelled),
        "nothing to read": fresh & ~has_lines,
    }
    sides = {"companies_right": company, "other_right": ~company}
    found: dict[str, dict[str, Any]] = {
        name: {"companies": int((rows & company).sum()), "unknown": int((rows & ~company).sum())}
        for name, rows in sets.items()
    }
    for how, own in odds.items():
        right = named(above(own, trial, thresholds), asked.other, 0.0) == asked.true
        for name, rows in sets.items():
            shares = {what: right[rows & side] for what, side in sides.items()}
            found[name][how] = {what: round(float(share.mean()), 4) for what, share in shares.items() if len(share)}
        by_share = calibrations(own[fresh], asked.true[fresh], asked.other, thresholds)
        found["all"][how]["ece"] = {share: figures["ece"] for share, figures in by_share.items()}
    return found


def false_names(trial: Trial, odds: Float64Array, share: float) -> dict[str, float]:
    """Of unknown logos the share that is named where so much is asked for, and the companies that still are."""
    asked = trial.asked
    label = named(above(odds, trial, vouched(trial, odds, share)), asked.other, 0.0)
    judged = np.isin(trial.queries.kinds, (CLEAN, DEGRADED, BRANDS))
    unknown, company = judged & (asked.true == asked.other), judged & (asked.true != asked.other)
    return {
        "given": round(float((label[unknown] != asked.other).mean()), 4),
        "companies_right": round(float((label == asked.true)[company].mean()), 4),
    }


def ablation(trial: Trial) -> dict[str, Any]:
    """What is lost in likelihood, AUROC and macro F2 by leaving out one part of the evidence."""
    rows = np.isin(trial.queries.kinds, (CLEAN, DEGRADED, BRANDS))
    true, other = trial.asked.true[rows], trial.asked.other

    def judged(evidence: Asked) -> dict[str, float]:
        (odds,) = cross_fitted(start_of_fit(), [evidence], [trial.folds], (TRAINED, RIVAL))
        chances = probabilities(odds[rows], other)
        figures = {
            "nll": -(mixed(true != other, 0.5) * np.log(chances[np.arange(len(true)), true])).sum(),
            "auroc": auroc(best_company(odds[rows], other)[0], true != other),
            "macro_f2": macro_f_beta(true, chances.argmax(axis=1), np.unique(true)),
        }
        return {name: round(float(value), 4) for name, value in figures.items()}

    features = trial.asked.features
    alone = replace(trial.asked, features=replace(features, rival=np.zeros_like(features.rival)))
    return {
        "everything": judged(trial.asked),
        **{f"no {name}": judged(without(trial.asked, [name])) for name in GROUPS[TRAINED]},
        "no colours": judged(without(trial.asked, OF_COLOURS)),
        "no drawings of other as rivals": judged(alone),
    }


def without(asked: Asked, names: Iterable[str]) -> Asked:
    """The same with some features of companies at 0."""
    company = asked.features.company.copy()
    company[..., [COMPANY_FEATURES.index(name) for name in names]] = 0
    return replace(asked, features=replace(asked.features, company=company))


def enrolment(network: Network) -> dict[str, Any]:
    """Companies that the network has never seen, enrolled sixty at a time.

    The weights of novel companies are fitted in two halves of these companies, each judged by those of the other. What
    must be exceeded is told, for each fold of the queries, by the unknown logos of all others.
    """
    trial, odds, fits, by_half = of_novel(network)
    judged = [judged_by_halves(fit, by_half) for fit in fits]
    near, other = trial.asked.features.nearest, trial.asked.other
    vouching, plain = dict[int, Impostors](), dict[int, float]()
    for fold in range(FOLDS):
        unknown = trial.unknown & (trial.folds != fold)
        tail, pairs = novel_tail(fits, judged, without=fold)
        vouching[fold] = replace(impostors_of(odds, unknown, other), novel_log_odds=tail, novel_pairs=pairs)
        plain[fold] = least_score(near.max(axis=1), near.argmax(axis=1), unknown, other)
    found: dict[str, Any] = {}
    for drawings in DRAWINGS:
        lots = [
            novel_companies(network, network.knowledge(start_of_fit()), drawings, COMPANIES, 100 + i)
            for i in range(LOTS)
        ]
        entries = [judged_enrolment(lot, judged_by_halves(lot, by_half), vouching, plain) for lot in lots]
        found[str(drawings)] = {
            name: round(float(np.mean([entry[name] for entry in entries])), 4) for name in entries[0]
        }
        print(drawings, json.dumps(found[str(drawings)]), flush=True)
    return found


def judged_enrolment(
    trial: Trial, odds: Float64Array, vouching: dict[int, Impostors], plain: dict[int, float]
) -> dict[str, float]:
    """The figures of one lot, half of whose queries are unknown and a quarter each of new and of old companies.

    Args:
        trial: the lot.
        odds: (n, c) log-odds.
        vouching: what vouches for the thresholds, by fold.
        plain: the cosine that the plain rule wants, by fold.
    """
    asked, kinds, other = trial.asked, trial.queries.kinds, trial.asked.other
    label, before = np.zeros_like(asked.true), np.zeros_like(asked.true)
    for fold, impostors in vouching.items():
        rows, thresholds = trial.folds == fold, impostors.thresholds(DEFAULT_FALSE_ACCEPT, asked.profile.novel)
        label[rows] = named(odds[rows], other, thresholds)
        before[rows] = named(np.where(asked.profile.novel, -np.inf, odds[rows]), other, thresholds)
    right, unknown = label == asked.true, trial.unknown
    novel = asked.profile.novel[asked.true]
    old = np.isin(kinds, (CLEAN, DEGRADED)) & asked.profile.trained[asked.true]
    near = asked.features.nearest
    least = np.array([plain[int(fold)] for fold in trial.folds])
    right_by_cosine = np.where(near.max(axis=1) > least, near.argmax(axis=1), other) == asked.true
    confidence = probabilities(odds, other)[np.arange(len(label)), label]
    weights = 0.5 * unknown / unknown.sum() + 0.25 * novel / novel.sum() + 0.25 * old / old.sum()
    clean = kinds == NOVEL_CLEAN
    return {
        "new_right": float(right[clean].mean()),
        "new_right_degraded": float(right[kinds == NOVEL_DEGRADED].mean()),
        "old_right": float(right[old].mean()),
        "old_moved": float((label != before)[old].mean()),
        "other_right": float(right[unknown].mean()),
        "ece": weighted_ece(confidence, right, weights),
        "plain_new_right": float(right_by_cosine[clean].mean()),
        "plain_other_right": float(right_by_cosine[unknown].mean()),
    }


def main() -> None:
    """Runs, writes."""
    parser = options(__doc__, output="open_set.json", cache=True, work="folder with the bundles of both networks")
    arguments = parser.parse_args()
    measured, held_out = both_networks(arguments.work, arguments.cache)
    frozen = Network(measured.bench, measured.wide, read_bundle(arguments.work / FROZEN), arguments.cache)
    results = {
        "seed": SEED,
        "resamples": RESAMPLES,
        "networks": {"measured": known(measured), "held out": known(held_out), "frozen": known(frozen)},
        "evidence": ablation(known_companies(measured, measured.knowledge(start_of_fit()))),
        "enrolment": enrolment(held_out),
    }
    write_result(arguments.output, "LogoBench-160 and the wide set, the decision in an open world", results)
    print(json.dumps(results["networks"], indent=1))


if __name__ == "__main__":
    main()
