"""ONNX graphs byte by byte, in Protocol Buffers' wire format: also such as no library would write."""

from __future__ import annotations

import numpy as np

SIDE, WIDTH = 4, 3
"""Of the pictures that the graph takes, and of the vectors that it gives."""

WEIGHTS = np.arange(SIDE * SIDE * 3 * WIDTH, dtype=np.float32).tobytes()
_FLOAT, _EXTERNAL = 1, 1
_INT, _INTS = 2, 7


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    head = bytes([number & 127 | (128 if number > 127 else 0)])
    return head if number < 128 else head + _varint(number >> 7)


def graph(*, elsewhere: str | None = None, kind: int = _FLOAT, width: int = WIDTH, one_for_all: bool = False) -> bytes:
    """(n, 4, 4, 3) flattened and multiplied by a matrix.

    Args:
        elsewhere: path of the file that holds the matrix; None for the graph itself.
        kind: of the input's numbers, as ONNX numbers them.
        width: of the output, as the graph states it.
        one_for_all: it gives one vector, however many pictures there are.
    """
    matrix = _field(1, SIDE * SIDE * 3) + _field(1, WIDTH) + _field(2, _FLOAT) + _field(8, "w")
    if elsewhere is None:
        matrix += _field(9, WEIGHTS)
    else:
        for key, value in (("location", elsewhere), ("offset", "0"), ("length", str(len(WEIGHTS)))):
            matrix += _field(13, _field(1, key) + _field(2, value))
        matrix += _field(14, _EXTERNAL)
    last = "vectors" if one_for_all else "y"
    nodes = _node("Flatten", ["x" if kind == _FLOAT else "floats"], "flat") + _node("MatMul", ["flat", "w"], last)
    if kind != _FLOAT:
        nodes = _node("Cast", ["x"], "floats", _field(1, "to") + _field(3, _FLOAT) + _field(20, _INT)) + nodes
    if one_for_all:
        nodes += _node("ReduceMax", [last], "y", _field(1, "axes") + _field(8, 0) + _field(20, _INTS))
    content = (
        nodes
        + _field(2, "graph")
        + _field(5, matrix)
        + _field(11, _port("x", kind, "n", SIDE, SIDE, 3))
        + _field(12, _port("y", _FLOAT, "n", width))
    )
    return _field(1, 8) + _field(7, content) + _field(8, _field(2, 15))


def _node(kind: str, inputs: list[str], output: str, attribute: bytes | None = None) -> bytes:
    names = b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)
    return _field(1, names + (b"" if attribute is None else _field(5, attribute)))


def _port(name: str, kind: int, *shape: int | str) -> bytes:
    sides = b"".join(_field(1, _field(1 if isinstance(side, int) else 2, side)) for side in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, sides)))
