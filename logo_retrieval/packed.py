"""Unit vectors, and in 8 bits a component, as files of a model bundle keep them: a cosine moves by about .001."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from logo_retrieval.errors import ModelError
from logo_retrieval.types import Float16Array, Float32Array, Int8Array

_QUANTA = 127
_SMALLEST = 1e-12


def packed(vectors: Float32Array) -> Int8Array:
    """Rounds (m, d) rows to (m, d) int8, the largest component of each to 127."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=_SMALLEST)
    quanta: Int8Array = np.round(vectors / largest * _QUANTA).astype(np.int8)
    return quanta


def unpacked(quanta: Int8Array) -> Float32Array:
    """(m, d) float32 rows of unit length."""
    rows = quanta.astype(np.float32)
    rows /= _lengths(rows)
    return rows


def unit(vectors: Float32Array) -> Float32Array:
    """(m, d) rows of unit length."""
    rows: Float32Array = (vectors / _lengths(vectors)).astype(np.float32, copy=False)
    return rows


def units_of(halves: Float16Array) -> Float32Array:
    """(n, d) float32 of unit length, of vectors in 16 bits a component."""
    return unit(halves.astype(np.float32))


def _lengths(vectors: Float32Array) -> Float32Array:
    lengths: Float32Array = np.sqrt(np.einsum("md,md->m", vectors, vectors))
    return np.maximum(lengths, _SMALLEST)[:, None]


def array_file(**arrays: np.ndarray | np.int64) -> bytes:
    """The content of an npz file as `read_arrays` takes it: plain arrays by name, no pickle."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def read_arrays(file: Path, names: Sequence[str], what: str) -> list[np.ndarray]:
    """Reads some arrays of an npz file.

    Args:
        file: of a model bundle.
        names: of the arrays.
        what: the file should hold, for the message.

    Raises:
        ModelError: when it is missing or damaged, or lacks one.
    """
    try:
        with file.open("rb") as stream:
            _check_unpacked(stream, file.stat().st_size)
            with np.load(stream, allow_pickle=False) as arrays:
                found = [arrays[name] for name in names]
            if not all(isinstance(each, np.ndarray) for each in found):  # what is no array comes as bytes
                raise ValueError("it holds something else than arrays")
            return found
    except Exception as error:  # numpy and zipfile share no class of errors for what is damaged
        raise ModelError(f"'{file}' holds no {what}: {error or type(error).__name__}") from error


def _check_unpacked(stream: BinaryIO, size: int) -> None:
    """An npz file as it is written here takes no more memory than it has bytes.

    Raises:
        ValueError: it is compressed, or its parts overlap.
    """
    with zipfile.ZipFile(stream) as parts:
        held = parts.infolist()
    if any(part.compress_type != zipfile.ZIP_STORED for part in held) or sum(part.file_size for part in held) > size:
        raise ValueError("its arrays must not be compressed")
    stream.seek(0)


def expect_packed(quanta: np.ndarray, dim: int, file: Path) -> Int8Array:
    """The same array, as (m, dim) int8.

    Raises:
        ModelError: when it is something else.
    """
    if quanta.dtype != np.int8 or quanta.ndim != 2 or quanta.shape[1] != dim:
        raise ModelError(f"'{file}' must hold vectors of {dim} int8, got {quanta.dtype} of shape {quanta.shape}")
    return quanta
