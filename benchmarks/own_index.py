"""How an index of one's own answers: `python benchmarks/own_index.py WORK [--output JSON]`.

It holds nothing but companies and brands that the held-out network has never seen, each by so many drawings, three lots
of each size. Asked are all their other drawings, and as unknown logos brands and coins, none of which vouches for the
threshold. The weights of the companies are fitted to one half of them, in the index that ships, and judged on the other
half. Beside the decision stands the nearest drawing; of both, what is right where 2 % of these unknown logos are named.
"""

from __future__ import annotations

import json

import numpy as np
from calibrate import judged_by_halves, novel_tail, of_novel
from calibration import Trial, novel_companies
from networks import BRANDS, COINS, NOVEL_CLEAN, both_networks
from open_set import impostors_of
from open_set_figures import companies_at, mixed, weighted_ece
from small import options
from surroundings import write_result
from written import start_of_fit

from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT
from logo_retrieval.open_set.fusion import best_company, named, probabilities
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.types import Float64Array

SIZES = ((1, 15), (1, 60), (1, 100), (3, 60), (3, 100), (10, 60), (10, 100))
"""Drawings of each, and companies."""

LOTS = 3


def figures(trial: Trial, odds: Float64Array, vouching: Impostors) -> dict[str, float]:
    """What is right in one lot."""
    asked, kinds, other = trial.asked, trial.queries.kinds, trial.asked.other
    label = named(odds, other, vouching.thresholds(DEFAULT_FALSE_ACCEPT, asked.profile.novel))
    right, company, unknown = label == asked.true, kinds == NOVEL_CLEAN, np.isin(kinds, (BRANDS, COINS))
    rows = company | unknown
    chances = probabilities(odds, other)[np.arange(len(label)), label]
    near, true = asked.features.nearest[rows], asked.true[rows]
    score, best = best_company(odds[rows], other)
    return {
        "drawings": float(asked.profile.counts.sum()),
        "companies_right": float(right[company].mean()),
        "other_right": float(right[unknown].mean()),
        "ece": weighted_ece(chances[rows], right[rows], mixed(company[rows], 0.5)),
        "companies_right_at_share": companies_at(score, best, true, other),
        "nearest_right_at_share": companies_at(near.max(axis=1).astype(np.float64), near.argmax(axis=1), true, other),
    }


def main() -> None:
    """Asks all sizes, writes the result and shows it."""
    parser = options(__doc__, output="own_index.json", cache=True, work="folder with the bundles of both networks")
    arguments = parser.parse_args()
    _, network = both_networks(arguments.work, arguments.cache)
    knowledge = network.knowledge(start_of_fit())
    trial, odds, fits, by_half = of_novel(network)
    tail, pairs = novel_tail(fits, [judged_by_halves(fit, by_half) for fit in fits])
    vouching = Impostors(impostors_of(odds, trial.unknown, trial.asked.other).log_odds, tail, pairs)
    sizes = []
    for drawings, companies in SIZES:
        lots = [novel_companies(network, knowledge, drawings, companies, 200 + lot, alone=True) for lot in range(LOTS)]
        found = [figures(lot, judged_by_halves(lot, by_half), vouching) for lot in lots]
        means = {name: round(float(np.mean([each[name] for each in found])), 4) for name in found[0]}
        sizes.append({"drawings_of_each": drawings, "companies": companies, **means})
        print(json.dumps(sizes[-1]), flush=True)
    write_result(arguments.output, "an index of companies that no network has seen", {"lots": LOTS, "sizes": sizes})


if __name__ == "__main__":
    main()
