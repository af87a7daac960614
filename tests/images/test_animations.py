"""Drawings that move: each looks as it does when it has come to rest, or where it shows most."""

from __future__ import annotations

import pytest
from drawn import BLUE, WHOLE, drawn, same

IN = "@keyframes k{from{opacity:0}to{opacity:1}}"
FADED = {
    "half a time": "@keyframes k{0%,to{opacity:0}50%{opacity:1}}#g{opacity:0;animation:k 1s .5 forwards}",
    "two and a half": "@keyframes k{0%,to{opacity:0}50%{opacity:1}}#g{animation:k 1s 2.5 alternate both}",
    "no time at all": "@keyframes k{from{opacity:1}to{opacity:0}}#g{opacity:0;animation:k 1s 0 forwards}",
    "old prefix behind": "@keyframes k{to{opacity:1}}@-webkit-keyframes k{to{opacity:0}}"
    "#g{opacity:0;animation:k 1s both}",
    "foreign prefix": "@keyframes k{to{opacity:1}}@-moz-keyframes k{to{opacity:0}}#g{opacity:0;animation:k 1s both}",
    "important in keyframes": "@keyframes k{to{opacity:1;opacity:0!important}}#g{opacity:0;animation:k 1s both}",
    "shorthand undoes": IN + "#g{opacity:1;animation-name:o;animation:none}@keyframes o{to{opacity:0}}",
    "longhand behind": IN + "#g{opacity:0;animation:k 1s;animation-fill-mode:forwards}",
    "share of a percent": "@keyframes k{.5%{opacity:0}1..%{opacity:0}to{opacity:1}}#g{opacity:0;animation:k 1s both}",
    "rests in sight": "@keyframes k{0%{translate:-200px}9%,99%{translate:0px}}"
    "#g{translate:-200px;animation:k 9s infinite}",
    "rests unclipped": "@keyframes k{0%{clip-path:inset(0 100% 0 0)}9%,to{clip-path:inset(0)}}"
    "#g{clip-path:inset(0 100% 0 0);animation:k 9s infinite}",
}


@pytest.mark.parametrize("name", FADED)
def test_keyframes(name: str) -> None:
    assert same(drawn(f'<style>{FADED[name]}</style><g id="g">{WHOLE}</g>'), drawn(WHOLE))


def test_a_fill_mode_before_the_shorthand_is_undone_by_it() -> None:
    body = f'<style>{IN}#g{{opacity:0;animation-fill-mode:both;animation:k 1s}}</style><g id="g">{WHOLE}</g>'
    assert not drawn(body)[..., 3].any()


SLIDES = '<animateTransform attributeName="transform" additive="sum" dur="9s" repeatCount="indefinite" '
MOVED = {
    "path": '<animateMotion dur="1s" fill="freeze" path="M9 9L-90 0"/>',
    "path elsewhere": '<animateMotion dur="1s" fill="freeze"><mpath href="#p"/></animateMotion>',
    "link of old": '<animateMotion dur="1s" fill="freeze"><mpath xlink:href="#p"/></animateMotion>',
    "beats its own": '<animateMotion dur="1s" fill="freeze" path="M0 0h9"><mpath href="#p"/></animateMotion>',
    "is not there": '<animateMotion dur="1s" fill="freeze" path="M9 9L-90 0"><mpath href="#gone"/></animateMotion>',
    "and back": '<animateMotion dur="1s" fill="freeze" path="M-90 0h50" keyPoints="0;1;0" keyTimes="0;.5;1"/>',
    "for ever": '<animateMotion dur="1s" repeatCount="indefinite" path="M-90 0h50"/>',
    "for ever, along a line": '<animateMotion dur="1s" repeatCount="indefinite" path="H-90"/>',
    "values": '<animateMotion dur="1s" fill="freeze" values="5,5;-90,0"/>',
    "rests there": SLIDES + 'values="50;-90;-90" keyTimes="0;.1;1"/>',
    "jumps there": SLIDES + 'values="50;-90" keyTimes="0;.1" calcMode="discrete"/>',
}


@pytest.mark.parametrize("name", MOVED)
def test_what_moves_has_arrived(name: str) -> None:
    path = '<defs><path id="p" d="M50 50L-90 0"/></defs>'
    assert same(drawn(f'{path}<g transform="translate(90)">{WHOLE}{MOVED[name]}</g>'), drawn(WHOLE))


@pytest.mark.parametrize(("turn", "angle"), [("auto", 90), ("auto-reverse", 270)])
def test_what_turns_with_its_path_points_along_it(turn: str, angle: int) -> None:
    motion = f'<animateMotion dur="1s" fill="freeze" rotate="{turn}" path="M0 0h50v50"/>'
    shape = f'<rect width="40" height="20" fill="{BLUE}"/>'
    assert same(drawn(f"<g>{shape}{motion}</g>"), drawn(f'<g transform="translate(50 50)rotate({angle})">{shape}</g>'))


def test_an_outline_that_grows_for_ever_is_taken_where_it_rests() -> None:
    grows = '<animate attributeName="r" values="0;40;40" dur="2s" repeatCount="indefinite"/>'
    assert same(drawn(f'<circle cx="50" cy="50" r="0">{grows}</circle>'), drawn('<circle cx="50" cy="50" r="40"/>'))


@pytest.mark.parametrize("begin", [" " * 60_000 + "x", "a.begin" * 60_000 + "&#10;x", "+" + " " * 60_000 + "x"])
def test_a_time_made_to_keep_a_reader_busy_is_none(begin: str) -> None:
    assert same(drawn(f'<g>{WHOLE}<set attributeName="opacity" to="0" begin="{begin}"/></g>'), drawn(WHOLE))
