"""What CSS can say and a renderer cannot read: each drawing looks as its plain twin does."""

from __future__ import annotations

import base64

import pytest
from drawn import BLUE, SQUARE, WHOLE, drawn, guarded, same

CLASSED = '<rect id="a" class="a" width="90" height="100"/><path class="b" d="M20 20h30v40h-30z"/>'


@pytest.mark.parametrize(
    "colour",
    [
        "color-mix(in srgb, #0000ff, #00ffff)",
        "color-mix(in oklab, #0080ff 100%, red)",
        "color-mix(in oklch longer hue, #0080ff, red 0%)",
        "color-mix(in srgb, currentColor, color-mix(in lab, #0080ff, #0080ff))",
        "rgb(from #ff8000 b g r)",
        "rgb(from #0040ff r calc(g * 2) b / alpha)",
        "hsl(from currentcolor h s l)",
        "oklch(from #0080ff l c h / 100%)",
        "color(from #0080ff srgb r g b)",
        "rgb(calc(0) calc(100 + 28) min(510 / 2, 300))",
        "rgb(0% 128 100%)",
        "light-dark(color-mix(in srgb, #0080ff, #0080ff), red)",
        "rgb(calc(NaN) calc(sqrt(16384)) calc(infinity))",
        "rgb(0 round(127.6) calc(255 * sin(90deg)))",
        "hsl(atan2(-1, -1.7320508) 100% 50%)",
        "rgb(rem(510, 255) mod(-127, 255) calc(pow(2, 8) - sign(5)))",
        "VAR(--none, #0080ff)",
        "env(none, #0080ff)",
        "context-fill #0080ff",
        "#0080ff device-cmyk(1, .5, 0, 0)",
        "CurrentColor",
        "COLOR(SRGB 0 .5 1)",
    ],
)
def test_colours_made_of_others(colour: str) -> None:
    shape = WHOLE.replace(f'fill="{BLUE}"', "{}")
    for declared in (f'fill="{colour}"', f'style="fill:{colour}"'):
        assert same(drawn(shape.format(declared), f'color="{BLUE}"'), drawn(WHOLE))


@pytest.mark.parametrize(
    ("colour", "plain"),
    [
        ("lab(150 0 0)", "#fff"),
        ("oklch(150% .21 256)", "#9ff"),
        ("lch(-20 0 0)", "#000"),
        ("LinkText", "#00e"),
        ("ThreeDFace", "#efefef"),
        ("contrast-color(navy)", "#fff"),
        ("color-mix(in srgb, red -5%, blue)", "#fc0"),
    ],
)
def test_colours_at_their_limits(colour: str, plain: str) -> None:
    assert same(drawn(f'{SQUARE} style="fill:#fc0;fill:{colour}"/>'), drawn(f'{SQUARE} style="fill:{plain}"/>'))


def test_the_current_colour_of_stops_floods_and_mixtures() -> None:
    plain = drawn(f"{SQUARE}/>")
    stop = '<linearGradient id="g" color="#0080ff"><stop stop-color="{}"/></linearGradient>{} style="fill:url(#g)"/>'
    assert same(drawn(stop.format("currentColor", SQUARE)), plain)
    flood = '<filter id="f" x="0" y="0" width="1" height="1" color="#0080ff"><feFlood flood-color="currentColor"/>'
    assert same(drawn(f'{flood}</filter><rect width="100" height="100" filter="url(#f)"/>'), plain)
    mixed = "color:color-mix(in srgb, currentColor 50%, #00f)"
    assert same(
        drawn(f'<g color="#0ff"><g style="{mixed}" fill="currentColor"><rect width="100" height="100"/></g></g>'), plain
    )


@pytest.mark.parametrize("value", ["none", "context-fill", "nocolour"])
def test_only_a_paint_may_be_none(value: str) -> None:
    declared = f"stop-color:#0080ff;stop-color:{value}"
    body = f'<linearGradient id="g"><stop style="{declared}"/></linearGradient>{SQUARE} style="fill:url(#g)"/>'
    assert same(drawn(body), drawn(f"{SQUARE}/>"))


@pytest.mark.parametrize("value", ["nocolour", "#12", "", "color-mix(in srgb, red)", "rgb(from", "color(--own 1 0 0)"])
def test_an_attribute_that_is_no_colour_leaves_the_inherited_one(value: str) -> None:
    odd = f'<g fill="{BLUE}"><rect width="90" height="100" fill="{value}"/></g>'
    assert same(drawn(odd + WHOLE[WHOLE.index("<path") :]), drawn(WHOLE))


RULES = {
    "width range": "@media (10px < width <= 90000px){.a{fill:#0080ff}}",
    "range that fails": ".a{fill:#0080ff}@media (width < 1px){.a{fill:red}}",
    "and not": "@media screen and (not (prefers-color-scheme:dark)){.a{fill:#0080ff}}",
    "in brackets": "@media ((prefers-color-scheme:light) and (min-width:calc(1px + 1px))){.a{fill:#0080ff}}",
    "unknown feature": ".a{fill:#0080ff}@media not (foo:bar){.a{fill:red}}",
    "no hover": ".a{fill:#0080ff}@media (hover:none){.a{fill:red}}",
    "resolution": "@media (min-resolution:1dppx){.a{fill:#0080ff}}",
    "not supported": ".a{fill:#0080ff}@supports (-ms-ime-align:auto) or (fill:nope){.a{fill:red}}",
    "important layers": "@layer a,b;@layer b{.a{fill:red!important}}@layer a{.a{fill:#0080ff!important}}",
    "layer beats none when important": "@layer a{.a{fill:#0080ff!important}}.a{fill:red!important}",
    "layers in layers": "@layer a.f,a.c;@layer a{@layer c{.a{fill:#0080ff}}@layer f{.a{fill:red}}}",
    "import": "@import url('data:text/css,.a%7Bfill:%230080ff%7D') layer(x);",
    "import for print": "@import 'data:text/css,.a%7Bfill:red!important%7D' print;.a{fill:#0080ff}",
    "namespace": "@namespace svg url(http://www.w3.org/2000/svg);svg|rect{fill:#0080ff}",
    "container": "@container logo (min-width:1px){.a{fill:#0080ff}}",
    "scope": "@scope (svg){.a{fill:#0080ff}}",
    "property": "@property --c{syntax:'<color>';inherits:true;initial-value:#0080ff}.a{fill:var(--c)}",
    "nested": "svg{& .a{fill:#0080ff}}",
    "nested without &": "svg{> .a{fill:#0080ff}}",
    "nested in itself": "rect{&.a{&:not(.z){fill:#0080ff}}}",
    "nested media": ".a{fill:red;@media screen{fill:#0080ff}}",
    "nested the other way": ".a{svg &{fill:#0080ff}}",
    "has": "svg:has(> path) .a{fill:#0080ff}",
    "escapes": r".\61{fill:#0080ff}.md\:a{fill:red}",
    "one bad selector takes none along in :is": ".a:is(.z,:foo,:is(#a,:bar)),.a:where(:foo){fill:#0080ff}",
    "what no browser knows": ".a{fill:#0080ff}@supports (foo:bar) or (display:bar) or selector(:foo){.a{fill:red}}",
    "what every browser knows": "@supports (display:grid) and (--x:y) and (fill:lab(1 1 1)) and selector(a:is(b))"
    "{.a{fill:#0080ff}}",
    "one bad selector takes all along": ".a{fill:#0080ff}.a,..{fill:red}",
    "a selector of other browsers does not": ".a,.a::-webkit-thing{fill:#0080ff}",
    "variable at its place": ":root{--p:#0080ff;--q:var(--p)}.a{--p:red;fill:var(--q)}",
    "variables in a circle": "svg{--p:var(--q);--q:var(--p)}.a{fill:var(--p,#0080ff)}",
    "variable set back": "svg{--p:red}.a{--p:initial;fill:var(--p,#0080ff)}",
    "variable passed on": "svg{--p:#0080ff}.a{--p:red;--p:inherit;fill:var(--p)}",
    "invalid by its variable": "svg{--z:nocolour;fill:#0080ff}.a{fill:red;fill:var(--z)}",
}


@pytest.mark.parametrize("name", RULES)
def test_rules(name: str) -> None:
    assert same(drawn(f"<style><![CDATA[{RULES[name]}.b{{fill:#fff}}]]></style>{CLASSED}"), drawn(WHOLE))


@pytest.mark.parametrize(
    ("declared", "plain"),
    [
        ("opacity:.5;opacity:foo", "opacity:.5"),
        ("opacity:calc(1/2)", "opacity:.5"),
        ("display:none;display:9", "display:none"),
        ("DISPLAY:NONE", "display:none"),
        ("visibility:hidden;visibility:foo", "visibility:hidden"),
        ("stroke:red;stroke-width:20px;stroke-width:foo", "stroke:red;stroke-width:20px"),
        ("stroke:red;stroke-width:1.25rem", "stroke:red;stroke-width:20px"),
        ("stroke:red;stroke-width:1.25em", "stroke:red;stroke-width:20px"),
        ("fill:initial", "fill:#000"),
        ("-webkit-filter:invert(1)", "filter:invert(1)"),
    ],
)
def test_values(declared: str, plain: str) -> None:
    assert same(drawn(f'{SQUARE} style="{declared}"/>'), drawn(f'{SQUARE} style="{plain}"/>'))


WAVE = "M10 50Q30 10 50 50T90 50L90 90H20"
DASHED = 'fill="none" stroke="red" stroke-width="9"'
TWINS = {
    "geometry": (
        "<style>rect{width:90px;height:100%}</style><rect fill='#0080ff'/>" + WHOLE[WHOLE.index("<path") :],
        WHOLE,
    ),
    "radius": ('<circle style="cx:50px;cy:50px;r:40px"/>', '<circle cx="50" cy="50" r="40"/>'),
    "path": ("<style>path{d:path('M0 0h50v50z')}</style><path/>", '<path d="M0 0h50v50z"/>'),
    "use": (
        '<symbol id="s"><rect width="90" height="100" fill="var(--c)"/></symbol><use href="#s" style="--c:#0080ff"/>',
        '<rect width="90" height="100" fill="#0080ff"/>',
    ),
    "stroke that does not scale": (
        '<path d="M0 5h10" stroke="red" stroke-width="20" transform="scale(10)" vector-effect="non-scaling-stroke"/>',
        '<path d="M0 50h100" stroke="red" stroke-width="20"/>',
    ),
    "claimed length": (
        '<path d="M0 50h100" stroke="red" stroke-width="20" pathLength="1" stroke-dasharray=".5 1"/>',
        '<path d="M0 50h50" stroke="red" stroke-width="20"/>',
    ),
    "claimed length of a curve": (
        f'<path d="{WAVE}" {DASHED} pathLength="10" stroke-dasharray="2 3"/>',
        f'<path d="{WAVE}" {DASHED} stroke-dasharray="45.66 68.49"/>',
    ),
    "claimed length of a circle": (
        f'<circle cx="50" cy="50" r="30" {DASHED} pathLength="100" stroke-dasharray="25 10"/>',
        f'<circle cx="50" cy="50" r="30" {DASHED} stroke-dasharray="47.124 18.85"/>',
    ),
    "clip that is none": (f'<g id="g"/>{SQUARE} clip-path="url(#g)"/>', f"{SQUARE}/>"),
    "no number for a width": (f'{SQUARE} stroke-width="inherit"/>', f"{SQUARE}/>"),
}


@pytest.mark.parametrize("name", TWINS)
def test_twins(name: str) -> None:
    odd, plain = TWINS[name]
    assert same(drawn(odd), drawn(plain))


def test_the_ground_of_the_outermost_element_is_drawn() -> None:
    assert same(drawn(WHOLE, 'style="background:#fff"'), drawn('<rect width="100" height="100" fill="#fff"/>' + WHOLE))
    assert same(drawn(WHOLE, 'style="enable-background:new 0 0 9 9;background:none"'), drawn(WHOLE))


@pytest.mark.parametrize(
    ("style", "transform"),
    [
        ("transform:translate(10px,0)", "translate(10)"),
        ("transform:translateX(10%)", "translate(10)"),
        ("translate:10px 5px;rotate:90deg;scale:.5", "translate(10 5)rotate(90)scale(.5)"),
        ("transform:translate3d(10px,0,0) rotate(.25turn)", "translate(10)rotate(90)"),
        ("transform:rotate(90deg);transform-origin:center", "rotate(90 50 50)"),
        ("transform:rotate(90deg);transform-origin:right 20px", "rotate(90 100 20)"),
        ("transform:rotate(90deg);transform-origin:center;transform-box:fill-box", "rotate(90 45 50)"),
        ("transform:matrix3d(1,0,0,0,0,1,0,0,0,0,1,0,10,0,0,1)", "translate(10)"),
        ("transform:rotateY(180deg);transform-origin:50px", "matrix(-1 0 0 1 100 0)"),
        ("transform:translate(calc(5px*2),0);transform:foo(3)", "translate(10)"),
        ("transform:none", ""),
    ],
)
def test_transforms(style: str, transform: str) -> None:
    assert same(drawn(f'<g style="{style}">{WHOLE}</g>'), drawn(f'<g transform="{transform}">{WHOLE}</g>'), within=40)


def test_a_box_is_that_of_what_is_drawn() -> None:
    kept = '<defs><rect width="900" height="900"/></defs><clipPath><rect x="-500" width="9" height="9"/></clipPath>'
    style = "transform:rotate(90deg);transform-origin:center;transform-box:fill-box"
    hidden = '<rect width="500" height="9" style="display:none"/><g display="none"><path d="M0 0h9v500"/></g>'
    assert same(drawn(f'<g style="{style}">{kept}{hidden}{WHOLE}</g>'), drawn(f'<g style="{style}">{WHOLE}</g>'))


@pytest.mark.parametrize(
    ("shape", "plain"),
    [
        ("inset(10px 50% 20px 0)", '<rect y="10" width="50" height="70"'),
        ("circle(40px at 50px 50px)", '<circle cx="50" cy="50" r="40"'),
        ("circle(calc(50% - 10px))", '<circle cx="50" cy="50" r="40"'),
        ("inset(0 calc(100% - 30px) 0 0)", '<rect width="30" height="100"'),
        ("polygon(0 0, calc(50% + 5px) 0, 0 100%)", '<path d="M0 0h55L0 100z"'),
        ("circle()", '<circle cx="50" cy="50" r="50"'),
        ("ellipse(50% 25%)", '<ellipse cx="50" cy="50" rx="50" ry="25"'),
        ("polygon(0 0, 100% 0, 0 100%)", '<path d="M0 0h100L0 100z"'),
        ("path('M0 0h100L0 100z')", '<path d="M0 0h100L0 100z"'),
        ("none", '<path d="M0 0h100v100h-100z"'),
    ],
)
def test_shapes_that_clip(shape: str, plain: str) -> None:
    assert same(drawn(f'{SQUARE} style="clip-path:{shape}"/>'), drawn(f'{plain} fill="{BLUE}"/>'), within=60)


LEFT_BEHIND = {
    "aim in a later place": '<animate href="#g" attributeName="opacity" to="1" dur="1s" fill="freeze"/>{0}',
    "begun last, told first": '{0}<animate href="#g" attributeName="opacity" values="0;1" begin="2s" dur="1s" '
    'fill="freeze"/><animate href="#g" attributeName="opacity" values="1;0" dur="1s" fill="freeze"/>',
    "in a circle": '{0}<animate id="i" href="#g" attributeName="opacity" from="0" to="1" begin="0s;o.end" dur="1s" '
    'fill="freeze"/><animate id="o" href="#g" attributeName="opacity" from="1" to="0" begin="i.end" dur="1s" '
    'fill="freeze"/>',
    "by": '{0}<animate href="#g" attributeName="opacity" from=".4" by=".6" dur="1s" fill="freeze"/>',
    "along a line": '{0}<set href="#g" attributeName="opacity" to="1"/><animateTransform href="#g" type="translate" '
    'attributeName="transform" by="-90 0" dur="1s" fill="freeze"/><animateMotion href="#g" path="M9 9h1L90 0" dur="1s" '
    'fill="freeze"/>',
    "endless display": '{0}<animate href="#g" attributeName="opacity" to="1" fill="freeze"/>'
    '<animate href="#g" attributeName="display" values="none;inline;none" dur="1s" repeatCount="indefinite"/>',
    "backwards": "<style>@keyframes k{{from{{opacity:1}}to{{opacity:0}}}}#g{{animation:k 1s reverse both}}</style>{0}",
    "there and back": "<style>@keyframes k{{from{{opacity:1}}to{{opacity:0}}}}"
    "#g{{animation:k 1s 2 alternate forwards}}</style>{0}",
    "two": "<style>@keyframes k{{to{{opacity:1}}}}@keyframes l{{to{{transform:none}}}}#g{{transform:scale(0);"
    "animation:k 1s steps(2,end),l 1s;animation-fill-mode:forwards}}</style>{0}",
    "endless growth": "<style>@keyframes k{{50%{{transform:scale(1)}}}}#g{{opacity:1!important;transform:scale(0);"
    "animation:k 1s infinite}}</style>{0}",
    "in capitals": "<style>@keyframes k{{to{{opacity:1}}}}#g{{ANIMATION:k 1S FORWARDS}}</style>{0}",
    "of old browsers": "<style>@-webkit-keyframes k{{to{{opacity:1}}}}#g{{-webkit-animation:k 1s both}}</style>{0}",
}


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_what_animations_leave_behind(name: str) -> None:
    assert same(drawn(LEFT_BEHIND[name].format(f'<g id="g" style="opacity:0">{WHOLE}</g>')), drawn(WHOLE))


@pytest.mark.parametrize(
    "sheet",
    [
        "a{" + "& & & & & & & &{" * 8 + "fill:red" + "}" * 9,
        "*{opacity:" + "calc(" * 90 + "1" + ")" * 90 + "}",
        ".a{fill:" + "color-mix(in srgb,red," * 40 + "red" + ")" * 40 + "}",
        ":root{" + ";".join(f"--v{i}:" + f"var(--v{i + 1},x) " * 9 for i in range(40)) + "}.a{fill:var(--v0)}",
        "@media " + "(" * 3000 + "{.a{fill:red}}",
        "@import 'data:text/css;base64,"
        + base64.b64encode(b"@import 'data:text/css,@import \"data:text/css,.a%257Bx:y%257D\"';" * 200).decode()
        + "';",
        "*{d:path('" + "M0 0h9" * 3000 + "')}",
        "url(data:" * 100_000,
    ],
)
def test_style_sheets_made_to_keep_a_reader_busy_end(sheet: str) -> None:
    text = f'<svg xmlns="http://www.w3.org/2000/svg"><style><![CDATA[{sheet}]]></style>{CLASSED * 50}</svg>'
    assert len(guarded(text.encode())) < 2_000_000


def test_a_long_declaration_that_nobody_draws_does_not_count() -> None:
    link = f"url(data:image/png;base64,{'A' * 50_000})"
    for odd in (f"background-image:{link}", f"-x-note:{'x' * 50_000}"):
        assert same(drawn(f'<g style="{odd};fill:{BLUE}">{SQUARE.replace("fill", "id")}/></g>'), drawn(f"{SQUARE}/>"))
