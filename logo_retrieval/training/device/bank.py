"""A training set as arrays that lie on the accelerator: every drawing and every name once, as pixels."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from PIL import Image

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.training import lockups
from logo_retrieval.training.art import Art
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.paint import fitted
from logo_retrieval.types import BoolArray, Float32Array, Int32Array, UInt8Array

TEXT_PX = (40, 320)
"""Height and width of the pictures of names."""

_MADE_UP = 1500
_OF_COMPANY, _OF_OTHER = 6, 1
_SHORTEST_NAME = 2
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Bank:
    """n drawings and m names.

    Attributes:
        art: (n, p, p, 4) uint8 RGBA, each in the middle, its longer side p, transparent around.
        extent: (n, 2) width and height as shares of p.
        mono: (n,) whether a drawing may have any colour.
        opaque: (n,) whether it brings its own ground.
        colour: (n, 3) the brand's own colour, 0..1; below 0 where it is not known.
        text: (m, *TEXT_PX) uint8, the ink of one name each, in the middle; made-up ones come first.
        text_extent: (m, 2) width and height in pixels.
        text_first: (n,) the first of the names that belong to a drawing.
        text_count: (n,) how many; 0 where none is known.
        made_up: how many names belong to nobody.
    """

    art: UInt8Array
    extent: Float32Array
    mono: BoolArray
    opaque: BoolArray
    colour: Float32Array
    text: UInt8Array
    text_extent: Float32Array
    text_first: Int32Array
    text_count: Int32Array
    made_up: int


def bank_of(data: TrainingSet, size_px: int, seed: int) -> Bank:
    """Unpacks and sets everything, on all cores.

    Args:
        data: to learn from.
        size_px: side of the art.
        seed: of all chance.
    """
    rows = range(len(data.art))
    named = sorted({name for name in data.names if name is not None and len(name) >= _SHORTEST_NAME})
    companies = {name for row, name in enumerate(data.names) if data.classes[data.labels[row]] != "other"}
    counts = [_OF_COMPANY if name in companies else _OF_OTHER for name in named]
    firsts = _MADE_UP + np.cumsum([0, *counts])
    place = {name: (int(first), count) for name, first, count in zip(named, firsts, counts, strict=False)}
    wanted = [None] * _MADE_UP + [name for name, count in zip(named, counts, strict=True) for _ in range(count)]
    chunks = [wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK)]
    packed = [data.art.chosen(rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]
    with ProcessPoolExecutor(usable_cores(), mp_context=get_context("spawn")) as processes:
        set_names = processes.map(_names, chunks, [(seed, start) for start in range(len(chunks))])
        drawn = processes.map(_drawings, packed, [size_px] * len(packed))
        texts, text_extent = (np.concatenate(parts) for parts in zip(*set_names, strict=True))
        art, extent, mono, opaque = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    belongs = [place.get(name, (0, 0)) if name is not None else (0, 0) for name in data.names]
    colours = [(-1.0, -1.0, -1.0) if each is None else tuple(shade / 255 for shade in each) for each in data.colours]
    return Bank(
        art=art,
        extent=extent,
        mono=mono,
        opaque=opaque,
        colour=np.array(colours, np.float32),
        text=texts,
        text_extent=text_extent,
        text_first=np.array([first for first, _ in belongs], np.int32),
        text_count=np.array([count for _, count in belongs], np.int32),
        made_up=_MADE_UP,
    )


def _drawings(art: Sequence[Art], size_px: int) -> tuple[UInt8Array, Float32Array, BoolArray, BoolArray]:
    drawings = [art[place] for place in range(len(art))]
    canvases = np.zeros((len(drawings), size_px, size_px, 4), np.uint8)
    extent = np.zeros((len(drawings), 2), np.float32)
    for place, drawing in enumerate(drawings):
        picture = fitted(drawing.pixels, size_px)
        _in_the_middle(canvases[place], np.asarray(picture))
        extent[place] = picture.width / size_px, picture.height / size_px
    opaque = np.array([not drawing.transparent for drawing in drawings])
    return canvases, extent, np.array([drawing.mono for drawing in drawings]), opaque


def _names(names: Sequence[str | None], seed: tuple[int, int]) -> tuple[UInt8Array, Float32Array]:
    """Sets names, each in a type of its own; None is a made-up one."""
    rng = np.random.default_rng(seed)
    height, width = TEXT_PX
    masks = np.zeros((len(names), height, width), np.uint8)
    extent = np.zeros((len(names), 2), np.float32)
    for place, name in enumerate(names):
        text = lockups.word(rng) if name is None else lockups.display_name(name)
        ink = lockups.wordmark(text, rng, (0, 0, 0)).getchannel("A")
        scale = min(height / ink.height, width / ink.width)
        size = max(1, round(ink.width * scale)), max(1, round(ink.height * scale))
        _in_the_middle(masks[place], np.asarray(ink.resize(size, Image.Resampling.BOX)))
        extent[place] = size
    return masks, extent


def _in_the_middle(canvas: UInt8Array, picture: UInt8Array) -> None:
    top, left = ((outer - inner) // 2 for outer, inner in zip(canvas.shape, picture.shape[:2], strict=False))
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
