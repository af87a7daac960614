"""Filters that take much are drawn all the same where they can be said otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import drawn, guarded, same

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.guard import bounds
from logo_retrieval.images.guard.geometry import Box
from logo_retrieval.images.svg import SvgPicture

THINNED = (
    '<filter id="f" x="-1" y="-1" width="3" height="3" color-interpolation-filters="sRGB">'
    '<feMorphology in="SourceAlpha" operator="{}" radius="{}" result="a"/><feFlood flood-color="red"/>'
    '<feComposite in2="a" operator="in"/></filter><rect x="25" y="25" width="50" height="50" filter="url(#f)"/>'
)


@pytest.mark.parametrize(("operator", "radius", "side"), [("erode", 5, 40), ("dilate", 5, 60), ("erode", 12, 26)])
def test_a_shadow_with_a_wide_spread_is_drawn(operator: str, radius: int, side: int) -> None:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{THINNED.format(operator, radius)}</svg>'
    found = np.asarray(SvgPicture.open(text.encode()).render(300))
    inked = np.argwhere(found[..., 3] > 127)
    assert (found[150, 150] == (255, 0, 0, 255)).all()
    assert np.abs(np.ptp(inked, axis=0) + 1 - 3 * side).max() <= 9  # each step is rounded to whole pixels


@pytest.mark.parametrize(("radius", "steps"), [("0.9", 1), ("2", 1), ("5", 3), ("5 9", 5)])
def test_a_spread_is_drawn_in_as_few_steps_as_can_be(radius: str, steps: int) -> None:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{THINNED.format("dilate", radius)}</svg>'
    assert guarded(text.encode()).count("feMorphology ") == steps


def test_the_region_of_a_wide_spread_cuts_its_outcome_alone() -> None:
    """A square of 20 is thinned by 6 in a region that begins 3 beside it: what is left of it lies in the region."""
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        '<filter id="f" x="-1" y="-1" width="3" height="3">'
        '<feMorphology id="m" operator="erode" radius="6" x="37" y="20" width="60" height="60"/></filter>'
        '<rect x="40" y="40" width="20" height="20" filter="url(#f)"/></svg>'
    )
    assert guarded(text.encode()).count('id="m"') == 1
    inked = np.argwhere(np.asarray(SvgPicture.open(text.encode()).render(300))[..., 3] > 127)
    assert np.abs(np.ptp(inked, axis=0) + 1 - 3 * 8).max() <= 9


@pytest.mark.parametrize("radius", ["17", "5 17", "900"])
def test_a_spread_beyond_any_logo_is_refused(radius: str) -> None:
    with pytest.raises(UnreadableImage, match="thicken"):
        drawn(THINNED.format("dilate", radius))


CAIRO = (
    '<filter id="f" x="0" y="0" width="32" height="32">'
    '<feColorMatrix values="0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0"/>'
    "</filter>" + '<g filter="url(#f)"><rect x="10" y="10" width="70" height="60"/></g>' * 4
)


def test_a_region_far_around_what_is_recoloured_takes_no_more() -> None:
    assert same(drawn(CAIRO), drawn(CAIRO.replace('"32"', '"1"')))
    with pytest.raises(UnreadableImage, match="filters"):
        drawn(CAIRO.replace("0 0 0 1 0", "0 0 0 1 1"))  # which fills the region
    with pytest.raises(UnreadableImage, match="filters"):
        drawn(CAIRO.replace("<feColorMatrix", '<feOffset dx="3"/><feColorMatrix'))


def test_a_region_for_the_wide_outline_of_a_thin_shape_stays() -> None:
    line = '<path d="M10 50h80v1h-80z" stroke="{}" stroke-width="20"{}/>'
    plain, recoloured = line.format("red", ' fill="red"'), line.format("blue", ' filter="url(#f)"')
    red = '<feColorMatrix values="0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0"/>'
    assert same(drawn(f'<filter id="f" x="-1" y="-20" width="3" height="41">{red}</filter>{recoloured}'), drawn(plain))


def shadowed(effect: str, shade: str) -> tuple[np.ndarray, np.ndarray]:
    """A square of 20 with a shadow 40 to its right, and two squares."""
    square = '<rect x="{}" y="40" width="20" height="20" fill="{}"/>'
    left = square.format(20, "#0080ff")
    return drawn(left.replace("/>", f' style="filter:{effect}"/>')), drawn(left + square.format(60, shade))


@pytest.mark.parametrize("shade", ["#804020", "#804020cc", "#80402080", "#3e8ede", "teal"])
def test_a_shadow_lies_where_it_is_sent_in_its_own_colour(shade: str) -> None:
    assert same(*shadowed(f"drop-shadow(40px 0 {shade})", shade))
    primitive = f'<feDropShadow dx="40" dy="0" stdDeviation="0" flood-color="{shade}"/>'
    for colours in ("sRGB", "linearRGB"):
        effect = f'<filter id="f" x="-1" width="5" color-interpolation-filters="{colours}">{primitive}</filter>'
        square = '<rect x="20" y="40" width="20" height="20" fill="#0080ff" filter="url(#f)"/>'
        assert same(drawn(effect + square), shadowed("none", shade)[1])


def test_a_blur_is_not_cut_off() -> None:
    blurred = drawn('<rect x="40" y="40" width="20" height="20" style="filter:blur(10px)"/>')
    assert 3 < blurred[25, 11, 3] < 30  # 18 from the edge


@pytest.mark.parametrize(
    "line",
    [
        '<path d="M10 30H90" stroke="#0080ff" stroke-width="6" {}/>',
        '<g {}><path d="M10 30H90" stroke="#0080ff" stroke-width="6"/></g>',
        '<g stroke="#0080ff" stroke-width="6"><line x1="10" y1="30" x2="90" y2="30" {}/></g>',
        '<circle cx="40" cy="30" r="3" stroke="#0080ff" stroke-width="20" {}/>',
    ],
)
def test_lines_are_not_cut_off_by_a_shadow_of_theirs(line: str) -> None:
    lit = drawn(line.format('style="filter:drop-shadow(0 40px #804020)"'))
    plain = drawn(line.format(""))
    shadow = drawn(line.replace("#0080ff", "#804020").replace("<circle", '<circle fill="#804020"').format(""))
    assert same(lit[:24], plain[:24])
    assert same(lit[24:], np.roll(shadow, 20, axis=0)[24:])


def test_a_shadow_in_units_of_the_type_goes_by_it() -> None:
    square = '<g font-size="40"><rect x="20" y="20" width="60" height="40" fill="#0080ff" {}/></g>'
    lit = drawn(square.format('style="filter:drop-shadow(0 .5em #000)"'))
    assert (lit[33, 25] == (0, 0, 0, 255)).all() and lit[41, 25, 3] == 0


def test_functions_are_drawn_one_after_another() -> None:
    both = "grayscale(1) drop-shadow(40px 0 0 #804020)"
    assert same(
        shadowed(both, "")[0],
        drawn(
            '<rect x="20" y="40" width="20" height="20" fill="#6e6e6e"/>'
            '<rect x="60" y="40" width="20" height="20" fill="#804020"/>'
        ),
        within=8,
    )


@pytest.mark.parametrize("name", ["a12345678", "f1e80"])
def test_a_link_is_no_number_however_it_looks(name: str) -> None:
    offset = f'<filter id="{name}"><feOffset dx="10"/></filter><rect width="50" height="50" filter="url(#{name})"/>'
    assert drawn(offset)[10, 2, 3] == 0


@pytest.mark.parametrize("function", ["hue-rotate(})", "opacity({)", "blur(})"])
def test_braces_in_a_filter_are_no_places_for_links(function: str) -> None:
    assert drawn(
        f'<rect width="50" height="50" fill="red"/><rect width="9" height="9" filter="blur(1) {function}"/>'
    ).any()


def test_many_effects_of_one_part_are_no_filters() -> None:
    part = '<rect x="20" y="20" width="50" height="50" filter="{}"/>'
    text = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{}</svg>'
    assert guarded(text.format(part.format("blur(1px) " * 8)).encode()).count("<filter") == 8
    assert "<filter" not in guarded(text.format(part.format("blur(1px) " * 9)).encode())


def test_each_shape_is_looked_at_once_however_many_groups_around_it_have_effects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[str] = []
    walk = bounds.bounds_of_shape

    def watched(tag: str, attributes: dict[str, str], canvas: Box) -> Box | None:
        looked_at.append(tag)
        return walk(tag, attributes, canvas)

    monkeypatch.setattr(bounds, "bounds_of_shape", watched)
    effects = ("filter:blur(1px)", "clip-path:inset(1px)", "filter:drop-shadow(1px 1px 1px red)")
    inner = '<path d="M10 10h80v80z" stroke="red" stroke-width="3"/>'
    for depth in range(12):
        inner = f'<g style="{effects[depth % 3]}">{inner}</g>'
    assert guarded(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{inner}</svg>'.encode())
    assert looked_at == ["path"]


MERGED = "<feMerge><feMergeNode/><feMergeNode in='SourceGraphic'/></feMerge>"
SHADOWS = {
    "feOffset": f'<feOffset in="SourceAlpha" dx="16" dy="8"/>{MERGED}',
    "feDropShadow": '<feDropShadow dx="16" dy="8" stdDeviation="0" flood-color="black"/>',
    "drop-shadow": "",
}


@pytest.mark.parametrize("step", SHADOWS)
@pytest.mark.parametrize(
    "transform",
    [
        "rotate(90 50 50)",
        "rotate(180 50 50)",
        "matrix(1 0 0 -1 0 100)",
        "translate(100)scale(-1 1)",
        "translate(100 10)scale(-1.5 .5)rotate(90 40 60)",
    ],
)
def test_a_shadow_turns_with_what_throws_it(step: str, transform: str) -> None:
    effect = f'<filter id="f" x="-1" y="-1" width="4" height="4">{SHADOWS[step]}</filter>'
    thrown = "drop-shadow(16px 8px 0 black)" if step == "drop-shadow" else "url(#f)"
    square = '<rect x="40" y="40" width="20" height="20" {}/>'
    group = f'{effect}<g transform="{transform}">{{}}</g>'
    red = f'fill="red" style="filter:{thrown}"'
    plain = square.format('transform="translate(16 8)"') + square.format('fill="red"')
    assert same(drawn(group.format(square.format(red))), drawn(group.format(plain)), within=60)


@pytest.mark.parametrize("opacity", [1, 0.5])
@pytest.mark.parametrize("scale", [16, 32])
def test_a_map_displaces_as_far_as_its_colours_say(scale: int, opacity: float) -> None:
    effect = (
        '<filter id="f" x="-1" y="-1" width="3" height="3" color-interpolation-filters="sRGB">'
        f'<feFlood flood-color="#f00" flood-opacity="{opacity}"/><feDisplacementMap in="SourceGraphic" scale="{scale}" '
        'xChannelSelector="R" yChannelSelector="G"/></filter>'
    )
    square = '<rect x="40" y="40" width="20" height="20" {}/>'
    moved = square.format(f'transform="translate({-scale / 2} {scale / 2})"')
    assert same(drawn(effect + square.format('filter="url(#f)"')), drawn(moved))


@pytest.mark.parametrize("transform", ["", "translate(10 -5)scale(1.2)"])
@pytest.mark.parametrize("link", ["href", "xlink:href"])
def test_a_filter_takes_a_part_of_the_drawing_for_a_picture(link: str, transform: str) -> None:
    effect = (
        f'<filter id="f" filterUnits="userSpaceOnUse" x="0" y="0" width="100" height="100"><feImage {link}="#a"/>'
        '<feComposite in2="SourceGraphic" operator="over"/></filter><defs><g id="a">{0}</g></defs>'
    )
    part, whole = '<rect width="60" height="40" fill="#08f"/>', '<rect x="30" width="50" height="80" {}/>'
    taken = effect.format(part) + whole.format('fill="red" filter="url(#f)"')
    group = f'<g transform="{transform}">{{}}</g>'
    assert same(drawn(group.format(taken)), drawn(group.format(whole.format('fill="red"') + part)))
