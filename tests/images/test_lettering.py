"""Texts look as browsers set them."""

from __future__ import annotations

import pytest
from drawn import drawn, same

UPPER = "style='text-transform:uppercase'"
SLANTED = 'transform="translate(0 {0}) skewX(-12) translate(0 -{0})"'
TWINS = {
    "italics": (
        "<g font-style='italic'><text y='40'>Logo</text></g>",
        f"<text y='40' {SLANTED.format(40)}>Logo</text>",
    ),
    "italics of a shorthand": (
        "<text dy='30' transform='scale(.9)' style='font:oblique bold 30px Arial'>Logo</text>",
        f"<g transform='scale(.9)'><text y='30' style='font:bold 30px Arial' {SLANTED.format(30)}>Logo</text></g>",
    ),
    "italics of a line as Inkscape writes it": (
        "<text y='40' style='font-style:italic'><tspan x='0' y='40'>Logo</tspan></text>",
        f"<text y='40' {SLANTED.format(40)}>Logo</text>",
    ),
    "several lines in italics stay upright": (
        "<text y='30' font-style='italic'>Lo<tspan x='0' dy='1em'>go</tspan></text>",
        "<text y='30'>Lo<tspan x='0' dy='1em'>go</tspan></text>",
    ),
    "no italics in italics": (
        "<g font-style='italic'><text y='40' font-style='normal'>Logo</text></g>",
        "<text y='40'>Logo</text>",
    ),
    "capitals": (f"<text y='40' {UPPER}>Logo</text>", "<text y='40'>LOGO</text>"),
    "of a group": (f"<g {UPPER}><text y='40'>a<tspan>b</tspan></text></g>", "<text y='40'>A<tspan>B</tspan></text>"),
    "of a class": (
        "<style>.a{text-transform:UPPERCASE}</style><text class='a' y='40'>Logo</text>",
        "<text y='40'>LOGO</text>",
    ),
    "but for a part": (
        f"<text y='40' {UPPER}>a<tspan style='text-transform:lowercase'>BC</tspan>d</text>",
        "<text y='40'>A<tspan>bc</tspan>D</text>",
    ),
    "none again": (
        f"<g {UPPER}><g style='text-transform:none'><text y='40'>Logo</text></g></g>",
        "<text y='40'>Logo</text>",
    ),
    "first letters": (
        "<text y='40' style='text-transform:capitalize'>lo<tspan>go</tspan> don't</text>",
        "<text y='40'>Lo<tspan>go</tspan> Don't</text>",
    ),
    "in a word of many letters": (
        "<text y='40' style='text-transform:capitalize'>stra\u00df<tspan>e</tspan></text>",
        "<text y='40'>Stra\u00df<tspan>e</tspan></text>",
    ),
    "no attribute of a group": (
        "<g text-transform='uppercase'><text y='40'>Logo</text></g>",
        "<text y='40'>Logo</text>",
    ),
    "no attribute": ("<text y='40' text-transform='uppercase'>Logo</text>", "<text y='40'>Logo</text>"),
    "length with space": (
        "<text y='40' textLength='90' letter-spacing='6'>LOGO</text>",
        "<text y='40' textLength='84'>LOGO</text>",
    ),
    "length with the space of a group": (
        "<g style='letter-spacing:6px'><text y='40' textLength='90'>LOGO</text></g>",
        "<text y='40' textLength='84'>LOGO</text>",
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_twins(name: str) -> None:
    odd, plain = (drawn(text, root='font-size="24"') for text in TWINS[name])
    assert plain[..., 3].any()
    assert same(odd, plain)
