"""Metrics against sums worked by hand, where scikit-learn has nothing to say: see `test_metrics_as_sklearn.py`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.evaluation.bootstrap import bootstrap_interval
from logo_retrieval.evaluation.metrics import (
    accuracy,
    auroc,
    brier_losses,
    class_counts,
    confusion_pairs,
    expected_calibration_error,
    f_beta,
    fpr_at_tpr,
    log_losses,
    macro_f_beta,
    recall_of,
    reliability,
)

Rows = npt.NDArray[np.int64]

ABC = np.array(["a", "b", "c"])


def test_macro_f2_is_the_mean_of_5pr_over_4p_plus_r() -> None:
    true = np.array(["a", "a", "a", "b", "b", "c"])
    predicted = np.array(["a", "a", "b", "b", "c", "c"])
    # a: P = 1, R = 2/3: 5 * 2/3 / (4 + 2/3) = 5/7; b: P = R = 1/2: 1/2; c: P = 1/2, R = 1: 5/2 / 3 = 5/6.
    assert macro_f_beta(true, predicted, ABC) == pytest.approx((5 / 7 + 1 / 2 + 5 / 6) / 3)


@pytest.mark.parametrize(
    ("true", "predicted", "expected"),
    [
        pytest.param(["a", "b"], ["a", "a"], (5 / 6 + 0 + 0) / 3, id="b never predicted, c never met: both count as 0"),
        pytest.param(["a", "z"], ["a", "a"], (5 / 6) / 3, id="a true label outside is a false positive"),
        pytest.param(["a", "a"], ["a", "z"], (5 / 9) / 3, id="a predicted label outside is a false negative"),
        pytest.param(["z"], ["z"], 0.0, id="only labels outside"),
    ],
)
def test_macro_f2_of_classes_that_lack_something(true: list[str], predicted: list[str], expected: float) -> None:
    assert macro_f_beta(np.array(true), np.array(predicted), ABC) == pytest.approx(expected)


def test_classes_must_be_distinct() -> None:
    with pytest.raises(ValueError, match="distinct"):
        macro_f_beta(np.array([0]), np.array([0]), np.array([0, 0]))


def test_recall_needs_rows_of_its_label() -> None:
    with pytest.raises(ValueError, match="truly 'z', got none among 2"):
        recall_of(np.array(["a", "b"]), np.array(["a", "z"]), "z")


def test_fpr_is_read_at_the_threshold_that_keeps_the_positives() -> None:
    scores = np.arange(20, dtype=float)
    positive = np.ones(20, bool)
    scores = np.concatenate([scores, [0.0, 1.0, 0.5, 30.0]])
    positive = np.concatenate([positive, [False] * 4])
    # 95 % of 20 are 19: the threshold is 1, which accepts the negatives at 1 and 30.
    assert fpr_at_tpr(scores, positive) == 0.5
    assert fpr_at_tpr(scores, positive, tpr=1.0) == 1.0
    assert fpr_at_tpr(scores, positive, tpr=0.5) == 0.25


@pytest.mark.parametrize("metric", [auroc, fpr_at_tpr])
def test_a_ranking_needs_both_sides_and_numbers(metric: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match="both sides"):
        metric(np.array([0.1, 0.2]), np.array([True, True]))
    with pytest.raises(ValueError, match="finite"):
        metric(np.array([0.1, np.nan]), np.array([True, False]))


def test_a_bin_holds_its_upper_edge() -> None:
    # 0.2 ends the third of 15 bins; 0.21 begins the fourth. In one bin their gaps would cancel.
    confidences, correct = np.array([3 / 15, 0.21]), np.array([True, False])
    assert expected_calibration_error(confidences, correct) == pytest.approx((0.8 + 0.21) / 2)
    confidences = np.array([2.5 / 15, 3 / 15])
    assert expected_calibration_error(confidences, correct) == pytest.approx(abs(1 - 5.5 / 15) / 2)


def test_calibration_error_at_the_ends_of_the_range() -> None:
    assert expected_calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0.0
    assert expected_calibration_error(np.array([0.0, 1.0]), np.array([True, False])) == 1.0
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        expected_calibration_error(np.array([1.1]), np.array([True]))


def test_an_impossible_truth_costs_much_but_not_everything() -> None:
    assert log_losses(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx([-np.log(1e-12)])


@pytest.mark.parametrize(
    ("metric", "arguments"),
    [
        (accuracy, (np.array([], np.int64), np.array([], np.int64))),
        (accuracy, (np.array([1, 2]), np.array([1]))),
        (macro_f_beta, (np.array([1, 2]), np.array([1]), np.array([1]))),
        (auroc, (np.array([0.5]), np.array([True, False]))),
        (brier_losses, (np.array([[1.0, 0.0]]), np.array([2]))),
        (log_losses, (np.array([1.0]), np.array([0]))),
    ],
)
def test_shapes_that_do_not_fit_are_named(metric: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        metric(*arguments)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30), st.randoms())
def test_metrics_do_not_depend_on_the_order_of_rows(pairs: list[tuple[int, int]], random: Random) -> None:
    true, predicted = np.array(pairs).T
    order = np.array(random.sample(range(len(pairs)), len(pairs)))
    classes = np.arange(5)
    assert macro_f_beta(true[order], predicted[order], classes) == macro_f_beta(true, predicted, classes)
    assert 0 <= macro_f_beta(true, predicted, classes) <= 1
    assert macro_f_beta(true, true, np.unique(true)) == 1


def test_interval_of_a_mean_is_near_its_standard_error() -> None:
    values = np.repeat([0.0, 1.0], 200)
    low, high = bootstrap_interval(lambda rows: float(values[rows].mean()), 400, seed=1)
    # standard error sqrt(0.25 / 400) = 0.025, so 0.5 -+ 1.96 * 0.025
    assert low == pytest.approx(0.451, abs=0.006)
    assert high == pytest.approx(0.549, abs=0.006)


def test_groups_are_drawn_whole_and_widen_the_interval() -> None:
    values = np.repeat([0.0, 1.0], 200)
    groups = np.arange(400) // 20  # 20 groups of 20 equal rows: standard error sqrt(0.25 / 20) = 0.112
    seen: list[Rows] = []

    def mean(rows: Rows) -> float:
        seen.append(rows)
        return float(values[rows].mean())

    low, high = bootstrap_interval(mean, 400, seed=1, groups=groups)
    assert low == pytest.approx(0.5 - 0.219, abs=0.04)
    assert high == pytest.approx(0.5 + 0.219, abs=0.04)
    counts = np.bincount(seen[0], minlength=400).reshape(20, 20)
    assert (counts == counts[:, :1]).all()


def test_strata_keep_their_number_of_groups() -> None:
    labels = np.array(["a", "b", "a", "b", "b", "c"])
    groups = np.array([7, 3, 7, 4, 4, 9])
    resamples: list[Rows] = []

    def keep(rows: Rows) -> float:
        resamples.append(rows)
        return 0.0

    bootstrap_interval(keep, 6, seed=0, resamples=50, groups=groups, strata=labels)
    for rows in resamples:
        drawn = labels[rows]
        assert np.count_nonzero(drawn == "a") == 2
        assert np.count_nonzero(drawn == "c") == 1
        assert np.count_nonzero(drawn == "b") in (2, 3, 4)
    assert len({tuple(rows) for rows in resamples}) > 2


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(50.0)

    def mean(rows: Rows) -> float:
        return float(values[rows].mean())

    assert bootstrap_interval(mean, 50, seed=3) == bootstrap_interval(mean, 50, seed=3)
    assert bootstrap_interval(mean, 50, seed=3) != bootstrap_interval(mean, 50, seed=4)


def test_a_group_in_two_strata_is_refused() -> None:
    with pytest.raises(ValueError, match="one stratum"):
        bootstrap_interval(lambda rows: 0.0, 2, seed=0, groups=np.array([1, 1]), strata=np.array(["a", "b"]))
    with pytest.raises(ValueError, match="must be"):
        bootstrap_interval(lambda rows: 0.0, 2, seed=0, groups=np.array([1]))


def test_counts_and_f2_of_each_class() -> None:
    true = np.array(["a", "a", "a", "b", "b", "x"])
    predicted = np.array(["a", "a", "b", "b", "y", "b"])
    hits, actual, claimed = class_counts(true, predicted, np.array(["c", "b", "a"]))
    assert (hits.tolist(), actual.tolist(), claimed.tolist()) == ([2, 1, 0], [3, 2, 0], [2, 3, 0])
    # a: P = 1, R = 2/3: 5/7; b: P = 1/3, R = 1/2: (5/6) / (4/3 + 1/2) = 5/11; c: never.
    assert f_beta(hits, actual, claimed).tolist() == pytest.approx([5 / 7, 5 / 11, 0])


def test_confusions_are_ordered_by_count_then_by_label() -> None:
    true, predicted = np.array([2, 2, 1, 1, 0, 0]), np.array([0, 0, 2, 0, 0, 1])
    assert confusion_pairs(true, predicted) == [(2, 0, 2), (0, 1, 1), (1, 0, 1), (1, 2, 1)]
    assert confusion_pairs(true, true) == []


def test_an_empty_reliability_bin_has_no_mean() -> None:
    counts, means, accuracies = reliability(np.array([0.5, 0.6]), np.array([True, False]), bins=2)
    # 0.5 belongs to the first bin, whose upper edge it is.
    assert counts.tolist() == [1, 1] and means.tolist() == [0.5, 0.6] and accuracies.tolist() == [1, 0]
    counts, means, accuracies = reliability(np.array([0.6]), np.array([True]), bins=2)
    assert counts.tolist() == [0, 1] and np.isnan([means[0], accuracies[0]]).all()
