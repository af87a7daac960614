"""What several models give that one does not: `python benchmarks/ensemble.py MODEL MODEL... [--output JSON]`.

All must have been trained on the training part of the collection split at most. Compared with the first of them are

- side by side: one embedding and one head of all, as `build-index` makes of a folder of bundles;
- blend: the mean of the members' probabilities;
- vote: the class that most members name, the likelier one where as many name another;
- cascade: the first alone where it is sure enough, else side by side; sure enough is the probability that it gives to
  four fifths of the validation drawings, so that the others are asked about the rest alone.

Each with the difference in macro F2 to the first model and its 95 % interval, by bootstrap over the same drawings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from embedded import Embedded
from logobench import Asked, Asker, Rooms, by_decision, embeddings, figures, head_of, rounded
from logobench_data import OTHER, default_cache, load
from surroundings import RESULTS, surroundings
from train_starter import SPLIT

from logo_retrieval.bundle import ModelBundle, read_bundle
from logo_retrieval.embedding.ensemble import side_by_side
from logo_retrieval.evaluation.fitting import fit_decision
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, Answers, estimate
from logo_retrieval.evaluation.metrics import macro_f_beta
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.values import Float64Array, Int64Array

ASKED_AGAIN = 0.2
"""The share of validation drawings about which the cascade asks all members."""

SETS = ("all", "unseen", "degraded")


class Member:
    """One model, or all of them side by side, with its constants fitted, and what it answers."""

    def __init__(self, asker: Asker, sources: tuple[Embedded, Embedded], rooms: Rooms) -> None:
        """Takes the drawings and their degraded copies."""
        embedded, worn = sources
        self._asker = asker
        validation = [asker.ask(source, rooms.val) for source in (embedded, worn)]
        self._config = fit_decision(validation, asker.other)
        self.validation = np.concatenate([self.answers(each) for each in validation])
        self.asked = {
            "all": asker.ask(embedded, rooms.all),
            "unseen": asker.ask(embedded, rooms.unseen),
            "degraded": asker.ask(worn, rooms.all),
        }

    def answers(self, asked: Asked) -> Float64Array:
        """(n, c) probabilities."""
        probabilities = by_decision(asked, self._asker.other, self._config).probabilities
        assert probabilities is not None
        return probabilities


def joined(members: list[tuple[Embedded, Embedded]]) -> tuple[Embedded, Embedded]:
    """The embeddings of all members side by side."""
    first = members[0]
    if any(not np.array_equal(each[place].owners, first[place].owners) for each in members for place in range(2)):
        raise SystemExit("the models must see the same views: pictures of one size")
    drawn, worn = (
        Embedded(side_by_side([each[place].vectors for each in members]), first[place].owners, first[place].whole)
        for place in range(2)
    )
    return drawn, worn


def vote(members: list[Float64Array]) -> Float64Array:
    """(n, c) shares of the members that name a class, and less than any vote for its mean probability."""
    votes = sum(np.eye(each.shape[1])[each.argmax(axis=1)] for each in members)
    return np.asarray((votes + 0.5 * np.mean(members, axis=0)) / (len(members) + 0.5), np.float64)


def cascade(first: Float64Array, all_members: Float64Array, sure: float) -> Float64Array:
    """Where the first model is sure, what it says; else what all say."""
    return np.where(first.max(axis=1, keepdims=True) >= sure, first, all_members)


def as_answers(probabilities: Float64Array, other: int) -> Answers:
    """The likeliest class."""
    return Answers(probabilities.argmax(axis=1), 1 - probabilities[:, other], probabilities)


def compare(
    probabilities: dict[str, Float64Array],
    alone: dict[str, Float64Array],
    asked: dict[str, Asked],
    groups: Int64Array,
    other: int,
) -> dict[str, Any]:
    """The figures of a method on each set of queries, and how much better it is than the first model alone."""
    entry: dict[str, Any] = {}
    for name, queries in asked.items():
        answers = as_answers(probabilities[name], other)
        entry[name] = figures(answers, queries, groups, other)
        before, after, true = alone[name].argmax(axis=1), answers.predicted, queries.true

        def gained(i: Int64Array, true: Int64Array = true, old: Any = before, new: Any = after) -> float:  # noqa: ANN401
            classes = np.unique(true[i])
            return macro_f_beta(true[i], new[i], classes) - macro_f_beta(true[i], old[i], classes)

        difference = estimate(gained, np.arange(len(true)), true != other, groups=groups[queries.rows])
        entry[name]["gained"] = rounded(difference)
    return entry


def run(bundles: list[ModelBundle], cache: Path) -> dict[str, Any]:
    """Embeds, fits, compares."""
    bench = load(cache)
    rooms = Rooms.of(bench, SPLIT)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    sources = [embeddings(bench, bundle, [SPLIT], cache) for bundle in bundles]
    members = [
        Member(Asker(bench, head_of(bundle), own[0], rooms.train), own, rooms)
        for bundle, own in zip(bundles, sources, strict=True)
    ]
    heads = [head for head in map(head_of, bundles) if head is not None]
    if len(heads) < len(bundles) or any(head.classes != heads[0].classes for head in heads):
        raise SystemExit("the models must have heads that were trained on the same data")
    head = HeadVectors(side_by_side([each.vectors for each in heads]), heads[0].classes)
    together = joined(sources)
    everyone = Member(Asker(bench, head, together[0], rooms.train), together, rooms)

    sure = float(np.quantile(members[0].validation.max(axis=1), ASKED_AGAIN))
    given = [{name: each.answers(each.asked[name]) for name in SETS} for each in members]
    joint = {name: everyone.answers(everyone.asked[name]) for name in SETS}
    methods = {f"model {place}": own for place, own in enumerate(given, start=1)} | {
        "side by side": joint,
        "blend": {name: np.mean([each[name] for each in given], axis=0) for name in SETS},
        "vote": {name: vote([each[name] for each in given]) for name in SETS},
        "cascade": {name: cascade(given[0][name], joint[name], sure) for name in SETS},
    }
    asked_again = {name: round(float((given[0][name].max(axis=1) < sure).mean()), 4) for name in SETS}
    return {
        "benchmark": "LogoBench-160, ensembles",
        "split": SPLIT,
        **surroundings(),
        "members": [{"name": each.config.name, "digest": each.digest} for each in bundles],
        "seed": SEED,
        "resamples": RESAMPLES,
        "cascade": {"sure_from": round(sure, 4), "asked_again": asked_again},
        "methods": {
            name: compare(probabilities, given[0], members[0].asked, groups, bench.classes.index(OTHER))
            for name, probabilities in methods.items()
        },
    }


def main() -> None:
    """Runs, writes, shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", help="bundles, the one to be improved on first")
    parser.add_argument("--output", type=Path, default=RESULTS / "ensemble.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    results = run([read_bundle(folder) for folder in arguments.models], arguments.cache)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, entry in results["methods"].items():
        for asked in SETS:
            f2, gained = entry[asked]["macro_f2"], entry[asked]["gained"]
            numbers = "{:.3f} ({:.3f}-{:.3f})  {:+.3f} ({:+.3f} to {:+.3f})".format(*f2, *gained)
            print(f"{name:14}{asked:10}{numbers}")
    print(results["cascade"])


if __name__ == "__main__":
    main()
