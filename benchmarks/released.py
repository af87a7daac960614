"""The weights of a network as they are released: kernels in 8 bits with a step a channel, half the space of float16.

What is measured is what is released: `export_starter.py` makes the bundle of the measured network from these.
`python benchmarks/released.py BEFORE` unpacks them into a folder, for trainings to go on from
(`train_starter.py WORK --start BEFORE`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from small import options
from starter_networks import MEASURED, WEIGHTS

from logo_retrieval.types import Float32Array

STEP = "step_"
"""Before the name of an array, that of its steps."""


def write_release(path: Path, start: Path) -> None:
    """Rounds each kernel to int8 steps of the largest weight of its channel over 127; other arrays stay as they are.

    Args:
        path: of the file; what is there is replaced.
        start: what `write_start` has written.
    """
    released: dict[str, Any] = {}
    with np.load(start, allow_pickle=False) as arrays:
        for name, values in arrays.items():
            if values.ndim < 2:
                released[name] = values
                continue
            kernel = values.astype(np.float32)
            step = _steps(kernel)
            released[name] = np.clip(np.rint(kernel / step), -127, 127).astype(np.int8)
            released[STEP + name] = step
    np.savez_compressed(path, **released)


def read_release(path: Path, start: Path) -> None:
    """Writes what a training begins with, and `copy_weights` reads, of released weights."""
    with np.load(path, allow_pickle=False) as released:
        arrays: dict[str, Any] = {
            name: values * released[STEP + name].astype(np.float32) if STEP + name in released else values
            for name, values in released.items()
            if not name.startswith(STEP)
        }
    np.savez(start, **arrays)


def _steps(kernel: Float32Array) -> np.ndarray[Any, np.dtype[np.float16]]:
    """Of each channel, which lies along the last axis that is longer than one: float16, in the kernel's shape.

    A depthwise kernel is (h, w, channels, 1).
    """
    channel = max(axis for axis, size in enumerate(kernel.shape) if size > 1)
    others = tuple(axis for axis in range(kernel.ndim) if axis != channel)
    largest = np.abs(kernel).max(others, keepdims=True)
    steps: np.ndarray[Any, np.dtype[Any]] = np.maximum(largest / 127, np.finfo(np.float16).tiny)
    return steps.astype(np.float16)


def main() -> None:
    """Unpacks them."""
    before: Path = options(__doc__, before="folder for the weights").parse_args().before
    before.mkdir(parents=True, exist_ok=True)
    read_release(WEIGHTS, before / f"{MEASURED}.npz")


if __name__ == "__main__":
    main()
