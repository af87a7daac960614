"""A network in integers: near the one in floats, for any number of pictures, or none at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.embedding import FP32, INT8, load_embedder
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.models.bundle import MODEL_FILE, ModelBundle, int8_name, write_bundle
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.types import UInt8Array

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "benchmarks" / "samples").glob("*.*"))

pytestmark = pytest.mark.large


@pytest.fixture(scope="module")
def views() -> UInt8Array:
    with DecoderPool(Preparation(size_px=192)) as pool:
        images = [each for each in pool.decode(SAMPLES, all_views=True) if not isinstance(each, UnreadableImage)]
    whole = np.concatenate([each.views for each in images])
    return np.concatenate([whole, whole[:, :, ::-1], whole[:, ::-1], 255 - whole])


def test_it_gives_nearly_the_same_vectors(views: UInt8Array, tmp_path: Path) -> None:
    from logo_retrieval.backbones.quantise import quantised

    exact = starter_model()
    graph = exact.path(MODEL_FILE).read_bytes()
    integers = quantised(graph, views[: len(views) // 2])  # as they are and mirrored, not upside down and inverted
    assert integers is not None and len(integers) < 0.7 * len(graph)
    files = {MODEL_FILE: graph, int8_name(MODEL_FILE): integers}
    bundle: ModelBundle = write_bundle(tmp_path / "model", exact.config, files)
    embedder = load_embedder(bundle)
    assert embedder.precision == INT8
    found, expected = embedder.embed(views), load_embedder(bundle, runtime=FP32).embed(views)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    cosines = np.sum(found * expected, axis=1)
    assert np.median(cosines) > 0.99 and cosines.min() > 0.9 and not np.array_equal(found, expected)
    np.testing.assert_allclose(embedder.embed(views[3:4])[0], found[3], atol=1e-5)


def test_one_that_is_too_far_off_is_none(views: UInt8Array, monkeypatch: pytest.MonkeyPatch) -> None:
    from logo_retrieval.backbones import quantise

    monkeypatch.setattr(quantise, "_NEAR", 1.0)
    assert quantise.quantised(starter_model().path(MODEL_FILE).read_bytes(), views[:8]) is None
