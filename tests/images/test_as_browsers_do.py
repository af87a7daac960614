"""Drawings that browsers show in a way that is easily missed: each looks as its plain twin does."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from drawn import BLUE, SQUARE, WHOLE, drawn, same


@pytest.mark.parametrize(
    ("root", "transform"),
    [
        ('transform="scale(-1 1)"', "translate(100)scale(-1 1)"),
        ('transform="rotate(90)"', "rotate(90 50 50)"),
        ('style="transform:rotate(180deg)"', "rotate(180 50 50)"),
        ('style="transform:scaleX(-1);transform-origin:0 0"', "scale(-1 1)"),
        ('style="rotate:90deg"', "rotate(90 50 50)"),
        ('display="none"', ""),
        ('style="display:none"', ""),
    ],
)
def test_the_root_turns_about_its_middle_and_cannot_be_hidden(root: str, transform: str) -> None:
    assert same(drawn(WHOLE, root), drawn(f'<g transform="{transform}">{WHOLE}</g>'), within=60)


@pytest.mark.parametrize(
    ("size", "align", "view"),
    [
        ('width="200" height="100"', "xMidYMid", "0 25 100 50"),
        ('width="200" height="100"', "xMinYMin", "0 0 100 50"),
        ('width="100" height="200"', "xMaxYMax", "50 0 50 100"),
    ],
)
def test_a_slice_shows_what_fills_the_picture(size: str, align: str, view: str) -> None:
    sliced = drawn(WHOLE, f'{size} preserveAspectRatio="{align} slice"')
    assert same(sliced, drawn(WHOLE, size=f'viewBox="{view}"'))


SYMBOL = '<symbol id="s" viewBox="0 0 10 10"{}><circle cx="5" cy="5" r="4"/></symbol>'
OF_40, OF_9 = SYMBOL.format(' width="40" height="40"'), SYMBOL.format(' width="9" height="9"')
TWINS = {
    "symbol with a size": (f'{OF_40}<use href="#s"/>', "20 20 16"),
    "use with shares": (f'{SYMBOL.format("")}<use href="#s" width="50%" height="50%"/>', "25 25 20"),
    "use with a size": (f'{OF_9}<use href="#s" width="50" height="50"/>', "25 25 20"),
    "part that is turned": (
        '<svg x="30" y="-70" width="40" height="40" transform="rotate(90)"><circle cx="20" cy="20" r="20"/></svg>',
        "50 50 20",
    ),
    "box of contents": (
        '<circle cx="20" cy="20" r="10" style="transform-box:content-box;transform-origin:0 0;transform:scale(2)"/>'
        '<rect x="49" y="49" width="1" height="1"/>',
        "30 30 20",
    ),
    "shares in a symbol": (
        '<symbol id="s" viewBox="0 0 10 10"><circle cx="50%" cy="50%" r="20%"/></symbol><use href="#s"/>',
        "50 50 20",
    ),
    "sum of shares and lengths": ('<circle cx="calc(40% + 10px)" cy="50" r="min(30%, 20px)"/>', "50 50 20"),
    "the same in a style": ('<circle style="cx:calc(100% - 50px);cy:50%;r:calc(1px*20)"/>', "50 50 20"),
    "lengths without unit": ('<circle style="cx:50;cy:50;r:20"/>', "50 50 20"),
    "shares of the window": ('<circle cx="50vw" cy="50vh" r="20"/>', "50 50 20"),
    "link in percent": ('<defs><circle id="a b" cx="50" cy="50" r="20"/></defs><use href="#a%20b"/>', "50 50 20"),
    "link beyond ASCII": (
        '<defs><circle id="\u00fc" cx="50" cy="50" r="20"/></defs><use href="#%C3%BC"/>',
        "50 50 20",
    ),
    "brackets in a link": (
        '<clipPath id="a(1)"><circle cx="50" cy="50" r="20"/></clipPath>'
        """<rect width="100" height="100" clip-path="url('#a(1)')"/>""",
        "50 50 20",
    ),
    "box and shape that clip": (
        '<rect x="30" y="30" width="50" height="50" style="clip-path:view-box circle(20px)"/>'
        '<circle cx="50" cy="50" r="20"/>',
        "50 50 20",
    ),
    "style beyond the picture": (
        '<metadata><style>circle{r:20px}</style></metadata><circle cx="50" cy="50"/>',
        "50 50 20",
    ),
    "style of a page": (
        '<style xmlns="http://www.w3.org/1999/xhtml">circle{r:20px}</style><circle cx="50" cy="50"/>',
        "50 50 20",
    ),
    "style of something unknown": ("<foo><style>circle{r:20px}</style></foo><circle cx='50' cy='50'/>", "50 50 20"),
    "layer turned back": (
        "<style>@layer a{circle{r:20px}}@layer b{circle{r:revert-layer}}</style><circle cx='50' cy='50'/>",
        "50 50 20",
    ),
    "one of several": (
        "<style>:nth-child(1 of circle,rect){r:20px}</style><path/><circle cx='50' cy='50'/>",
        "50 50 20",
    ),
    "a feature of SVG 1.1 is there": (
        '<switch><g requiredFeatures="http://www.w3.org/TR/SVG11/feature#Extensibility">'
        "<circle cx='50' cy='50' r='20'/></g><rect width='100' height='100'/></switch>",
        "50 50 20",
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_twins(name: str) -> None:
    odd, circle = TWINS[name]
    x, y, radius = circle.split()
    assert same(drawn(odd), drawn(f'<circle cx="{x}" cy="{y}" r="{radius}"/>'), within=60)


@pytest.mark.parametrize(
    ("shape", "rect"),
    [
        ("rect(10px 50px 60px 5px)", 'x="5" y="10" width="45" height="50"'),
        ("rect(auto 50% auto 0)", 'width="50" height="100"'),
        ("xywh(10px 20px 50% 30%)", 'x="10" y="20" width="50" height="30"'),
        ("fill-box", 'width="100" height="100"'),
    ],
)
def test_rectangles_that_clip(shape: str, rect: str) -> None:
    assert same(drawn(f'{SQUARE} style="clip-path:{shape}"/>'), drawn(f'<rect {rect} fill="{BLUE}"/>'), within=60)


def test_a_style_sheet_of_a_framework_does_not_hide_the_rules_that_count() -> None:
    framework = "".join(f".btn-{number}:hover>.x,#y-{number} a{{color:red;margin:0 auto}}" for number in range(9_000))
    assert len(framework) > 400_000
    body = f"<style>{framework.replace('>', '&gt;')}.a{{fill:{BLUE}}}</style>"
    assert same(drawn(f'{body}<rect class="a" width="100" height="100"/>'), drawn(f"{SQUARE}/>"))


@pytest.mark.parametrize(
    "colour", ["rgb(255 0 0 / 50%)", "hsl(0deg 100% 50% / .5)", "rgba(255, 0, 0, .5)", "color-mix(in srgb, red, #f000)"]
)
def test_a_shadow_has_a_colour_in_any_notation(colour: str) -> None:
    shape = '<rect width="50" height="50" style="filter:drop-shadow({})"/>'
    plain = drawn(shape.format("20px 20px #ff000080"))
    assert plain[30, 30, 0] == 255
    assert same(drawn(shape.format(f"20px 20px 0 {colour}")), plain)
    assert same(drawn(shape.format(f"{colour} 20px 20px")), plain)


def test_light_that_is_added_lightens() -> None:
    over = '<rect width="100" height="100" fill="#303030" style="mix-blend-mode:plus-lighter"/>'
    assert (np.abs(drawn(f"{SQUARE}/>{over}")[25, 25] - (48, 176, 255, 255)) <= 25).all()


CURVES = [
    "M20 50C20 10 60 10 60 50S80 90 90 50",
    "M10 50Q30 0 50 50T90 50",
    "M20 60a30 15 30 1 1 40-20",
    "M30 30A25 12 0 0 0 80 30",
    "M50 50a5 5 0 0 1 30 0z",
    "m10 10h50v30l-20 5z",
]


@pytest.mark.parametrize("path", CURVES)
def test_what_turns_about_its_own_middle_turns_about_what_is_seen_of_it(path: str) -> None:
    shape = f'<path d="{path}" fill="{BLUE}"/>'
    turned = drawn(f'<g style="transform-box:fill-box;transform-origin:center;transform:rotate(180deg)">{shape}</g>')
    before, after = (np.argwhere(image[..., 3] > 127) for image in (drawn(shape), turned))
    assert np.abs(before.min(axis=0) - after.min(axis=0)).max() <= 1
    assert np.abs(before.max(axis=0) - after.max(axis=0)).max() <= 1


def test_a_gradient_is_turned_by_its_style() -> None:
    stops = '<stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>'
    filled = '<rect width="100" height="100" fill="url(#g)"/>'
    turned = f'<linearGradient id="g" style="transform:rotate(90deg)">{stops}{filled}'
    assert same(drawn(turned), drawn(f'<linearGradient id="g" gradientTransform="rotate(90)">{stops}{filled}'))


GRADIENT = '<stop stop-color="red"/><stop offset="1" stop-color="blue"/>'
HANDED_ON = {
    "linearGradient": (GRADIENT, 'gradientTransform="rotate(90)"'),
    "radialGradient": (GRADIENT, 'gradientTransform="translate(.4)"'),
    "pattern": ('<rect width=".1" height=".1"/>', 'patternTransform="scale(3)"'),
}


@pytest.mark.parametrize("tag", HANDED_ON)
def test_a_gradient_or_pattern_takes_over_the_transform_of_the_one_it_is_linked_to(tag: str) -> None:
    content, transform = HANDED_ON[tag]
    size = 'width=".2" height=".2" patternContentUnits="objectBoundingBox"' if tag == "pattern" else ""
    filled = '<rect width="100" height="100" fill="url(#c)"/>'
    links = f'<{tag} id="c" href="#b"/><{tag} id="b" href="#a"/>'
    whole = f'<{tag} id="a" {size} {{}}>{content}</{tag}>'
    plain = drawn(whole.format(transform) + filled.replace("#c", "#a"))
    assert not same(plain, drawn(whole.format("") + filled.replace("#c", "#a")))
    assert same(plain, drawn(links + whole.format(transform) + filled))
    own = links.replace('"#b"', f'"#b" {transform}').replace('"#a"', '"#a" gradientTransform="" patternTransform=""')
    assert same(plain, drawn(own + whole.format("") + filled))
    turned = links.replace('id="a"', 'id="a" href="#c"')  # in a circle
    assert same(plain, drawn(turned + whole.format(transform) + filled))


def test_a_drawing_inside_is_as_large_as_it_says() -> None:
    filled = f'<rect width="30" height="20" fill="{BLUE}"/>'
    inner = f'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">{filled}</svg>'
    link = "data:image/svg+xml;base64," + base64.b64encode(inner.encode()).decode()
    assert same(drawn(f'<image x="10" href="{link}"/>'), drawn(filled.replace("<rect", '<rect x="10"')))


INSIDE = '<rect width="60" height="60" fill="red"/><rect x="20" y="20" width="80" height="80"/>'


@pytest.mark.parametrize(
    ("effect", "around", "within"),
    [
        ('opacity=".5"', 'opacity=".5"', ""),
        ('style="opacity:.5;transform:translate(9px,0)"', 'opacity=".5" transform="translate(9)"', ""),
        ('clip-path="url(#c)" transform="rotate(5)"', 'transform="rotate(5)"', 'clip-path="url(#c)"'),
        ('style="mask:url(#m);fill:#0080ff"', 'fill="#0080ff"', 'mask="url(#m)"'),
        ('filter="url(#f)"', "", 'filter="url(#f)"'),
        ('style="mix-blend-mode:multiply"', 'style="mix-blend-mode:multiply"', ""),
    ],
)
def test_a_nested_drawing_has_its_effects_once(effect: str, around: str, within: str) -> None:
    defined = (
        '<clipPath id="c"><circle cx="40" cy="40" r="25"/></clipPath><rect width="50" height="100" fill="#8f8"/>'
        '<mask id="m"><rect width="50" height="100" fill="#888"/></mask>'
        '<filter id="f"><feOffset dx="9"/></filter>'
    )
    nested = '<svg x="10" y="10" width="70" height="70" {}>{}</svg>'
    expected = f"<g {around}>{nested.format('', f'<g {within}>{INSIDE}</g>')}</g>"
    assert same(drawn(defined + nested.format(effect, INSIDE)), drawn(defined + expected))


def test_a_nested_drawing_for_another_language_is_left_out_also_where_it_is_turned() -> None:
    choice = '<switch><svg systemLanguage="{}" transform="scale(.5)">{}</svg><g>{}</g></switch>'
    plain = '<rect width="30" height="30" fill="red"/>'
    assert same(drawn(choice.format("xx", INSIDE, plain)), drawn(plain))
    assert same(drawn(choice.format("en", INSIDE, plain)), drawn(f'<g transform="scale(.5)">{INSIDE}</g>'))


@pytest.mark.parametrize("clip", ["circle(1e30px)", "inset(-1e30px)", "polygon(0 0,1e30px 0,0 1e30px)"])
def test_a_clip_beyond_any_drawing_cuts_nothing_off(clip: str) -> None:
    assert same(drawn(f'<g clip-path="{clip}">{INSIDE}</g>'), drawn(INSIDE))


@pytest.mark.parametrize(
    "outer",
    ["transform:scale(50%)", "transform:scaleX(.5) scaleY(.5)", "scale:.5", "transform:rotate(.5turn)scale(.5)"],
)
@pytest.mark.parametrize(("claimed", "width"), [("2mm", 15.118), ("8", 16)])
def test_a_stroke_that_does_not_scale_has_its_width_in_any_unit_and_transform(
    outer: str, claimed: str, width: float
) -> None:
    group = '<g style="{}"><path d="M10 50h80" stroke="red" {}/></g>'
    odd = group.format(outer, f'stroke-width="{claimed}" vector-effect="non-scaling-stroke"')
    assert same(drawn(odd), drawn(group.format(outer, f'stroke-width="{width}"')))


def test_dashes_along_a_claimed_length_may_be_in_any_unit() -> None:
    dashes = '<path d="M0 50h90" stroke="red" stroke-width="30" pathLength="20" stroke-dasharray="{}"/>'
    assert same(drawn(dashes.format("1mm, 2pt")), drawn(dashes.format("3.7795 2.6667")))


@pytest.mark.parametrize(
    ("size", "width"),
    [
        ('width="25" height="25"', 40),
        ('width="200" height="200"', 5),
        ('width="25" height="50"', 40),
        ('width="25"', 40),
        ('width="100%" height="200"', 5),
        ('width="100%" height="100%"', 10),
        ("", 10),
    ],
)
def test_a_stroke_that_does_not_scale_goes_by_the_size_that_the_drawing_claims(size: str, width: int) -> None:
    line = '<path d="M10 50h80" stroke="red" {}/>'
    odd = line.format('stroke-width="10" vector-effect="non-scaling-stroke"')
    size = f'viewBox="0 0 100 100" {size}'
    assert same(drawn(odd, size=size), drawn(line.format(f'stroke-width="{width}"'), size=size))
