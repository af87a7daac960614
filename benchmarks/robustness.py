"""In which looks a mark is still known: `python benchmarks/robustness.py MODEL [--output JSON]`.

MODEL is the measured one (`export_starter.py WORK`). The companies' drawings by artists that it has not seen are asked
of the drawings that it has, in one look after another: cut off, partly covered, turned, tiny, in one bit, on busy
grounds. Stated is how often the nearest drawing is of the company, and how often it is and is nearer than all but 2 %
of the unknown logos come to a company as they are drawn. The training's own transforms have no part in this code.
Intervals are Wilson's (1927), of 95 %.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from embedded import Embedded, embed_all, embed_sources
from held_packs import share
from logobench_data import OTHER, LogoBench
from PIL import Image, ImageDraw
from small import bench_of, options, parsed
from starter_networks import SPLIT
from surroundings import write_result

from logo_retrieval.embedding import load_embedder
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.models.resolve import opened_model
from logo_retrieval.runs import run_starts
from logo_retrieval.training.art import Art, rasterised
from logo_retrieval.training.paint import flat
from logo_retrieval.types import Float32Array, Int64Array

ART_PX = 192
SEED = 21
NAMED_FALSELY = 0.02
WHITE = (255, 255, 255)

Rng = np.random.Generator
Look = Callable[[Image.Image, Rng], Image.Image]


def coloured(art: Art, rng: Rng) -> Image.Image:
    """Art with its longer side of 192 px; what has one colour gets a dark one, any."""
    picture = art.pixels
    scale = ART_PX / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    if not art.mono:
        return picture
    red, green, blue = rng.integers(0, 150, 3).tolist()
    return flat(picture, (red, green, blue))


def on(ground: Image.Image, art: Image.Image) -> Image.Image:
    """Art in the middle of a ground, cut off where that ends."""
    layer = Image.new("RGBA", ground.size)
    layer.paste(art, ((ground.width - art.width) // 2, (ground.height - art.height) // 2))
    return Image.alpha_composite(ground, layer)


def page(art: Image.Image, room: float = 0.1) -> Image.Image:
    """Art on white, with room around it as a share of its longer side."""
    around = round(2 * room * max(art.size))
    return on(Image.new("RGBA", (art.width + around, art.height + around), WHITE), art)


def pale(rng: Rng) -> tuple[int, ...]:
    """A ground on which dark art is seen."""
    return tuple(rng.integers(190, 256, 3).tolist())


def in_shape(radius: float, room: float) -> Look:
    """On a square sign whose corners are round, in shares of its side; negative room cuts art off."""

    def look(art: Image.Image, rng: Rng) -> Image.Image:
        side = round(ART_PX * (1 + 2 * room))
        shape = Image.new("L", (side, side))
        ImageDraw.Draw(shape).rounded_rectangle((0, 0, side - 1, side - 1), radius * side, 255)
        sign = on(Image.new("RGBA", shape.size, pale(rng)), art)
        sign.putalpha(shape)
        return sign

    return look


def emblem(art: Image.Image, rng: Rng) -> Image.Image:
    """A disc as wide as two fifths of the picture over a corner, as apps count what is new."""
    picture = page(art)
    side = 0.4 * min(picture.size)
    left, top = ((picture.width - side) * rng.integers(2), (picture.height - side) * rng.integers(2))
    ImageDraw.Draw(picture).ellipse((left, top, left + side, top + side), (220, 30, 40))
    return picture


def band(art: Image.Image, rng: Rng) -> Image.Image:
    """A band over a seventh of its height, across the middle."""
    picture = page(art)
    ImageDraw.Draw(picture).rectangle((0, picture.height * 3 // 7, picture.width, picture.height * 4 // 7), (128,) * 3)
    return picture


def turned(degrees: float) -> Look:
    """Turned one way or the other."""
    return lambda art, rng: page(art).rotate(
        degrees * (1 - 2 * int(rng.integers(2))), Image.Resampling.BICUBIC, expand=True, fillcolor=(*WHITE, 255)
    )


def tiny(side_px: int) -> Look:
    """With its longer side of so many pixels."""

    def look(art: Image.Image, rng: Rng) -> Image.Image:
        scale = side_px / max(art.size)
        return page(art, 0).resize((max(1, round(art.width * scale)), max(1, round(art.height * scale))))

    return look


def one_bit(art: Image.Image, rng: Rng) -> Image.Image:
    """Black and white, dithered, as a fax has it."""
    return tiny(96)(art, rng).convert("L").convert("1")


def halftone(art: Image.Image, rng: Rng) -> Image.Image:
    """In dots, a fortieth of the longer side apart, as newspapers print."""
    small = np.asarray(tiny(40)(art, rng).convert("L"))
    printed = Image.new("L", (8 * small.shape[1], 8 * small.shape[0]), 255)
    for (row, column), shade in np.ndenumerate(small):
        reach = (255 - int(shade)) / 255 * 5
        x, y = 8 * column + 4, 8 * row + 4
        ImageDraw.Draw(printed).ellipse((x - reach, y - reach, x + reach, y + reach), 0)
    return printed


def on_patches(cells: int) -> Look:
    """On a ground of pale patches that run into each other, so many a side."""

    def look(art: Image.Image, rng: Rng) -> Image.Image:
        patches = Image.fromarray(rng.integers(150, 256, (cells, cells, 3), dtype=np.uint8))
        side = round(1.3 * ART_PX)
        return on(patches.resize((side, side), Image.Resampling.BICUBIC).convert("RGBA"), art)

    return look


def cut(art: Image.Image, rng: Rng) -> Image.Image:
    """A fifth of it cut off, on one side."""
    picture = page(art, 0)
    near, far = (0.2, 1.0) if rng.random() < 0.5 else (0.0, 0.8)
    if rng.random() < 0.5:
        return picture.crop((round(near * art.width), 0, max(1, round(far * art.width)), art.height))
    return picture.crop((0, round(near * art.height), art.width, max(1, round(far * art.height))))


def in_a_letter(art: Image.Image, rng: Rng) -> Image.Image:
    """A third as wide as the page, above lines of writing."""
    letter = Image.new("RGBA", (3 * ART_PX, 3 * ART_PX), WHITE)
    letter.alpha_composite(art, (40, 60))
    for y in range(300, 540, 30):
        ImageDraw.Draw(letter).line((40, y, int(rng.integers(300, 540)), y), (90, 90, 90), 8)
    return letter


LOOKS: dict[str, Look] = {
    "as drawn": lambda art, rng: page(art),
    "in a circle": in_shape(0.5, 0.1),
    "cut off by a circle": in_shape(0.5, -0.06),
    "cut off by a tile": in_shape(0.2, -0.1),
    "a fifth cut off": cut,
    "an emblem over a corner": emblem,
    "a band across": band,
    "turned by 10 degrees": turned(10),
    "turned by 25 degrees": turned(25),
    "squeezed to seven tenths": lambda art, rng: page(art.resize((max(1, round(0.7 * art.width)), art.height))),
    "16 px": tiny(16),
    "12 px": tiny(12),
    "in one bit": one_bit,
    "halftone": halftone,
    "on soft patches": on_patches(8),
    "on fine patches": on_patches(40),
    "in a letter": in_a_letter,
}
"""By the name that the table has."""


def nearest(views: Float32Array, owners: Int64Array, gallery: Float32Array) -> tuple[Int64Array, Float32Array]:
    """Of each query, whose views lie together, the place of the nearest of (m, d) gallery vectors, and the cosine."""
    best = np.maximum.reduceat(views @ gallery.T, run_starts(owners), axis=0)
    return best.argmax(axis=1), best.max(axis=1)


def files(arts: list[Art], look: Look) -> Iterator[bytes]:
    """All drawings in a look, each as a PNG."""
    for place, art in enumerate(arts):
        rng = np.random.default_rng([SEED, place])
        file = io.BytesIO()
        look(coloured(art, rng), rng).save(file, "PNG")
        yield file.getvalue()


def measured(bench: LogoBench, drawn: Embedded, bundle: ModelBundle, cache: Path) -> dict[str, object]:
    """The figures of each look.

    Args:
        bench: LogoBench.
        drawn: its drawings, embedded.
        bundle: of the network.
        cache: folder for art.
    """
    labels, parts = np.array([each.label for each in bench.drawings]), np.array(bench.parts[SPLIT])
    gallery, asked = np.flatnonzero(parts == "train"), np.flatnonzero((parts == "test") & (labels != OTHER))
    vectors, _ = drawn.of(gallery, all_views=False)
    unknown, owners = drawn.of(np.flatnonzero((parts == "test") & (labels == OTHER)), all_views=True)
    place, cosine = nearest(unknown, owners, vectors)
    named = np.where(labels[gallery][place] == OTHER, -1.0, cosine)
    threshold = float(np.quantile(named, 1 - NAMED_FALSELY))
    store, _, _ = rasterised([bench.drawings[row].path for row in asked], cache, size_px=ART_PX)
    arts = [store[place] for place in range(len(store))]
    embedder, looks = load_embedder(bundle), {}
    preparation = Preparation(size_px=embedder.input_size_px)
    for name, look in LOOKS.items():
        found = embed_sources(files(arts, look), asked, embedder, preparation)
        place, cosine = nearest(found.vectors, found.owners, vectors)
        if len(place) < len(asked):
            raise SystemExit(f"{len(asked) - len(place)} drawings cannot be read in the look '{name}'")
        right = labels[gallery][place] == labels[found.owners[found.whole]]
        looks[name] = {
            "nearest drawing is right": share(int(right.sum()), len(asked)),
            "right and near enough": share(int((right & (cosine > threshold)).sum()), len(asked)),
        }
        print(name, looks[name], flush=True)
    return {"model": bundle.digest, "queries": len(asked), "cosine": round(threshold, 4), "looks": looks}


def main() -> None:
    """Asks, writes the result and shows it."""
    arguments = parsed(options(__doc__, output="robustness.json", cache=True, model="of the measured network"))
    bench, cache = bench_of(arguments)
    with opened_model(str(arguments.model)) as bundle:
        figures = measured(bench, embed_all(bench, bundle, cache), bundle, cache)
    write_result(arguments.output, "robustness", figures)


if __name__ == "__main__":
    main()
