"""Nothing outside a drawing is shown or fetched, whatever names it: no file, no address."""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from bomb_drawings import svg
from PIL import Image
from renderers import ENGINES
from resvg import render, usvg

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.svg import SvgPicture

SIZE = 'width="100" height="100" viewBox="0 0 100 100"'
HALF = '<rect width="50" height="100" fill="#0a0"/>'
MAGENTA = (255, 0, 255)

OUTSIDE = [
    '<image x="50" width="50" height="100" href="{0}"/>',
    '<image x="50" width="50" height="100" xlink:href="{0}"/>',
    '<image xmlns:q="http://www.w3.org/1999/xlink" x="50" width="50" height="100" q:href="{0}"/>',
    '<use href="{0}#a"/><use xlink:href="{0}"/>',
    '<filter id="f" x="0" y="0" width="1" height="1"><feImage href="{0}"/></filter>'
    '<rect x="50" width="50" height="100" filter="url(#f)"/>',
    '<pattern id="p" width="1" height="1"><image width="50" height="100" href="{0}"/></pattern>'
    '<rect x="50" width="50" height="100" fill="url(#p)"/>',
    '<rect x="50" width="50" height="100" fill="url({0}#g)"/>',
    '<rect x="50" width="50" height="100" style="fill:url(\'{0}#g\');mask:url({0}#m);filter:url({0}#f)"/>',
    '<style>@import url("{0}"); @font-face{{font-family:x;src:url({0})}} rect{{fill:url({0}#g)}}</style>',
    '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{0}"/>',
    '<image x="50" width="50" height="100" href="data:image/svg+xml,&lt;svg xmlns=\'http://www.w3.org/2000/svg\'>'
    "&lt;image width='50' height='100' href='{0}'/>&lt;/svg>\"/>",
    '<text y="50">&outside;</text>',
]


def opened(reference: str, form: str, engine: str) -> Image.Image | None:
    prolog = f'<?xml-stylesheet href="{reference}"?><!DOCTYPE svg SYSTEM "{reference}" ['
    prolog += f'<!ENTITY outside SYSTEM "{reference}"><!ENTITY % more SYSTEM "{reference}">%more;]>'
    try:
        return SvgPicture.open(svg(HALF + form.format(reference), prolog, root=SIZE), engine).render(40)
    except UnreadableImage:
        return None


@pytest.mark.parametrize("engine", ENGINES)
def test_no_file_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    bait = tmp_path / "bait.png"
    Image.new("RGB", (64, 64), MAGENTA).save(bait)
    monkeypatch.chdir(tmp_path)
    for reference in ("bait.png", "./bait.png", str(bait), bait.as_uri()):
        for form in OUTSIDE:
            image = opened(reference, form, engine)
            assert image is not None, form
            colours = {colour[:3] for _, colour in image.getcolors(1600) or () if isinstance(colour, tuple)}
            assert MAGENTA not in colours, form


def test_the_bait_is_shown_without_the_guard(tmp_path: Path) -> None:
    bait = tmp_path / "bait.png"
    Image.new("RGB", (64, 64), MAGENTA).save(bait)
    tree = usvg.Tree.from_str(svg(OUTSIDE[0].format(bait), root=SIZE).decode(), usvg.Options.default())
    image = Image.open(io.BytesIO(render(tree, (1, 0, 0, 0, 1, 0), bg_size=(100, 100))))
    assert image.getpixel((75, 50)) == (*MAGENTA, 255)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("engine", ENGINES)
def test_nobody_connects(listener: socket.socket, engine: str) -> None:
    host, port = listener.getsockname()
    for scheme in ("http:", ""):
        for form in OUTSIDE:
            assert opened(f"{scheme}//{host}:{port}/a.svg", form, engine) is not None, form
    with pytest.raises(BlockingIOError):
        listener.accept()
