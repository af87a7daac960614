"""From the weights of a network of the starter to what is released and exported of them: with TensorFlow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import build_starter
import numpy as np
import pytest
from art_samples import small_set
from shallow import shallow_networks

from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.training.data import plain_views
from logo_retrieval.training.log import F2
from logo_retrieval.training.recipe import Recipe

pytestmark = pytest.mark.large

TINY = Recipe(size_px=32, batch=6, dim=16, seed=4, frozen_kinds=("BatchNormalization",), keep="last")
SIZES = {"acme": 3, "borea": 3, "other/x": 2, "other/y": 1}


def test_a_network_is_exported_with_the_targets_of_the_drawings_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from export_starter import export, narrowed, release
    from released import read_release

    from logo_retrieval.training.checkpoint import State, write_checkpoint
    from logo_retrieval.training.network import SCORES, build_network, outputs_of

    fetched = "other/acme4"
    data = small_set(SIZES, held=(0, 3, 7))
    targets = ["acme", fetched, *data.trained_names[1:]]
    log = [{"epoch": epoch, "phase": "all", "loss": 3.0, "learning_rate": 1e-3, F2: 0.6} for epoch in (1, 2)]
    with shallow_networks():
        network = build_network(replace(TINY, weights="none"), len(targets))
        facts = {"recipe": TINY.to_dict(), "targets": targets, "log": log}
        write_checkpoint(tmp_path / "shipped.npz", facts, [], State(epoch=2, best=network.get_weights()))
        rounded = tmp_path / "rounded.npz"
        read_release(release("shipped", data, tmp_path), rounded)
        export("shipped", rounded, data, tmp_path)
        views = plain_views(data.art, np.arange(9), 32)
        before, after = (outputs_of(each, views, SCORES) for each in (network, narrowed(rounded, data)))
        with pytest.raises(SystemExit, match="has not learned 1 targets, such as 'other/z'"):
            narrowed(rounded, small_set({**SIZES, "other/z": 1}))
    np.testing.assert_allclose(after, np.delete(before, 1, axis=1), atol=2e-2)  # in 8 bits
    bundle = read_bundle(tmp_path / "shipped")
    assert HeadVectors.read(bundle.path(HEAD_FILE), TINY.dim).classes == ("acme", "borea", "other", "other")
    assert bundle.config.weights.endswith("on 6 drawings of 3 classes, epoch 2")
    assert json.loads(bundle.path("recipe.json").read_text()) == TINY.to_dict()

    card = bundle.path("MODEL_CARD.md").read_text(encoding="utf-8")
    assert "at epoch 2, on 3 drawings that were kept from training. Measure on others" in card, "not chosen by these"

    rows = [{"brand": "acme4"}, {"brand": "acme4"}, {"brand": "never"}]
    monkeypatch.setattr(build_starter, "read_catalogue", lambda _: rows)
    assert "It also learned from 2 drawings that are no part of it" in build_starter.of_fetched(tmp_path)
    (tmp_path / "shipped.npz").write_bytes((tmp_path / "narrowed-shipped.npz").read_bytes())
    assert build_starter.of_fetched(tmp_path) == ""
