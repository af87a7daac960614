"""How near strangers come to classes that training has never seen."""

from __future__ import annotations

import numpy as np

from logo_retrieval.decide import untrained
from logo_retrieval.decide.untrained import MOST_STRANGERS, chosen_strangers, reach_of_strangers
from logo_retrieval.values import Float32Array

RNG = np.random.default_rng(0)


def unit(n: int, d: int = 16) -> Float32Array:
    vectors = RNG.normal(size=(n, d)).astype(np.float32)
    unit: Float32Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_one_in_a_hundred_comes_nearer() -> None:
    strangers, vectors, rows = unit(500), unit(7), unit(3)
    starts = np.array([0, 1, 5])
    owners = np.searchsorted(starts, np.arange(7), side="right") - 1
    found = reach_of_strangers(strangers, vectors, owners, rows, 0.3)
    shuffled = RNG.permutation(7)
    again = reach_of_strangers(strangers, vectors[shuffled], owners[shuffled], rows, 0.3)
    np.testing.assert_allclose(again, found, rtol=1e-6)
    for place, own in enumerate(np.split(vectors, starts[1:])):
        evidence = 0.7 * (strangers @ own.T).max(axis=1) + 0.3 * strangers @ rows[place]
        assert (evidence > found[place] + 1e-6).sum() == 5


def test_drawings_of_a_class_may_lie_in_several_blocks() -> None:
    strangers, vectors, rows = unit(200), unit(untrained._BLOCK + 9), unit(2)
    owners = (np.arange(len(vectors)) >= 5).astype(np.int64)
    found = reach_of_strangers(strangers, vectors, owners, rows, 0.0)
    nearest = np.sort((strangers @ vectors[5:].T).max(axis=1))
    np.testing.assert_allclose(found[1], nearest[-3], rtol=1e-6)


def test_few_strangers_are_no_measure() -> None:
    assert np.isnan(reach_of_strangers(unit(99), unit(4), np.array([0, 0, 1, 1]), unit(2), 0.5)).all()
    assert reach_of_strangers(unit(200), unit(0), np.zeros(0, np.int64), unit(0), 0.5).shape == (0,)


def test_strangers_are_chosen_from_all_over() -> None:
    assert chosen_strangers(np.zeros(0, np.int64)).tolist() == []
    assert chosen_strangers(np.arange(3, 9)).tolist() == [3, 4, 5, 6, 7, 8]
    many = chosen_strangers(np.arange(5000))
    assert len(np.unique(many)) == MOST_STRANGERS and many[[0, -1]].tolist() == [0, 4999]
