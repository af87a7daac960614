"""Options and helpers that several commands share."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

INDEX_VARIABLE = "LOGO_RETRIEVAL_INDEX"
DEFAULT_INDEX = Path("indexes/default")
EXIT_SOME_UNREADABLE = 3
POOLINGS = ("avg", "max", "gem")


class NamedPath(click.Path):
    """A path that is neither empty nor `-`; a tilde is the home, as shells leave it in `--index=~/mine`.

    An unset variable would be taken for the working directory, `-` and `~` for files of that name.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The path, checked as click does."""
        if not os.fspath(value):
            self.fail("the path is empty, such as an unset variable", param, ctx)
        if os.fspath(value) == "-":
            self.fail("'-' is no standard stream here: name a file, or './-' for one of that name", param, ctx)
        return super().convert(os.path.expanduser(value), param, ctx)  # noqa: PTH111 - `Path` raises where there is none


class FiniteRange(click.FloatRange):
    """Numbers from one to another: click has `nan` in every range, and `inf` in those without end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The number, checked as click does."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number", param, ctx)
        return number


class ShareOrAuto(FiniteRange):
    """A share between 0 and 1, or the word `auto`."""

    name = "share"

    def __init__(self) -> None:
        super().__init__(0, 1, min_open=True, max_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The word as it is, anything else as a number."""
        if value == "auto":
            return value
        try:
            float(value)
        except ValueError:
            self.fail(f"expected a number above 0 and below 1, or auto, got {value!r}", param, ctx)
        return super().convert(value, param, ctx)


def real_path(path: str | Path) -> Path:
    """Where a path leads to; links that lead to themselves stay, for which `Path.resolve` raises a RuntimeError."""
    return Path(os.path.realpath(path))


_INDEX_DEFAULT = f"${INDEX_VARIABLE}, else {DEFAULT_INDEX}"
index_option, changed_index_option, new_index_option = (
    click.option("--index", type=NamedPath(path_type=Path), help=f"Folder of the index.  [default: {default}]")
    for default in (
        f"{_INDEX_DEFAULT}, else the starter index",
        f"{_INDEX_DEFAULT}, made from the starter index where it is not there",
        _INDEX_DEFAULT,
    )
)


def _only_one(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str | None:
    if len(values) > 1:
        raise click.UsageError(f"expected one {param.opts[0]}, got {', '.join(map(repr, values))}: call once for each")
    return values[0] if values else None


def class_option(help_text: str) -> Callable[[Command], Command]:
    """`--class NAME`, once: of two, click takes the last, which would get the drawings of both."""
    return click.option("--class", "label", metavar="NAME", multiple=True, callback=_only_one, help=help_text)


def index_to_read(index: Path | None, *, tell: bool = True) -> Path:
    """The index asked for, else that of the environment, else the default one, else the shipped one.

    Args:
        index: that was asked for.
        tell: that it is the default one, on stderr.
    """
    from logo_retrieval.models.resolve import starter_index

    if index is not None:
        return index
    if (named := _index_of_environment()) is not None:
        return named
    if DEFAULT_INDEX.exists():  # not the same one in every folder
        if tell:
            click.echo(f"index: {DEFAULT_INDEX}", err=True)
        return DEFAULT_INDEX
    return starter_index()


def index_to_write(index: Path | None) -> Path:
    """The index asked for, else that of the environment, else the default one."""
    return index or _index_of_environment() or DEFAULT_INDEX


def _index_of_environment() -> Path | None:
    """A tilde is the home: no shell has read what a container or a service sets."""
    named = os.environ.get(INDEX_VARIABLE)
    return Path(os.path.expanduser(named)) if named else None  # noqa: PTH111 - as in `NamedPath`


@contextmanager
def index_to_change(index: Path | None) -> Iterator[Path]:
    """Where to open the index asked for, else that of the environment, else the default one.

    Where there is no default one, that is a copy of the shipped one, which takes its place when the block ends well.
    """
    from logo_retrieval.models.resolve import changed_starter

    folder = index_to_write(index)
    if index is not None or _index_of_environment() is not None or folder.exists():
        yield folder
        return
    with changed_starter(folder) as copy:
        yield copy
    click.echo(f"copied the starter index to {folder}, which commands read from now on", err=True)


@contextmanager
def progress_bar(label: str, total: int, rows: TextIO | None = None) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, when that is a terminal and rows do not go to one.

    Yields a function that takes the number of files done, and that of all.
    """
    if not sys.stderr.isatty() or (rows is not None and rows.isatty()) or total < 2:
        yield lambda done, total: None
        return
    with click.progressbar(length=total, label=label, file=sys.stderr, show_pos=True) as bar:
        yield lambda done, total: bar.update(done - bar.pos)
