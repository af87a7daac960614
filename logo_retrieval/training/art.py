"""Art for training: every file rasterised once, kept as small PNGs in one SQLite file, unpacked when asked for."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, PngImagePlugin

from logo_retrieval.errors import PASSING_CODES, ModelError, UnreadableImage
from logo_retrieval.gallery.reader import Progress
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.source import read_source
from logo_retrieval.types import UInt8Array

_BATCH = 256
_ONE_COLOUR_SPREAD = 24
_OPAQUE_SHARE = 0.02


class Art(NamedTuple):
    """One drawing without its ground.

    Attributes:
        pixels: RGBA, trimmed, in its own aspect.
        transparent: whether more than 2 % of it shows the ground, so that it can stand on any.
        mono: whether it is transparent and all in one colour, so that it can have any.
    """

    pixels: Image.Image
    transparent: bool
    mono: bool

    @classmethod
    def of(cls, pixels: Image.Image) -> Art:
        """Looks at an RGBA image."""
        alpha = np.asarray(pixels.getchannel("A"))
        transparent = bool(np.mean(alpha < 128) > _OPAQUE_SHARE)
        solid = np.asarray(pixels)[alpha > 200, :3]
        mono = transparent and (not len(solid) or int(np.ptp(solid, axis=0).max()) <= _ONE_COLOUR_SPREAD)
        return cls(pixels, transparent, mono)


class ArtStore:
    """The art of many files in memory, packed; about 8 kB a file."""

    def __init__(self, packed: Sequence[bytes]) -> None:
        """Takes PNG bytes, as `packed` makes them."""
        self.packed = packed

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, place: int) -> Art:
        """Unpacks one. Several threads may do so at a time."""
        with PngImagePlugin.PngImageFile(io.BytesIO(self.packed[place])) as image:
            transparent, mono = (image.info[key] == "1" for key in ("transparent", "mono"))
            return Art(image.convert("RGBA"), transparent, mono)

    def chosen(self, rows: Sequence[int]) -> ArtStore:
        """The art of some rows, in their order."""
        return ArtStore([self.packed[row] for row in rows])

    def digest(self) -> str:
        """SHA-256 of all of it, in hexadecimal."""
        return hashlib.sha256(b"".join(hashlib.sha256(png).digest() for png in self.packed)).hexdigest()


def rasterised(
    paths: Sequence[Path], cache: Path, *, size_px: int = 256, progress: Progress | None = None
) -> tuple[ArtStore, list[int], list[tuple[int, UnreadableImage]]]:
    """Rasterises files, unless an earlier call has; an interrupted call goes on where it was.

    Args:
        paths: the files, of any format that can be classified.
        cache: folder for `art-<size>.sqlite`, made when missing; it may be deleted at any time.
        size_px: longer side of the art, in pixels.
        progress: called after each file.

    Returns:
        The art of all readable files in their order, the place in `paths` of each, and place and reason of the others.

    Raises:
        ModelError: the cache cannot be written.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return _rasterised(paths, cache, size_px, progress)
    except (OSError, sqlite3.Error) as error:
        raise ModelError(f"cannot write the rasterised art to '{cache}': {error}") from error


def _rasterised(
    paths: Sequence[Path], cache: Path, size_px: int, progress: Progress | None
) -> tuple[ArtStore, list[int], list[tuple[int, UnreadableImage]]]:
    preparation = Preparation(size_px=size_px)
    recipe = hashlib.sha256(json.dumps(preparation.to_dict(), sort_keys=True).encode()).hexdigest()[:12]
    unreadable: list[tuple[int, UnreadableImage]] = []
    keys: dict[int, bytes] = {}
    with closing(sqlite3.connect(cache / f"art-{recipe}.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS art (sha256 BLOB PRIMARY KEY, png BLOB, code TEXT, text TEXT)")
        settled = connection.execute("SELECT sha256 FROM art WHERE code IS NULL OR code NOT IN (?, ?)", PASSING_CODES)
        done = {row[0] for row in settled}

        def new() -> Iterator[tuple[bytes, bytes]]:
            for place, path in enumerate(paths):
                if progress is not None:
                    progress(place + 1, len(paths))
                try:
                    data = read_source(path)
                except UnreadableImage as fault:
                    unreadable.append((place, fault))
                    continue
                keys[place] = hashlib.sha256(data).digest()
                if keys[place] not in done:
                    done.add(keys[place])
                    yield keys[place], data

        waiting = new()
        with DecoderPool(preparation) as pool:
            while batch := list(islice(waiting, _BATCH)):
                drawn = pool.rasterise(data for _, data in batch)
                rows = [_row(key, art) for (key, _), art in zip(batch, drawn, strict=True)]
                connection.executemany("INSERT OR REPLACE INTO art VALUES (?, ?, ?, ?)", rows)
                connection.commit()
        asked = set(keys.values())
        kept = {row[0]: row[1:] for row in connection.execute("SELECT * FROM art") if row[0] in asked}
    readable = [place for place, key in keys.items() if kept[key][0] is not None]
    unreadable += [(place, UnreadableImage(*kept[key][1:])) for place, key in keys.items() if kept[key][0] is None]
    return (
        ArtStore([kept[keys[place]][0] for place in readable]),
        readable,
        sorted(unreadable, key=lambda pair: pair[0]),
    )


def _row(key: bytes, art: UInt8Array | UnreadableImage) -> tuple[bytes, bytes | None, str | None, str | None]:
    if isinstance(art, UnreadableImage):
        return key, None, art.code, art.text
    return key, packed(Art.of(Image.fromarray(art, "RGBA"))), None, None


def packed(art: Art) -> bytes:
    """As PNG, with what was seen of it as text in the file."""
    facts = PngImagePlugin.PngInfo()
    for key in ("transparent", "mono"):
        facts.add_text(key, str(int(getattr(art, key))))
    file = io.BytesIO()
    art.pixels.save(file, "PNG", pnginfo=facts, compress_level=3)
    return file.getvalue()
