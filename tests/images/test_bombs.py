"""What the guard refuses, and what it must not."""

import functools
import gzip

import pytest
from bomb_drawings import BLUR, BOMBS, FULL, NAMESPACES, NEARLY, chain, svg
from drawn import guarded

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.caps import CAPS
from logo_retrieval.images.guard.guard import MAX_BYTES
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation


def laughs(first: str = "lol", levels: int = 9) -> str:
    rest = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(levels))
    return f'<!DOCTYPE svg [<!ENTITY l0 "{first}">{rest}]>'


REFUSED = {
    "not svg": (b"<html><body/></html>", "unknown-format"),
    "html5": (b"<!doctype html><html><p>404</html>", "unknown-format"),
    "no element": (b"<!-- nothing -->", "unknown-format"),
    "empty": (b"", "unknown-format"),
    "long prolog": (b"<!--" + b"x" * 70_000 + b"-->" + svg(""), "unknown-format"),
    "truncated": (svg(FULL.format(""))[:-9], "corrupt"),
    "unclosed": (svg("<g>"), "corrupt"),
    "two attributes": (svg('<g id="a" id="b"/>'), "corrupt"),
    "truncated gzip": (gzip.compress(svg("<path/>"), mtime=0)[:-9], "corrupt"),
    "damaged gzip": (b"\x1f\x8b\x08" + b"\xff" * 40, "corrupt"),
    "gzip in gzip": (gzip.compress(gzip.compress(svg(""), mtime=0), mtime=0), "unsafe"),
    "gzip of which the second part is cut off": (
        gzip.compress(svg("<path/>")[:20], mtime=0) + gzip.compress(svg("<path/>")[20:], mtime=0)[:-9],
        "corrupt",
    ),
    "gzip of many parts": (gzip.compress(svg(""), mtime=0) + gzip.compress(b"", mtime=0) * 100_000, "corrupt"),
    "gzip bomb of parts": (gzip.compress(bytes(5_000_000), mtime=0) * 2, "too-large"),
    "gzip bomb": (gzip.compress(bytes(9_000_000), mtime=0), "too-large"),
    "bytes": (b" " * (MAX_BYTES + 1), "too-large"),
    "elements": (svg("<g/>" * 20_001), "too-large"),
    "path data": (svg(f'<path d="{"M0 0" * 500_001}"/>'), "too-large"),
    "attribute": (svg(f'<g class="{"x" * 20_001}"/>'), "too-large"),
    "style sheet": (svg(f"<style>.a{{fill:{'x' * 1_000_001}}}</style>"), "too-large"),
    "text": (svg(f"<text>{'x' * 20_001}</text>"), "too-large"),
    "depth": (svg("<g>" * 64 + "</g>" * 64), "unsafe"),
    "depth, unclosed": (f"<svg {NAMESPACES}>".encode() + b"<a>" * 1_000_000, "unsafe"),
    "view box of 1e30": (svg("", root='viewBox="0 0 1e30 1e30"'), "unsafe"),
    "view box of 1e-30": (svg("", root='viewBox="0 0 1e-30 1e-30"'), "unsafe"),
    "billion laughs": (svg("<text>&l9;</text>", laughs()), "unsafe"),
    "billion laughs in an attribute": (svg('<g id="&l9;"/>', laughs()), "unsafe"),
    "billion nothings": (svg("<text>&l9;</text>", laughs("")), "unsafe"),
    "laughs in a circle": (svg("&a;", '<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'), "unsafe"),
    "quadratic entity": (svg("&a;" * 5_000, f'<!DOCTYPE svg [<!ENTITY a "{"A" * 5_000}">]>'), "unsafe"),
    "uses": (
        svg(chain(10, '<g id="a0"><path/></g>', '<g id="a{next}">' + '<use href="#a{i}"/>' * 10 + "</g>")),
        "unsafe",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data, code = REFUSED[name]
    with pytest.raises(UnreadableImage) as refusal:
        guarded(data)
    assert refusal.value.code == code


@functools.cache
def refusal(name: str) -> str:
    with pytest.raises(UnreadableImage, match="^unsafe: ") as refused:
        guarded(svg(BOMBS[name]))
    return refused.value.text


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name: str) -> None:
    assert refusal(name)


def test_every_cap_stops_a_bomb() -> None:
    refusals = [refusal(name) for name in BOMBS]
    idle = [cap for cap, (_, things) in CAPS.items() if not any(text.endswith(things) for text in refusals)]
    assert idle == []


@pytest.mark.parametrize("name", NEARLY)
def test_what_is_just_below_a_cap_is_let_through(name: str) -> None:
    assert guarded(svg(NEARLY[name]))


def test_what_the_caps_let_through_stops_no_batch() -> None:
    plain = svg('<circle cx="40" cy="40" r="30" fill="#06c"/>')
    batch = [each for name in ("octaves", "flood") for each in (svg(NEARLY[name]), plain)]
    with DecoderPool(Preparation(), processes=1, wall_limit_s=2) as pool:
        results = list(pool.decode(batch, all_views=True))
    assert not any(isinstance(result, UnreadableImage) for result in results[1::2])
    bombs = [result.code for result in results[::2] if isinstance(result, UnreadableImage)]
    assert set(bombs) <= {"timeout", "crashed", "empty"}


@pytest.mark.parametrize(
    "body",
    [
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
        '<g id="a" mask="url(#m)"><path/></g><mask id="m"><use href="#a"/></mask>',
        '<pattern id="p" href="#q"/><pattern id="q" href="#p"/>' + FULL.format(' fill="url(#p)"'),
    ],
)
def test_what_leads_back_to_itself_through_others_is_refused(body: str) -> None:
    with pytest.raises(UnreadableImage, match="^unsafe: .*leads back to itself"):
        guarded(svg(body))


def test_a_pattern_on_the_root_counts_for_every_shape() -> None:
    body = '<pattern id="p" width="1" height="1">' + "<path/>" * 100 + "</pattern>" + FULL.format("") * 2_000
    with pytest.raises(UnreadableImage, match="^unsafe: "):
        guarded(svg(body, root='viewBox="0 0 100 100" fill="url(#p)"'))
    assert guarded(svg(body))


@pytest.mark.parametrize(
    "body",
    [
        '<g id="a"><use href="#a"/></g>',
        '<filter id="f"><feImage href="#g"/></filter><g id="g"><path filter="url(#f)"/></g>',
        '<filter id="f"><feImage href="#a"/></filter>' * 900 + '<g id="a">' + "<path/>" * 900 + "</g>",
        '<linearGradient id="g" href="#g"/><rect width="9" height="9" fill="url(#g)"/>',
        '<pattern id="p" width="9" height="9"><rect fill="url(#p)"/></pattern>'
        '<rect width="9" height="9" fill="url(#p)"/>',
        '<mask id="m" mask="url(#m)"><path/></mask><rect width="9" height="9" mask="url(#m)"/>',
        '<clipPath id="c"><path clip-path="url(#c)"/></clipPath><rect width="9" height="9" clip-path="url(#c)"/>',
        '<marker id="m"><path marker-mid="url(#m)" d="M0 0h9v9"/></marker><path marker-mid="url(#m)" d="M0 0h9v9"/>',
        '<pattern id="p" width=".0001" height=".0001"><path/></pattern><rect width="9" height="9" fill="url(#p)"/>',
        BLUR + FULL.format(' filter="url(#f)"') * 60,
        BLUR + '<path d="M9 9h9v9z" filter="url(#f)"/>' * 205,
        '<filter id="f">'
        + '<feGaussianBlur stdDeviation=".1"/>' * 16
        + "</filter>"
        + '<path d="M9 9h9v9z" filter="url(#f)"/>' * 100,
        '<filter id="f"><feGaussianBlur/></filter><filter id="g" href="#f"/>' + FULL.format(' filter="url(#g)"'),
        '<filter id="f" x=".8" y="3.8" width="98" height="95"><feFlood/><feGaussianBlur stdDeviation="5"/></filter>'
        + FULL.format(' filter="url(#f)"'),
        '<filter id="f" href="#g"><feFlood/></filter><filter id="g" href="#f"/>' + FULL.format(' filter="url(#f)"'),
        FULL.format(' opacity=".5"') * 200,
        '<clipPath id="c"><path d="M0 0h9v9z"/></clipPath>' + '<path d="M0 0h4v4z" clip-path="url(#c)"/>' * 2_000,
        '<g transform="rotate(9)scale(.01)">' + '<path d="M0 0h400v400z" opacity=".9"/>' * 3_000 + "</g>",
        '<g id="a" opacity=".9"><path d="M0 0h1v1z"/></g>' + '<use href="#a" x="99" opacity=".9"/>' * 2_000,
        '<path stroke="red" stroke-dasharray="1" d="M0 0h100v100h-100z"/>' * 50,
        "<path d='M0 0h1v1z'/>" * 9_000,
        "<style>" + "".join(f".cls-{i}{{fill:red}}" for i in range(200)) + "</style>" + '<path class="cls-1"/>' * 500,
        f"<path d='M0 0{'l1 1l1-1' * 20_000}z'/>",
        FULL.format(' opacity="1.000000"') * 300,
        FULL.format(' style="opacity:100%"') * 300,
        '<symbol id="s" overflow="visible"><path/></symbol>' + '<use href="#s"/>' * 300,
        '<symbol id="s" style="overflow:visible"><path/></symbol>' + '<use href="#s"/>' * 300,
        f"<style>x {'g ' * 70}path{{fill:red}}</style>" + "<g>" * 60 + "<path/>" + "</g>" * 60,
        f'<g data-x="{"x" * 20_001}"><path/></g>',
        f"<metadata>{'A' * 5_000_000}</metadata><path/>",
        f"<style>@font-face{{font-family:a;src:url(data:font/woff2;base64,{'A' * 300_000})}}</style><path/>",
    ],
)
def test_the_affordable_is_let_through(body: str) -> None:
    assert guarded(svg(body)).endswith("</svg>")


@pytest.mark.parametrize("more", ['stroke-dasharray="1"', 'filter="blur(1)"', ""])
@pytest.mark.parametrize("digits", [20, 200, 400])
def test_numbers_without_end_are_refused_or_drawn(digits: int, more: str) -> None:
    try:
        assert guarded(svg(f'<path {more} d="M0 0L{"9" * digits} {"9" * digits}{"h1" * 20_000}"/>'))
    except UnreadableImage as refused:
        assert refused.code == "unsafe"


@pytest.mark.parametrize("links", [45, 90, 300, 6_000])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    "link", ['<g id="a{next}" filter="blur(.1)"><use href="#a{i}"/></g>', '<g id="a{next}"><use href="#a{i}"/></g>']
)
def test_long_chains_are_refused_or_drawn(links: int, link: str, backwards: bool) -> None:
    body = chain(links, '<g id="a0"><path d="M0 0h9v9z"/></g>', link)
    if backwards:
        body = "".join(reversed([f"{each}</g>" for each in body.split("</g>")[:-1]]))
    try:
        assert guarded(svg(body))
    except UnreadableImage as refused:
        assert refused.code == "unsafe"
