"""Small drawings that the tests make for themselves."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image, ImageDraw

SHAPES = {
    "disc": '<circle cx="50" cy="50" r="{size}"/>',
    "bars": '<path d="M10 10h20v80h-20zM40 {size}h20v50h-20zM70 10h20v80h-20z"/>',
    "ärzte": '<path d="M50 5L95 {size}L50 95L5 50z M30 40h40v20h-40z"/>',
    "other": '<path d="M5 5h{size}v20h-{size}z M20 60h50v10h-50z"/>',
}
COLOURS = ("#d22", "#07c", "#111")
RING = '<path d="M50 5a45 45 0 1 0 1 0zM50 30a20 20 0 1 1 -1 0z"/>'


def svg(shape: str, place: int = 0) -> bytes:
    """A drawing of a shape; other places give another colour and size."""
    body = SHAPES[shape].format(size=30 + 5 * place)
    colour = COLOURS[place % len(COLOURS)]
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" fill="{colour}">{body}</svg>'.encode()


def raster(kind: str, mode: str = "RGBA", **options: object) -> bytes:
    """A red disc on transparent ground, or on white where the format has no alpha."""
    picture = Image.new("RGBA", (96, 96))
    ImageDraw.Draw(picture).ellipse((16, 16, 80, 80), fill=(221, 34, 34, 255))
    if mode != "RGBA":
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture).convert(mode)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def animated_gif() -> bytes:
    """Two frames, of which the first is blank."""
    frames = [Image.new("P", (64, 64)), Image.new("RGB", (64, 64), "white")]
    ImageDraw.Draw(frames[1]).ellipse((8, 8, 56, 56), fill=(221, 34, 34))
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def lay_classes(root: Path, per_class: int = 3) -> Path:
    """A folder of classes as `build-index` takes it."""
    for shape in SHAPES:
        folder = root / shape
        folder.mkdir(parents=True)
        for place in range(per_class):
            (folder / f"{place}.svg").write_bytes(svg(shape, place))
    return root


def lay_queries(root: Path) -> Path:
    """Files of many formats, one wrongly named and two broken."""
    root.mkdir()
    (root / "a.svg").write_bytes(svg("disc", 1))
    (root / "b.png").write_bytes(raster("PNG"))
    (root / "c.ico").write_bytes(raster("ICO"))
    (root / "d.gif").write_bytes(animated_gif())
    (root / "e.png").write_bytes(raster("JPEG", "RGB"))
    (root / "f.svg").write_bytes(b"<svg><path d='M0 0")
    (root / "g.png").write_bytes(raster("PNG")[:-200])
    return root


def scrawl(seed: int) -> bytes:
    """A drawing that looks like no other: a polygon of seven corners by lot."""
    lots = random.Random(seed)
    corners = " ".join(f"{lots.randrange(100)},{lots.randrange(100)}" for _ in range(7))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><polygon points="{corners}"/></svg>'
    ).encode()


def ring(place: int = 0) -> bytes:
    """A drawing of a company that the index does not have."""
    colour = ("#d22", "#07c", "#111", "#a50", "#083")[place]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {100 + place} 100" fill="{colour}">{RING}</svg>'
    ).encode()
