"""Fits the decision: `python benchmarks/calibrate.py WORK`.

WORK holds what `export_starter.py WORK` left there.

Companies that training knew, and the drawings of `other`, are fitted on what the measured and the held-out network say
about drawings that the collection split holds out, asked of an index with drawings of `other` and of one without; novel
companies on what the held-out network says about companies that it has never seen; and a model without a head on all of
these drawings, as the measured network and a backbone as ImageNet left it see the known, and the held-out one the novel
companies. What names and other texts say was chosen on other drawings (`clarity.py`). The weights go into the package,
for networks of which nothing is known; WORK keeps them with the measured network's scale and with the log-odds of
unknown logos, each by weights that were fitted without it, for `build_starter.py`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from calibration import Trial, known_companies, leads, novel_companies
from networks import Network, both_networks
from small import options
from written import start_of_fit

from logo_retrieval import open_set
from logo_retrieval.evaluation.fitting import cross_fitted, fit_fusion
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.open_set.fusion import HEADLESS_NOVEL, HEADLESS_RIVAL, NOVEL, RIVAL, TRAINED, Fusion
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.types import Float32Array, Float64Array

WEIGHTS = Path(open_set.__file__).with_name("default.json")
DECISION, VOUCHING = "decision.json", "vouching.npz"
TAIL = 5000
FROZEN = "efficientnet_lite0"
ENROLLED = ((1, 60), (1, 15), (2, 60), (3, 60), (5, 60), (5, 15), (10, 60))
"""Drawings of each, and companies."""


WITHOUT_OTHER = 0.3
"""How much an index without drawings of `other` counts in the fit beside one that has them, which is the usual case."""


def known_trials(network: Network, start: Fusion, *, head: bool = True) -> list[Trial]:
    """An index with drawings of `other`, and one without."""
    knowledge = network.knowledge(start, head=head)
    usual, bare = (known_companies(network, knowledge, others) for others in ("seen", "none"))
    return [usual, replace(bare, asked=replace(bare.asked, weights=WITHOUT_OTHER * bare.asked.weights))]


def novel_trials(network: Network, start: Fusion, *, head: bool = True) -> list[Trial]:
    """Several lots of each number of drawings and companies."""
    knowledge = network.knowledge(start, head=head)
    return [novel_companies(network, knowledge, drawings, companies, 0) for drawings, companies in ENROLLED]


def fitted(known: Sequence[Trial], novel: Sequence[Trial], plain: Sequence[Trial]) -> Fusion:
    """All weights."""
    fusion = start_of_fit()
    for trials, groups in ((known, (TRAINED, RIVAL)), (novel, (NOVEL,)), (plain, (HEADLESS_NOVEL, HEADLESS_RIVAL))):
        fusion = fit_fusion(fusion, [trial.asked for trial in trials], groups)
    return fusion


def cross_judged(trials: Sequence[Trial]) -> list[Float64Array]:
    """(n, c) log-odds of each trial, each query's by weights fitted on all of them without its company or brand."""
    asked, folds = [trial.asked for trial in trials], [trial.folds for trial in trials]
    return cross_fitted(start_of_fit(), asked, folds, (TRAINED, RIVAL))


def halves(fusion: Fusion, trials: Sequence[Trial]) -> list[Fusion]:
    """Weights of novel companies fitted on the first and on the second half of these and of the unknown brands."""
    return [
        fit_fusion(fusion, [trial.asked.only(trial.may_teach(half)) for trial in trials], (NOVEL,)) for half in (0, 1)
    ]


def judged_by_halves(trial: Trial, by_half: Sequence[Fusion]) -> Float64Array:
    """(n, c) log-odds, each query's by the weights of the half that it is not in."""
    first, second = (trial.asked.log_odds(fusion) for fusion in by_half)
    odds: Float64Array = np.where((trial.half == 0)[:, None], second, first)
    return odds


def of_novel(network: Network) -> tuple[Trial, Float64Array, list[Trial], list[Fusion]]:
    """What judges companies that a network has never seen, and what vouches for it.

    Returns:
        Known companies and unknown logos; their (n, c) log-odds by `cross_judged`; novel companies; and weights of
        these by `halves`.
    """
    start = start_of_fit()
    trial, bare = known_trials(network, start)
    novel = novel_trials(network, start)
    fusion = fit_fusion(start, [trial.asked, bare.asked], (TRAINED, RIVAL))
    return trial, cross_judged((trial, bare))[0], novel, halves(fusion, novel)


def novel_tail(
    trials: Sequence[Trial], odds: Sequence[Float64Array], *, without: int | None = None
) -> tuple[Float32Array, int]:
    """The largest log-odds of pairs of an unknown logo and a novel company, and how many pairs there were.

    Args:
        trials: with both.
        odds: (n, c) log-odds of each, by `judged_by_halves`.
        without: a fold whose unknown logos are left out.
    """
    pairs = [
        own[trial.unknown & (trial.folds != without)][:, trial.asked.profile.novel].ravel()
        for trial, own in zip(trials, odds, strict=True)
    ]
    values = -np.sort(-np.concatenate(pairs))
    return values[:TAIL].astype(np.float32), len(values)


def main() -> None:
    """Fits, writes."""
    arguments = options(__doc__, cache=True, work="folder with the bundles of both networks").parse_args()
    measured, held_out = both_networks(arguments.work, arguments.cache)
    if not (arguments.work / FROZEN).exists():  # an export is not the same twice, to the byte
        with opened_model(FROZEN) as bundle:
            shutil.copytree(bundle.folder, arguments.work / FROZEN)
    frozen = Network(measured.bench, measured.wide, read_bundle(arguments.work / FROZEN), arguments.cache)
    start = start_of_fit()
    by_network = [known_trials(network, start) for network in (measured, held_out)]
    known, novel = [*by_network[0], *by_network[1]], novel_trials(held_out, start)
    plain = [*known_trials(measured, start, head=False), *known_trials(frozen, start, head=False)]
    plain += novel_trials(held_out, start, head=False)
    fusion = fitted(known, novel, plain)
    for group, weights in fusion.weights.items():
        print(group, {name: round(value, 3) for name, value in weights.items()}, flush=True)
    WEIGHTS.write_text(json.dumps(fusion.weights, indent=1) + "\n", encoding="utf-8")
    decision = replace(fusion, scale=measured.scale)
    (arguments.work / DECISION).write_text(json.dumps(decision.to_dict(), indent=1) + "\n", encoding="utf-8")
    by_half = halves(fusion, novel)
    tail, pairs = novel_tail(novel, [judged_by_halves(trial, by_half) for trial in novel])
    odds = cross_judged(known)[::2]  # of the indexes with drawings of other
    log_odds = np.concatenate(
        [leads(found, trial.unknown, trial.asked.other) for found, (trial, _) in zip(odds, by_network, strict=True)]
    )
    np.savez(arguments.work / VOUCHING, log_odds=log_odds, novel_log_odds=tail, novel_pairs=pairs)
    impostors = Impostors(log_odds, tail, pairs)
    print(len(log_odds), "vouch for", impostors.threshold(DEFAULT_FALSE_ACCEPT))
    for n_novel in (1, 15, 60, 200):
        print(n_novel, "novel:", impostors.novel_threshold(DEFAULT_FALSE_ACCEPT, n_novel))


if __name__ == "__main__":
    main()
