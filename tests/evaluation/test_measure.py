"""The shared set of figures: worked by hand, and left out where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest

from logo_retrieval.evaluation.bootstrap import bootstrap_interval
from logo_retrieval.evaluation.measure import RESAMPLES, SEED, UNANSWERED, Answers, Estimate, estimate, measure

OTHER = 2
TRUE = np.array([0, 0, 1, OTHER, OTHER, OTHER])
PREDICTED = np.array([0, 1, 1, OTHER, 0, UNANSWERED])
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.2, 0.6, 0.2],
        [0.1, 0.7, 0.2],
        [0.2, 0.2, 0.6],
        [0.5, 0.25, 0.25],
        [0.0, 0.0, 0.0],
    ]
)


@pytest.fixture(scope="module")
def figures() -> dict[str, Estimate]:
    return measure(Answers(PREDICTED, 1 - PROBABILITIES[:, OTHER], PROBABILITIES), TRUE, OTHER)


def test_an_unanswered_row_is_wrong_but_has_no_say_in_what_judges_numbers(figures: dict[str, Estimate]) -> None:
    values = {name: figure.value for name, figure in figures.items()}
    assert values == pytest.approx(
        {
            # tp, true, predicted: 1, 2, 2; 1, 1, 2; 1, 3, 1, and F2 = 5 tp / (4 true + predicted).
            "macro_f2": (5 / 10 + 5 / 6 + 5 / 13) / 3,
            "company_accuracy": 2 / 3,
            "other_recall": 1 / 3,
            # 1 - p(other): companies .9 .8 .8, other .4 .75: every company above every other.
            "auroc": 1.0,
            "fpr_at_95_tpr": 0.0,
            # Bins of a fifteenth: .5 wrong; .6 wrong and .6 right; .7 right; .8 right.
            "ece": (0.5 + 0.2 + 0.3 + 0.2) / 5,
            "brier": (
                (0.04 + 0.01 + 0.01)
                + (0.64 + 0.36 + 0.04)
                + (0.01 + 0.09 + 0.04)
                + (0.04 + 0.04 + 0.16)
                + (0.25 + 0.0625 + 0.5625)
            )
            / 5,
            "nll": -np.log([0.8, 0.2, 0.7, 0.6, 0.25]).mean(),
        }
    )


def test_every_interval_holds_its_figure(figures: dict[str, Estimate]) -> None:
    rng = np.random.default_rng(2)
    sure = 1 - rng.random(400) ** 3 / 2  # as often right as they say: what error there is comes by chance
    calibrated = Answers(np.zeros(400, np.int64), sure, np.stack([sure, 1 - sure], axis=1))
    found = [*figures.values(), *measure(calibrated, (rng.random(400) > sure) * 1, 1).values()]
    assert all(figure.low <= figure.value <= figure.high for figure in found)
    assert figures["company_accuracy"].low < figures["company_accuracy"].high


def test_a_share_of_none_or_all_has_an_interval_as_wide_as_its_rows_are_few() -> None:
    found = measure(Answers(TRUE, (TRUE != OTHER) * 1.0), TRUE, OTHER)
    room = {name: figure.high - figure.low for name, figure in found.items()}
    wilson = {n: 1.96**2 / (n + 1.96**2) for n in (3, 6)}
    assert room == pytest.approx(
        {
            **{"macro_f2": wilson[6], "company_accuracy": wilson[3], "other_recall": wilson[3]},
            **{"auroc": wilson[3], "fpr_at_95_tpr": wilson[3]},
        }
    )
    assert found["company_accuracy"].high == 1 and found["fpr_at_95_tpr"].low == 0
    groups = np.array([0, 0, 0, 1, 1, 2])
    assert measure(Answers(TRUE, np.zeros(6)), TRUE, OTHER, groups=groups)["macro_f2"].low == 1 - wilson[3]


def test_only_companies() -> None:
    company = TRUE != OTHER
    answers = Answers(PREDICTED[company], 1 - PROBABILITIES[company, OTHER], PROBABILITIES[company])
    assert set(measure(answers, TRUE[company], OTHER)) == {"macro_f2", "company_accuracy", "ece", "brier", "nll"}


def test_only_other() -> None:
    other = TRUE == OTHER
    answers = Answers(PREDICTED[other], 1 - PROBABILITIES[other, OTHER])
    assert set(measure(answers, TRUE[other], OTHER)) == {"macro_f2", "other_recall"}


def test_nothing_answered() -> None:
    figures = measure(Answers(np.full(6, UNANSWERED), np.zeros(6), np.zeros((6, 3))), TRUE, OTHER)
    assert {name: figure.value for name, figure in figures.items()} == dict.fromkeys(
        ("macro_f2", "company_accuracy", "other_recall"), 0.0
    )


def test_resamples_keep_groups_and_both_kinds() -> None:
    rows, groups = np.array([0, 2, 3, 4]), np.array([7, 7, 8, 9, 9, 9])
    company = TRUE != OTHER
    seen: list[list[int]] = []

    def keep(drawn: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
        seen.append(drawn.tolist())
        return float(drawn.mean())

    found = estimate(keep, rows, company, groups=groups)
    assert len(seen) == RESAMPLES + 1 and all(set(drawn) <= {0, 2, 3, 4} for drawn in seen)
    assert all(any(company[drawn]) and not all(company[drawn]) for drawn in seen)
    assert all(drawn.count(3) == drawn.count(4) for drawn in seen)
    expected = bootstrap_interval(
        lambda i: float(rows[i].mean()), 4, SEED, resamples=RESAMPLES, groups=groups[rows], strata=company[rows] * 1
    )
    assert (found.low, found.high) == expected and found.value == 9 / 4
