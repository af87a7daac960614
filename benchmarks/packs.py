"""Reads the drawings of icon packs out of npm's archives, whichever way the pack keeps them."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Container, Iterator
from pathlib import Path
from urllib.parse import unquote

ICONIFY = re.compile(r"icons\.json|json/[\w-]+\.json")
"""Where an Iconify set lies, in a package of its own and in that of all sets."""

SOURCE_CODE = (".js", ".cjs", ".jsx", ".tsx")

_SVG = re.compile(r"<svg\b(?:<svg\b(?![^>]*/>)(?:(?!</svg>).)*</svg>|(?!</svg>).)*</svg>", re.DOTALL)
"""One within it may be closed too, as in a lockup of a mark and a name."""
_NAME = re.compile(r'(?:\bname: (?=")|(?<=\s)(?="[^"]+": `))"([^"]+)"')
_ESCAPES = {r"\n": "\n", r"\"": '"', r"\'": "'"}
_STYLE = re.compile(r"style=\{\{\s*(.*?),?\s*\}\}", re.DOTALL)
_RULE = re.compile(r"(\w+):\s*[\"']?([^,\"']+)[\"']?")
_EXPRESSION = re.compile(r'=\{["`]?([^{}"`]*)["`]?\}')
_DROPPED = re.compile(r"\{\.\.\.\w+\}|\{/\*.*?\*/\}", re.DOTALL)
_ATTRIBUTE = re.compile(r"\b(?:xlink|xml|fill|stroke|stop|clip|font|text|color|flood)[A-Z]\w*(?==)")
_PREFIXED = re.compile(r"(xlink|xml)([A-Z])(.*)")
_XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def drawings(archive: Path, places: Container[str] | None = None) -> Iterator[tuple[str, str]]:
    """Where in an archive each SVG is, and its text.

    A drawing is a file of its own, an icon of an Iconify set (`icons.json#name`), or SVG within source code
    (`chrome.tsx`, or `index.js#name` where the file holds several).

    Args:
        archive: of a package.
        places: the files to look into; by default all.
    """
    with tarfile.open(archive) as tar:
        for member in tar:
            place = member.name.partition("/")[2]
            wanted = ICONIFY.fullmatch(place) or place.endswith((".svg", *SOURCE_CODE))
            stream = tar.extractfile(member) if wanted and (places is None or place in places) else None
            if stream is None:
                continue
            text = stream.read().decode(errors="replace")
            if place.endswith(".svg"):
                yield place, text
            elif ICONIFY.fullmatch(place):
                yield from ((f"{place}#{name}", svg) for name, svg in _icons(text))
            else:
                yield from ((f"{place}{name}", svg) for name, svg in _within(text, place))


def _icons(text: str) -> Iterator[tuple[str, str]]:
    """Names and SVG texts of an Iconify set; none where the file is another table of the same name."""
    pack = json.loads(text)
    if "prefix" not in pack:
        return
    for name, icon in pack["icons"].items():
        width, height = (icon.get(side, pack.get(side, 16)) for side in ("width", "height"))
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        yield name, f'<svg xmlns="http://www.w3.org/2000/svg" {_XLINK} viewBox="{box}">{icon["body"]}</svg>'


def _within(text: str, place: str) -> Iterator[tuple[str, str]]:
    """The SVG in source code: literal, as a data URL or as JSX."""
    if "data:image/svg+xml,%3Csvg" in text:
        text = unquote(text)
    found = list(_SVG.finditer(text))
    start = 0
    for match in found:
        names = _NAME.findall(text, start, match.start())
        start = match.end()
        svg = match.group()
        for escape, meant in _ESCAPES.items():
            svg = svg.replace(escape, meant)
        name = f"#{names[-1]}" if names and len(found) > 1 else ""
        yield name, svg if place.endswith((".js", ".cjs")) else from_jsx(svg)


def from_jsx(text: str) -> str:
    """SVG out of the JSX that tools make of it: attributes by their own names, plain values, nothing computed."""
    text = _DROPPED.sub("", text)
    text = _STYLE.sub(lambda style: f'style="{_rules(style.group(1))}"', text)
    text = _EXPRESSION.sub(r'="\1"', text)
    return _ATTRIBUTE.sub(lambda name: _own_name(name.group()), text)


def _rules(style: str) -> str:
    return ";".join(f"{_dashed(name)}:{value.strip()}" for name, value in _RULE.findall(style))


def _own_name(name: str) -> str:
    prefixed = _PREFIXED.fullmatch(name)
    return f"{prefixed[1]}:{prefixed[2].lower()}{prefixed[3]}" if prefixed else _dashed(name)


def _dashed(name: str) -> str:
    return re.sub(r"[A-Z]", lambda capital: f"-{capital.group().lower()}", name)
