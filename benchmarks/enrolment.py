"""What enrolling is worth: `python benchmarks/enrolment.py WORK`, after `held_out.py WORK`.

The gallery is the training part of the shape split without thirty companies, which the model has never seen; of each
1, 3, 5 and 10 drawings are enrolled, twenty times by lot, and asked are all their other drawings, some of which another
artist has drawn after the same shape, and the test part of the split. The constants of the decision come from the
validation part, without the thirty. Enrolled companies are judged by

- enroll: as that leaves the index, each with a row in the head made at once;
- mean: with no more than the mean of its drawings in the head, at the full weight of the head;
- refit: as `refit` leaves it, each that training has not met with a fitted row;
- full refit: rows of all companies fitted anew;
- nearest mean: no more than the nearest of the mean of each company and the drawings of `other`.

Intervals of what is right among new companies are by bootstrap over companies. The calibration error is that of the
test part, in which new companies are as frequent as old ones; how much of `other` is named where a share is asked for,
by leads of the validation part, as `train` keeps them. Before any is enrolled, their drawings
are unknown logos; how well they are told from the known ones, and how kNN and head do on this split by themselves and
together, is measured too.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from embedded import Embedded
from held_out import BUNDLE, SPLIT, held_out_companies
from logobench import Asked, Asker, Rooms, by_decision, embeddings, figures, head_of, is_wide, run_split
from logobench_data import OTHER, LogoBench, default_cache, load
from surroundings import RESULTS, surroundings

from logo_retrieval.bundle import read_bundle
from logo_retrieval.decide.decision import (
    DecisionConfig,
    cautious,
    class_logits,
    class_probabilities,
    leads,
    nearest_of_classes,
    probabilities_of,
)
from logo_retrieval.decide.risk import UnknownLogos
from logo_retrieval.decide.untrained import Untrained, chosen_strangers, reach_of_strangers
from logo_retrieval.evaluation.bootstrap import bootstrap_interval
from logo_retrieval.evaluation.fitting import fit_decision, unknown_logos
from logo_retrieval.evaluation.measure import RESAMPLES, SEED
from logo_retrieval.evaluation.metrics import expected_calibration_error, macro_f_beta
from logo_retrieval.heads.cosine import CosineHead, HeadVectors
from logo_retrieval.heads.rows import MadeRows, fitted_rows, made_rows
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.values import Float32Array, Float64Array, Int64Array

DRAWINGS = (1, 3, 5, 10)
DRAWS = 20
SHARES = (0.02, 0.05, 0.1)
METHODS = ("enroll", "mean", "refit", "full refit", "nearest mean")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An index after one draw.

    Attributes:
        rows: of the benchmark that were enrolled.
        gallery: all rows in it.
    """

    rows: Int64Array
    gallery: Int64Array


class Trial:
    """The gallery, the head and the queries of one model, with what does not depend on the draw."""

    def __init__(self, bench: LogoBench, learned: HeadVectors, drawn: Embedded, config: DecisionConfig) -> None:
        """Asks the head about every query and every drawing of the gallery."""
        self.config, self._drawn = config, drawn
        held = held_out_companies(bench)
        position = {name: place for place, name in enumerate(bench.classes)}
        self.true = np.array([position[each.label] for each in bench.drawings])
        self.shapes = np.array([each.dup_group for each in bench.drawings])
        self.other = position[OTHER]
        self.new = np.array([position[name] for name in held])
        is_new = np.isin(self.true, self.new)
        parts = np.array(bench.parts[SPLIT])
        self.gallery = np.flatnonzero((parts == "train") & ~is_new)
        self.asked = np.flatnonzero((parts == "test") | is_new)
        self.is_new = is_new[self.asked]
        self.in_test = parts[self.asked] == "test"
        self.views, self.owners = drawn.of(self.asked, all_views=True)
        self.trained, self.names = learned, bench.classes
        head = CosineHead(learned, bench.classes)
        self.by_head = head.scores(self.views, self.owners, len(self.asked))
        self.pictures = drawn.of(np.arange(len(self.true)), all_views=False)[0]
        owners = np.arange(len(self.true))
        self.gallery_by_head = head.scores(self.pictures, owners, len(owners))
        place = {name: row for row, name in enumerate(learned.classes) if name != OTHER}
        companies = [name for name in bench.classes if name in place]
        self.learned = np.stack([learned.vectors[place[name]] for name in companies])
        self.companies = np.array([position[name] for name in companies])

    def draw(self, number: int, lot: int) -> Enrolled:
        """As many drawings of each new company by lot."""
        chance = np.random.default_rng((SEED, number, lot))
        chosen = [chance.choice(np.flatnonzero(self.true == company), number, replace=False) for company in self.new]
        rows = np.sort(np.concatenate(chosen))
        return Enrolled(rows, np.union1d(self.gallery, rows))

    @property
    def untouched(self) -> Enrolled:
        """The index before any draw."""
        return Enrolled(np.array([], np.int64), self.gallery)

    def untrained(self, enrolled: Enrolled, rows: Float32Array, made: MadeRows) -> Untrained:
        """What is known of the new companies, given their rows of the head."""
        found = Untrained.none_of(self.by_head.shape[1])
        found.counts[:] = np.bincount(self.true[enrolled.rows], minlength=len(found.counts))
        found.met[self.new] = made.met
        strangers = self.gallery[self.true[self.gallery] == self.other]
        vectors, owners = self._drawn.of(enrolled.rows, all_views=True)
        reach = reach_of_strangers(
            self.pictures[chosen_strangers(strangers)],
            vectors,
            np.searchsorted(self.new, self.true[enrolled.rows[owners]]),
            rows,
            self.config.untrained_head_weight,
        )
        found.reach[self.new] = np.where(made.met, np.nan, reach)
        return found

    def nearest(self, enrolled: Enrolled) -> Float32Array:
        """(n, c) similarities of the nearest drawing of each class; those that were enrolled have all their views."""
        vectors, owners = self._drawn.of(enrolled.gallery, all_views=True)
        owners = enrolled.gallery[owners]
        kept = np.isin(owners, enrolled.rows) | (np.diff(owners, prepend=-1) != 0)  # of the others the whole alone
        most = int(np.bincount(owners[kept]).max())
        found = ExactIndex(vectors[kept], owners[kept]).search(self.views, self.config.k * most)
        found = best_over_views(found, self.owners, len(self.asked), self.config.k)
        return nearest_of_classes(found.similarities, self.true[found.ids], self.by_head.shape[1])

    def head(self, enrolled: Enrolled, method: str) -> tuple[Float32Array, Untrained | None]:
        """(n, c) cosines of the head after one way of enrolling, and what the decision knows of the new companies."""
        means, gallery = self.means(enrolled.rows, self.new), enrolled.gallery
        pictures, true = self.pictures[gallery], self.true[gallery]
        if method in ("enroll", "refit"):
            made = made_rows(means, self.trained.vectors, self.trained.nameless(self.names))
            rows = dict(zip(self.new.tolist(), made.rows, strict=True))
            head = CosineHead(self.trained, self.names, rows, made.claimed)
            if method == "refit":
                known = head.scores(pictures, np.arange(len(pictures)), len(pictures))
                unmet = self.new[~made.met]
                fitted = fitted_rows(means[~made.met], unmet, pictures, true, known)
                rows |= dict(zip(unmet.tolist(), fitted, strict=True))
                head = CosineHead(self.trained, self.names, rows, made.claimed)
            untrained = self.untrained(enrolled, np.stack(list(rows.values())), made)
            return head.scores(self.views, self.owners, len(self.asked)), untrained
        classes, vectors, scores = self.new, means, self.by_head.copy()
        if method == "full refit":
            classes, vectors = np.concatenate([classes, self.companies]), np.concatenate([vectors, self.learned])
            vectors = fitted_rows(vectors, classes, pictures, true, self.gallery_by_head[gallery])
        scores[:, classes] = self._best_view(vectors)
        return scores, None

    def by_nearest_mean(self, enrolled: Enrolled, nearest: Float32Array) -> Int64Array:
        """(n,) the class of the nearest mean of a company, or `other` where a drawing of that is nearer."""
        scores = np.full_like(self.by_head, -1)
        companies = np.concatenate([self.new, self.companies])
        scores[:, companies] = self._best_view(self.means(enrolled.gallery, companies))
        scores[:, self.other] = nearest[:, self.other]
        best: Int64Array = scores.argmax(axis=1)
        return best

    def means(self, rows: Int64Array, classes: Int64Array) -> Float32Array:
        """(f, d) unit means of the drawings of some classes."""
        sums = np.stack([self.pictures[rows[self.true[rows] == each]].sum(axis=0) for each in classes])
        unit: Float32Array = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return unit

    def _best_view(self, rows: Float32Array) -> Float32Array:
        firsts = np.searchsorted(self.owners, np.arange(len(self.asked)))
        best: Float32Array = np.maximum.reduceat(self.views @ rows.T, firsts, axis=0)
        return best


def false_accepts(trial: Trial, logits: Float64Array, untrained: Untrained, unknown: UnknownLogos) -> dict[str, float]:
    """Of `other`, the share that is named where so much is asked for."""
    ahead = leads(cautious(logits, untrained, trial.config), trial.other, trial.config)
    strangers = ahead[trial.true[trial.asked] == trial.other]
    return {f"false_accept_{share}": float((strangers > unknown.least_lead(share)).mean()) for share in SHARES}


def judged(trial: Trial, enrolled: Enrolled, probabilities: Float64Array | None, predicted: Int64Array) -> Any:  # noqa: ANN401
    """The figures of one draw: (companies,) shares of each right, of all and of other shapes alone, and the rest."""
    true = trial.true[trial.asked]
    right = predicted == true
    asked = trial.is_new & ~np.isin(trial.asked, enrolled.rows)
    fresh = asked & ~np.isin(trial.shapes[trial.asked], trial.shapes[enrolled.rows])
    old = ~trial.is_new
    found: dict[str, Any] = {
        name: np.array([_mean(right[rows & (true == each)]) for each in trial.new])
        for name, rows in (("right", asked), ("right_other_shapes", fresh))
    }
    found["called_other"] = float((predicted[asked] == trial.other).mean())
    found["old_macro_f2"] = macro_f_beta(true[old], predicted[old], np.unique(true[old]))
    found["old_called_new"] = float(np.isin(predicted[old], trial.new).mean())
    found["other_recall"] = float(right[true == trial.other].mean())
    if probabilities is not None:
        sure = probabilities.max(axis=1)
        for name, rows in (("ece_new", asked), ("ece_old", old), ("ece", trial.in_test & (asked | old))):
            found[name] = expected_calibration_error(sure[rows], right[rows])
    return found


def _mean(right: Any) -> float:  # noqa: ANN401
    return float(right.mean()) if len(right) else np.nan


def _mean_of(values: Float64Array, chosen: Any) -> float:  # noqa: ANN401
    return float(np.nanmean(values[chosen]))


def over_draws(found: list[dict[str, Any]], before: float) -> dict[str, Any]:
    """Means over the draws; of shares of companies with an interval, of the old classes the change too."""
    entry: dict[str, Any] = {}
    for name in found[0]:
        values = np.array([each[name] for each in found])
        if values.ndim == 2:
            by_company = np.nanmean(values, axis=0)
            low, high = bootstrap_interval(partial(_mean_of, by_company), len(by_company), SEED, resamples=RESAMPLES)
            entry[name] = [round(each, 4) for each in (_mean_of(by_company, ...), low, high)]
        else:
            entry[name] = round(float(values.mean()), 4)
    changes = np.array([each["old_macro_f2"] for each in found]) - before
    entry["old_macro_f2_change"] = [round(float(each), 4) for each in (changes.mean(), changes.min(), changes.max())]
    return entry


def unknown(trial: Trial, nearest: Float32Array, groups: Int64Array) -> dict[str, Any]:
    """Known companies from unknown ones and the rest of `other`, before any is enrolled."""
    true = np.where(trial.is_new, trial.other, trial.true[trial.asked])
    asked = Asked(nearest, trial.by_head, true, trial.asked)
    return figures(by_decision(asked, trial.other, trial.config), asked, groups, trial.other)


def run(work: Path, cache: Path) -> dict[str, Any]:
    """Fits on validation, asks, enrols and asks again."""
    bench, bundle = load(cache), read_bundle(work / BUNDLE)
    drawn, worn = embeddings(bench, bundle, [SPLIT], cache)
    held = held_out_companies(bench)
    known = bench.without(held)
    kept = np.flatnonzero([each.label not in held for each in bench.drawings])
    drawn_known, worn_known = _of(drawn, kept), _of(worn, kept)
    learned = head_of(bundle)
    assert learned is not None  # noqa: S101
    rooms = Rooms.of(known, SPLIT)
    asker = Asker(known, learned, drawn_known, rooms.train)
    validation = [asker.ask(source, rooms.val) for source in (drawn_known, worn_known)]
    config = fit_decision(validation, asker.other)
    vouching = unknown_logos(validation, asker.other, config)
    trial = Trial(bench, learned, drawn, config)
    groups = np.unique(np.array(bench.groups), return_inverse=True)[1]
    nearest_before = trial.nearest(trial.untouched)
    untouched = class_probabilities(nearest_before, trial.by_head, trial.other, config)
    before = judged(trial, trial.untouched, None, untouched.argmax(axis=1))["old_macro_f2"]
    drawings: dict[str, Any] = {}
    for number in DRAWINGS:
        found: dict[str, list[dict[str, Any]]] = {method: [] for method in METHODS}
        for lot in range(DRAWS):
            enrolled = trial.draw(number, lot)
            nearest = trial.nearest(enrolled)
            for method in METHODS:
                further: dict[str, float] = {}
                if method == "nearest mean":
                    own, given = trial.by_nearest_mean(enrolled, nearest), None
                else:
                    head, untrained = trial.head(enrolled, method)
                    logits = class_logits(nearest, head, trial.other, config, untrained)
                    given = probabilities_of(logits)
                    if untrained:
                        further = false_accepts(trial, logits, untrained, vouching)
                    own = given.argmax(axis=1)
                found[method].append(judged(trial, enrolled, given, own) | further)
        drawings[str(number)] = {method: over_draws(each, before) for method, each in found.items()}
        print(number, json.dumps(drawings[str(number)]), flush=True)
    wide = is_wide(bench, cache)[kept]
    return {
        "benchmark": "LogoBench-160, enrolment of companies that training has never seen",
        "split": SPLIT,
        **surroundings(),
        "model": {"name": bundle.config.name, "digest": bundle.digest},
        "seed": SEED,
        "draws": DRAWS,
        "companies": list(held),
        "constants": config.to_dict(),
        "old_macro_f2": round(before, 4),
        "unknown": unknown(trial, nearest_before, groups),
        "drawings": drawings,
        "fusion": run_split(known, SPLIT, bundle, drawn_known, worn_known, wide),
    }


def _of(source: Embedded, kept: Int64Array) -> Embedded:
    """The views of some drawings, which are numbered anew."""
    place = np.full(int(max(source.owners.max(), kept.max())) + 1, -1)
    place[kept] = np.arange(len(kept))
    wanted = place[source.owners] >= 0
    return replace(
        source, vectors=source.vectors[wanted], owners=place[source.owners[wanted]], whole=source.whole[wanted]
    )


def main() -> None:
    """Runs, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder that `held_out.py` has filled")
    parser.add_argument("--output", type=Path, default=RESULTS / "enrolment.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parser.parse_args()
    results = run(arguments.work, arguments.cache)
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
