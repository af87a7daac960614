"""Values made to keep a reader busy: they are read as fast as others, or refused."""

from __future__ import annotations

import pytest
from bomb_drawings import svg
from drawn import guarded

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation

SHOWN = '<circle cx="40" cy="40" r="30" fill="#06c"/>'

LONG = {
    "points": f'<polygon points="{"0" * 200_000}z"/>',
    "width of a line": f'<path style="stroke-width:{"1" * 19_000}z"/>',
    "dashes": f'<path style="stroke-dasharray:{"11 " * 50}z"/>',
    "link": f'<path fill="url({" " * 19_000}("/>',
    "profile of a colour": f'<path fill="a{" " * 19_000}b"/>' * 3,
    "length": f'<use href="#a" width="1{" " * 19_000}z"/><symbol id="a"/>' * 6,
    "place of what is dashed": f'<rect stroke-dasharray="1" x="1{" " * 19_000}z"/>' * 3,
    "sum of shares": f'<rect rx="calc(0.{"1" * 19_000})"/>',
    "declaration": f"<style>circle{{stroke:x{' ' * 200_000}y}}</style>",
    "selector": f"<style>{'a' * 200_000}{{fill:red}}</style>",
    "times of an animation": "<style>@keyframes k{to{opacity:1}}"
    f"circle{{animation:k {'1' * 100_000}.1z forwards}}</style>",
    "size of a screen": "<style>" + f"@media (min-width:{'1' * 4_000}!){{a{{fill:red}}}}" * 100 + "</style>",
    "remarks": "&" + "<!--" * 100_000,
}


def test_long_values_do_not_keep_a_reader_busy() -> None:
    with DecoderPool(Preparation(), processes=1, wall_limit_s=3) as pool:
        results = list(pool.decode([svg(body + SHOWN) for body in LONG.values()], all_views=False))
    codes = [result.code if isinstance(result, UnreadableImage) else "" for result in results]
    assert dict(zip(LONG, codes, strict=True)) == {name: "corrupt" if name == "remarks" else "" for name in LONG}


DEEP = "(" * 5_000


@pytest.mark.parametrize(
    "body",
    [
        f'<style media="{DEEP}">a{{fill:red}}</style>',
        f'<path clip-path="circle({DEEP})"/>',
        f"<path style=\"fill:red;d:'';fill:{DEEP}\"/>",
        f'<foreignObject width="9" height="9"><div style="background:conic-gradient({DEEP})"/></foreignObject>',
    ],
)
def test_brackets_that_nest_too_deep_are_refused(body: str) -> None:
    with pytest.raises(UnreadableImage, match="^unsafe: .*brackets"):
        guarded(svg(body))
