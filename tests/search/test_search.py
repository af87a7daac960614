"""Every index against a deliberately plain search, up to ties."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from logo_retrieval.errors import BackendError
from logo_retrieval.packed import units_of
from logo_retrieval.search.exact import ExactIndex
from logo_retrieval.search.faiss_index import FaissIndex, faiss_is_installed
from logo_retrieval.search.halves import halves_of
from logo_retrieval.search.open import open_index
from logo_retrieval.search.partitions import PartitionedIndex
from logo_retrieval.search.protocol import VectorIndex
from logo_retrieval.search.views import best_over_views
from logo_retrieval.types import MISSING_ID, Float32Array, Int64Array, Neighbours

Build = Callable[[Float32Array, Int64Array], VectorIndex]
BUILDERS: dict[str, Build] = {"numpy": ExactIndex, "faiss": FaissIndex.build, "partitions": PartitionedIndex.build}
backends = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())


@pytest.fixture
def all_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All partitions are looked at, so that what is found is exact."""
    monkeypatch.setattr("logo_retrieval.search.partitions.PROBED", 1000)


def unit(rng: np.random.Generator, n: int, d: int) -> Float32Array:
    rows = rng.standard_normal((n, d)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def stored(vectors: Float32Array) -> Float32Array:
    """As an index gives them back, which keeps 16 bits of each component."""
    return units_of(halves_of(vectors))


def plain_search(vectors: Float32Array, ids: Int64Array, query: Float32Array, k: int) -> list[tuple[float, int]]:
    scored = [(float(np.dot(row, query)), int(each)) for row, each in zip(vectors, ids, strict=True)]
    return sorted(scored, key=lambda pair: -pair[0])[:k]


@pytest.mark.usefixtures("all_probed")
@backends
@pytest.mark.parametrize(("m", "n", "d", "k"), [(1, 1, 4, 1), (50, 3, 8, 5), (300, 70, 32, 10), (7, 40, 16, 20)])
def test_index_agrees_with_plain_search(build: Build, rng: np.random.Generator, m: int, n: int, d: int, k: int) -> None:
    vectors, ids = stored(unit(rng, m, d)), rng.permutation(10 * m)[:m].astype(np.int64)
    queries = unit(rng, n, d)
    found = build(vectors, ids).search(queries, k)
    assert found.ids.shape == (n, k)
    for row in range(n):
        expected = plain_search(vectors, ids, queries[row], k)
        present = found.ids[row] != MISSING_ID
        assert present.sum() == min(k, m)
        assert np.all(np.isneginf(found.similarities[row][~present]))
        np.testing.assert_allclose(found.similarities[row][present], [s for s, _ in expected], atol=1e-5)
        assert list(found.ids[row][present]) == [each for _, each in expected]


@backends
def test_a_stored_vector_finds_itself_and_answers_do_not_depend_on_the_batch(
    build: Build, rng: np.random.Generator
) -> None:
    vectors, ids = unit(rng, 200, 24), np.arange(200, dtype=np.int64)
    index: VectorIndex = build(vectors, ids)
    together = index.search(vectors, 3)
    assert list(together.ids[:, 0]) == list(range(200))
    for row in (0, 57, 199):
        alone = index.search(vectors[row : row + 1], 3)
        assert list(alone.ids[0]) == list(together.ids[row])


@pytest.mark.usefixtures("all_probed")
@backends
def test_permuting_the_gallery_changes_nothing(build: Build, rng: np.random.Generator) -> None:
    vectors, ids = unit(rng, 120, 16), np.arange(120, dtype=np.int64)
    order = rng.permutation(120)
    queries = unit(rng, 9, 16)
    one, two = build(vectors, ids).search(queries, 6), build(vectors[order], ids[order]).search(queries, 6)
    np.testing.assert_array_equal(one.ids, two.ids)


@backends
def test_no_queries_and_an_empty_gallery(build: Build, rng: np.random.Generator) -> None:
    index: VectorIndex = build(unit(rng, 5, 4), np.arange(5, dtype=np.int64))
    assert len(index.search(np.empty((0, 4), np.float32), 3)) == 0
    empty: VectorIndex = build(np.empty((0, 4), np.float32), np.empty(0, np.int64))
    assert np.all(empty.search(unit(rng, 2, 4), 3).ids == MISSING_ID)


@backends
def test_wrong_shapes_say_what_was_expected(build: Build, rng: np.random.Generator) -> None:
    index: VectorIndex = build(unit(rng, 5, 4), np.arange(5, dtype=np.int64))
    with pytest.raises(ValueError, match=r"\(n, 4\), got float32 of \(2, 3\)"):
        index.search(np.zeros((2, 3), np.float32), 1)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        index.search(np.zeros((2, 4), np.float32), 0)
    with pytest.raises(ValueError, match=r"int64 of shape \(5,\)"):
        build(unit(rng, 5, 4), np.arange(4, dtype=np.int64))


def test_without_a_gpu_nothing_is_transferred(rng: np.random.Generator) -> None:
    import faiss

    if getattr(faiss, "get_num_gpus", lambda: 0)() > 0:
        pytest.skip("there is a GPU here")
    index = FaissIndex.build(unit(rng, 3, 4), np.arange(3, dtype=np.int64))
    assert index._searcher is index._flat


def test_a_gpu_is_not_asked_for_more_rows_than_it_finds(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    class OnGpu:
        """As FAISS has it on a GPU: limited, and no reader of single vectors."""

        def __init__(self, flat: Any) -> None:  # noqa: ANN401 - FAISS has no types
            self._flat = flat

        def search(self, queries: Float32Array, k: int) -> tuple[Float32Array, Int64Array]:
            if k >= 2048:
                raise RuntimeError(f"GPU index only supports min/max-K selection up to 2048 (requested {k})")
            found: tuple[Float32Array, Int64Array] = self._flat.search(queries, k)
            return found

    monkeypatch.setattr("faiss.get_num_gpus", lambda: 1, raising=False)
    monkeypatch.setattr("faiss.index_cpu_to_all_gpus", OnGpu, raising=False)
    vectors, ids = unit(rng, 3000, 4), np.arange(3000)
    for k in (2047, 2048, 5000):
        found, exact = (build(vectors, ids).search(vectors[:2], k) for build in (FaissIndex.build, ExactIndex))
        np.testing.assert_array_equal(found.similarities, exact.similarities)


def _distributions(monkeypatch: pytest.MonkeyPatch, *installed: str) -> None:
    def version(name: str) -> str:
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.15"

    monkeypatch.setattr("importlib.metadata.version", version)


@pytest.mark.parametrize(
    ("rows", "installed", "served_by"),
    [
        (3, "faiss-cpu", ExactIndex),
        (4, "faiss-cpu", FaissIndex),
        (4, "", ExactIndex),
        (8, "faiss-cpu", PartitionedIndex),
        (8, "", PartitionedIndex),
    ],
)
def test_faiss_serves_large_galleries_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator, rows: int, installed: str, served_by: type
) -> None:
    _distributions(monkeypatch, installed)
    monkeypatch.setattr("logo_retrieval.search.open.FAISS_FROM", 4)
    monkeypatch.setattr("logo_retrieval.search.open.PARTITIONED_FROM", 8)
    assert isinstance(open_index(unit(rng, rows, 4), np.arange(rows, dtype=np.int64)), served_by)


@pytest.mark.parametrize(("gpus", "served_by"), [(1, FaissIndex), (0, PartitionedIndex)])
def test_where_there_is_a_gpu_the_largest_galleries_are_searched_exactly(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator, gpus: int, served_by: type
) -> None:
    _distributions(monkeypatch, "faiss-gpu")
    monkeypatch.setattr("faiss.get_num_gpus", lambda: gpus, raising=False)
    monkeypatch.setattr("faiss.index_cpu_to_all_gpus", lambda flat: flat, raising=False)
    monkeypatch.setattr("logo_retrieval.search.open.FAISS_FROM", 4)
    monkeypatch.setattr("logo_retrieval.search.open.PARTITIONED_FROM", 8)
    assert isinstance(open_index(unit(rng, 8, 4), np.arange(8, dtype=np.int64)), served_by)


@pytest.mark.parametrize("k", [1, 3, 4, 7, 40])
def test_of_equal_neighbours_the_first_is_taken(k: int) -> None:
    corners = np.eye(4, dtype=np.float32)
    vectors = corners[np.arange(40) % 4]
    found = ExactIndex(vectors, np.arange(40, dtype=np.int64)).search(corners, k)
    for row in range(4):
        equal = [row + 4 * place for place in range(10)]
        rest = [place for place in range(40) if place not in equal]
        assert found.ids[row].tolist() == [*equal, *rest][:k]


def test_two_faiss_distributions_are_an_error_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _distributions(monkeypatch, "faiss-cpu", "faiss-gpu")
    with pytest.raises(BackendError, match="pip uninstall faiss-cpu faiss-gpu"):
        faiss_is_installed()


def test_a_faiss_that_does_not_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(BackendError, match=r"FAISS does not import .*: install the extra \[cpu\] or \[gpu\]"):
        FaissIndex.build(np.eye(3, dtype=np.float32), np.arange(3))


def test_best_over_views_takes_each_item_once_with_its_best_similarity() -> None:
    single = Neighbours(
        np.array([[7, 3, 9], [3, 8, MISSING_ID], [1, 2, 3]]),
        np.array([[0.9, 0.5, 0.1], [0.7, 0.6, -np.inf], [0.3, 0.2, 0.1]], np.float32),
    )
    merged = best_over_views(single, np.array([0, 0, 2]), 3, 3)
    np.testing.assert_array_equal(merged.ids, [[7, 3, 8], [MISSING_ID] * 3, [1, 2, 3]])
    np.testing.assert_allclose(merged.similarities[0], [0.9, 0.7, 0.6])
    assert merged.views is not None
    np.testing.assert_array_equal(merged.views, [[0, 1, 1], [0] * 3, [0] * 3])


def test_best_over_views_merges_items_with_several_gallery_views() -> None:
    single = Neighbours(np.array([[5, 5, 6, 7]]), np.array([[0.9, 0.8, 0.7, 0.6]], np.float32))
    merged = best_over_views(single, np.array([0]), 1, 2)
    np.testing.assert_array_equal(merged.ids, [[5, 6]])
    with pytest.raises(ValueError, match=r"owners must have shape \(1,\)"):
        best_over_views(single, np.array([0, 1]), 1, 2)


@backends
def test_vectors_come_back(build: Build, rng: np.random.Generator) -> None:
    vectors = stored(unit(rng, 7, 5))
    index = build(vectors, np.arange(7))
    np.testing.assert_array_equal(index.vectors_at(np.array([5, 0, 5])), vectors[[5, 0, 5]])
