"""Style as browsers have it: the same drawing however its colours are written, and whichever rules give them."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from drawn import BLUE, drawn, guarded, same
from PIL import Image
from rasters import saved

SVG = "http://www.w3.org/2000/svg"
WHITE = "#ffffff"
SHAPES = '<rect width="90" height="100" {a}/><path d="M20 20h30v40h-30z" {b}/>'


def plain(a: str = BLUE, b: str = WHITE) -> np.ndarray:
    return drawn(SHAPES.format(a=f'fill="{a}"', b=f'fill="{b}"'))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("rgb(0 128 255 / 1)", "rgb(255 255 255)"),
        ("rgb(0% 50.2% 100%)", "rgba(255, 255, 255, 1)"),
        ("hsl(209.9deg, 100%, 50%)", "hsl(0 0% 100% / 100%)"),
        ("hsl(.583turn 100% 50%)", "hwb(0 100% 0%)"),
        ("color(srgb 0 .502 1)", "lab(100% 0 0)"),
        ("oklch(61.6% .2108 256.2)", "oklab(1 0 0)"),
        ("color(display-p3 .2072 .4942 .9711)", "color(display-p3 1 1 1)"),
        ("light-dark(#0080ff, #fff)", "light-dark(white, black)"),
        ("#0080ff icc-color(sc, 1, 0)", "Canvas"),
        ("var(--c, #0080ff)", "var(--a, var(--b, #fff))"),
    ],
)
def test_every_notation_of_a_colour(a: str, b: str) -> None:
    assert same(drawn(SHAPES.format(a=f'fill="{a}"', b=f'fill="{b}"')), plain(), within=5)
    assert same(drawn(SHAPES.format(a=f'style="fill:{a}"', b=f'style="fill:{b}"')), plain(), within=5)
    assert same(
        drawn(f"<style>rect{{fill:{a}}}path{{fill:{b}}}</style>" + SHAPES.format(a="", b="")), plain(), within=5
    )


def test_see_through_colours_stay_so() -> None:
    half = drawn('<rect width="100" height="100" fill="rgb(0 128 255 / 50%)"/>')
    assert abs(int(half[25, 25, 3]) - 128) <= 1


@pytest.mark.parametrize(
    "declared",
    [
        "fill:#0080ff;fill:color(no-such-space 1 0 0)",
        "fill:#0080ff;fill:rgb(1",
        "fill:#0080ff;fill:nocolour",
        "fill:#0080ff!important;fill:red",
        "--x:#0080ff;fill:var(--x)",
        "FILL:#0080FF",
    ],
)
def test_what_is_invalid_does_not_count_and_the_one_before_does(declared: str) -> None:
    assert same(drawn(SHAPES.format(a=f'style="{declared}"', b=f'fill="{WHITE}"')), plain())


RULES = {
    "media": "@media screen{.a{fill:#0080ff}.b{fill:#fff}}",
    "light": "@media (prefers-color-scheme:dark){.a{fill:red}}@media (prefers-color-scheme: light){.a{fill:#0080ff}}"
    ".b{fill:#fff}",
    "print": ".a{fill:#0080ff}.b{fill:#fff}@media print{.a{fill:red}}@media not all{.b{fill:red}}",
    "small screens": ".a{fill:#0080ff}.b{fill:#fff}@media (max-width:40em){.a{fill:red}}",
    "supports": "@supports (fill:red){.a{fill:#0080ff}}@supports not (fill:red){.a{fill:red}}.b{fill:#fff}",
    "layer": "@layer one,two;@layer two{.a{fill:#0080ff}}@layer one{.a{fill:red}}.b{fill:#fff}@layer{.b{fill:red}}",
    "bare supports": ".a{fill:#0080ff}@supports fill:red{.a{fill:red}}.b{fill:#fff}@supports 5px{*{fill:red}}",
    "nested": "@media all{@supports (x:1px){@layer z{.a{fill:#0080ff}.b{fill:#fff}}}}",
    "is": ":is(.a,.z){fill:#0080ff}:where(.b){fill:#fff}",
    "not": ".a:not(.z){fill:#0080ff}.b:not(rect){fill:#fff}",
    "nth": ":nth-child(2){fill:#0080ff}.b:nth-last-child(1){fill:#fff}",
    "of type": "rect:first-of-type{fill:#0080ff}path:only-of-type{fill:#fff}",
    "root": ":root{--brand:#0080ff;--paper:#fff}.a{fill:var(--brand)}.b{fill:var(--paper)}",
    "inherited": "svg{--brand:#0080ff}.a{fill:var(--brand)}.b{fill:var(--none,#fff)}",
    "specificity": "#r{fill:#0080ff}rect.a{fill:red}.b{fill:red}path.b{fill:#fff}",
    "important": ".a{fill:#0080ff!important}#r{fill:red}.b{fill:#fff}",
    "siblings": "style+rect{fill:#0080ff}rect~path{fill:#fff}",
    "attributes": "[width='90']{fill:#0080ff}[d^=M20]{fill:#fff}",
    "half of a number": ".a{fill:#0080ff}:nth-child(2n+){fill:red}.b,:nth-of-type(n -){fill:red}.b{fill:#fff}",
    "after what cannot be read": "@import url(x.css);a{{b}}.a{fill:#0080ff}:what(.b){fill:red}.b{fill:#fff}",
    "comments": "/* .a{fill:red} */.a{/**/fill:#0080ff}<!-- .b{fill:#fff} -->",
}


@pytest.mark.parametrize("name", RULES)
def test_rules_that_apply(name: str) -> None:
    body = SHAPES.format(a='id="r" class="a"', b='class="b"')
    assert same(drawn(f"<style>{RULES[name].replace('<', '&lt;')}</style>{body}"), plain())
    text = guarded(
        f'<svg xmlns="http://www.w3.org/2000/svg"><style>{RULES[name].replace("<", "&lt;")}</style></svg>'.encode()
    )
    assert "<style" not in text, "no renderer sees a style sheet"


def test_a_style_attribute_beats_rules_and_rules_beat_attributes() -> None:
    body = "<style>*{fill:#fff}</style>" + SHAPES.format(a='fill="red" style="fill:#0080ff"', b='fill="red"')
    assert same(drawn(body), plain())


@pytest.mark.parametrize(
    "variables",
    [
        "--a:var(--b);--b:var(--a)",
        ";".join(f"--v{i}:{f'var(--v{i + 1}) ' * 9}" for i in range(40)) + ";--a:var(--v0)",
        "--a:" + "(" * 5000,
    ],
)
def test_variables_in_circles_and_bombs_of_them_end(variables: str) -> None:
    body = f"<style>:root{{{variables}}}.a{{fill:var(--a,#0080ff)}}</style>" + SHAPES.format(a='class="a"', b="")
    drawn(body)


ANIMATED = {
    "fade": '<g opacity="0">{0}<animate attributeName="opacity" from="0" to="1" dur="1s" fill="freeze"/></g>',
    "values": '<g opacity="0">{0}<animate attributeName="opacity" values="0;.2;1" begin="1s" fill="freeze"/></g>',
    "set": '<g visibility="hidden">{0}<set attributeName="visibility" to="visible" begin="2s"/></g>',
    "after another": '<g opacity="0">{0}<animate attributeName="opacity" to="1" begin="x.end+1s" fill="freeze"/>'
    '<set id="x" attributeName="opacity" to=".1" dur="1s"/></g>',
    "endless": '<g opacity="0">{0}<animate attributeName="opacity" values="0;1;0" repeatCount="indefinite"/></g>',
    "from afar": '<g id="g" opacity="0">{0}</g><animate href="#g" attributeName="opacity" to="1" fill="freeze"/>',
    "scale": '<g transform="scale(0)">{0}<animateTransform attributeName="transform" type="scale" to="1" '
    'fill="freeze"/></g>',
    "keyframes": "<style>@keyframes in{{from{{opacity:0}}to{{opacity:1}}}}"
    "g{{opacity:0;animation:in 1s forwards}}</style><g>{0}</g>",
    "endless keyframes": "<style>@keyframes p{{0%,100%{{opacity:.1}}50%{{opacity:1}}}}"
    "g{{opacity:0;animation:p 1s infinite}}</style><g>{0}</g>",
    "width": '{0}<rect width="0" height="100" display="none"><animate attributeName="width" to="9"/></rect>',
    "on a click": '{0}<rect width="99" height="99" opacity="0">'
    '<set attributeName="opacity" to="1" begin="click"/></rect>',
    "endless turning": '<g>{0}<animateTransform attributeName="transform" type="rotate" values="0 9 9;90 9 9" '
    'repeatCount="indefinite"/></g>',
    "endless growing": '<g transform="scale(0)">{0}<animateTransform attributeName="transform" type="scale" '
    'values="0;1;0" repeatCount="indefinite"/></g>',
    "endless sliding": "<style>@keyframes s{{to{{transform:translate(90px)}}}}g{{animation:s 1s infinite}}</style>"
    "<g>{0}</g>",
    "both": "<style>@keyframes in{{from{{opacity:0}}}}g{{animation:in 1s both}}</style><g>{0}</g>",
    "gone again": '<g>{0}<animate attributeName="opacity" from="0" to=".1" dur="1s"/></g>',
}


@pytest.mark.parametrize("name", ANIMATED)
def test_animations_have_ended(name: str) -> None:
    shapes = SHAPES.format(a=f'fill="{BLUE}"', b=f'fill="{WHITE}"')
    assert same(drawn(ANIMATED[name].format(shapes)), plain())


@pytest.mark.parametrize("name", ["filter", "mask", "clip-path", "marker-end"])
def test_links_to_nothing_hide_nothing(name: str) -> None:
    shapes = SHAPES.format(a=f'fill="{BLUE}"', b=f'fill="{WHITE}"')
    assert same(drawn(f'<g {name}="url(#gone)">{shapes}</g>'), plain())
    assert same(drawn(f'<g style="{name}:url(#gone)">{shapes}</g>'), plain())


def picture(format: str = "PNG", mode: str = "RGB") -> bytes:
    return saved(Image.new("RGB", (20, 20), BLUE).convert(mode), format, quality=98)


INNER = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#0080ff"/></svg>'

AROUND = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><image width="9" height="9" href="data:;base64,'
    + base64.b64encode(INNER)
    + b'"/></svg>'
)


@pytest.mark.parametrize(
    "link",
    [
        "data:image/png;base64," + base64.b64encode(picture()).decode(),
        "data:image/png;charset=utf-8;base64," + base64.b64encode(picture()).decode(),
        "data:img/png;base64," + base64.b64encode(picture()).decode(),
        "data:;base64," + base64.b64encode(picture()).decode(),
        "data:image/png;base64," + base64.b64encode(picture()).decode().rstrip("="),
        "data:image/png;base64," + base64.b64encode(picture()[:-12]).decode(),
        "data:image/avif;base64," + base64.b64encode(picture("AVIF")).decode(),
        "data:image/bmp;base64," + base64.b64encode(picture("BMP")).decode(),
        "data:image/svg+xml;base64," + base64.b64encode(INNER.decode().encode("utf-16")).decode(),
        "data:image/svg+xml;base64," + base64.b64encode(AROUND).decode(),
        "DATA:image/jpeg; BASE64," + base64.encodebytes(picture()).decode(),
        "data:image/svg+xml;base64," + base64.b64encode(INNER).decode(),
        "data:image/svg+xml;utf8," + INNER.decode().replace("#", "%23").replace('"', "'").replace("<", "%3C"),
    ],
)
def test_pictures_inside_whatever_their_link(link: str) -> None:
    found = drawn(f'<image width="100" height="100" href="{link}"/>')
    assert same(found, drawn(f'<rect width="100" height="100" fill="{BLUE}"/>'), within=3)


def test_a_jpeg_of_printing_inks_inside_has_its_colours() -> None:
    link = "data:image/jpeg;base64," + base64.b64encode(picture("JPEG", "CMYK")).decode()
    found = drawn(f'<image width="100" height="100" href="{link}"/>')
    assert same(found, drawn(f'<rect width="100" height="100" fill="{BLUE}"/>'), within=12)


@pytest.mark.parametrize("name", ["UTF8", "utf-8"])
def test_what_is_wrong_in_an_encoding_or_a_remark_is_mended(name: str) -> None:
    text = f'<?xml version="1.0" encoding="{name}"?><!-- a -- b --><svg xmlns="{SVG}"><path id="\u00e9"/></svg>'
    assert 'id="\u00e9"' in guarded(text.encode())
    assert "<path" in guarded(text.encode("latin-1"))


def test_encodings_that_the_parser_does_not_know() -> None:
    prolog = '<?xml version="1.0" encoding="gb2312"?>'
    text = f'{prolog}<svg xmlns="http://www.w3.org/2000/svg"><text id="\u4e2d">\u56fd</text></svg>'
    assert "\u4e2d" in guarded(text.encode("gb2312"))
