"""Batches: who is drawn how often, and that chance depends on the number of the step alone."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from art_samples import small_set

from logo_retrieval.training.augment import plain_view
from logo_retrieval.training.data import Batch, BatchMaker, plain_views
from logo_retrieval.training.transforms import TRANSFORMS

PLAIN = {transform.name: 0.0 for transform in TRANSFORMS}
SIZES = {"acme": 1, "borea": 16, "other/x": 1, "other/y": 1, "other/z": 4}


def drawn(maker: BatchMaker, steps: int) -> Counter[int]:
    return Counter(int(target) for batch in maker.batches(0, steps) for target in batch.targets)


def assert_same(one: list[Batch], other: list[Batch]) -> None:
    assert len(one) == len(other) > 0
    for left, right in zip(one, other, strict=True):
        assert np.array_equal(left.views, right.views) and np.array_equal(left.targets, right.targets)


def test_half_are_companies_which_count_by_their_root_and_other_by_its_drawings() -> None:
    counts = drawn(BatchMaker(small_set(SIZES), 32, 100, 0, PLAIN), 40)
    total = counts.total()
    shares = [counts[target] / total for target in range(len(SIZES))]
    assert np.allclose(shares, [0.1, 0.4, 1 / 12, 1 / 12, 1 / 3], atol=0.03)


@pytest.mark.parametrize("sizes", [{"acme": 2, "borea": 2}, {"other/x": 2, "other/y": 2}])
def test_without_other_or_without_companies_all_rows_share(sizes: dict[str, int]) -> None:
    counts = drawn(BatchMaker(small_set(sizes), 32, 50, 0, PLAIN), 10)
    assert counts[0] + counts[1] == 500 and 200 < counts[0] < 300


def test_validation_rows_are_never_drawn() -> None:
    data = small_set({"acme": 3, "borea": 3, "other/x": 1}, held=(0, 1, 6))
    assert drawn(BatchMaker(data, 32, 60, 3, PLAIN), 10).keys() == {0, 1} == set(data.trained_targets.tolist())
    seen = np.concatenate([batch.views for batch in BatchMaker(data, 32, 60, 3, PLAIN).batches(0, 10)])
    for row in (0, 1, 6):
        held = plain_view(data.art[row].pixels, 32).astype(int)
        assert np.abs(seen.astype(int) - held).mean(axis=(1, 2, 3)).min() > 8


def test_a_batch_does_not_depend_on_where_one_begins() -> None:
    maker = BatchMaker(small_set(SIZES), 32, 8, 5)
    whole = list(maker.batches(0, 7))
    assert_same(whole[4:], list(maker.batches(4, 7)))
    assert whole[0].views.shape == (8, 32, 32, 3) and whole[0].views.dtype == np.uint8
    assert not np.array_equal(whole[0].views, whole[1].views)


def test_threads_give_what_one_gives() -> None:
    data = small_set(SIZES)
    one, many = (list(BatchMaker(data, 32, 8, 5, workers=workers).batches(0, 6)) for workers in (1, 4))
    assert_same(one, many)


def test_another_seed_gives_other_batches() -> None:
    one, other = (next(BatchMaker(small_set(SIZES), 32, 8, seed).batches(0, 1)) for seed in (1, 2))
    assert not np.array_equal(one.views, other.views)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    batches = BatchMaker(small_set(SIZES), 32, 8, 5).batches(0, 1000)
    assert len(list(islice(batches, 2))) == 2
    batches.close()  # type: ignore[attr-defined]


def test_plain_views_are_those_of_queries() -> None:
    data = small_set(SIZES)
    views = plain_views(data.art, np.array([3, 0]), 32)
    assert views.shape == (2, 32, 32, 3) and np.array_equal(views[1], plain_view(data.art[0].pixels, 32))


def test_a_digest_tells_other_data() -> None:
    digests = {
        small_set(sizes, held).digest()
        for sizes, held in ((SIZES, ()), (SIZES, (1,)), ({**SIZES, "acme": 2}, ()), ({"acme2": 1, **SIZES}, ()))
    }
    assert len(digests) == 4 and small_set(SIZES).digest() in digests
