"""Drawings of further packs, and how they are read out of npm's archives."""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from collect_packs import path_of
from logobench_data import DATA, OTHER, Drawing, LogoBench, load_packs, load_vintage, read_rows
from packs import drawings, from_jsx
from starter_data import seen
from wide_data import load_wide

HELD = {"iconza", "homelab-svg-assets"}
LICENCES = {"MIT", "CC0-1.0", "CC-BY-4.0", "Apache-2.0", "OFL-1.1"}


@pytest.fixture(scope="module")
def packs(cache: Path) -> tuple[Drawing, ...]:
    return load_packs(cache)


def test_every_listed_drawing_is_there_and_attributed(packs: tuple[Drawing, ...], bench: LogoBench) -> None:
    listed = read_rows(DATA / "packs_list.csv")
    assert [drawing.key for drawing in packs] == [path_of(row) for row in listed]
    assert len({drawing.key for drawing in packs}) == len(packs)
    text = (DATA / "PACKS_ATTRIBUTION.md").read_text(encoding="utf-8")
    for (package, licence), n in Counter((drawing.package, drawing.licence) for drawing in packs).items():
        assert licence in LICENCES
        assert f"| {package} | {licence} | {n} |" in text
    for drawing in packs:
        assert b"<svg" in drawing.path.read_bytes()
        assert drawing.label in bench.classes


def test_none_is_a_drawing_of_another_set(packs: tuple[Drawing, ...], bench: LogoBench, cache: Path) -> None:
    own = {drawing.path.read_bytes() for drawing in (*bench.drawings, *load_vintage(cache)) if drawing.label != OTHER}
    assert not own & {drawing.path.read_bytes() for drawing in packs if drawing.use == "train"}


def test_whole_packs_are_held_and_never_learned(packs: tuple[Drawing, ...], bench: LogoBench) -> None:
    assert {drawing.collection for drawing in packs if drawing.use == "held"} == HELD
    assert not HELD & {drawing.collection for drawing in packs if drawing.use == "train"}
    own = set(packs)
    learned = [drawing for drawing, _ in seen(bench, (), vintage=packs, split=None).bench if drawing in own]
    assert learned == [drawing for drawing in packs if drawing.use == "train"]


def test_of_an_artist_who_is_asked_no_drawing_is_learned(packs: tuple[Drawing, ...], bench: LogoBench) -> None:
    rows = seen(bench, (), vintage=packs, split="collection").bench
    own = set(packs)
    collections = {drawing.collection for drawing, _ in rows if drawing in own}
    assert "streamline-logos" in collections
    assert not {"skill-icons", "mdi", "simple-icons"} & collections


def test_other_brands_tell_nothing_new_of_what_is_asked(
    packs: tuple[Drawing, ...], bench: LogoBench, cache: Path
) -> None:
    learned = {drawing.brand for drawing in packs if drawing.label == OTHER and drawing.use == "train"}
    wide = load_wide(cache)
    assert learned <= {drawing.brand for drawing in wide if not drawing.dev_other_slug}
    asked = {drawing.brand for drawing in packs if drawing.label == OTHER and drawing.use == "held"}
    assert not asked & {drawing.brand for drawing in wide}
    assert not asked & {drawing.brand for drawing in bench.drawings}
    rows = seen(bench, (), vintage=packs, split=None, held_out=frozenset(learned)).bench
    own = set(packs)
    assert not learned & {drawing.brand for drawing, _ in rows if drawing in own}


def test_each_way_of_keeping_a_drawing_is_read(tmp_path: Path) -> None:
    body = '<path d="M0 0h9v9z"/>'
    files = {
        "package/mark.svg": f"<svg>{body}</svg>",
        "package/icons.json": json.dumps({"prefix": "a", "height": 9, "icons": {"mark": {"body": body, "width": 8}}}),
        "package/other/icons.json": "[]",
        "package/two.js": f'[{{ name: "One", svg: "<svg>{body}</svg>" }}, {{ name: "Two", svg: "<svg>\\n</svg>" }}]',
        "package/lockup.cjs": f"mark = '<svg><svg>{body}</svg><svg/><g/></svg>' + '</svg>'",
        "package/url.js": "'data:image/svg+xml,%3Csvg%20width%3D%225%22%3E%3C%2Fsvg%3E'",
        "package/mark.tsx": "const Mark = (props) => (<svg {...props}></svg>)",
        "package/README.md": "<svg></svg>",
    }
    archive = tmp_path / "pack-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    found = dict(drawings(archive))
    assert list(found) == [
        "mark.svg",
        "icons.json#mark",
        "two.js#One",
        "two.js#Two",
        "lockup.cjs",
        "url.js",
        "mark.tsx",
    ]
    assert 'viewBox="0 0 8 9"' in found["icons.json#mark"]
    assert found["two.js#Two"] == "<svg>\n</svg>" and found["url.js"] == '<svg width="5"></svg>'
    assert found["lockup.cjs"] == f"<svg><svg>{body}</svg><svg/><g/></svg>"
    assert found["mark.tsx"] == "<svg ></svg>"


@pytest.mark.parametrize(
    ("jsx", "svg"),
    [
        ('<path fillRule="evenodd" strokeWidth={2} />', '<path fill-rule="evenodd" stroke-width="2" />'),
        ('<use xlinkHref="#a" viewBox="0 0 1 1" />', '<use xlink:href="#a" viewBox="0 0 1 1" />'),
        (
            '<g style={{ maskType: "alpha", opacity: 0.5 }}>{/* no */}</g>',
            '<g style="mask-type:alpha;opacity:0.5"></g>',
        ),
        ('<linearGradient id={`a`} gradientUnits="x" />', '<linearGradient id="a" gradientUnits="x" />'),
    ],
)
def test_jsx_becomes_svg(jsx: str, svg: str) -> None:
    assert from_jsx(jsx) == svg
