"""Metrics on labels, scores and probabilities; numpy only.

Letters in shapes: n rows, c classes. Labels are integers or texts, true and predicted of one kind.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from logo_retrieval.types import BoolArray, Float64Array, Int64Array

Labels = npt.NDArray[np.int64] | npt.NDArray[np.str_]


def accuracy(true: Labels, predicted: Labels) -> float:
    """Share of rows where (n,) predicted equals (n,) true.

    Raises:
        ValueError: lengths differ, or there are no rows.
    """
    _check_rows(true=true, predicted=predicted)
    return float(np.mean(true == predicted))


def recall_of(true: Labels, predicted: Labels, label: str | int) -> float:
    """Of the rows that are truly `label`, the share predicted so.

    Raises:
        ValueError: lengths differ, or no row is truly `label`.
    """
    _check_rows(true=true, predicted=predicted)
    of_label = true == label
    if not of_label.any():
        raise ValueError(f"recall needs rows that are truly {label!r}, got none among {len(true)}")
    return float(np.mean(predicted[of_label] == label))


def macro_f_beta(true: Labels, predicted: Labels, classes: Labels, beta: float = 2.0) -> float:
    """Unweighted mean over classes of F = (1 + b^2) P R / (b^2 P + R); with b = 2, 5 P R / (4 P + R).

    P = tp / (tp + fp) and R = tp / (tp + fn), so F = (1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp). A class without a
    true positive has F = 0, also when it is never predicted, and even when it never occurs: a class counts because it
    is in `classes`. A row whose true label is not in `classes` can only be a false positive, a predicted label that is
    not there only a false negative. All this as in scikit-learn with `zero_division=0`.

    Args:
        true: (n,) labels.
        predicted: (n,) labels.
        classes: (c,) distinct labels over which the mean is taken.
        beta: weight of recall against precision.

    Raises:
        ValueError: lengths differ, there are no rows or no classes, or a class is named twice.

    >>> macro_f_beta(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 1])) == (5 / 9 + 5 / 6) / 2
    True
    """
    return float(np.mean(f_beta(*class_counts(true, predicted, classes), beta)))


def class_counts(true: Labels, predicted: Labels, classes: Labels) -> tuple[Int64Array, Int64Array, Int64Array]:
    """How often each class was rightly predicted (tp), was the true one (tp + fn), and was predicted (tp + fp).

    Args:
        true: (n,) labels.
        predicted: (n,) labels.
        classes: (c,) distinct labels; a label of another class is counted nowhere.

    Returns:
        Three times (c,) counts, of the classes in ascending order.

    Raises:
        ValueError: lengths differ, there are no rows or no classes, or a class is named twice.
    """
    _check_rows(true=true, predicted=predicted)
    ordered = np.unique(classes)
    if len(ordered) != len(classes) or not len(classes):
        raise ValueError(
            f"classes must be distinct and at least one, got {len(classes)}, {len(ordered)} of them distinct"
        )
    true_code, predicted_code = _codes(true, ordered), _codes(predicted, ordered)
    size = len(ordered) + 1  # the last counter takes labels outside `classes`
    hits = np.bincount(true_code[true_code == predicted_code], minlength=size)[:-1]
    actual = np.bincount(true_code, minlength=size)[:-1]
    claimed = np.bincount(predicted_code, minlength=size)[:-1]
    return hits, actual, claimed


def f_beta(hits: Int64Array, actual: Int64Array, claimed: Int64Array, beta: float = 2.0) -> Float64Array:
    """(c,) F of each class from the counts of `class_counts`; 0 for a class without a true positive.

    >>> f_beta(np.array([1, 0]), np.array([2, 0]), np.array([1, 0]))
    array([0.55555556, 0.        ])
    """
    # (1 + b^2) tp + b^2 fn + fp = b^2 actual + claimed
    divisor = beta**2 * actual + claimed
    score: Float64Array = (1 + beta**2) * hits / np.where(divisor > 0, divisor, 1)
    return score


def confusion_pairs(true: Labels, predicted: Labels) -> list[tuple[Any, Any, int]]:
    """Each (true, predicted) of two different labels with its count; the commonest first, then in order of labels.

    >>> confusion_pairs(np.array(["a", "b", "b", "c"]), np.array(["a", "a", "a", "b"]))
    [('b', 'a', 2), ('c', 'b', 1)]
    """
    wrong = true != predicted
    counts = Counter(zip(true[wrong].tolist(), predicted[wrong].tolist(), strict=True))
    return sorted(((*pair, count) for pair, count in counts.items()), key=lambda pair: (-pair[2], *pair[:2]))


def _codes(labels: Labels, ordered: npt.NDArray[Any]) -> Int64Array:
    """Position of each label in sorted `ordered`, or its length where it is not there."""
    position = np.searchsorted(ordered, labels)
    is_there = ordered[np.minimum(position, len(ordered) - 1)] == labels
    return np.where(is_there, position, len(ordered))


def auroc(scores: Float64Array, positive: BoolArray) -> float:
    """Area under the ROC curve: chance that a positive scores above a negative, ties counting half.

    The Mann-Whitney statistic (rank sum) over its maximum.

    Args:
        scores: (n,) finite, larger means more likely positive.
        positive: (n,) bool.

    Raises:
        ValueError: lengths differ, a score is not a number, or one of the sides is empty.

    >>> auroc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, True, False, True]))
    0.875
    """
    n_positive, n_negative = _check_sides(scores, positive)
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    rank_sum = ranks[positive].sum()
    return float((rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def fpr_at_tpr(scores: Float64Array, positive: BoolArray, tpr: float = 0.95) -> float:
    """Share of negatives accepted at the highest threshold that accepts at least `tpr` of the positives.

    A row is accepted when its score is at or above the threshold; thresholds are scores that occur.

    Args:
        scores: (n,) finite, larger means more likely positive.
        positive: (n,) bool.
        tpr: in (0, 1].

    Raises:
        ValueError: lengths differ, a score is not a number, one of the sides is empty, or tpr is out of range.
    """
    n_positive, _ = _check_sides(scores, positive)
    if not 0 < tpr <= 1:
        raise ValueError(f"tpr must be above 0 and at most 1, got {tpr}")
    # 0.95 * 20 is a little above 19 in floating point; the tolerance keeps it 19.
    wanted = int(np.ceil(tpr * n_positive - 1e-9))
    threshold = np.sort(scores[positive])[n_positive - wanted]
    return float(np.mean(scores[~positive] >= threshold))


def expected_calibration_error(confidences: Float64Array, correct: BoolArray, bins: int = 15) -> float:
    """ECE = sum over bins B of |B| / n * |accuracy(B) - mean confidence(B)|.

    Guo et al. 2017, arXiv 1706.04599, equation 3, with bins of equal width ((m - 1) / bins, m / bins]; a confidence of
    exactly 0 belongs to the first.

    Args:
        confidences: (n,) in [0, 1], the probability given to the predicted label.
        correct: (n,) bool, whether that label was right.
        bins: at least 1.

    Raises:
        ValueError: lengths differ, there are no rows, or a confidence is out of range.

    >>> round(expected_calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False])), 9)
    0.1
    """
    bin_of = _bins(confidences, correct, bins)
    # |B| / n * |accuracy - confidence| is the absolute sum of (correct - confidence) over the bin, over n.
    gaps = np.bincount(bin_of, weights=correct - confidences, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidences))


def reliability(
    confidences: Float64Array, correct: BoolArray, bins: int = 15
) -> tuple[Int64Array, Float64Array, Float64Array]:
    """The bins of `expected_calibration_error`: their counts, mean confidences and accuracies.

    Returns:
        Three times (bins,), by rising confidence; NaN as mean and accuracy of an empty bin.

    Raises:
        ValueError: lengths differ, there are no rows, or a confidence is out of range.

    >>> reliability(np.array([0.2, 0.4, 0.9]), np.array([False, True, True]), bins=2)
    (array([2, 1]), array([0.3, 0.9]), array([0.5, 1. ]))
    """
    bin_of = _bins(confidences, correct, bins)
    counts = np.bincount(bin_of, minlength=bins)
    size = np.where(counts > 0, counts, np.nan)
    means, accuracies = (np.bincount(bin_of, column, minlength=bins) / size for column in (confidences, correct))
    return counts, means, accuracies


def _bins(confidences: Float64Array, correct: BoolArray, bins: int) -> Int64Array:
    """(n,) the bin of each confidence."""
    _check_rows(confidences=confidences, correct=correct)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    if not np.all((confidences >= 0) & (confidences <= 1)):
        raise ValueError(f"confidences must be in [0, 1], got {confidences.min()} to {confidences.max()}")
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidences, side="left")


def brier_losses(probabilities: Float64Array, true: Int64Array) -> Float64Array:
    """(n,) sums over classes of (p - [class is true])^2, in [0, 2], whose mean is the Brier score (Brier 1950).

    This is the original form for several classes; the form for two classes that looks at one of them is half of it.

    Args:
        probabilities: (n, c), rows sum to 1.
        true: (n,) positions of the true classes.

    Raises:
        ValueError: shapes do not fit, or there are no rows.
    """
    at_true = _at_true(probabilities, true)
    losses: Float64Array = (probabilities**2).sum(axis=1) - 2 * at_true + 1
    return losses


def log_losses(probabilities: Float64Array, true: Int64Array) -> Float64Array:
    """(n,) of -ln(probability of the true class), in nats; probabilities below 1e-12 count as 1e-12.

    Their mean is the negative log-likelihood.

    Args:
        probabilities: (n, c), rows sum to 1.
        true: (n,) positions of the true classes.

    Raises:
        ValueError: shapes do not fit, or there are no rows.
    """
    losses: Float64Array = -np.log(np.maximum(_at_true(probabilities, true), 1e-12))
    return losses


def _at_true(probabilities: Float64Array, true: Int64Array) -> Float64Array:
    _check_rows(probabilities=probabilities, true=true)
    if probabilities.ndim != 2 or true.ndim != 1 or true.min() < 0 or true.max() >= probabilities.shape[1]:
        raise ValueError(
            f"probabilities must be (n, c) and true (n,) in 0..c-1, got {probabilities.shape} and {true.shape}"
        )
    at_true: Float64Array = probabilities[np.arange(len(true)), true]
    return at_true


def _check_rows(**columns: npt.NDArray[np.generic]) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise ValueError(f"columns must have one length of at least 1, got {lengths}")


def _check_sides(scores: Float64Array, positive: BoolArray) -> tuple[int, int]:
    """How many rows are positive and negative."""
    _check_rows(scores=scores, positive=positive)
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    n_positive = int(np.count_nonzero(positive))
    if not 0 < n_positive < len(scores):
        raise ValueError(f"both sides must have rows, got {n_positive} positive of {len(scores)}")
    return n_positive, len(scores) - n_positive
