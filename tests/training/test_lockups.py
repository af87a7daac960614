"""Synthetic lockups: repeatable, whole, trimmed, in fonts that may be passed on."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from logo_retrieval.training.lockups import display_name, lockup, word, wordmark
from logo_retrieval.training.typesetting import CHARACTERS, FONTS, writable

CLASSES = (Path(__file__).resolve().parents[2] / "benchmarks/data/brands160.txt").read_text(encoding="utf-8").split()
FACES = sorted(FONTS.glob("*.ttf"))
RED = (200, 30, 40)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def symbol() -> Image.Image:
    """Noise, half transparent, with four opaque corners, of which the first has a colour of its own."""
    pixels = rng(0).integers(0, 250, (80, 120, 4), dtype=np.uint8)
    pixels[[0, 0, -1, -1], [0, -1, 0, -1]] = 255
    pixels[0, 0] = (255, 0, 255, 255)
    return Image.fromarray(pixels)


def place(whole: Image.Image, symbol: Image.Image) -> tuple[int, int]:
    """Where the symbol's first pixel lies in the whole, as (x, y)."""
    ((y, x),) = np.argwhere(np.all(np.asarray(whole) == np.asarray(symbol)[0, 0], axis=2))
    return int(x), int(y)


def inks(picture: Image.Image) -> set[tuple[int, ...]]:
    """The colours of what can be seen."""
    pixels = np.asarray(picture)
    return {tuple(map(int, colour)) for colour in np.unique(pixels[pixels[..., 3] > 0, :3], axis=0)}


def test_the_same_seed_gives_the_same_picture_and_another_seed_another(symbol: Image.Image) -> None:
    drawn, again = (
        [
            *(wordmark("Slack", rng(seed), RED).tobytes() for seed in range(30)),
            *(lockup(symbol, "Slack", rng(seed), RED).tobytes() for seed in range(30)),
        ]
        for _ in range(2)
    )
    assert drawn == again
    assert len(set(drawn)) == 60


@pytest.mark.parametrize("name", ["Slack", "x", "Visual Studio Code", "Ångström & Söhne"])
def test_pictures_are_trimmed(symbol: Image.Image, name: str) -> None:
    for seed in range(60):
        for picture in (wordmark(name, rng(seed), RED), lockup(symbol, name, rng(seed), RED)):
            assert picture.mode == "RGBA"
            assert picture.getchannel("A").getbbox() == (0, 0, *picture.size)


def test_a_wordmark_has_one_colour_and_sharp_capitals() -> None:
    heights = []
    for seed in range(60):
        picture = wordmark("H", rng(seed), RED)
        assert inks(picture) == {RED}
        heights.append(picture.height)
    assert 90 <= np.median(heights) <= 130


def test_the_symbol_is_in_the_lockup_pixel_by_pixel_and_the_ink_beside_it(symbol: Image.Image) -> None:
    seen = set()
    for seed in range(60):
        whole = lockup(symbol, "Slack", rng(seed), RED)
        x, y = place(whole, symbol)
        box = (x, y, x + symbol.width, y + symbol.height)
        assert whole.crop(box).tobytes() == symbol.tobytes()
        whole.paste((0, 0, 0, 0), box)
        (ink,) = inks(whole)
        seen.add(ink)
    assert RED in seen
    assert all(len(set(ink)) == 1 and ink[0] < 100 for ink in seen - {RED})


def test_the_symbol_stands_mostly_on_the_left_but_everywhere(symbol: Image.Image) -> None:
    left = right = above = below = 0
    for seed in range(300):
        whole = lockup(symbol, "Slack", rng(seed), RED)
        x, y = place(whole, symbol)
        left += x == 0 and whole.width > symbol.width + 10
        right += x > 0 and x + symbol.width == whole.width
        above += y == 0 and whole.height > 1.1 * symbol.height
        below += y > 0.1 * symbol.height and y + symbol.height == whole.height
    assert left > 150
    assert min(right, above, below) > 5


def test_capitals_are_a_tenth_to_the_whole_of_the_symbol(symbol: Image.Image) -> None:
    for seed in range(100):
        whole = lockup(symbol, "H", rng(seed), RED)
        x, y = place(whole, symbol)
        whole.paste((0, 0, 0, 0), (x, y, x + symbol.width, y + symbol.height))
        left, top, right, bottom = whole.getchannel("A").getbbox() or (0, 0, 0, 0)
        assert 0.1 * symbol.height <= bottom - top <= 1.8 * symbol.height
        assert right > left


@pytest.mark.parametrize("name", ["", "  ", "百度", "\u200b"])
def test_a_name_that_no_font_can_write_is_replaced(name: str) -> None:
    assert wordmark(name, rng(1), RED).width > 50


def test_accents_that_no_font_has_are_dropped() -> None:
    assert writable("Škoda 百 Žižkov") == "Skoda Zizkov"


def test_names_of_classes_are_written_whole() -> None:
    for name in map(display_name, CLASSES):
        for text in (name, name.lower(), name.upper()):
            assert writable(text) == text


def test_a_class_name_is_written_as_a_name() -> None:
    assert display_name("adobe-photoshop") == "Adobe Photoshop"
    assert display_name("500px") == "500px"
    assert display_name("visual_studio  code") == "Visual Studio Code"


def test_words_are_names_and_differ() -> None:
    chance = rng(3)
    words = [word(chance) for _ in range(1000)]
    assert all(re.fullmatch(r"[A-Za-z]{3,24}( [a-z]+)?", made) for made in words)
    assert len(set(words)) > 800
    assert not {made.lower() for made in words} & set(CLASSES)


def test_there_are_fonts_of_many_kinds() -> None:
    assert len(FACES) > 40
    assert sum(file.stat().st_size for file in FONTS.iterdir()) < 620_000


@pytest.mark.parametrize("file", FACES, ids=lambda file: file.stem)
def test_a_font_has_every_glyph_that_names_need(file: Path) -> None:
    font = ImageFont.truetype(file, 48, layout_engine=ImageFont.Layout.BASIC)
    missing = font.getmask("\uffff")
    for character in sorted(CHARACTERS - {" "}):
        glyph = font.getmask(character)
        assert glyph.getbbox() is not None, character
        assert (glyph.size, bytes(glyph)) != (missing.size, bytes(missing)), character


@pytest.mark.parametrize("file", FACES, ids=lambda file: file.stem)
def test_no_glyph_reaches_beyond_the_margin_it_is_drawn_with(file: Path) -> None:
    font = ImageFont.truetype(file, 100, layout_engine=ImageFont.Layout.BASIC)
    for character in CHARACTERS:
        left, top, right, bottom = font.getbbox(character, anchor="ls")
        assert left > -200
        assert top > -200
        assert right < font.getlength(character) + 200
        assert bottom < 200


def test_every_font_has_its_licence_and_no_reserved_name() -> None:
    licence = (FONTS / "LICENSE-OFL-1.1.txt").read_text(encoding="utf-8")
    notices, _, text = licence.partition("-" * 60)
    listed = []
    for notice in notices.strip().split("\n\n")[1:]:
        files, source, *holders = notice.strip().splitlines()
        listed += files.removeprefix("Files: ").split(", ")
        assert re.fullmatch(r"Source: @fontsource/[\w-]+ [\d.]+", source)
        assert holders
        assert all(holder.startswith("Copyright") for holder in holders)
    assert sorted(listed) == [file.name for file in FACES]
    assert text.strip().startswith("SIL OPEN FONT LICENSE Version 1.1")
    assert "OTHER DEALINGS IN THE FONT SOFTWARE" in text
    assert "reserved font name" not in notices.lower()
    assert not [file for file in FACES if b"reserved font" in file.read_bytes().replace(b"\0", b"").lower()]
