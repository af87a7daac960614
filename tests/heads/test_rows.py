"""Rows of the head learned from embeddings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from logo_retrieval.heads.rows import fitted_rows, imprinted_rows, made_rows
from logo_retrieval.values import Float32Array, Int64Array


def unit(rows: npt.NDArray[np.floating]) -> Float32Array:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def drawings(rng: np.random.Generator) -> tuple[Float32Array, Int64Array]:
    """Of four classes in 16 dimensions that have a large part in common; the last two have a row that stays."""
    centres = unit(rng.normal(size=(4, 16)) + 3 * rng.normal(size=16))
    true = np.repeat(np.arange(4), 30)
    return unit(centres[true] + 0.1 * rng.normal(size=(120, 16))), true


def means(vectors: Float32Array, true: Int64Array, classes: range) -> Float32Array:
    return unit(np.stack([vectors[true == c].mean(axis=0) for c in classes]))


def test_an_imprinted_row_gives_up_what_it_shares_with_what_is_known(rng: np.random.Generator) -> None:
    axes = np.eye(16, dtype=np.float32)
    means = unit(np.stack([axes[0] + 0.2 * axes[1], axes[0] + 0.6 * axes[1]]))
    np.testing.assert_allclose(imprinted_rows(means, axes[2:]), means, atol=1e-6)
    far, near = imprinted_rows(means, axes[1:])
    np.testing.assert_allclose(far, means[0], atol=1e-6)  # a cosine of 0.2 is nothing in common
    np.testing.assert_allclose(near / near[0], axes[0] + 0.25 * 1.36**0.5 * axes[1], atol=1e-5)
    crowd = unit(means[:1] + 0.1 * rng.normal(size=(9, 16)))
    (kept,) = imprinted_rows(means[:1], crowd)
    assert kept @ means[0] > 0.7, "however many are like it"
    rows = imprinted_rows(unit(rng.normal(size=(5, 16))), unit(rng.normal(size=(40, 16))))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_class_claims_the_targets_of_its_brand() -> None:
    axes = np.eye(16, dtype=np.float32)
    means = unit(np.stack([axes[0] + 0.1 * axes[1], axes[1], axes[2], axes[3]]))
    learned = unit(
        np.stack(
            [
                axes[0] + 0.3 * axes[9],  # of the first, as the next one
                axes[0] + 0.9 * axes[9],
                axes[0] + 0.8 * axes[1],  # between two: the nearer one's
                axes[2] + 0.5 * axes[9],  # the third's, but it has a name in the index
                axes[3] + 2.1 * axes[9],  # too far
                axes[9],
            ]
        )
    )
    made = made_rows(means, learned, np.array([True, True, True, False, True, True]))
    assert made.met.tolist() == [True, False, False, False]
    assert made.claimed.tolist() == [True, True, True, False, False, False]
    c = means[0] @ learned[0]
    np.testing.assert_allclose(made.rows[:1], unit(((1 - c) * means[0] + c * learned[0])[None]), atol=1e-6)
    np.testing.assert_array_equal(made.rows[1:], imprinted_rows(means, learned)[1:])


def test_one_target_stays_with_other() -> None:
    axes = np.eye(16, dtype=np.float32)
    learned = unit(np.stack([axes[0] + 0.5 * axes[9], axes[0] + 0.3 * axes[9], axes[1] + 0.4 * axes[9]]))
    made = made_rows(axes[:2], learned, np.ones(3, bool))
    assert made.claimed.tolist() == [False, True, True], "the one that is least like any class"
    assert made.met.tolist() == [True, True]
    alone = made_rows(axes[:1], learned[:1], np.ones(1, bool))
    assert not alone.claimed.any() and not alone.met.any()


def test_nothing_to_claim_and_none_to_claim_it(rng: np.random.Generator) -> None:
    means, learned = unit(rng.normal(size=(3, 16))), unit(rng.normal(size=(5, 16)))
    nothing = made_rows(means, learned, np.zeros(5, bool))
    assert not nothing.met.any() and not nothing.claimed.any()
    np.testing.assert_array_equal(nothing.rows, imprinted_rows(means, learned))
    none = made_rows(means[:0], learned, np.ones(5, bool))
    assert none.rows.shape == (0, 16) and none.met.shape == (0,) and not none.claimed.any()


def fitted(start: Float32Array, vectors: Float32Array, true: Int64Array, stay: Float32Array) -> Float32Array:
    """The first classes have rows to fit, those after them stay."""
    cosines = vectors @ np.concatenate([np.zeros_like(start), stay]).T
    return fitted_rows(start, np.arange(len(start)), vectors, true, cosines)


def test_rows_tell_apart_what_means_confuse(drawings: tuple[Float32Array, Int64Array]) -> None:
    vectors, true = drawings
    asked, half = np.arange(1, 120, 2), np.arange(0, 120, 2)
    start, stay = means(vectors[half], true[half], range(2)), means(vectors[half], true[half], range(2, 4))
    rows = fitted(start, vectors[half], true[half], stay)
    assert rows.shape == start.shape and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)

    def lead(some: Float32Array) -> float:
        """The mean by which a drawing of the first two classes is nearer to its own row than to the other."""
        own = asked[true[asked] < 2]
        cosines = vectors[own] @ some.T
        return float((cosines[np.arange(len(own)), true[own]] - cosines[np.arange(len(own)), 1 - true[own]]).mean())

    assert lead(rows) > 1.3 * lead(start)
    strangers = asked[true[asked] >= 2]
    assert (vectors[strangers] @ rows.T).max() < (vectors[strangers] @ start.T).max()


def test_the_same_drawings_give_the_same_rows_in_any_order(
    drawings: tuple[Float32Array, Int64Array], rng: np.random.Generator
) -> None:
    vectors, true = drawings
    start, stay = means(vectors, true, range(2)), means(vectors, true, range(2, 4))
    rows = fitted(start, vectors, true, stay)
    order = rng.permutation(len(true))
    shuffled = fitted(start, vectors[order], true[order], stay)
    np.testing.assert_allclose(rows, shuffled, atol=1e-3)
    np.testing.assert_array_equal(rows, fitted(start, vectors, true, stay))


def test_one_class_alone_stays_where_its_drawings_are(drawings: tuple[Float32Array, Int64Array]) -> None:
    vectors, true = drawings
    own = vectors[true == 0]
    start = means(vectors, true, range(1))
    rows = fitted(start, own, np.zeros(len(own), np.int64), start[:0])
    assert (own @ rows.T).min() > 0.8
