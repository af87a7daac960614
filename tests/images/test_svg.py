import base64
import io
import subprocess
import sys
import textwrap

import numpy as np
import numpy.typing as npt
import pytest
from bomb_drawings import NAMESPACES
from PIL import Image
from rasters import saved
from renderers import ENGINES
from resvg import render, usvg

from logo_retrieval.errors import BackendError, UnreadableImage
from logo_retrieval.images.svg import SvgPicture

HALF = '<rect width="50" height="100" fill="#0a0"/>'
MAGENTA = (255, 0, 255)


def svg(body: str, root: str = 'width="100" height="100" viewBox="0 0 100 100"') -> bytes:
    return f"<svg {NAMESPACES} {root}>{body}</svg>".encode()


def pixels(image: Image.Image) -> npt.NDArray[np.int16]:
    return np.asarray(image, dtype=np.int16)


@pytest.mark.parametrize(
    "body",
    [
        HALF,
        '<path style="fill:#a00;fill-opacity:.5" d="M10 10h50v50z"/>',
        "<style>.a{fill:red} g>.b{fill:blue}</style>"
        '<g><rect class="a" width="9" height="9"/><rect class="b" x="9" width="9" height="9"/></g>',
        '<linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="#00f"/></linearGradient>'
        '<radialGradient id="h" xlink:href="#g"/><rect width="60" height="60" fill="url(#g)"/>'
        "<circle r='40' cx='50' cy='50' fill='url(\"#h\")'/>",
        '<pattern id="p" width="20" height="20" patternUnits="userSpaceOnUse"><circle r="9"/></pattern>'
        '<rect width="100" height="100" fill="url(#p)"/>',
        '<clipPath id="c"><circle cx="50" cy="50" r="40"/></clipPath>'
        '<g clip-path="url(#c)"><rect width="100" height="50"/></g>',
        '<mask id="m"><circle cx="50" cy="50" r="40" fill="#fff"/></mask>'
        '<rect width="100" height="50" mask="url(#m)"/>',
        '<symbol id="s" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></symbol>'
        '<use xlink:href="#s" x="9" width="50" height="50" fill="red"/>',
        '<defs><path id="u" d="M0 0h9v9z"/></defs><use href="#u" transform="rotate(20) scale(3)"/>',
        '<marker id="m" markerWidth="4" markerHeight="4" refX="2" refY="2"><circle r="2" cx="2" cy="2"/></marker>'
        '<path d="M10 10L50 50L90 10" fill="none" stroke="red" marker-mid="url(#m)" marker-end="url(#m)"/>',
        '<filter id="f"><feGaussianBlur stdDeviation="3"/><feOffset dx="5"/></filter>'
        '<circle cx="50" cy="50" r="20" filter="url(#f)"/>',
        '<rect width="50" height="50" filter="blur(2)"/>',
        '<svg x="20" width="50" height="50" viewBox="0 0 9 9"><rect width="5" height="9"/></svg>',
        '<switch><rect systemLanguage="xx" width="9" height="9"/><circle r="50"/></switch>',
        '<g color="#00f"><a xlink:href="#x"><rect width="50" height="50" fill="currentColor"/></a></g>',
        '<path d="M0 50h100" stroke="red" stroke-width="9" stroke-dasharray="9 3" stroke-linecap="round"/>',
        '<g style="mix-blend-mode:multiply"><circle r="50" fill="#ff0"/><circle r="40" opacity=".4"/></g>',
    ],
)
def test_the_guard_does_not_change_the_picture(body: str) -> None:
    data = svg(body)
    tree = usvg.Tree.from_str(data.decode(), usvg.Options.default())
    bare = Image.open(io.BytesIO(render(tree, (1.5, 0, 0, 0, 1.5, 0), bg_size=(150, 150))))
    assert np.array_equal(pixels(SvgPicture.open(data).render(150)), pixels(bare))
    assert bare.getbbox() is not None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("region", "size", "left", "right"),
    [
        (None, (40, 20), (0, 170, 0, 255), (0, 0, 0, 0)),
        ((0, 0, 0.5, 1), (40, 40), (0, 170, 0, 255), (0, 170, 0, 255)),
        ((0.25, 0, 0.75, 0.5), (40, 20), (0, 170, 0, 255), (0, 0, 0, 0)),
        ((0.5, 0, 1, 1), (40, 40), (0, 0, 0, 0), (0, 0, 0, 0)),
        ((0, 0, 1, 0.01), (40, 1), (0, 170, 0, 255), (0, 0, 0, 0)),
    ],
)
def test_render_draws_the_region(
    engine: str,
    region: tuple[float, float, float, float] | None,
    size: tuple[int, int],
    left: tuple[int, ...],
    right: tuple[int, ...],
) -> None:
    picture = SvgPicture.open(svg(HALF, 'viewBox="0 0 100 50"'), engine)
    assert (picture.width, picture.height) == (100, 50)
    image = picture.render(40, region)
    assert image.mode == "RGBA"
    assert image.size == size
    assert image.getpixel((2, 0)) == left
    assert image.getpixel((37, 0)) == right


def test_a_region_is_that_part_of_the_whole() -> None:
    picture = SvgPicture.open(svg('<path d="M0 0L100 30L40 100z" fill="#369"/><circle cx="70" cy="70" r="20"/>'))
    part = picture.render(60, (0.2, 0.4, 0.8, 1))
    difference = np.abs(pixels(part) - pixels(picture.render(100).crop((20, 40, 80, 100))))
    assert difference.mean() < 0.1
    assert difference.max() < 32  # curves are split otherwise, so edges are smoothed a little otherwise


INNER_SHADOW = (
    '<filter id="f"><feOffset in="SourceAlpha" dx="4"/><feComposite in2="SourceAlpha" operator="arithmetic" '
    'k2="-1" k3="1"/><feBlend in2="SourceGraphic"/></filter>'
)


@pytest.mark.parametrize("region", [(0, 0, 0.25, 1), (0.9, 0, 1, 1), (0.45, 0.2, 0.5, 0.4)])
def test_a_small_part_is_drawn_of_what_a_filter_works_on(region: tuple[float, float, float, float]) -> None:
    marks = '<circle cx="50" cy="50" r="40" fill="red"/><path d="M120 20h260v60h-260z" fill="blue"/>'
    picture = SvgPicture.open(svg(f'{INNER_SHADOW}<g filter="url(#f)">{marks}</g>', 'viewBox="0 0 400 100"'))
    left, top, right, bottom = (round(side * whole) for side, whole in zip(region, (800, 200) * 2, strict=True))
    part = picture.render(max(right - left, bottom - top), region)
    whole = picture.render(800).crop((left, top, right, bottom))
    assert (np.abs(pixels(part) - pixels(whole)).max(axis=-1) > 60).mean() < 0.02
    assert part.getbbox() is not None


@pytest.mark.parametrize("shape", ["M-250 10v80h340v-80z", "M10 10v470h80v-470z"])
def test_what_a_filter_works_on_may_reach_far_beyond_the_picture(shape: str) -> None:
    shown = SvgPicture.open(svg(f'{INNER_SHADOW}<path d="{shape}" fill="red" filter="url(#f)"/>')).render(100)
    assert shown.getpixel((50, 50)) == (255, 0, 0, 255)
    assert shown.getpixel((95, 50)) == (0, 0, 0, 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_alpha_is_straight(engine: str) -> None:
    image = SvgPicture.open(svg('<rect width="100" height="100" fill="#f80" opacity=".5"/>'), engine).render(10)
    pixel = image.getpixel((5, 5))
    assert pixel == pytest.approx((255, 136, 0, 128), abs=2)


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ('width="1e9" height="1e9" viewBox="0 0 100 100"', (100, 100)),
        ('width="65000" height="32500" viewBox="0 0 100 100"', (100, 100)),
        ('width="65000" height="32500" viewBox="0 0 100 100" preserveAspectRatio="none"', (100, 50)),
        ('width="1000" height="40" viewBox="0 0 1000 4" preserveAspectRatio="none"', (1000, 40)),
        ('viewBox="-50 -50 200 100"', (200, 100)),
        ('viewBox="0 0 .5 1"', (0.5, 1)),
        ('width="2in" height="96"', (192, 96)),
        ("", (55, 105)),
        ('width="1e9" height="1e9"', (55, 105)),
    ],
)
def test_size_follows_the_view_box(root: str, size: tuple[float, float]) -> None:
    picture = SvgPicture.open(svg(HALF, root))
    assert (picture.width, picture.height) == pytest.approx(size)
    assert max(picture.render(64).size) == 64


@pytest.mark.parametrize("root", ['viewBox="0 0 1000 4"', 'viewBox="0 0 4 1000"', 'width="9000" height="9"'])
def test_slivers_are_empty(root: str) -> None:
    with pytest.raises(UnreadableImage, match="^empty: .*sliver"):
        SvgPicture.open(svg(HALF, root))


@pytest.mark.parametrize("longest_px", [0, -1, 4097])
def test_canvas_is_limited(longest_px: int) -> None:
    with pytest.raises(ValueError, match="longest_px"):
        SvgPicture.open(svg(HALF)).render(longest_px)


@pytest.mark.parametrize(
    "region", [(0.5, 0, 0.5, 1), (0, 0, 1.1, 1), (-0.1, 0, 1, 1), (0, 1, 1, 0), (0, 0, float("nan"), 1)]
)
def test_region_lies_within(region: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="region"):
        SvgPicture.open(svg(HALF)).render(10, region)


def test_engine_has_a_name_that_is_known() -> None:
    with pytest.raises(ValueError, match="cairosvg.*got 'inkscape'"):
        SvgPicture.open(svg(HALF), "inkscape")


@pytest.mark.parametrize(
    "text",
    [
        '<text y="50" font-size="40">Wy</text>',
        '<text y="50" font-size="40" font-family="No Such Face, serif">Wy</text>',
        '<text y="50" style="font-size:40px;font-family:Nope">Wy</text>',
        '<text y="50" style="font:bold 40px/1 Nope, serif">Wy</text>',
        '<style>text{font-family:Nope;font-size:40px}</style><text y="50"><tspan font-weight="700">W</tspan>y</text>',
    ],
)
def test_text_is_drawn_whatever_its_face(text: str) -> None:
    box = SvgPicture.open(svg(text)).render(100).getbbox()
    assert box is not None
    assert 40 <= box[2] - box[0] <= 70
    assert 30 <= box[3] - box[1] <= 45


def test_bold_text_is_bold() -> None:
    ink = [
        pixels(SvgPicture.open(svg(f'<text y="70" font-size="60" font-weight="{weight}">W</text>')).render(100))[
            ..., 3
        ].sum()
        for weight in ("normal", "bold")
    ]
    assert ink[1] > 1.2 * ink[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_embedded_rasters_are_drawn(engine: str) -> None:
    link = f"data:image/png;base64,{base64.b64encode(saved(Image.new('RGB', (5, 5), MAGENTA))).decode()}"
    image = SvgPicture.open(svg(f'<image width="100" height="100" href="{link}"/>'), engine).render(10)
    assert image.getpixel((5, 5)) == (*MAGENTA, 255)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unknown-format"),
        (b"<html/>", "unknown-format"),
        (svg(HALF)[:-9], "corrupt"),
        (svg("<g>" * 99 + "</g>" * 99), "unsafe"),
    ],
)
def test_codes_of_the_guard_come_through(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableImage) as refusal:
        SvgPicture.open(data)
    assert refusal.value.code == code


def test_a_missing_cairo_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    monkeypatch.delitem(sys.modules, "cairosvg.surface", raising=False)
    with pytest.raises(BackendError, match=r"svg-cairo.*libcairo2"):
        SvgPicture.open(svg(HALF), "cairosvg")


def test_importing_loads_no_renderer() -> None:
    script = """
        import sys
        import logo_retrieval.images.svg
        print([name for name in ("resvg", "cairosvg", "PIL", "numpy") if name in sys.modules])
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_drawing_at_which_resvg_fails_is_drawn_a_little_smaller() -> None:
    body = (
        '<filter id="f" x="7.336" y=".846" width="20.214" height="19" filterUnits="userSpaceOnUse">'
        '<feColorMatrix in="SourceAlpha" result="hard"/><feOffset dx="-.75" dy=".5"/><feGaussianBlur stdDeviation="1"/>'
        '<feComposite in2="hard" k2="-1" k3="1" operator="arithmetic"/></filter>'
        '<path d="M7.336 .846h20.214v19h-20.214z" filter="url(#f)"/>'
    )
    drawing = usvg.Tree.from_str(svg(body, 'viewBox="0 0 28 26"').decode(), usvg.Options.default())
    with pytest.raises(BaseException, match="assertion failed"):
        render(drawing, (8.0, 0.0, 0.0, 0.0, 8.0, -8 * 37 / 7), bg_size=(224, 208))
    picture = SvgPicture.open(svg(body, 'viewBox="0 0 40 40"'))
    left, top = 20 / 7, 37 / 7
    image = picture.render(224, (left / 40, top / 40, (left + 28) / 40, (top + 26) / 40))
    assert image.size == (224, 208) and pixels(image)[..., 3].any()
