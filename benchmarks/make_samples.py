"""Makes `benchmarks/samples`, the files of the README's first command, from CC0 drawings of LogoBench.

One file a format, as they come in the wild: tinted, on transparent or coloured ground, shrunk to a favicon, animated,
wrongly named, cut off. None has the bytes of a drawing in the shipped index.
"""

from __future__ import annotations

from pathlib import Path

from degrade import flat, saved
from logobench_data import LogoBench, load
from PIL import Image

from logo_retrieval.images.svg import SvgPicture

SAMPLES = Path(__file__).resolve().parent / "samples"
UNKNOWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" fill="none" stroke="#5b2a86" stroke-width="9">'
    '<path d="M14 84q23-44 46 0t46 0M14 58q23-44 46 0t46 0"/><path stroke="#f2a33a" d="M60 6v22M24 104h72"/></svg>'
)


def drawn(bench: LogoBench, name: str, size_px: int) -> Image.Image:
    """A CC0 drawing of the set as RGBA."""
    (drawing,) = (each for each in bench.drawings if each.key == f"art/{name}.svg" and each.licence == "CC0-1.0")
    return SvgPicture.open(drawing.path.read_bytes()).render(size_px)


def on_ground(picture: Image.Image, colour: str, margin_px: int) -> Image.Image:
    """Opaque, with a margin."""
    ground = Image.new("RGBA", (picture.width + 2 * margin_px, picture.height + 2 * margin_px), colour)
    ground.alpha_composite(picture, (margin_px, margin_px))
    return ground.convert("RGB")


def main() -> None:
    """Writes the files."""
    bench = load()
    (source,) = (each for each in bench.drawings if each.key == "art/logos/slack.svg")
    blank = Image.new("RGB", (180, 180), "white")
    moving = on_ground(drawn(bench, "logos/figma", 140), "white", 20).resize((180, 180))
    sign = flat(drawn(bench, "simple-icons/airbnb", 200), "#ffffff")
    whole = saved(on_ground(drawn(bench, "logos/docker-icon", 200), "white", 12), "PNG")
    files = {
        "lockup.svg": source.path.read_bytes().replace(b"<svg ", b'<svg data-copy="1" ', 1),
        "transparent.png": saved(flat(drawn(bench, "logos/spotify-icon", 160), "#1ed760"), "PNG"),
        "favicon.ico": saved(drawn(bench, "simple-icons/firefox", 64), "ICO", sizes=[(16, 16), (32, 32)]),
        "animated.gif": saved(blank, "GIF", save_all=True, append_images=[moving], duration=400),
        "really-a-jpeg.png": saved(on_ground(sign, "#ff5a5f", 50), "JPEG", quality=60),
        "cut-off.png": whole[: len(whole) // 2],
        "unknown.svg": UNKNOWN.encode(),
    }
    SAMPLES.mkdir(exist_ok=True)
    for name, content in files.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
