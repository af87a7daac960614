"""Averages the networks of two trainings, weight by weight: `python benchmarks/average_weights.py ONE OTHER WORK`.

ONE and OTHER are what `train_starter.py` has filled, one after the other on the same way, so that both lie in one
basin; WORK gets a file a network for `export_starter.py`. Averages of such weights generalise better than either
(Wortsman et al. 2022, "Model soups", section 3). The log is that of OTHER; the facts
tell of how many epochs both were.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from small import options
from starter_networks import HELD_OUT, MEASURED, SHIPPED

AVERAGED = "averaged"
"""Of the facts of such a file, how many epochs either network had."""


def average(one: Path, other: Path, mean: Path) -> None:
    """Writes the mean of two files of `write_start`.

    Raises:
        SystemExit: they are of other targets.
    """
    with np.load(one, allow_pickle=False) as first, np.load(other, allow_pickle=False) as second:
        facts = [json.loads(str(arrays["facts"])) for arrays in (first, second)]
        if facts[0]["targets"] != facts[1]["targets"]:
            raise SystemExit(f"'{one}' and '{other}' tell other targets apart: train both on the same drawings")
        averaged: dict[str, Any] = {
            name: (np.float32(0.5) * (first[name].astype(np.float32) + values)).astype(values.dtype)
            for name, values in second.items()
            if name != "facts"
        }
        noted = {**facts[1], AVERAGED: [len(each["log"]) for each in facts]}
        np.savez(mean, facts=np.array(json.dumps(noted)), **averaged)


def facts_of(weights: Path) -> dict[str, Any]:
    """What is noted beside weights."""
    with np.load(weights, allow_pickle=False) as arrays:
        return dict(json.loads(str(arrays["facts"])))


def card_line(weights: Path) -> str:
    """What the card says of weights that are a mean; nothing of others."""
    epochs = facts_of(weights).get(AVERAGED)
    return f"- The weights are the mean of those after {epochs[0]} and after {epochs[1]} epochs.\n" if epochs else ""


def main() -> None:
    """Averages the networks that both have."""
    parser = options(__doc__, one="folder of the earlier weights", other="of the later ones", work="of their means")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for network in (HELD_OUT, MEASURED, SHIPPED):
        name = f"{network}.npz"
        if (arguments.one / name).is_file() and (arguments.other / name).is_file():
            average(arguments.one / name, arguments.other / name, arguments.work / name)
            print(f"{network}: {arguments.work / name}", flush=True)


if __name__ == "__main__":
    main()
