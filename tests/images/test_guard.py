import base64
import gzip
import io
import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard.guard import MAX_BYTES, guard, guard_svg

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
FULL = '<rect width="100" height="100"{}/>'
BLUR = '<filter id="f"><feGaussianBlur stdDeviation="20"/></filter>'


def svg(body: str, prolog: str = "", root: str = 'viewBox="0 0 100 100"') -> bytes:
    return f"{prolog}<svg {NAMESPACES} {root}>{body}</svg>".encode()


def raster(kind: str = "PNG", size: tuple[int, int] = (3, 2)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "red").save(stream, kind)
    return stream.getvalue()


def png_announcing(width: int, height: int) -> bytes:
    def chunk(tag: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


def gif_with_frame(width: int, height: int) -> bytes:
    data = bytearray(raster("GIF"))
    descriptor = data.index(b"\x2c", 13)
    data[descriptor + 5 : descriptor + 9] = struct.pack("<HH", width, height)
    return bytes(data)


def image(data: bytes, mime: str = "image/png", more: str = "") -> str:
    return f'<image width="50" height="100"{more} href="data:{mime};base64,{base64.b64encode(data).decode()}"/>'


def chain(count: int, first: str, link: str) -> str:
    return first + "".join(link.format(i=i, next=i + 1) for i in range(count))


def scribble(count: int) -> str:
    draw = random.Random(7)
    return "M50 50" + "".join(f"L{draw.randrange(100)} {draw.randrange(100)}" for _ in range(count))


def laughs(first: str = "lol", levels: int = 9) -> str:
    rest = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(levels))
    return f'<!DOCTYPE svg [<!ENTITY l0 "{first}">{rest}]>'


ACCENTED = svg('<path id="\u00e9"/>').decode()

# ---- what logos need is kept


@pytest.mark.parametrize(
    "body",
    [
        '<path d="M1 1h5v5z" fill="#0a0" fill-rule="evenodd"/>',
        '<path style="fill:#0a0;opacity:.5" d="M1 1h5v5z"/>',
        '<g transform="translate(1 2)"><circle cx="5" cy="5" r="4"/></g>',
        '<symbol id="s" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></symbol><use href="#s" width="5" height="5"/>',
        '<text x="1" y="9" font-size="8">a<tspan dx="1">b</tspan></text>',
        '<svg x="1" width="5" height="5" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>',
        '<switch><g systemLanguage="en"/></switch>',
        '<g fill="currentColor" color="red"><a><path d="M0 0h9"/></a></g>',
        '<path stroke="red" stroke-dasharray="2 1" d="M0 0h90"/>',
        '<filter id="f"><feOffset dx="1"/></filter><rect width="9" height="9" filter="url(#f)"/>',
    ],
)
def test_plain_drawings_come_through_word_for_word(body: str) -> None:
    assert body in guard_svg(svg(body))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbf" + svg('<title>x</title><path d="M0 0h9v9z"/>'), 1),
        (b"\n\t <?xml version='1.0'?>" + svg('<path d="M0 0h9v9z"/>'), 1),
        (("<?xml version='1.0' encoding='UTF-16'?>" + ACCENTED).encode("utf-16"), 1),
        (("<?xml version='1.0' encoding='ISO-8859-1'?>" + ACCENTED).encode("latin-1"), 1),
        (b"<?xml version='1.0' encoding='windows-1252'?>" + svg("<path/>"), 1),
        (b"<?xml version='1.0' encoding='UTF-16'?>" + svg("<path/>"), 1),
        (b"<?xml version='1.0' encoding='Shift_JIS'?>" + svg("<path/>"), 1),
        (b'<svg viewBox="0 0 9 9"><path/></svg>', 1),
        (b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"><svg:path/></svg:svg>', 1),
        (b'<v:svg xmlns:v="http://www.w3.org/2000/svg"><v:path/><path/></v:svg>', 2),
        (b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="urn:o"><o:path/><g xmlns="urn:o"/><path/></svg>', 1),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><path id="p"/><use xlink:href="#p"/></svg>', 2),
        (svg("<path/>") + b"\0\0<rubbish", 1),
        (svg("<title>A & B &nbsp; &copy;</title><path/>"), 1),
        (gzip.compress(svg("<path/>"), mtime=0), 1),
    ],
)
def test_encodings_and_dialects(data: bytes, expected: int) -> None:
    text = guard_svg(data)
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert text.count("<path") + text.count("<use") == expected


def test_an_accent_survives_its_encoding() -> None:
    assert 'id="\u00e9"' in guard_svg(("<?xml version='1.0' encoding='ISO-8859-1'?>" + ACCENTED).encode("latin-1"))


def test_harmless_entities_work_as_illustrator_writes_them() -> None:
    prolog = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" ['
        '<!ENTITY ns_svg "http://www.w3.org/2000/svg"><!ENTITY tone "0a0"><!ENTITY paint "#&tone;">]>'
    )
    text = guard_svg(f'{prolog}<svg xmlns="&ns_svg;"><rect width="9" fill="&paint;"/></svg>'.encode())
    assert '<rect width="9" fill="#0a0"/>' in text
    assert "ENTITY" not in text


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ('viewBox="0 0 24 12"', (24, 12)),
        ('width="1e9" height="1e9" viewBox="0 0 100 100"', (100, 100)),
        ('width="65000" height="65000" viewBox="0 0 24 24"', (24, 24)),
        ('width="100%" height="100%" viewBox="0 0 24 12"', (24, 12)),
        ('height="1em" viewBox="0 0 24 12"', (24, 12)),
        ('width="200" height="100" viewBox="0 0 50 50"', (50, 50)),
        ('width="200" height="100" viewBox="0 0 50 50" preserveAspectRatio="none"', (50, 25)),
        ('width="200" height="1" viewBox="0 0 50 50" preserveAspectRatio="none"', (50, 50)),
        ('width="20mm" height="10mm"', (75.5905512, 37.7952756)),
        ('width="nan" height="inf" viewBox="0 0 24 12"', (24, 12)),
        ('width="nan" height="inf" viewBox="0 0 nan 1"', None),
        ('width="1e9" height="1e9"', None),
        ("", None),
    ],
)
def test_size_is_normalised(root: str, size: tuple[float, float] | None) -> None:
    assert guard(svg("<path/>", root=root)).size == pytest.approx(size)


# ---- what is dangerous is dropped


@pytest.mark.parametrize(
    "body",
    [
        "<script>bait</script>",
        "<foreignObject><iframe src='bait'/></foreignObject>",
        "<rect onclick='bait'/>",
        "<animate attributeName='bait'/>",
        "<metadata>bait</metadata>",
        "<image href='bait.png'/>",
        "<image xlink:href='file:///bait.png'/>",
        "<image xmlns:q='http://www.w3.org/1999/xlink' q:href='/bait.png'/>",
        "<image href='http://bait/a.png'/>",
        "<image href='//bait/a.png'/>",
        "<image href='#bait'/>",
        "<image href='data:image/png,bait'/>",
        "<image href='data:image/svg+xml;utf8,&lt;svg bait=&quot;&quot;/>'/>",
        "<image href='/dev/zero?bait'/>",
        "<use href='bait.svg#a'/>",
        "<use href='http://bait/a.svg#a'/>",
        "<a href='http://bait/'><rect/></a>",
        "<filter id='f'><feImage href='bait.png'/></filter>",
        "<text><textPath href='bait.svg#p'>x</textPath></text>",
        "<rect fill='url(bait.svg#g)'/>",
        "<rect fill='url(http://bait/a.svg#g) red'/>",
        "<rect style='fill:url(bait.svg#g);mask:url(\"bait.svg#m\")'/>",
        "<rect style='fill:u\\72l(bait.svg#g)'/>",
        "<rect clip-path=\"url( 'bait.svg#c' )\" filter='url(bait#f) blur(2)' mask='URL(bait)'/>",
        "<style>@import 'bait.css'; @import url(bait.css);</style>",
        "<style>@font-face{font-family:bait;src:url(bait.ttf)}</style>",
        "<style>rect{fill:url(bait.svg#g)} rect{cursor:url(bait.cur)}</style>",
        "<style>@media (prefers-color-scheme: dark){rect{fill:url(#bait)}}</style>",
        "<style type='text/x-bait'>.bait{fill:red}</style>",
        "<style media='print'>.bait{fill:red}</style>",
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='bait.svg'/>",
        "<?xml-stylesheet href='bait.css'?>",
        "<g xml:base='http://bait/'/>",
        "<font-face><font-face-src><font-face-uri href='bait.ttf'/></font-face-src></font-face>",
    ],
)
def test_scripts_and_outside_references_are_dropped(body: str) -> None:
    text = guard_svg(svg(body + '<path d="M0 0h9v9z"/>'))
    assert "bait" not in text
    assert '<path d="M0 0h9v9z"/>' in text


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE svg SYSTEM "http://bait/evil.dtd">',
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///bait">]>',
        '<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://bait/p.dtd">%p;]>',
        "<!DOCTYPE svg [<!ENTITY % p \"<!ENTITY x 'bait'>\">%p;]>",
    ],
)
def test_external_and_parameter_entities_stay_outside(prolog: str) -> None:
    text = guard_svg(svg("<text>&x;</text><path/>", prolog))
    assert "bait" not in text
    assert "<path/>" in text


def test_fallback_colour_replaces_an_outside_paint() -> None:
    text = guard_svg(svg('<path fill="url(x.svg#g) red"/><path fill="url(x.svg#g)"/><path fill="url(#g) red"/>'))
    assert '<path fill="red"/><path fill="none"/><path fill="url(#g) red"/>' in text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_embedded_rasters_stay(kind: str) -> None:
    text = guard_svg(svg(image(raster(kind), "image/png")))
    assert f'href="data:image/{kind.lower()};base64,' in text


@pytest.mark.parametrize(
    "element",
    [
        image(raster("BMP"), "image/bmp"),
        image(b"no picture"),
        image(raster()[:20]),
    ],
)
def test_other_embedded_data_is_dropped(element: str) -> None:
    assert "<image" not in guard_svg(svg(element))


@pytest.mark.parametrize("data", [png_announcing(10_000, 10_000), gif_with_frame(65_535, 65_535)])
def test_embedded_pictures_that_are_too_large_are_told_of(data: bytes) -> None:
    with pytest.raises(UnreadableImage, match="^unsafe: a picture inside the drawing has .* pixels"):
        guard_svg(svg(image(data)))


def test_embedded_pixels_are_counted_together() -> None:
    picture = image(raster(size=(3500, 3500)))
    assert guard_svg(svg(picture * 3)).count("<image") == 3
    with pytest.raises(UnreadableImage, match="^unsafe: its pictures have more than 40,000,000 pixels"):
        guard_svg(svg(picture * 4))


def test_drawings_inside_a_drawing_are_few_and_have_fewer_in_themselves() -> None:
    inner = svg('<path d="M0 0h9v9z"/>')
    assert guard_svg(svg(image(inner, "image/svg+xml") * 5)).count("data:image/png") == 5
    with pytest.raises(UnreadableImage, match="^unsafe: the SVG holds more than 16 others"):
        guard_svg(svg(image(inner, "image/svg+xml") * 17))
    hidden = svg(image(svg(image(inner, "image/svg+xml") * 4), "image/svg+xml"))
    with pytest.raises(UnreadableImage, match="^unsafe: the SVG holds more than 4 others"):
        guard_svg(svg(image(svg(image(inner, "image/svg+xml") * 5), "image/svg+xml")))
    with pytest.raises(UnreadableImage, match="^unsafe: "):
        guard_svg(svg(image(svg(BOMBS["arcs"]), "image/svg+xml")))
    assert "svg+xml" not in guard_svg(hidden)


@pytest.mark.parametrize(
    ("element", "dropped"),
    [
        ('<path d="M0 0L1e38 5"/>', "d="),
        ('<rect width="12345678901"/>', "width"),
        ('<text font-size="1000000000">W</text>', "font-size"),
        ('<filter id="f"><feTurbulence numOctaves="1000000000"/></filter>', "numOctaves"),
        ('<filter id="f" x="-1e9" width="2e9"/>', "e9"),
        ('<path stroke-width="nan"/>', "stroke-width"),
        ('<text font-family="no such">W</text>', "font-family"),
    ],
)
def test_absurd_values_are_dropped(element: str, dropped: str) -> None:
    assert dropped not in guard_svg(svg(element)).partition(">")[2]


# ---- what cannot be had is refused

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
    "gzip bomb": (gzip.compress(bytes(9_000_000), mtime=0), "too-large"),
    "bytes": (b" " * (MAX_BYTES + 1), "too-large"),
    "elements": (svg("<g/>" * 20_001), "too-large"),
    "path data": (svg(f'<path d="{"M0 0" * 500_001}"/>'), "too-large"),
    "attribute": (svg(f'<g class="{"x" * 20_001}"/>'), "too-large"),
    "style sheet": (svg(f"<style>.a{{fill:{'x' * 200_001}}}</style>"), "too-large"),
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
        guard_svg(data)
    assert refusal.value.code == code


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
    "stops": '<linearGradient id="g">'
    + '<stop offset=".5"/>' * 9_000
    + "</linearGradient>"
    + FULL.format(' fill="url(#g)"') * 99,
    "gradient chain": chain(99, '<linearGradient id="a0"/>', '<linearGradient id="a{next}" href="#a{i}"/>')
    + FULL.format(' fill="url(#a99)"'),
    "layers": FULL.format(' opacity=".9"') * 9_000,
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
    "blur functions": FULL.format(' filter="blur(3) blur(3) blur(3)"') * 200,
    "list of filters": BLUR + FULL.format(f' filter="{"url(#f) " * 900}"'),
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
    + "".join(f".a{i} g,.b{i}{{fill:red}}" for i in range(4_000))
    + "</style>"
    + "<path/>" * 9_000,
    "siblings": f"<style>{'path~' * 8}path{{fill:red}}</style>" + "<path/>" * 5_000,
    "of type": "<style>:nth-last-of-type(2n){fill:red}</style>" + "<path/>" * 5_000,
    "backtracking selector": f"<style>x {'g ' * 9}path{{fill:red}}</style>" + "<g>" * 60 + "<path/>" + "</g>" * 60,
    "declarations": f"<style>*{{{'fill:red;' * 9_000}}}</style>" + "<path/>" * 5_000,
    "spans": "<text>" + "<tspan>Wa</tspan>" * 4_000 + "</text>",
    "image": image(raster(size=(1900, 1900)), more=' id="i"') + '<use href="#i"/>' * 200,
    "scaled up": '<g transform="scale(1e5)"><g transform="scale(1e5)"><path d="M0 0h9" stroke="red"/></g></g>',
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name: str) -> None:
    with pytest.raises(UnreadableImage, match="^unsafe: "):
        guard_svg(svg(BOMBS[name]))


def test_a_pattern_on_the_root_counts_for_every_shape() -> None:
    body = '<pattern id="p" width="1" height="1">' + "<path/>" * 100 + "</pattern>" + FULL.format("") * 2_000
    with pytest.raises(UnreadableImage, match="^unsafe: "):
        guard_svg(svg(body, root='viewBox="0 0 100 100" fill="url(#p)"'))
    assert guard_svg(svg(body))


@pytest.mark.parametrize(
    "body",
    [
        '<g id="a"><use href="#a"/></g>',
        '<linearGradient id="g" href="#g"/><rect width="9" height="9" fill="url(#g)"/>',
        '<pattern id="p" width="9" height="9"><rect fill="url(#p)"/></pattern>'
        '<rect width="9" height="9" fill="url(#p)"/>',
        '<mask id="m" mask="url(#m)"><path/></mask><rect width="9" height="9" mask="url(#m)"/>',
        '<clipPath id="c"><path clip-path="url(#c)"/></clipPath><rect width="9" height="9" clip-path="url(#c)"/>',
        '<marker id="m"><path marker-mid="url(#m)" d="M0 0h9v9"/></marker><path marker-mid="url(#m)" d="M0 0h9v9"/>',
        '<pattern id="p" width=".0001" height=".0001"><path/></pattern><rect width="9" height="9" fill="url(#p)"/>',
        BLUR + FULL.format(' filter="url(#f)"') * 20,
        FULL.format(' opacity=".5"') * 200,
        '<path stroke="red" stroke-dasharray="1" d="M0 0h100v100h-100z"/>' * 50,
        "<path d='M0 0h1v1z'/>" * 9_000,
        "<style>" + "".join(f".cls-{i}{{fill:red}}" for i in range(200)) + "</style>" + '<path class="cls-1"/>' * 500,
        f"<path d='M0 0{'l1 1l1-1' * 20_000}z'/>",
        f"<style>x {'g ' * 70}path{{fill:red}}</style>" + "<g>" * 60 + "<path/>" + "</g>" * 60,
        f'<g data-x="{"x" * 20_001}"><path/></g>',
        f"<style>@font-face{{font-family:a;src:url(data:font/woff2;base64,{'A' * 300_000})}}</style><path/>",
    ],
)
def test_the_affordable_is_let_through(body: str) -> None:
    assert guard_svg(svg(body)).endswith("</svg>")


# ---- nothing but UnreadableImage

SEEDS = [
    svg(
        '<style>.a{fill:url(#g)}</style><linearGradient id="g"><stop/></linearGradient>'
        '<path class="a" d="M0 0a9 9 0 115 5z"/>'
    ),
    svg(
        BLUR
        + '<g transform="rotate(5) scale(2,3)"><use href="#u" x="5%"/></g><text id="u" filter="url(#f)">&amp;</text>'
    ),
    svg('<pattern id="p" width="1" height="9%"/><rect width="9" height="9" style="fill:url(#p)"/>' + image(raster())),
    svg("<text>&a;</text>", '<!DOCTYPE svg [<!ENTITY a "b"><!ATTLIST g id CDATA "x">]>'),
    gzip.compress(svg('<path d="M0 0h9"/>'), mtime=0),
    svg("<path/>").decode().encode("utf-16"),
]


def check_total(data: bytes) -> None:
    try:
        text = guard_svg(data)
    except UnreadableImage:
        return
    assert text.startswith("<svg ")


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_random_bytes_are_unreadable_at_worst(data: bytes) -> None:
    check_total(data)
    check_total(b"<svg>" + data)


@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 12),
            st.binary(max_size=4)
            | st.sampled_from([b"<", b">", b"&", b'"', b"url(", b"1e9", b"-", b"nan", b"%", b"{", b"#", b"0"]),
        ),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=400)
def test_mutated_drawings_are_unreadable_at_worst(seed: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for position, removed, inserted in edits:
        position %= len(seed)
        seed = seed[:position] + inserted + seed[position + removed :]
    check_total(seed)
