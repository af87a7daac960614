from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from rasters import saved

from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.prepare import draw
from logo_retrieval.images.svg import SvgPicture
from logo_retrieval.images.views import symbol_region
from logo_retrieval.types import UInt8Array

RED, BLUE = (255, 0, 0), (0, 0, 255)

STAR = '<path fill="red" d="M{x} {y}l30 0 0-30 40 0 0 30 30 0 0 40-30 0 0 30-40 0 0-30-30 0z"/>'
"""A cross 100 wide and high, its box beginning 30 above y."""


def letters(x: float, y: float, count: int, size: float = 40) -> str:
    """A name: blue rings, as wide as high, a little apart."""
    radius = size / 2 - 4
    return "".join(
        f'<circle cx="{x + size / 2 + number * (size + 6)}" cy="{y + size / 2}" r="{radius}" fill="none" '
        'stroke="blue" stroke-width="8"/>'
        for number in range(count)
    )


def svg(*parts: str, canvas: tuple[int, int] = (700, 400)) -> bytes:
    width, height = canvas
    body = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>'.encode()


def colours(view: UInt8Array) -> set[str]:
    shown = set()
    for name, colour in (("red", RED), ("blue", BLUE)):
        if (np.abs(view.astype(int) - colour).max(axis=2) < 40).mean() > 0.01:
            shown.add(name)
    return shown


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([STAR.format(x=20, y=50), letters(150, 50, 8)], id="before the name"),
        pytest.param([STAR.format(x=600, y=50), letters(150, 50, 9)], id="after the name"),
        pytest.param([STAR.format(x=200, y=50), letters(50, 140, 9)], id="above the name"),
        pytest.param([STAR.format(x=200, y=250), letters(50, 140, 9)], id="below the name"),
        pytest.param([STAR.format(x=20, y=50), letters(150, 20, 8), letters(150, 75, 6)], id="before two lines"),
    ],
)
def test_the_symbol_of_a_lockup_is_shown_alone(parts: Sequence[str]) -> None:
    views = decode(svg(*parts), Preparation(), all_views=True).views
    assert len(views) == 2
    assert colours(views[0]) == {"red", "blue"}
    assert colours(views[1]) == {"red"}
    rows, columns = np.nonzero(views[1].min(axis=2) < 128)
    assert min(np.ptp(rows), np.ptp(columns)) > 210, "the symbol is trimmed and fills its view"


def test_only_when_asked() -> None:
    data = svg(STAR.format(x=20, y=50), letters(150, 50, 8))
    assert len(decode(data, Preparation(), all_views=False).views) == 1


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([STAR.format(x=20, y=50)], id="a symbol"),
        pytest.param([letters(0, 0, 1), letters(0, 60, 1)], id="tall"),
        pytest.param([STAR.format(x=20, y=50), letters(20, 130, 2)], id="nearly square"),
    ],
)
def test_what_is_no_lockup_has_one_view(parts: Sequence[str]) -> None:
    assert len(decode(svg(*parts), Preparation(), all_views=True).views) == 1


def test_a_wordmark_offers_its_first_letters() -> None:
    drawing = draw(SvgPicture.open(svg(letters(10, 10, 8))), 224)
    region = symbol_region(drawing)
    assert region is not None
    assert region[0] == 0
    assert (region[2] - region[0]) * drawing.pixels.width < 2 * drawing.pixels.height


def test_without_a_gap_the_leading_square_is_taken() -> None:
    joined = '<path d="M10 50h300v20h-300z M10 20h40v90h-40z M200 10h20v50h-20z"/>'
    drawing = draw(SvgPicture.open(svg(joined)), 224)
    region = symbol_region(drawing)
    assert region == pytest.approx((0, 0, drawing.pixels.height / drawing.pixels.width, 1))


def test_a_plain_block_is_no_symbol() -> None:
    block = '<rect x="10" y="10" width="100" height="100" fill="red"/>'
    assert len(decode(svg(block, letters(150, 40, 8)), Preparation(), all_views=True).views) == 1


def test_raster_pictures_go_the_same_road() -> None:
    picture = SvgPicture.open(svg(STAR.format(x=20, y=50), letters(150, 50, 8))).render(700)
    views = decode(saved(picture), Preparation(), all_views=True).views
    assert [colours(view) for view in views] == [{"red", "blue"}, {"red"}]


def test_the_symbol_is_rendered_not_enlarged() -> None:
    """A long lockup: in the full view the symbol is 20 pixels high."""
    data = svg(STAR.format(x=20, y=50), letters(150, 50, 40), canvas=(2100, 400))
    symbol = decode(data, Preparation(), all_views=True).views[1]
    green = symbol[..., 1]
    assert ((green > 40) & (green < 215)).mean() < 0.05
