"""The reader of legacy torch files: plain tensors come out, anything else is refused, nothing is run."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import types
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.backbones.torch_file import read_torch_file
from logo_retrieval.errors import ModelError


class _Stored:
    """Pickles as torch pickles a float tensor that lies in storage "0"."""

    def __init__(self, elements: int, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.place = (elements, offset, shape, stride)

    def __reduce__(self) -> tuple[object, ...]:
        elements, *layout = self.place
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (_Storage(elements), *layout, False, OrderedDict())


class _Storage:
    def __init__(self, elements: int) -> None:
        self.elements = elements


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        if isinstance(obj, _Storage):
            return "storage", sys.modules["torch"].FloatStorage, "0", "cpu", obj.elements, None
        return None


@pytest.fixture
def torch_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for torch while a file is written; the reader never imports it."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})  # type: ignore[attr-defined]

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def saved(state: object, elements: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    stream = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(value, stream, protocol=2)
    _Pickler(stream, protocol=2).dump(state)
    pickle.dump(["0"], stream, protocol=2)
    return stream.getvalue() + struct.pack("<q", len(elements)) + elements.astype("<f4").tobytes()


ELEMENTS = np.arange(12, dtype=np.float32)


@pytest.mark.usefixtures("torch_names")
def test_tensors_share_a_storage_and_may_be_strided() -> None:
    state = OrderedDict(
        rows=_Stored(12, 0, (2, 3), (3, 1)), columns=_Stored(12, 6, (2, 3), (1, 2)), scalar=_Stored(12, 11, (), ())
    )
    arrays = read_torch_file(saved(state, ELEMENTS))
    assert arrays["rows"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["columns"].tolist() == [[6, 8, 10], [7, 9, 11]]
    assert arrays["scalar"].tolist() == 11


@pytest.mark.usefixtures("torch_names")
@pytest.mark.parametrize(
    "stored", [_Stored(12, 10, (2, 3), (3, 1)), _Stored(12, 0, (4, 4), (3, 1)), _Stored(13, 0, (2, 3), (3, 1))]
)
def test_a_tensor_outside_its_storage_is_refused(stored: _Stored) -> None:
    with pytest.raises(ModelError, match="damaged"):
        read_torch_file(saved(OrderedDict(x=stored), ELEMENTS))


@pytest.mark.usefixtures("torch_names")
def test_every_truncation_is_refused() -> None:
    content = saved(OrderedDict(x=_Stored(12, 0, (2, 3), (3, 1))), ELEMENTS)
    for length in range(len(content)):
        with pytest.raises(ModelError):
            read_torch_file(content[:length])


class _Attack:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.target),)


def test_a_pickle_that_calls_something_else_is_refused_and_not_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"it may not use \w+\.mkdir"):
        read_torch_file(saved(_Attack(tmp_path / "pwned"), ELEMENTS))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", pickle.dumps(1) + pickle.dumps(2) + pickle.dumps(3), b"\x80" * 99]
)
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="no legacy torch file"):
        read_torch_file(content)
