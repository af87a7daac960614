"""The real recogniser on drawings of writing."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import LINE_PX, Preparation
from logo_retrieval.reading.matching import as_read, cannot_be_read
from logo_retrieval.reading.recogniser import Recogniser

MARK = '<path d="M10 10h60v60h-60z M90 10h10" fill="#c00"/>'


def svg(body: str, width: int = 600, height: int = 200) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>'.encode()


def written(text: str, *, x: int = 20, y: int = 120, size: int = 80, fill: str = "#123") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" font-family="sans-serif" fill="{fill}">{text}</text>'


@pytest.fixture(scope="module")
def reader() -> Recogniser:
    return Recogniser()


def read(reader: Recogniser, data: bytes) -> list[str]:
    image = decode(data, Preparation(size_px=192), all_views=True, lines=True)
    assert all(line.shape[0] == LINE_PX and line.shape[2] == 3 for line in image.lines)
    return [line.text for line in reader.read(image.lines)]


def test_a_wordmark(reader: Recogniser) -> None:
    assert read(reader, svg(written("facebook"))) == ["facebook"]


def test_white_on_nothing_and_white_on_a_sign(reader: Recogniser) -> None:
    assert read(reader, svg(written("Netflix", fill="#fff"))) == ["Netflix"]
    sign = '<rect width="260" height="240" rx="30" fill="#06c"/>'
    assert read(reader, svg(sign + written("Visa", x=40, y=150, fill="#fff"), 260, 240)) == ["Visa"]


def test_two_lines(reader: Recogniser) -> None:
    two = written("Stack", y=80, size=70) + written("Overflow", y=170, size=70)
    assert read(reader, svg(two)) == ["Stack", "Overflow"]


def test_two_lines_beside_a_symbol(reader: Recogniser) -> None:
    symbol = '<circle cx="100" cy="100" r="90" fill="#c00"/>'
    two = written("Stack", x=230, y=80, size=80) + written("Overflow", x=230, y=180, size=80)
    assert read(reader, svg(symbol + two)) == ["Stack", "Overflow"]


def test_a_name_that_touches_the_symbol_above_it(reader: Recogniser) -> None:
    symbol = '<path d="M150 10L290 10L152 220L150 240L148 220L10 10z" fill="none" stroke="#364" stroke-width="4"/>'
    assert read(reader, svg(symbol + written("mountain", x=10, y=278, size=66), 300, 310)) == ["mountain"]


@pytest.mark.parametrize("symbol", ['<circle cx="50" cy="50" r="45"/>', '<path d="M5 5H95V60Q50 140 5 60z"/>'])
def test_the_foot_of_a_symbol_is_no_line(symbol: str) -> None:
    hollow = symbol.replace("/>", ' fill="none" stroke="#000" stroke-width="6"/>')
    assert decode(svg(hollow, 100, 140), Preparation(size_px=192), all_views=True, lines=True).lines == ()


def test_a_drawing_without_a_place_for_a_name_has_no_lines() -> None:
    square = svg('<path d="M10 10h180v180h-180z"/>', 200, 200)
    assert decode(square, Preparation(size_px=192), all_views=True, lines=True).lines == ()
    unasked = decode(svg(written("facebook")), Preparation(size_px=192), all_views=True)
    assert unasked.lines == ()


def test_dots_belong_to_their_letters(reader: Recogniser) -> None:
    assert read(reader, svg(written("vimeo"))) == ["vimeo"]


def test_a_page_of_writing_gives_three_lines_at_most(reader: Recogniser) -> None:
    page = "".join(written("hundreds of words", y=20 + 22 * line, size=18) for line in range(12))
    assert len(read(reader, svg(page, 300, 300))) <= 3


def test_the_same_pixels_are_read_once_and_alone_as_in_company(
    reader: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        line
        for text in ("alphabetical", "beta", "alphabetical")
        for line in decode(svg(written(text)), Preparation(size_px=192), all_views=True, lines=True).lines
    ]
    together = reader.read(lines)
    assert [line.text for line in together] == ["alphabetical", "beta", "alphabetical"]
    assert Recogniser().read(lines[1:2]) == together[1:2]
    monkeypatch.setattr(reader, "_run", None)  # nothing is left to run
    assert reader.read(lines[:1]) == together[:1]
    assert reader.read([]) == []


def test_what_counts_as_readable_is_what_the_recogniser_knows(reader: Recogniser) -> None:
    """Of each script the letters, but for some dozen rare signs; and nothing of a script that counts as unread."""
    known = {letter for sign in reader._characters for letter in as_read(sign)}
    unread = [letter for letter in known if cannot_be_read(letter)]
    assert len(known) > 10_000 and len(unread) < 100
    for text in ("abcxyz0189", "αγδθλξπσφψω", "中国百度网", "あかんソニーー"):
        assert set(as_read(text)) <= known and not cannot_be_read(as_read(text))
    for text in ("ждияф", "שלום", "عرب", "한국", "हिन्दी", "ไทย"):
        assert cannot_be_read(as_read(text)) and not set(as_read(text)) <= known


def test_what_is_remembered_takes_no_room_for_pixels() -> None:
    reader = Recogniser()
    reader.read([np.full((LINE_PX, 64, 3), 255, np.uint8)])
    tracemalloc.start()
    try:
        for shade in range(4):
            reader.read([np.full((LINE_PX, 2000, 3), shade, np.uint8)])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < LINE_PX * 2000 * 3


def test_of_many_lines_those_that_are_asked_for_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logo_retrieval.reading.recogniser._REMEMBERED", 3)
    reader, lines = Recogniser(), [np.full((LINE_PX, 32, 3), shade, np.uint8) for shade in range(4)]
    reader.read(lines[:3])
    reader.read(lines[2:])
    assert len(reader._remembered) == 2
    assert len(reader.read(lines)) == 4
