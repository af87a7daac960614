"""Reads the tensors of a legacy (before the zip format) torch file without torch, and without running its code."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from logo_retrieval.errors import ModelError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def gather(self, elements: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Lays the elements of the storage out; numpy checks each index, unlike a view with strides."""
        places = np.full(self.shape, self.offset)
        for step, along in zip(self.stride, np.indices(self.shape, sparse=True), strict=True):
            places += along * step
        return np.asarray(elements[places])


def read_torch_file(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Gives the arrays of a saved state dictionary by name.

    The format is three small pickles (magic number, protocol, system), the pickled dictionary, the pickled list of
    storage keys, then each storage as an 8-byte count and its elements, all little-endian.

    Raises:
        ModelError: it is no such file, is cut short, or asks for anything but plain tensors.
    """
    stream = io.BytesIO(content)
    try:
        magic, protocol, _system = (_Unpickler(stream).load() for _ in range(3))
        if (magic, protocol) != (_MAGIC, _PROTOCOL):
            raise ValueError(f"it must start with {_MAGIC:#x} and {_PROTOCOL}, got {magic!r}, {protocol!r}")
        tensors = _Unpickler(stream).load()
        keys = _Unpickler(stream).load()
        storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        arrays = {key: _read_storage(stream, storages[key]) for key in keys}
        return {name: tensor.gather(arrays[tensor.storage.key]) for name, tensor in tensors.items()}
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"no legacy torch file, or a damaged one: {error}") from error


def _read_storage(stream: BinaryIO, storage: _Storage) -> npt.NDArray[Any]:
    count = int.from_bytes(stream.read(8), "little")
    if count != storage.count:
        raise ValueError(f"storage {storage.key} must hold {storage.count} elements, got {count}")
    return np.frombuffer(stream.read(count * storage.dtype.itemsize), storage.dtype, count)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_unused: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, stride)


_GLOBALS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """Knows four names, all of them harmless stand-ins, so that a pickle can call nothing else."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - whatever the pickle names
        if (module, name) not in _GLOBALS:
            raise ValueError(f"it may not use {module}.{name}")
        return _GLOBALS[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 - whatever the pickle holds
        _kind, dtype, key, _device, count, _view = pid
        return _Storage(key, dtype, count)
