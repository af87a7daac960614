"""`logo-retrieval classify`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from . import inputs, output
from .options import (
    EXIT_SOME_UNREADABLE,
    FiniteRange,
    NamedPath,
    ShareOrAuto,
    index_option,
    index_to_read,
    progress_bar,
    real_path,
)
from .resume import NOTHING_ANSWERED, answered, check_resumable, check_same_settings, not_yet
from .tally import Tally

if TYPE_CHECKING:
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.inference.predict import Auto, Text
    from logo_retrieval.types import Decision

Value = TypeVar("Value")

_FORMATS = {
    **dict.fromkeys(("", ".txt", ".text", ".log", ".out"), "table"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
    ".csv": "csv",
}
"""By the ending of a file's name."""

_MOST_EXPLAINED = 2000
"""Inputs on a page, of which each takes 10 kB; beyond them stand those that are unreadable."""


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@index_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(output.FORMATS),
    help="Of the rows.  [default: that which the name of --output ends on, else table]",
)
@click.option(
    "--output", "file", type=NamedPath(dir_okay=False, path_type=Path), help="Write the rows here, not to stdout."
)
@click.option("--resume", is_flag=True, help="Keep the rows that --output holds and answer the other inputs.")
@click.option(
    "--top", type=click.IntRange(1, 1000), default=5, show_default=True, help="Labels and neighbours per input."
)
@click.option(
    "--max-false-accept",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    help='Of logos that are "other", name a company for at most this share.  [default: 0.02]',
)
@click.option(
    "--other-share",
    type=ShareOrAuto(),
    default=0.5,
    show_default=True,
    metavar="FLOAT|auto",
    help="How common such logos are among these inputs, such as 0.9 in a mail stream; probabilities follow. With auto, "
    "what all inputs together show; rows then come at the end.",
)
@click.option(
    "--text",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    show_default=True,
    help="Read what is written: where it could change the answer, always or never.",
)
@click.option(
    "--cache",
    type=NamedPath(file_okay=False, path_type=Path),
    help="Keep answers in this folder, by content: what the same index has answered is not decoded again.",
)
@click.option(
    "--explain",
    "page",
    type=NamedPath(dir_okay=False, path_type=Path),
    help="Write also a page (HTML) with the pictures, their nearest drawings, and what decided.",
)
def classify(
    paths: tuple[str, ...],
    index: Path | None,
    kind: str | None,
    file: Path | None,
    resume: bool,
    top: int,
    max_false_accept: float | None,
    other_share: float | Auto,
    text: Text,
    cache: Path | None,
    page: Path | None,
) -> None:
    """Say whose logo each image shows, or "other".

    PATH is a file, a folder, a glob, - for a list of paths on stdin, or @list.txt. Every input gets one row, in input
    order; an image that cannot be read gets a row with the reason, and the exit code is then 3.

    \b
    Example:
      logo-retrieval classify logos/ favicon.ico --format jsonl --output answers.jsonl
    """
    files = _without_written(inputs.expand(paths), paths, file, page)
    kind = kind or _format_of(file)
    if resume:
        check_resumable(kind, file, page, other_share)
    if not files:
        raise click.UsageError(f"no files to classify in {', '.join(map(repr, paths))}")

    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.gallery.records import printable
    from logo_retrieval.models.resolve import STARTER, starter_index
    from logo_retrieval.rows import decision_row, settings_text

    folder = index_to_read(index)
    name = STARTER if folder == starter_index() else printable(str(folder))
    earlier = answered(file, kind) if resume and file else NOTHING_ANSWERED
    done = earlier.paths
    waiting = not_yet(files, done)
    unreadable = (Counter(map(printable, files)) & earlier.unreadable).total() if done else 0
    tally = Tally()
    at_end = other_share == "auto"  # which all answers tell together; until then an earlier file of rows stays
    with _interruptible(at_end=at_end), ExitStack() as stack:
        classifier = stack.enter_context(LogoClassifier.open(folder, cache=cache))
        settings = settings_text(other_share, max_false_accept, text)
        check_same_settings(earlier, name, settings, classifier, top, kind)
        if not waiting:
            sys.exit(EXIT_SOME_UNREADABLE if unreadable else 0)
        _check_share(classifier, max_false_accept)  # before anything is written
        stream = stack.enter_context(output.opened(file, append=at_end or bool(done))) if file else output.stdout()
        advance = stack.enter_context(progress_bar("classify", len(waiting), stream))
        write = output.row_writer(kind, stream, paths=waiting, top=top, header=not done)
        if page is not None:
            stack.enter_context(output.still_as_it_was(page))
        decisions, share = _asked(
            classifier, waiting, advance, other_share, top=top, max_false_accept=max_false_accept, text=text
        )
        _empty(stream, is_due=at_end and file is not None)
        settings = settings_text(share, max_false_accept, text)
        explained: list[tuple[str, Decision]] = []
        for count, (path, decision) in enumerate(zip(waiting, decisions, strict=True), start=1):
            write(decision_row(path, decision, name, settings))
            tally.add(decision)
            if page is not None and (count <= _MOST_EXPLAINED or decision.status == "unreadable"):
                explained.append((path, decision))
        if page is not None:
            from logo_retrieval.reports.explanation import write_explanation

            with output.writing(page):
                write_explanation(explained, len(waiting), classifier.store, name, page)
    if sys.stderr.isatty():
        tally.show(share, is_whole=not resume)
    unreadable += tally.unreadable
    if unreadable:
        click.echo(f"{unreadable} of {len(files)} inputs could not be read: see their rows", err=True)
        sys.exit(EXIT_SOME_UNREADABLE)


def _format_of(file: Path | None) -> str:
    """The format that a file's name asks for.

    Raises:
        click.UsageError: for one that is not written, such as .xlsx.
    """
    ending = "" if file is None else file.suffix.lower()
    if ending not in _FORMATS:
        raise click.UsageError(
            f"--output '{file}': rows are not written as {ending}, but as .csv, .jsonl, or .txt for the plain table; "
            "or say with --format what the file shall hold"
        )
    return _FORMATS[ending]


def _without_written(files: list[str], paths: tuple[str, ...], output: Path | None, page: Path | None) -> list[str]:
    """The files but those that are to be written, which an earlier call may have left in a folder that is asked."""
    from logo_retrieval.images.source import is_folder

    asked = [place for place in (output, page) if place is not None]
    places = {real_path(place) for place in asked}
    if len(places) < len(asked):
        raise click.UsageError("--output and --explain must be different files")
    for path in paths:
        if path.startswith("@") and real_path(path[1:]) in places:
            raise click.UsageError(f"'{path[1:]}' would be read and written: name another file")
    names = {place.name for place in (*asked, *places)}
    found = {file: real_path(file) for file in files if Path(file).name in names}
    folders = [real_path(path) for path in paths if path and is_folder(path)]
    for file, place in found.items():
        if place in places and not any(place.is_relative_to(folder) for folder in folders):
            raise click.UsageError(f"'{file}' would be read and written: name another file")
    return [file for file in files if found.get(file) not in places] if found else files


@contextmanager
def _interruptible(*, at_end: bool) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        kept = "no row was written yet, all come at the end" if at_end else "rows written so far are kept"
        raise click.Abort(f"interrupted: {kept}") from None


def _check_share(classifier: LogoClassifier, max_false_accept: float | None) -> None:
    from logo_retrieval.errors import LogoRetrievalError

    try:
        classifier.engine.knowledge.share(max_false_accept)
    except LogoRetrievalError:
        raise
    except ValueError as error:
        raise click.UsageError(f"--max-false-accept: {error}") from error


def _asked(
    classifier: LogoClassifier,
    paths: list[str],
    advance: Callable[[int, int], None],
    other_share: float | Auto,
    *,
    top: int,
    max_false_accept: float | None,
    text: Text,
) -> tuple[Iterable[Decision], float]:
    """The answers, and the share of unknown logos that they are for."""
    from logo_retrieval.inference.other_share import shown_share

    def counted(values: Iterable[Value]) -> Iterator[Value]:
        for count, value in enumerate(values, start=1):
            yield value
            advance(count, len(paths))

    if other_share == "auto":
        decisions = classifier.classify(
            counted(paths), top=top, max_false_accept=max_false_accept, other_share=other_share, text=text
        )
        return decisions, shown_share(decisions)
    answers = classifier.classify_stream(
        paths, top=top, max_false_accept=max_false_accept, other_share=other_share, text=text
    )
    return counted(answers), other_share


def _empty(stream: TextIO, *, is_due: bool) -> None:
    """Takes the rows of an earlier call out of a file that was opened to be added to."""
    if is_due:
        with suppress(OSError):  # a pipe holds none
            stream.truncate(0)
