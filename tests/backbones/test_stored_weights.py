"""Weights in fewer bits: what is stored, and that a graph computes with it as it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from logo_retrieval.errors import ModelError
from logo_retrieval.models.bundle import INT8_FILE
from logo_retrieval.models.onnx_session import open_session
from logo_retrieval.types import Float32Array

onnx = pytest.importorskip("onnx")

BITS = 127
CHANNELS = {
    "conv": (0, (64, 16, 3, 3)),
    "depthwise": (0, (64, 1, 5, 5)),
    "product": (1, (64, 40)),
    "turned": (0, (32, 40)),
}
"""The kernels of the graph: the axis of the output channels, and the shape."""


def kernels(seed: int = 3) -> dict[str, Float32Array]:
    """Each channel of another size."""
    chance = np.random.default_rng(seed)
    made = {}
    for name, (axis, shape) in CHANNELS.items():
        sizes = np.exp(chance.normal(size=shape[axis])).reshape(
            [-1 if each == axis else 1 for each in range(len(shape))]
        )
        made[name] = (chance.normal(size=shape) * sizes).astype(np.float32)
    return made


def write_graph(path: Path, weights: dict[str, Float32Array]) -> None:
    """Two convolutions, the mean, two products, and a sum with a large array that is no kernel."""
    made = onnx.helper.make_node
    nodes = [
        made("Conv", ["views", "conv"], ["a"]),
        made("Conv", ["a", "depthwise"], ["b"], group=64),
        made("GlobalAveragePool", ["b"], ["c"]),
        made("Flatten", ["c"], ["d"]),
        made("MatMul", ["d", "product"], ["e"]),
        made("Gemm", ["e", "turned"], ["f"], transB=1),
        made("Add", ["f", "table"], ["g"]),
        made("ReduceSum", ["g", "axes"], ["vectors"], keepdims=0),
    ]
    chance = np.random.default_rng(0)
    further = {"table": chance.normal(size=(50, 1, 32)).astype(np.float32), "axes": np.array([0])}
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [value("views", 1, ["n", 16, 9, 9])],
        [value("vectors", 1, ["n", 32])],
        [onnx.numpy_helper.from_array(array, name) for name, array in {**weights, **further}.items()],
    )
    opset = [onnx.helper.make_opsetid("", 15), onnx.helper.make_opsetid("ai.onnx.ml", 2)]
    path.write_bytes(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


def computed(path: Path, others: dict[str, Path] | None = None) -> Float32Array:
    views = np.random.default_rng(8).normal(size=(3, 16, 9, 9)).astype(np.float32)
    (found,) = open_session(path, others).run(None, {"views": views})
    return np.asarray(found)


def stored(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    return {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}


def test_kernels_in_8_bits_are_within_half_a_step_of_their_channel(tmp_path: Path) -> None:
    from logo_retrieval.backbones.storage import store

    given, made, again = (tmp_path / name for name in ("given.onnx", "made.onnx", "again.onnx"))
    weights = kernels()
    write_graph(given, weights)
    store(given, made, kernels=8)
    arrays = stored(made)
    rounded = {}
    for name, (axis, shape) in CHANNELS.items():
        quanta, steps = arrays[f"{name}/quanta"], arrays[f"{name}/steps"]
        assert quanta.dtype == np.int8 and quanta.shape == shape and steps.size == shape[axis]
        others = tuple(each for each in range(len(shape)) if each != axis)
        assert (np.abs(quanta).max(others) == BITS).all()
        rounded[name] = quanta * steps
        assert (np.abs(rounded[name] - weights[name]) <= 0.5001 * steps).all()
    assert arrays["table/half"].dtype == np.float16 and set(arrays) >= {"axes"} and "table" not in arrays
    model = onnx.load(made)
    onnx.checker.check_model(model)
    assert [each.domain for each in model.opset_import] == [""]
    write_graph(again, rounded)
    np.testing.assert_allclose(computed(made), computed(again), rtol=1e-2, atol=1e-2)  # the table has 16 bits
    assert made.stat().st_size < 0.6 * given.stat().st_size


@pytest.mark.parametrize("between", [np.float32, np.float16])
def test_what_was_rounded_so_keeps_its_whole_numbers(tmp_path: Path, between: type) -> None:
    from logo_retrieval.backbones.storage import store

    one, other = tmp_path / "one.onnx", tmp_path / "other.onnx"
    write_graph(one, kernels())
    store(one, other, kernels=8)
    first = stored(other)
    widened = {name: first[f"{name}/quanta"] * first[f"{name}/steps"] for name in CHANNELS}
    write_graph(one, {name: values.astype(between).astype(np.float32) for name, values in widened.items()})
    store(one, other, kernels=8)
    for name in CHANNELS:
        np.testing.assert_array_equal(stored(other)[f"{name}/quanta"], first[f"{name}/quanta"])


def test_kernels_that_integers_have_are_read_from_their_file(tmp_path: Path) -> None:
    """Also where these take larger steps in a channel, as they do if its sum would else not fit."""
    from logo_retrieval.backbones.storage import store

    given, alone, made, integers = (tmp_path / name for name in ("given.onnx", "alone.onnx", "made.onnx", INT8_FILE))
    weights = kernels()
    write_graph(given, weights)
    store(given, alone, kernels=8)
    whole = stored(alone)["conv/quanta"].copy()
    whole[3] = np.rint(whole[3] / 2)
    kept = onnx.numpy_helper.from_array(whole, "conv_quantized")
    integers.write_bytes(onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], [kept])).SerializeToString())
    store(given, made, kernels=8, integers=integers.read_bytes())
    assert alone.stat().st_size - made.stat().st_size > 0.98 * whole.nbytes
    for name, (axis, shape) in CHANNELS.items():
        quanta, steps = stored(made)[f"{name}/quanta"], stored(made)[f"{name}/steps"]
        if name == "conv":
            np.testing.assert_array_equal(quanta, whole)
        assert quanta.shape == shape and steps.size == shape[axis]
        assert (np.abs(quanta * steps - weights[name]) <= 1.01 * steps).all()
    found = computed(made, {INT8_FILE: integers})
    assert np.linalg.norm(found - computed(alone)) < 0.02 * np.linalg.norm(found)
    for cut in (b"", integers.read_bytes()[: whole.nbytes // 2]):
        integers.write_bytes(cut)
        with pytest.raises(ModelError, match=r"cannot load .*made\.onnx"):
            computed(made, {INT8_FILE: integers})


def test_a_channel_of_zeros_stays_one(tmp_path: Path) -> None:
    from logo_retrieval.backbones.storage import store

    weights = kernels()
    weights["conv"][5] = 0
    write_graph(tmp_path / "given.onnx", weights)
    store(tmp_path / "given.onnx", tmp_path / "made.onnx", kernels=8)
    arrays = stored(tmp_path / "made.onnx")
    assert (
        not (arrays["conv/quanta"] * arrays["conv/steps"])[5].any()
        and np.isfinite(computed(tmp_path / "made.onnx")).all()
    )


def test_all_is_in_16_bits_unless_asked_for(tmp_path: Path) -> None:
    from logo_retrieval.backbones.storage import store

    weights = kernels()
    weights["product"][0, 0] = 1e5  # more than 16 bits can say
    write_graph(tmp_path / "given.onnx", weights)
    store(tmp_path / "given.onnx", tmp_path / "made.onnx")
    arrays = stored(tmp_path / "made.onnx")
    assert arrays["conv/half"].dtype == np.float16 and arrays["product"].dtype == np.float32
    np.testing.assert_allclose(
        computed(tmp_path / "made.onnx"), computed(tmp_path / "given.onnx"), rtol=1e-2, atol=1e-1
    )
