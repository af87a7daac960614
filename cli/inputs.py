"""From PATH arguments to files."""

from __future__ import annotations

import codecs
import contextlib
import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from .output import shown

_BELOW = re.compile(r"((?:[^*]|\*(?!\*))*/|)\*\*(?:/((?!\.)(?:[^*/]|\*(?!\*)|/(?!\.))+))?")
"""A glob for what lies at any depth; glob itself follows links in circles."""


def expand(arguments: Iterable[str]) -> list[str]:
    """The files that the arguments stand for, in order; what does not exist stays, to be answered as missing.

    An argument is a file, a folder (every file below it but hidden ones), a glob, `-` for a list of paths on stdin or
    `@list.txt` for a list in a file, one path a line, or with a NUL behind each.
    """
    stray: list[Path] = []
    files = [path for argument in arguments for path in _expand(argument, stray)]
    if stray:
        names = ", ".join(sorted({file.name for file in stray}))
        click.echo(f"left out {len(stray)} that operating systems put into folders: {shown(names)}", err=True)
    return files


def _expand(argument: str, stray: list[Path]) -> Iterator[str]:
    from logo_retrieval.gallery.files import visible_files
    from logo_retrieval.images.source import is_folder, is_there

    if not argument:
        raise click.UsageError("an empty PATH, such as an unset variable: expected a file, a folder or a list")
    if argument == "-":
        yield from _lines(sys.stdin.buffer.read(), "standard input")
    elif argument.startswith("@") and not is_there(argument):
        try:
            yield from _lines(Path(argument[1:]).read_bytes(), f"'{argument[1:]}'")
        except OSError as error:
            raise click.UsageError(f"cannot read the list '{argument[1:]}': {error.strerror}") from error
    elif is_folder(argument):
        yield from (str(path) for path in visible_files(Path(argument), stray))
    elif (parts := _BELOW.fullmatch(argument)) and not is_there(argument):
        folders = [Path(folder) for folder in sorted(glob.glob(parts[1] or ".")) if is_folder(folder)]  # noqa: PTH207
        files = ((file, file.relative_to(folder)) for folder in folders for file in visible_files(folder, stray))
        yield from [str(file) for file, place in files if place.match(parts[2] or "*")] or [argument]
    elif glob.has_magic(argument) and not is_there(argument):
        yield from _matches(argument, stray)
    else:
        yield argument


def _matches(pattern: str, stray: list[Path]) -> Iterator[str]:
    from logo_retrieval.gallery.files import visible_files
    from logo_retrieval.images.source import is_folder
    from logo_retrieval.store.answers import CACHE_FILES

    for match in sorted(glob.glob(pattern, recursive=True)) or [pattern]:  # noqa: PTH207 - absolute ones too
        if is_folder(match):
            yield from () if "**" in pattern else (str(path) for path in visible_files(Path(match), stray))
        elif Path(match).name not in CACHE_FILES:
            yield match


def _lines(data: bytes, source: str) -> Iterator[str]:
    """The paths in a list; a picture in its place is not taken for one."""
    from logo_retrieval.errors import UnreadableImage
    from logo_retrieval.images.sniff import sniff

    with contextlib.suppress(UnreadableImage):
        raise click.UsageError(f"expected a list of paths in {source}, got a picture ({sniff(data)}): give its path")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as PowerShell writes them
        data = data.decode("utf-16", "replace").encode()
    text = os.fsdecode(data.removeprefix(codecs.BOM_UTF8))
    if "\0" in text:  # as `find -print0` writes them
        return (path for path in text.split("\0") if path)
    lines = (line.removesuffix("\r") for line in text.split("\n"))  # no other sign ends a line: names may hold it
    return (line for line in lines if line.strip())
