"""Rows of novel classes."""

from __future__ import annotations

import numpy as np

from logo_retrieval.heads.imprinting import NOBODY, imprint, imprinted_rows
from logo_retrieval.types import Float32Array


def units(*rows: list[float]) -> Float32Array:
    vectors = np.array(rows, np.float32)
    unit: Float32Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_a_mean_far_from_every_row_stays_what_it_is() -> None:
    means = units([1, 0.1, 0])
    np.testing.assert_allclose(imprinted_rows(means, units([0, 0, 1])), means, atol=1e-6)


def test_a_mean_gives_up_what_it_shares_with_a_row_worked_by_hand() -> None:
    mean, row = units([0.8, 0.6, 0]), units([0, 1, 0])
    shared = (0.6 - 0.25) * row
    expected = mean - shared  # .35 x .6 = .21 of the mean's length is less than three tenths
    np.testing.assert_allclose(imprinted_rows(mean, row), expected / np.linalg.norm(expected), atol=1e-6)


def test_no_more_than_three_tenths_are_given_up() -> None:
    mean = units([1, 0, 0])
    row = imprinted_rows(mean, np.repeat(mean, 5, axis=0))
    np.testing.assert_allclose(row, mean, atol=1e-6)  # it keeps its direction, if not its length
    tilted = units([0.9, 0.4, 0])
    assert (imprinted_rows(tilted, np.repeat(mean, 5, axis=0)) @ mean.T).item() > 0.5


def test_a_target_near_enough_is_claimed_by_the_nearest_class() -> None:
    means = units([1, 0, 0], [0, 1, 0])
    learned = units([0.9, 0.1, 0], [0.1, 0.9, 0.1], [0, 0, 1], [0.7, 0.7, 0])
    found = imprint(means, learned, np.ones(4, bool), 0.8)
    assert found.claims.tolist() == [0, 1, NOBODY, NOBODY]
    assert found.rows.shape == (2, 3)


def test_what_speaks_for_a_company_of_the_index_is_not_claimed_and_one_target_stays() -> None:
    means, learned = units([1, 0, 0]), units([1, 0, 0], [0.99, 0.1, 0], [0.98, 0.2, 0])
    assert imprint(means, learned, np.array([False, True, True]), 0.5).claims.tolist() == [NOBODY, 0, NOBODY]


def test_nothing_novel_claims_nothing() -> None:
    found = imprint(np.zeros((0, 3), np.float32), units([1, 0, 0]), np.ones(1, bool), 0.5)
    assert found.claims.tolist() == [NOBODY] and found.rows.shape == (0, 3)
