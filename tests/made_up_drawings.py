"""Drawings that are made up, and what decodes and embeds them in the place of processes and a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.source import read_source
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.packed import unit
from logo_retrieval.types import Float32Array, LogoImage, UInt8Array

TINY = read_bundle(Path(__file__).parent / "embedding" / "data" / "tiny")
PX, DIM = TINY.config.input_size_px, TINY.config.dim


def view(number: int) -> UInt8Array:
    """The picture of a drawing whose bytes are its number; its first pixel tells which it is."""
    pixels = np.random.default_rng(number).integers(0, 255, (4, 4, 3), np.uint8).repeat(PX // 4, 0).repeat(PX // 4, 1)
    pixels[0, 0] = number
    return pixels


def vector(number: int) -> Float32Array:
    """(1, d) of unit length; some multiplied with themselves give more than 1, by the last digit."""
    return unit(np.random.default_rng([number, 85]).normal(size=(1, DIM)).astype(np.float32))


class Made(ExitStack):
    """In the place of a pool of decoders, and of an embedder."""

    processes, dim, input_size_px, precision = 1, DIM, PX, "onnxruntime-fp32"

    def decode_one(self, source: bytes | Path, **_: bool) -> LogoImage | UnreadableImage:
        data = read_source(source)
        if not data.isdigit():
            return UnreadableImage("unknown-format", "it is no number")
        return LogoImage(view(int(data))[None], "svg", PX, PX)

    def decode(self, sources: Iterable[bytes], **_: bool) -> Iterator[LogoImage | UnreadableImage]:
        return (self.decode_one(source) for source in sources)

    def run(self, work: Callable[[], object]) -> Future[object]:
        done: Future[object] = Future()
        done.set_result(work())
        return done

    def embed(self, views: UInt8Array) -> Float32Array:
        return np.concatenate([vector(int(each[0, 0, 0])) for each in views])


def make_up(patch: pytest.MonkeyPatch) -> None:
    """Has engines and builds take `Made`."""
    for room in ("inference.engine", "indexing.build"):
        for name in ("DecoderPool", "load_embedder"):
            patch.setattr(f"logo_retrieval.{room}.{name}", lambda *_, **options: Made())
