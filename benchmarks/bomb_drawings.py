"""Drawings that ask for too much, each in one way: what the guard's caps and the decoder's limits are measured on."""

from __future__ import annotations

import base64
import io
import random

from PIL import Image

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
FULL = '<rect width="100" height="100"{}/>'
SPOT = '<path d="M0 0h1v1z" opacity=".9"/>'
BLUR = '<filter id="f"><feGaussianBlur stdDeviation="20"/></filter>'


def svg(body: str, prolog: str = "", root: str = 'viewBox="0 0 100 100"') -> bytes:
    """A document of 100 x 100 around some elements."""
    return f"{prolog}<svg {NAMESPACES} {root}>{body}</svg>".encode()


def raster(kind: str = "PNG", size: tuple[int, int] = (3, 2)) -> bytes:
    """A red picture."""
    stream = io.BytesIO()
    Image.new("RGB", size, "red").save(stream, kind)
    return stream.getvalue()


def image(data: bytes, mime: str = "image/png", more: str = "") -> str:
    """An element that holds a picture."""
    return f'<image width="50" height="100"{more} href="data:{mime};base64,{base64.b64encode(data).decode()}"/>'


def chain(count: int, first: str, link: str) -> str:
    """An element and so many more, each of which names the one before."""
    return first + "".join(link.format(i=i, next=i + 1) for i in range(count))


def scribble(count: int) -> str:
    """Path data of so many lines that cross each other all over the canvas."""
    draw = random.Random(7)
    return "M50 50" + "".join(f"L{draw.randrange(100)} {draw.randrange(100)}" for _ in range(count))


def used(element: str, attribute: str, kind: str, inner: str) -> str:
    """A chain of eight elements of a kind, each used ten times by the next through an attribute."""
    links = f'<{kind} id="a{{next}}" width="1" height="1">' + inner.replace("@", f'{attribute}="url(#a{{i}})"') * 10
    last = element.replace("@", f'{attribute}="url(#a8)"')
    return (
        chain(8, f'<{kind} id="a0" width="1" height="1">{inner.replace("@", "")}</{kind}>', links + f"</{kind}>") + last
    )


ANY = '<rect width="90" height="90" @/>'
BOMBS = {
    "uses of nothing": chain(40, '<g id="a0"/>', '<g id="a{next}"><use href="#a{i}"/><use href="#a{i}"/></g>'),
    "use chain": chain(300, '<g id="a0"/>', '<g id="a{next}"><use href="#a{i}"/></g>') + '<use href="#a300"/>',
    "uses of a big path": f'<path id="p" d="{scribble(3_000)}"/>' + '<use href="#p"/>' * 500,
    "patterns": used(ANY, "fill", "pattern", ANY),
    "masks": used(ANY, "mask", "mask", ANY),
    "clips": used(ANY, "clip-path", "clipPath", ANY),
    "markers": used('<path @ d="M0 0h9v9h9"/>', "marker-mid", "marker", f'<path @ d="M0 0{"h1v1" * 10}"/>'),
    "mask chain": chain(99, '<mask id="a0"/>', '<mask id="a{next}" mask="url(#a{i})"/>')
    + ANY.replace("@", 'mask="url(#a99)"'),
    "marker on every vertex": '<marker id="m"><path d="M0 0h1v1z"/></marker>'
    + f'<path style="marker:url(#m)" d="M0 0{"h1v1" * 40_000}"/>',
    "inherited pattern": '<pattern id="p" width="1" height="1"><circle r="9"/></pattern><g fill="url(#p)">'
    + FULL.format("") * 5_000
    + "</g>",
    "huge tile": '<pattern id="p" width="1e6" height="1e6" patternUnits="userSpaceOnUse"><path/></pattern>'
    + FULL.format(' fill="url(#p)"'),
    "huge tile by style sheet": "<style>rect{fill:url(#p)}</style>"
    '<pattern id="p" width="99" height="99"><path/></pattern>' + FULL.format(""),
    "huge tile by link": '<pattern id="a" width="99" height="99"><path/></pattern><pattern id="p" href="#a"/>'
    + FULL.format(' fill="url(#p)"'),
    "large tiles": '<pattern id="p" width="5" height="5"><circle r="400"/></pattern>'
    + FULL.format(' fill="url(#p)"') * 99,
    "patterns in patterns": chain(
        14,
        '<pattern id="a0" width="490" height="490" patternUnits="userSpaceOnUse"><circle r="400"/></pattern>',
        '<pattern id="a{next}" width="490" height="490" patternUnits="userSpaceOnUse">'
        '<rect width="490" height="490" fill="url(#a{i})"/></pattern>',
    )
    + FULL.format(' fill="url(#a14)"'),
    "stops": '<linearGradient id="g">'
    + '<stop offset=".5"/>' * 9_000
    + "</linearGradient>"
    + FULL.format(' fill="url(#g)"') * 99,
    "gradient chain": chain(99, '<linearGradient id="a0"/>', '<linearGradient id="a{next}" href="#a{i}"/>')
    + FULL.format(' fill="url(#a99)"'),
    "layers": FULL.format(' opacity=".9"') * 9_000,
    "layers scaled up": '<g transform="scale(100)">' + SPOT * 3_000 + "</g>",
    "layers skewed": '<g transform="skewX(89)">' + SPOT * 3_000 + "</g>",
    "layers of strokes": '<g stroke="red" stroke-width="100">' + SPOT * 3_000 + "</g>",
    "layers around uses": '<path id="a" d="M0 0h1v1z"/>'
    + '<g opacity=".9"><use href="#a"/><use href="#a" x="99" y="99"/></g>' * 1_000,
    "layers of letters": '<g opacity=".9"><path d="M0 0h1v1z"/><text font-size="99">A</text></g>' * 999,
    "layers around views": '<g opacity=".9"><path d="M0 0h1v1z"/><svg x="99"><path d="M0 0h1v1z"/></svg></g>' * 999,
    "layers in a view": '<svg viewBox="0 0 1e4 1e4">'
    + '<rect width="100%" height="100%" opacity=".9"/>' * 3_000
    + "</svg>",
    "layers as wide as letters": '<g font-size="1e4">' + '<rect width=".01em" height="9" opacity=".9"/>' * 999 + "</g>",
    "layers in a mask": f'<mask id="m">{SPOT * 300}</mask>' + FULL.format(' mask="url(#m)"'),
    "layers in a pattern": f'<pattern id="p" width="1" height="1">{SPOT * 300}</pattern>'
    + FULL.format(' fill="url(#p)"'),
    "layers in a marker": f'<marker id="m">{SPOT * 100}</marker><path d="M0 0h9v9z" marker="url(#m)"/>',
    "layers of filters": '<filter id="f"><feOffset dx="9"/></filter>'
    + '<g opacity=".9"><path d="M0 0h1v1z" filter="url(#f)"/></g>' * 300,
    "nested layers": '<g opacity=".9">' * 30 + FULL.format("") + "</g>" * 30,
    "nested layers by use": chain(99, '<g id="a0"/>', '<g id="a{next}" opacity=".9"><use href="#a{i}"/></g>')
    + '<use href="#a99"/>',
    "nested svg": "<svg>" * 30 + FULL.format("") + "</svg>" * 30,
    "blurred elements": BLUR + FULL.format(' filter="url(#f)"') * 2_000,
    "blurred by style": BLUR + FULL.format(' style="filter:url(#f)"') * 2_000,
    "blurred by style sheet": BLUR + "<style>.a{filter:url(#f)}</style>" + FULL.format(' class="a"') * 2_000,
    "blurred big": BLUR + '<rect x="-300" y="-300" width="900" height="900" filter="url(#f)"/>' * 99,
    "blurred nothing": BLUR.replace("<filter", '<filter filterUnits="userSpaceOnUse" width="100" height="100"')
    + '<g filter="url(#f)"/>' * 399,
    "flooded region": '<filter id="f" width="1e5"><feFlood/></filter>' + FULL.format(' filter="url(#f)"'),
    "flood around a use": '<filter id="f"><feFlood/></filter><symbol id="s" viewBox="0 0 .01 .01"><path d="M0 0h1v1z"/>'
    '</symbol><g filter="url(#f)"><path d="M0 0h1v1z"/><use href="#s"/></g>',
    "flood in a marker": '<filter id="f"><feFlood/></filter><marker id="m" markerWidth="9e4" viewBox="0 0 9 9">'
    '<path d="M0 0h9v9z" filter="url(#f)"/></marker><path marker-mid="url(#m)" d="M0 0h9v9z"/>',
    "flood scaled up": '<filter id="f"><feFlood/></filter><g transform="scale(99)">'
    + FULL.format(' filter="url(#f)"')
    + "</g>",
    "filter by link": '<filter id="a"><feMorphology radius="50"/></filter><filter id="f" href="#a"/>'
    + FULL.format(' filter="url(#f)"'),
    "filters in filters": '<filter id="f"><feFlood/><feTile/></filter>'
    + '<g filter="url(#f)" transform="scale(1.5)">' * 12
    + FULL.format("")
    + "</g>" * 12,
    "blur functions": FULL.format(' filter="blur(3) blur(3) blur(3)"') * 200,
    "list of filters": BLUR + FULL.format(f' filter="{"url(#f) " * 900}"'),
    "pictures for filters": '<filter id="f"><feImage href="#a"/></filter>'
    + f'<g id="a">{"<path/>" * 500}</g>'
    + FULL.format(' filter="url(#f)"') * 50,
    "lights": '<filter id="f">'
    + '<feDiffuseLighting><fePointLight z="1"/></feDiffuseLighting>' * 500
    + "</filter>"
    + FULL.format(' filter="url(#f)"'),
    "octaves": '<filter id="f"><feTurbulence numOctaves="999999"/></filter>' + FULL.format(' filter="url(#f)"'),
    "morphology": '<filter id="f"><feMorphology radius="1000"/></filter>' + FULL.format(' filter="url(#f)"'),
    "morphology in boxes": '<filter id="f" primitiveUnits="objectBoundingBox"><feMorphology radius=".5"/></filter>'
    + FULL.format(' filter="url(#f)"'),
    "convolution": f'<filter id="f"><feConvolveMatrix order="99" kernelMatrix="{"1 " * 9_801}"/></filter>'
    + FULL.format(' filter="url(#f)"'),
    "merged inputs": '<filter id="f"><feMerge>'
    + "<feMergeNode/>" * 9_000
    + "</feMerge></filter>"
    + FULL.format(' filter="url(#f)"'),
    "filter in a scaled mask": '<filter id="f"><feMorphology radius=".3"/></filter>'
    '<mask id="m" maskContentUnits="objectBoundingBox"><rect width="1" height="1" filter="url(#f)"/></mask>'
    + FULL.format(' mask="url(#m)"'),
    "dashes": '<circle r="40" stroke="red" stroke-dasharray=".00001"/>',
    "dashes on a long line": '<path d="M0 0L9e6 9e6" stroke="red" stroke-dasharray=".01 .01"/>',
    "dashes by style sheet": '<style>circle{stroke-dasharray:1e-5}</style><circle r="40" stroke="red"/>',
    "dashes inherited": '<g style="stroke-dasharray:1e-5;stroke:red"><circle r="40"/></g>',
    "wide stroke": '<circle r="9e6" stroke="red" stroke-width="9e6"/>',
    "crossing edges": f'<path d="{scribble(40_000)}"/>',
    "crossing strokes": f'<path d="{scribble(20_000)}" stroke="red"/>',
    "crossing edges of a polygon": f'<polygon points="{scribble(40_000)[1:].replace("L", " ")}"/>',
    "arcs": f'<path stroke="red" d="M0 0{"a90 90 0 119 9a90 90 0 11-9-9" * 9_000}"/>',
    "selectors": "<style>"
    + "".join(f"path g,path:not(.b{i}){{fill:red}}" for i in range(4_000))
    + "</style><g/>"
    + "<path/>" * 9_000,
    "siblings": f"<style>{'path~' * 8}path{{fill:red}}</style>" + "<path/>" * 5_000,
    "of type": "<style>:nth-last-of-type(2n){fill:red}</style>" + "<path/>" * 5_000,
    "backtracking selector": f"<style>x {'g ' * 9}path{{fill:red}}</style><x/>" + "<g>" * 60 + "<path/>" + "</g>" * 60,
    "declarations": f"<style>*{{{'fill:red;' * 9_000}}}</style>" + "<path/>" * 5_000,
    "spans": "<text>" + "<tspan>Wa</tspan>" * 4_000 + "</text>",
    "image": image(raster(size=(1900, 1900)), more=' id="i"') + '<use href="#i"/>' * 200,
    "scaled up": '<g transform="scale(1e5)"><g transform="scale(1e5)"><path d="M0 0h9" stroke="red"/></g></g>',
}

NEARLY = {
    "shapes": FULL.format(' stroke="red" stroke-width="9"') * 9_990,
    "gradients": '<linearGradient id="g">'
    + '<stop/><stop offset="1" stop-color="red"/>' * 10
    + "</linearGradient>"
    + FULL.format(' fill="url(#g)"') * 4_900,
    "uses": chain(
        3, '<g id="a0"><rect width="100" height="100"/></g>', '<g id="a{next}">' + '<use href="#a{i}"/>' * 11 + "</g>"
    )
    + '<use href="#a3"/>',
    "layers": '<rect x="-200" y="-200" width="500" height="500" opacity=".9"/>' * 240,
    "small layers": '<rect width="16" height="16" opacity=".9"/>' * 9_500,
    "masks": '<mask id="m"><rect width="50" height="100" fill="#fff"/></mask>' + FULL.format(' mask="url(#m)"') * 240,
    "nested layers": '<g opacity=".9">' * 15
    + '<rect x="-200" y="-200" width="500" height="500" opacity=".9"/>' * 200
    + "</g>" * 15,
    "sharp blurs": '<filter id="f"><feGaussianBlur stdDeviation=".5"/></filter>'
    + FULL.format(' filter="url(#f)"') * 69,
    "soft blurs": BLUR + FULL.format(' filter="url(#f)"') * 69,
    "blurs of one filter": '<filter id="f">'
    + '<feGaussianBlur stdDeviation=".5"/>' * 69
    + "</filter>"
    + FULL.format(' filter="url(#f)"'),
    "octaves": '<filter id="f"><feTurbulence baseFrequency=".1" numOctaves="69"/></filter>'
    + FULL.format(' filter="url(#f)"'),
    "convolution": f'<filter id="f"><feConvolveMatrix order="8" kernelMatrix="{"1 " * 64}"/></filter>'
    + FULL.format(' filter="url(#f)"'),
    "morphology": '<filter id="f"><feMorphology radius="2"/></filter>' + FULL.format(' filter="url(#f)"') * 69,
    "flood": '<filter id="f" width="9.9" height="10"><feFlood/></filter>' + FULL.format(' filter="url(#f)"'),
    "dashes": '<path d="M0 0h100" stroke="red" stroke-dasharray=".1"/>' * 99,
    "crossing edges": f'<path d="{scribble(4_700)}"/>',
    "crossing strokes": f'<path d="{scribble(4_700)}" stroke="red"/>',
    "tile": '<pattern id="p" width="45" height="45" patternUnits="userSpaceOnUse"><circle r="40"/></pattern>'
    + FULL.format(' fill="url(#p)"') * 240,
    "patterns in patterns": chain(
        14,
        '<pattern id="a0" width="180" height="180" patternUnits="userSpaceOnUse"><circle r="150"/></pattern>',
        '<pattern id="a{next}" width="180" height="180" patternUnits="userSpaceOnUse">'
        '<rect width="180" height="180" fill="url(#a{i})"/></pattern>',
    )
    + FULL.format(' fill="url(#a14)"'),
    "pictures": image(raster(size=(1900, 1900)), more=' id="i"') + '<use href="#i"/>' * 9,
    "letters": '<text y="50" font-size="40">' + "Wa" * 4_900 + "</text>",
    "markers": '<marker id="m" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></marker>'
    f'<path stroke="red" style="marker:url(#m)" d="M0 0{"h9v9h-9v-9" * 1_000}"/>',
}
"""What is just below one of the caps each."""
