"""Metrics against those of scikit-learn, on rows by lot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve

from logo_retrieval.evaluation import metrics

N_CLASSES = 4
PAIRS = st.lists(st.tuples(st.integers(0, N_CLASSES), st.integers(0, N_CLASSES)), min_size=1, max_size=40)
SCORES = st.lists(
    st.tuples(st.sampled_from([place / 20 for place in range(21)]), st.booleans()), min_size=2, max_size=40
)


@given(PAIRS, st.sampled_from([0.5, 1.0, 2.0]))
def test_labels(pairs: list[tuple[int, int]], beta: float) -> None:
    true, predicted = np.array(pairs).T
    assert metrics.accuracy(true, predicted) == pytest.approx(sklearn.accuracy_score(true, predicted))
    recall = sklearn.recall_score(true, predicted, labels=[true[0]], average=None)[0]
    assert metrics.recall_of(true, predicted, true[0]) == pytest.approx(recall)
    classes = np.arange(N_CLASSES)  # one of those that occur is left out
    f_beta = sklearn.fbeta_score(true, predicted, beta=beta, labels=classes, average="macro", zero_division=0)
    assert metrics.macro_f_beta(true, predicted, classes, beta) == pytest.approx(f_beta)
    confusions = sklearn.confusion_matrix(true, predicted, labels=np.arange(N_CLASSES + 1))
    for wanted, got, count in metrics.confusion_pairs(true, predicted):
        assert confusions[wanted, got] == count
    assert sum(count for *_, count in metrics.confusion_pairs(true, predicted)) == confusions.sum() - confusions.trace()


@given(SCORES, st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_rankings(rows: list[tuple[float, bool]], tpr: float) -> None:
    scores, positive = np.array([score for score, _ in rows]), np.array([side for _, side in rows])
    positive[:2] = (True, False)
    assert metrics.auroc(scores, positive) == pytest.approx(sklearn.roc_auc_score(positive, scores))
    false, true, _ = sklearn.roc_curve(positive, scores, drop_intermediate=False)
    assert metrics.fpr_at_tpr(scores, positive, tpr) == pytest.approx(false[np.argmax(true >= tpr - 1e-9)])


@given(SCORES, st.integers(1, 15))
def test_calibration(rows: list[tuple[float, bool]], bins: int) -> None:
    confidences, correct = np.array([score for score, _ in rows]), np.array([right for _, right in rows])
    counts, means, accuracies = metrics.reliability(confidences, correct, bins)
    right, mean = calibration_curve(correct, confidences, n_bins=bins)
    filled = counts > 0
    np.testing.assert_allclose(means[filled], mean)
    np.testing.assert_allclose(accuracies[filled], right)
    error = float(np.sum(counts[filled] * np.abs(right - mean)) / len(rows))
    assert metrics.expected_calibration_error(confidences, correct, bins) == pytest.approx(error)


@given(st.lists(st.tuples(st.integers(0, N_CLASSES - 1), st.integers(0, 2**32 - 1)), min_size=1, max_size=20))
def test_probabilities(rows: list[tuple[int, int]]) -> None:
    true = np.array([label for label, _ in rows])
    probabilities = np.stack([np.random.default_rng(seed).dirichlet(np.ones(N_CLASSES)) for _, seed in rows])
    labels = np.arange(N_CLASSES)
    log_loss = sklearn.log_loss(true, probabilities, labels=labels)
    assert metrics.log_losses(probabilities, true).mean() == pytest.approx(log_loss)
    brier = sklearn.brier_score_loss(true, probabilities, labels=labels, scale_by_half=False)
    assert metrics.brier_losses(probabilities, true).mean() == pytest.approx(brier)
