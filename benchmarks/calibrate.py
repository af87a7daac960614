"""Fits the decision: `python benchmarks/calibrate.py WORK`.

WORK holds what `train_starter.py WORK --leg measured` and `held_out.py WORK` left there.

Companies that training knew, and the drawings of `other`, are fitted on what the measured and the held-out network say
about drawings by artists whom neither has seen; novel companies on what the held-out network says about companies that
it has never seen; and a model without a head on the same drawings, as the measured network and a backbone as ImageNet
left it see them. The weights go into the package, for networks of which nothing is known; WORK keeps them with the
measured network's scale and with the log-odds of unknown logos, each by weights that were fitted without it, for
`build_starter.py`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from calibration import (
    COINS,
    Network,
    Trial,
    held_out_network,
    known_companies,
    measured_network,
    novel_companies,
)
from held_out import BUNDLE
from logobench_data import default_cache, load
from train_starter import MEASURED
from wide_data import load_wide

from logo_retrieval import open_set
from logo_retrieval.answers import best_company
from logo_retrieval.bundle import read_bundle
from logo_retrieval.evaluation.fitting import cross_fitted, fit_fusion
from logo_retrieval.models import opened_model
from logo_retrieval.open_set.fusion import HEADLESS_NOVEL, HEADLESS_RIVAL, NOVEL, RIVAL, TRAINED, Fusion
from logo_retrieval.values import Float32Array

WEIGHTS = Path(open_set.__file__).with_name("default.json")
DECISION, LOG_ODDS = "decision.json", "log_odds.npy"
FROZEN = "efficientnet_lite0"
DRAWINGS = (1, 2, 3, 5, 10)
COMPANIES = (15, 60)
LOTS = 2


def novel_trials(network: Network, start: Fusion, *, head: bool = True) -> list[Trial]:
    """Several lots of each number of drawings and companies."""
    knowledge = network.knowledge(start, head=head)
    return [
        novel_companies(network, knowledge, drawings, companies, lot)
        for drawings in DRAWINGS
        for companies in COMPANIES
        for lot in range(LOTS)
    ]


def fitted(networks: Sequence[Network], held_out: Network, headless: Sequence[Network]) -> Fusion:
    """All weights."""
    start = Fusion.blank()
    known = [known_companies(each, each.knowledge(start)).asked for each in networks]
    fusion = fit_fusion(start, known, (TRAINED, RIVAL))
    fusion = fit_fusion(fusion, [each.asked for each in novel_trials(held_out, start)], (NOVEL,))
    plain = [known_companies(each, each.knowledge(start, head=False)).asked for each in headless]
    return fit_fusion(fusion, plain, (HEADLESS_NOVEL, HEADLESS_RIVAL))


def vouching(networks: Sequence[Network]) -> Float32Array:
    """The largest log-odds of a company for unknown logos, each by weights that were fitted without its brand."""
    found = []
    for each in networks:
        trial = known_companies(each, each.knowledge(Fusion.blank()))
        odds = cross_fitted(Fusion.blank(), trial.asked, trial.folds, (TRAINED, RIVAL))
        unknown = (trial.asked.true == trial.asked.other) & (trial.queries.kinds != COINS)
        found.append(best_company(odds[unknown], trial.asked.other)[0])
    return np.concatenate(found).astype(np.float32)


def main() -> None:
    """Fits, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder with the bundles of both networks")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    bench, wide = load(arguments.cache), load_wide(arguments.cache)
    measured = measured_network(bench, wide, read_bundle(arguments.work / MEASURED), arguments.cache)
    held_out = held_out_network(bench, wide, read_bundle(arguments.work / BUNDLE), arguments.cache)
    with opened_model(FROZEN) as bundle:
        frozen = measured_network(bench, wide, bundle, arguments.cache)
    fusion = fitted([measured, held_out], held_out, [measured, frozen])
    for group, weights in fusion.weights.items():
        print(group, {name: round(value, 3) for name, value in weights.items()})
    WEIGHTS.write_text(json.dumps(fusion.weights, indent=1) + "\n", encoding="utf-8")
    decision = replace(fusion, scale=measured.scale)
    (arguments.work / DECISION).write_text(json.dumps(decision.to_dict(), indent=1) + "\n", encoding="utf-8")
    np.save(arguments.work / LOG_ODDS, vouching([measured, held_out]), allow_pickle=False)


if __name__ == "__main__":
    main()
