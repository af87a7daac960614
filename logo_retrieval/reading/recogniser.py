"""Pixels that may be writing to lines of text, by the recogniser of PP-OCRv6 in 8-bit integers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from logo_retrieval.images.preparation import LINE_PX
from logo_retrieval.models.onnx_session import open_session
from logo_retrieval.types import Float32Array, TextLine, UInt8Array

FILE = Path(__file__).with_name("recogniser.onnx")
"""PP-OCRv6_rec_small of the PaddleOCR project, Apache License 2.0; see `benchmarks/make_reader.py`."""

_CHARACTERS = "character"
"""Where the file keeps its alphabet, one character a line."""

_STEP_PX = 32
"""Lines of one width, rounded up to this, are read together."""

_BATCH = 8

_REMEMBERED = 2048

_DIGITS = 4
"""Of a confidence."""


def padded(lines: Sequence[UInt8Array]) -> Float32Array:
    """Lines as the model takes them: BGR from -1 to 1, on the right grey as far as the width of all.

    Args:
        lines: (48, w, 3) uint8 RGB each, w at least 1, and alike but for less than 32 px.

    Returns:
        (n, 3, 48, v), v a multiple of 32.
    """
    batch = np.zeros((len(lines), 3, LINE_PX, max(map(_padded_width, lines))), np.float32)
    for place, line in enumerate(lines):
        batch[place, :, :, : line.shape[1]] = line[..., ::-1].transpose(2, 0, 1) / np.float32(127.5) - 1
    return batch


def _padded_width(line: UInt8Array) -> int:
    width: int = line.shape[1]
    return -(-width // _STEP_PX) * _STEP_PX


class Recogniser:
    """Reads lines, and remembers the last two thousand: one logo comes in many files."""

    def __init__(self) -> None:
        """Loads the model.

        Raises:
            ModelError: it is missing or damaged.
        """
        self._session = open_session(FILE)
        alphabet = self._session.get_modelmeta().custom_metadata_map[_CHARACTERS]
        self._characters = ["", *alphabet.splitlines(), " "]
        self._input = self._session.get_inputs()[0].name
        self._remembered: dict[bytes, TextLine] = {}  # by the SHA-256 of the pixels

    def read(self, lines: Sequence[UInt8Array]) -> list[TextLine]:
        """What is written on each line; the same pixels are read once.

        Args:
            lines: (48, w, 3) uint8 RGB each, w at least 1.
        """
        keys = [hashlib.sha256(line.tobytes()).digest() for line in lines]
        fresh = {key: line for key, line in zip(keys, lines, strict=True) if key not in self._remembered}
        if len(self._remembered) + len(fresh) > _REMEMBERED:
            self._remembered = {key: self._remembered[key] for key in keys if key in self._remembered}
        widths = {key: _padded_width(line) for key, line in fresh.items()}
        for width in sorted(set(widths.values())):
            alike = [key for key in fresh if widths[key] == width]
            for start in range(0, len(alike), _BATCH):
                batch = alike[start : start + _BATCH]
                self._remembered.update(zip(batch, self._run([fresh[key] for key in batch]), strict=True))
        return [self._remembered[key] for key in keys]

    def _run(self, lines: Sequence[UInt8Array]) -> list[TextLine]:
        """Lines that `padded` makes equally wide."""
        chances: Float32Array = self._session.run(None, {self._input: padded(lines)})[0]
        return [self._decoded(each) for each in chances]

    def _decoded(self, chances: Float32Array) -> TextLine:
        """The likeliest character of each step, repetitions and blanks left out (greedy CTC decoding).

        See Graves et al. 2006, "Connectionist temporal classification", section 3.2.

        Args:
            chances: (t, a) of a blank and the alphabet.
        """
        best = chances.argmax(axis=1)
        kept = (best > 0) & (np.diff(best, prepend=-1) != 0)
        if not kept.any():
            return TextLine("", 0.0)
        text = "".join(self._characters[place] for place in best[kept])
        certain = chances[kept, best[kept]]
        return TextLine(text.strip(), round(float(certain.mean()), _DIGITS))
