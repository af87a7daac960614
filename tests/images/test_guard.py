"""What the guard keeps of a drawing, and what it drops."""

import gzip

import pytest
from bomb_drawings import svg
from drawn import guarded

from logo_retrieval.images.guard.guard import guard

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
    assert body in guarded(svg(body))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbf" + svg('<title>x</title><path d="M0 0h9v9z"/>'), 1),
        (b"\n\t <?xml version='1.0'?>" + svg('<path d="M0 0h9v9z"/>'), 1),
        (("<?xml version='1.0' encoding='UTF-16'?>" + ACCENTED).encode("utf-16"), 1),
        (("<?xml version='1.0' encoding='ISO-8859-1'?>" + ACCENTED).encode("latin-1"), 1),
        (("<?xml version='1.0' encoding='utf-8'?>" + ACCENTED).encode("utf-16"), 1),
        (ACCENTED.encode("utf-32"), 1),
        (ACCENTED.encode("utf-16-be"), 1),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + svg("<path/>"), 1),
        (b"<?xml version='1.0' encoding=''?>" + svg("<path/>"), 1),
        (b"<?xml version='1.0'?>\n<?xml version='1.0'?>" + svg("<path/>"), 1),
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
        (gzip.compress(svg("<path/>")[:40], mtime=0) + gzip.compress(svg("<path/>")[40:], mtime=0) + bytes(9), 1),
    ],
)
def test_encodings_and_dialects(data: bytes, expected: int) -> None:
    text = guarded(data)
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert text.count("<path") + text.count("<use") == expected


def test_an_accent_survives_its_encoding() -> None:
    assert 'id="\u00e9"' in guarded(("<?xml version='1.0' encoding='ISO-8859-1'?>" + ACCENTED).encode("latin-1"))


def test_harmless_entities_work_as_illustrator_writes_them() -> None:
    prolog = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" ['
        '<!ENTITY ns_svg "http://www.w3.org/2000/svg"><!ENTITY tone "0a0"><!ENTITY paint "#&tone;">]>'
    )
    text = guarded(f'{prolog}<svg xmlns="&ns_svg;"><rect width="9" fill="&paint;"/></svg>'.encode())
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
    text = guarded(svg(body + '<path d="M0 0h9v9z"/>'))
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
    text = guarded(svg("<text>&x;</text><path/>", prolog))
    assert "bait" not in text
    assert "<path/>" in text


def test_fallback_colour_replaces_an_outside_paint() -> None:
    text = guarded(svg('<path fill="url(x.svg#g) red"/><path fill="url(x.svg#g)"/><path fill="url(#g) red"/>'))
    assert '<path fill="red"/><path fill="none"/><path fill="url(#g) red"/>' in text


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
    assert dropped not in guarded(svg(element)).partition(">")[2]
