"""Art that the tests of training make for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from logo_retrieval.training.art import Art, ArtStore, packed
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.types import OTHER

RED = (221, 34, 34)


def asymmetric(colour: tuple[int, int, int] = RED, second: tuple[int, int, int] | None = None) -> Image.Image:
    """An L with a dot, on transparent ground; of two colours when a second is given."""
    picture = Image.new("RGBA", (120, 120))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 30, 119), fill=colour)
    pen.rectangle((0, 90, 100, 119), fill=second or colour)
    pen.ellipse((60, 10, 100, 50), fill=colour)
    return picture


def sign() -> Image.Image:
    """Opaque: a white L on blue."""
    picture = Image.new("RGBA", (120, 120), (0, 80, 200, 255))
    shape = asymmetric((255, 255, 255)).resize((80, 80))
    picture.alpha_composite(shape, (20, 20))
    return picture


def bar(place: int) -> Image.Image:
    """One of many shapes that differ."""
    cells = np.random.default_rng(place).random((4, 4)) < 0.5
    cells[0, 0] = cells[3, 3] = True
    alpha = Image.fromarray(np.kron(cells, np.ones((16, 16))).astype(np.uint8) * 255)
    picture = Image.new("RGBA", (64, 64), RED)
    picture.putalpha(alpha)
    return picture


def store(pictures: Sequence[Image.Image]) -> ArtStore:
    return ArtStore([packed(Art.of(picture)) for picture in pictures])


def small_set(sizes: dict[str, int], held: Sequence[int] = ()) -> TrainingSet:
    """Drawings of targets by name; what begins with "other/" is of `other`."""
    names = list(sizes)
    targets = np.repeat(np.arange(len(names)), list(sizes.values()))
    companies = sorted(name for name in names if not name.startswith(OTHER))
    has_other = len(companies) < len(names)
    classes = (*companies, OTHER) if has_other else tuple(companies)
    validation = np.zeros(len(targets), bool)
    validation[list(held)] = True
    return TrainingSet(
        art=store([bar(place) for place in range(len(targets))]),
        targets=targets.astype(np.int64),
        target_names=tuple(names),
        target_classes=np.array([classes.index(name.split("/")[0]) for name in names], np.int64),
        classes=classes,
        validation=validation,
        names=[None] * len(targets),
        colours=[None] * len(targets),
    )


def lay_shapes(root: Path, sizes: dict[str, int]) -> Path:
    """Files of distinct shapes in folders of the given names."""
    shapes = map(bar, count())
    for folder, size in sizes.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(size):
            next(shapes).save(root / folder / f"{number}.png")
    return root
