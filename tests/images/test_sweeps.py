"""Gradients that go round, in a page inside a drawing, as design programs write them."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import drawn, guarded, same

from logo_retrieval.errors import UnreadableImage

DIV = '<div xmlns="http://www.w3.org/1999/xhtml" style="background:{};height:100%;width:100%;opacity:1"></div>'
PAGE = '<foreignObject x="0" y="0" width="100" height="100">' + DIV + "</foreignObject>"


def swept(gradient: str) -> np.ndarray:
    """The pixels of a square filled with a gradient."""
    return drawn(PAGE.format(gradient))


def test_an_angular_gradient_of_figma() -> None:
    gradient = "conic-gradient(from 90deg,rgba(255,0,0,1) 0deg,rgba(0,0,255,1) 180deg,rgba(255,0,0,1) 360deg)"
    page = f'<foreignObject x="-1020" y="-1020" width="2040" height="2040">{DIV.format(gradient)}</foreignObject>'
    clip = '<clipPath id="c"><circle cx="50" cy="50" r="40"/></clipPath>'
    found = drawn(f'{clip}<g clip-path="url(#c)"><g transform="matrix(0 .05 -.05 0 50 50)">{page}</g></g>')
    assert found[2, 2, 3] == 0
    for row, column, colour in ((25, 40, (128, 0, 128)), (40, 25, (255, 0, 0)), (10, 25, (0, 0, 255))):
        assert np.abs(found[row, column] - (*colour, 255)).max() <= 8


@pytest.mark.parametrize(
    "gradient",
    [
        "conic-gradient(#0080ff 0 25%, red 25% 50%, lime 50% 75%, yellow 0)",
        "conic-gradient(from .25turn, red 0 90deg, lime 90deg 180deg, yellow 180deg 270deg, #0080ff 270deg)",
        "conic-gradient(at center, #0080ff, #0080ff 25%, rgb(255 0 0) 0, red 50%, lime 0 75%, yellow 75% 100%)",
    ],
)
def test_quarters(gradient: str) -> None:
    quarter = '<path d="M{}h50v50h-50z" fill="{}"/>'
    places = {"50 0": "#0080ff", "50 50": "red", "0 50": "lime", "0 0": "yellow"}
    assert same(swept(gradient), drawn("".join(quarter.format(*each) for each in places.items())), within=60)


def test_stops_without_a_place_are_spread_and_holes_keep_the_colour_beside_them() -> None:
    assert same(swept("conic-gradient(red, lime, red)"), swept("conic-gradient(red, lime 180deg, red)"))
    found = swept("conic-gradient(#0080ff, transparent)")
    assert np.abs(found[45, 25] - (0, 128, 255, 128)).max() <= 8


MANY = ",".join(["red", "lime"] * 51)


@pytest.mark.parametrize(
    "style",
    ["red", "conic-gradient(nothing, red)", "conic-gradient(red)", "conic-gradient()", f"conic-gradient({MANY})"],
)
def test_what_is_no_such_gradient_is_no_part_of_the_drawing(style: str) -> None:
    assert not swept(style).any()
    assert not drawn(PAGE.format("conic-gradient(red,lime)").replace('"100"', '"1e300"')).any()
    for tag in ("foo", "image"):
        part = f"<{tag}>{DIV.format('conic-gradient(red,red)')}</{tag}>"
        assert not drawn(f"<foreignObject width='9' height='9'/>{part}").any()


def test_angles_beyond_any_turn_do_no_harm() -> None:
    assert same(swept("conic-gradient(from 1e999deg, red, lime)"), swept("conic-gradient(red, lime)"))
    assert same(swept("conic-gradient(from 360000deg, red, lime)"), swept("conic-gradient(red, lime)"), within=8)


def test_no_more_of_them_than_elements() -> None:
    text = '<svg xmlns="http://www.w3.org/2000/svg">' + PAGE.format("conic-gradient(red,lime)") * 120 + "<g/></svg>"
    with pytest.raises(UnreadableImage, match="more than 20000 elements"):
        guarded(text.encode())
