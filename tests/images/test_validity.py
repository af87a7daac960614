"""What counts of what is declared: the keywords of CSS for any property, words in capitals, units of transforms."""

from __future__ import annotations

import pytest
from bomb_drawings import svg
from drawn import SQUARE, drawn, guarded, same

ANGLE = '<path d="M20 80L50 30L80 80" {}/>'
THICK = 'fill="none" stroke="red" stroke-width="20"'


@pytest.mark.parametrize(
    ("outer", "attribute", "style", "plain"),
    [
        ("stroke-width='20'", "stroke-width='4'", "stroke-width:unset", "stroke-width='20'"),
        ("stroke-width='20'", "stroke-width='4'", "stroke-width:REVERT", "stroke-width='20'"),
        ("stroke-width='20'", "stroke-width='4'", "stroke-width:initial", ""),
        ("stroke-width='20'", "stroke-width='4'", "stroke-width:var(--unknown)", "stroke-width='20'"),
        ("stroke-linejoin='round' stroke-width='30'", "", "stroke-linejoin:initial", "stroke-width='30'"),
        ("stroke-dasharray='9' stroke-width='20'", "", "stroke-dasharray:initial", "stroke-width='20'"),
        ("visibility='hidden'", "", "visibility:initial", ""),
        ("fill='red'", "fill='blue'", "fill:unset", "fill='red'"),
        ("fill='red'", "fill='blue'", "fill:initial", ""),
        ("", "opacity='.3'", "opacity:unset", ""),
        ("", "opacity='.3'", "opacity:var(--unknown)", ""),
        ("", "display='none'", "display:initial", ""),
        ("", "transform='scale(.5)'", "transform:unset", ""),
        ("", "clip-path='url(#c)'", "clip-path:initial", ""),
    ],
)
def test_a_keyword_for_any_property_beats_the_attribute(outer: str, attribute: str, style: str, plain: str) -> None:
    clip = '<clipPath id="c"><rect width="50" height="50"/></clipPath>'
    shape = ANGLE.format(f'{attribute} style="{style}"')
    expected = drawn(f'<g stroke="green">{ANGLE.format(plain)}</g>')
    assert same(drawn(f'{clip}<g stroke="green" {outer}>{shape}</g>'), expected)


def test_the_colour_of_a_stop_is_not_inherited() -> None:
    gradient = (
        '<linearGradient id="g" stop-color="red"><stop stop-color="blue" style="stop-color:unset"/></linearGradient>'
    )
    assert same(
        drawn(f'{gradient}<rect width="100" height="100" fill="url(#g)"/>'),
        drawn(SQUARE.replace("#0080ff", "#000") + "/>"),
    )


@pytest.mark.parametrize(("keyword", "shown"), [("initial", "visible"), ("unset", "visible"), ("revert", "hidden")])
def test_browsers_cut_nested_drawings_off(keyword: str, shown: str) -> None:
    nested = f'<svg width="40" height="40" overflow="scroll" style="overflow:{{}}">{SQUARE}/></svg>'
    assert same(drawn(nested.format(keyword)), drawn(nested.format(shown)))


def test_an_initial_ground_is_none() -> None:
    assert same(drawn(ANGLE.format(""), 'style="background:initial"'), drawn(ANGLE.format("")))


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ('display="NONE"', 'display="none"'),
        ('stroke-linejoin="Round"', 'stroke-linejoin="round"'),
        ('stroke-linecap="SQUARE"', 'stroke-linecap="square"'),
        ('stroke-dasharray="None"', ""),
        ('stroke-linecap="Unheard-of"', ""),
        ('opacity="unset"', ""),
    ],
)
def test_words_in_attributes_may_be_in_capitals(odd: str, plain: str) -> None:
    assert same(drawn(ANGLE.format(f"{THICK} {odd}")), drawn(ANGLE.format(f"{THICK} {plain}")))


@pytest.mark.parametrize(
    "plain",
    [
        'display="none"',
        'visibility="hidden"',
        'opacity=".3"',
        'stroke-opacity=".3"',
        'stroke-linejoin="round"',
        'fill="red" fill-rule="evenodd"',
        'fill="red" fill-opacity=".3"',
    ],
)
def test_words_and_shares_in_attributes_may_have_gaps_around_them(plain: str) -> None:
    path = '<path d="M10 10H90V90H10ZM30 30H70V70H30Z" fill="none" stroke="blue" stroke-width="20" {}/>'
    path = path.replace('fill="none" ', "") if "fill=" in plain else path
    start, value, _ = plain.rsplit('"', 2)
    for odd in (f" {value}", f"{value} ", f"{value}\n"):
        assert same(drawn(path.format(f'{start}"{odd}"')), drawn(path.format(plain)))


def test_a_value_that_would_begin_another_property_does_not_count() -> None:
    text = '<text y="50" style="font-variant:{0};fill:red">ab</text>'
    assert "1e30" not in guarded(svg(text.format("'a;stroke-dashoffset:1e30;b'")))


def test_the_size_in_a_font_may_be_in_any_unit() -> None:
    text = '<text y="70" style="{}">ab</text>'
    assert same(drawn(text.format("font:bold 4rem Arial")), drawn(text.format("font-weight:bold;font-size:64px")))


@pytest.mark.parametrize("size", ["60 ", " 60\n", "60PX", "45Pt ", "60Q", "60.0PX "])
def test_lengths_may_have_gaps_around_them_and_units_in_capitals(size: str) -> None:
    width = {"60Q": "56.7"}.get(size, "60")
    assert same(drawn(f'<rect width="{size}" height="60"/>'), drawn(f'<rect width="{width}" height="60"/>'))
    assert same(
        drawn(f'<path style="stroke:red;stroke-width:{size}" d="M0 50h90"/>'),
        drawn(f'<path stroke="red" stroke-width="{width}" d="M0 50h90"/>'),
    )


def test_a_bold_name_is_bold_in_capitals_too() -> None:
    text = '<text y="70" font-size="60" font-weight="{}">ab</text>'
    assert same(drawn(text.format("Bold")), drawn(text.format("bold")))
    assert not same(drawn(text.format("bold")), drawn(text.format("normal")))


@pytest.mark.parametrize(
    "style",
    [
        "transform:rotate(20)",
        "transform:translate(20,5)",
        "transform:translate(20px,5)",
        "transform:skewX(20)",
        "transform:translate(0,0) rotate(20)",
        "translate:20 5",
        "translate:20px 5",
        "rotate:20",
    ],
)
def test_a_style_that_transforms_without_units_does_not_count(style: str) -> None:
    shape = f'{SQUARE} transform="scale(.5)"'
    assert same(drawn(f'{shape} style="{style}"/>'), drawn(f"{shape}/>"))
    assert same(drawn(f'{shape} style="transform:scale(.2);{style}"/>'), drawn(f'{SQUARE} transform="scale(.2)"/>'))


@pytest.mark.parametrize(
    "transform",
    ["rotate(20deg)", "translate(20px,5px)", "translateX(20)", "ROTATE(20)", "rotate(9,50%,50%)", "translate(20 5"],
)
def test_an_attribute_that_transforms_with_units_does_not_count(transform: str) -> None:
    for rest in ("", 'style="transform-origin:50px 50px"'):
        assert same(drawn(f'{SQUARE} transform="{transform}" {rest}/>'), drawn(f"{SQUARE}/>"))


def test_an_animated_transform_is_weaker_than_that_of_a_style() -> None:
    grown = '<animateTransform attributeName="transform" type="scale" to=".2" dur="1s" fill="freeze"/>'
    assert same(
        drawn(f'{SQUARE} style="transform:scale(.5)">{grown}</rect>'), drawn(f'{SQUARE} transform="scale(.5)"/>')
    )
    assert same(drawn(f"{SQUARE}>{grown}</rect>"), drawn(f'{SQUARE} transform="scale(.2)"/>'))
