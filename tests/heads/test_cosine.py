"""The cosine head beside its definition, and as an index fits it to its classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import CosineHead, HeadVectors, Novel
from logo_retrieval.heads.imprinting import NOBODY, Imprinted
from logo_retrieval.types import Float32Array

DIM = 6


def unit(rows: int, seed: int) -> Float32Array:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIM))
    unit_vectors: Float32Array = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit_vectors


LEARNED = HeadVectors(unit(5, 0), ("b", "other", "a", "other", "gone"))
CLASSES = ("a", "b", "new", "other")


def novel(row: Float32Array, claimed: tuple[int, ...] = ()) -> Novel:
    """The third class with a row, and the targets that it has claimed."""
    claims = np.full(len(LEARNED.classes), NOBODY)
    claims[list(claimed)] = 0
    no_one = np.full(len(claims), NOBODY), np.zeros(len(claims), np.float32)
    return Novel(np.array([2]), Imprinted(row[None], row[None], *no_one, claims))


def test_a_class_scores_the_best_of_its_targets_over_all_views() -> None:
    views, mean = unit(3, 1), unit(1, 2)[0]
    head = CosineHead(LEARNED, CLASSES, novel(mean))
    scores = head.scores(views, np.array([0, 0, 1]), 2)
    targets = [[2], [0], None, [1, 3, 4]]  # "gone" is not in the index, so it speaks for other
    for query, own in enumerate((views[:2], views[2:])):
        expected = [
            max(
                float(view @ vector)
                for view in own
                for vector in (mean[None] if rows is None else LEARNED.vectors[rows])
            )
            for rows in targets
        ]
        np.testing.assert_allclose(scores[query], expected, rtol=1e-5)


def test_a_claimed_target_speaks_for_who_claimed_it_and_for_other_no_more() -> None:
    assert LEARNED.nameless(CLASSES).tolist() == [False, True, False, True, True]
    views, owners, mean = unit(2, 1), np.arange(2), unit(1, 2)[0]
    scores = CosineHead(LEARNED, CLASSES, novel(mean, claimed=(3, 4))).scores(views, owners, 2)
    np.testing.assert_allclose(scores[:, 3], views @ LEARNED.vectors[1], rtol=1e-5)
    rows = np.stack([mean, *LEARNED.vectors[3:]])
    np.testing.assert_allclose(scores[:, 2], (views @ rows.T).max(axis=1), rtol=1e-5)
    without = CosineHead(LEARNED, CLASSES, novel(mean)).scores(views, owners, 2)
    np.testing.assert_array_equal(scores[:, :2], without[:, :2])


def test_a_class_that_nothing_speaks_for_has_the_least_score() -> None:
    scores = CosineHead(LEARNED, CLASSES).scores(unit(1, 3), np.array([0]), 1)
    assert scores.shape == (1, 4) and scores[0, 2] == -1


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "head.npz").write_bytes(LEARNED.to_bytes())
    read = HeadVectors.read(tmp_path / "head.npz", DIM)
    np.testing.assert_allclose(read.vectors, LEARNED.vectors, atol=0.005)  # 8 bits of components up to 1
    np.testing.assert_allclose(np.linalg.norm(read.vectors, axis=1), 1, rtol=1e-6)
    assert read.classes == LEARNED.classes
    assert read.to_bytes() == LEARNED.to_bytes()
    none = HeadVectors(np.zeros((0, DIM), np.float32), ())
    (tmp_path / "head.npz").write_bytes(none.to_bytes())
    assert HeadVectors.read(tmp_path / "head.npz", DIM).classes == ()


def test_names_of_many_targets_are_kept_once(tmp_path: Path) -> None:
    names = [f"a company with a long name {number}" for number in range(300)]
    classes = tuple(names[place] for place in np.random.default_rng(4).integers(0, len(names), 5000))
    head = HeadVectors(unit(len(classes), 5), classes)
    (tmp_path / "head.npz").write_bytes(head.to_bytes())
    assert (tmp_path / "head.npz").stat().st_size < len(classes) * (DIM + 2) + 300 * 4 * len(names[-1]) + 1000
    assert HeadVectors.read(tmp_path / "head.npz", DIM).classes == classes


def test_files_that_hold_no_head_of_the_model(tmp_path: Path) -> None:
    file = tmp_path / "head.npz"
    with pytest.raises(ModelError, match="holds no head"):
        HeadVectors.read(file, DIM)
    file.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(ModelError, match="holds no head"):
        HeadVectors.read(file, DIM)
    np.savez(file, vectors=np.zeros((2, DIM), np.float32))
    with pytest.raises(ModelError, match="holds no head"):
        HeadVectors.read(file, DIM)
    file.write_bytes(LEARNED.to_bytes())
    with pytest.raises(ModelError, match=r"vectors of 7 int8, got int8 of shape \(5, 6\)"):
        HeadVectors.read(file, 7)
    np.savez(file, vectors=np.ones((2, DIM), np.int8), names=np.array(["a"]), classes=np.zeros(1, np.uint8))
    with pytest.raises(ModelError, match="a vector for each of 1 targets, got 2"):
        HeadVectors.read(file, DIM)
