"""`logo-retrieval evaluate`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import EXIT_SOME_UNREADABLE, FiniteRange, NamedPath, index_option, index_to_read, progress_bar, real_path
from .output import csv_line, json_text, shown, stdout, still_as_it_was, writing

if TYPE_CHECKING:
    from logo_retrieval.evaluation.result import Evaluation

_LISTED = 10
_NEW_FILE = NamedPath(dir_okay=False, path_type=Path)


@click.command()
@click.argument("data", type=NamedPath(exists=True, path_type=Path))
@index_option
@click.option(
    "--other-share",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help='Of "other", for which probabilities are stated and judged.',
)
@click.option("--report", type=_NEW_FILE, help="Write a page with every figure and the mistakes as pictures (HTML).")
@click.option("--output", type=_NEW_FILE, help="Write every figure and every answer (JSON).")
@click.option("--submission", type=_NEW_FILE, help="Write path,label of every file (CSV); an unreadable one is other.")
def evaluate(
    data: Path,
    index: Path | None,
    other_share: float,
    report: Path | None,
    output: Path | None,
    submission: Path | None,
) -> None:
    """Measure how well an index answers for files whose class is known.

    DATA is a folder with one sub-folder a class, or a .csv, .tsv or .parquet with the columns path and label. A class
    that the index does not know should be answered "other". A file that cannot be read counts as wrong; the exit code
    is then 3.

    \b
    Example:
      logo-retrieval evaluate test-logos/ --report report.html --output figures.json
    """
    _check_places([data, *filter(None, (report, output, submission))])
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.evaluation.run import evaluate as measured
    from logo_retrieval.gallery.records import read_gallery
    from logo_retrieval.reports.evaluation import write_report

    gallery = read_gallery(data)
    with ExitStack() as stack:
        classifier = stack.enter_context(LogoClassifier.open(index_to_read(index)))
        for file in filter(None, (output, submission, report)):
            stack.enter_context(still_as_it_was(file))
        with progress_bar("evaluate", len(gallery.records)) as progress:
            evaluation = measured(classifier, gallery, other_share=other_share, progress=progress)
    for remark in evaluation.remarks:
        click.echo(shown(remark), err=True)
    stdout().writelines(f"{line}\n" for line in _summary(evaluation))
    for place, write in ((output, _write_json), (submission, _write_submission), (report, write_report)):
        if place is not None:
            with writing(place):
                write(evaluation, place)
    if evaluation.unreadable:
        sys.exit(EXIT_SOME_UNREADABLE)


def _check_places(files: list[Path]) -> None:
    """What is to be written must not overwrite DATA, nor one thing another."""
    if len(set(map(real_path, files))) < len(files):
        raise click.UsageError("DATA, --report, --output and --submission must be different files")
    for file in files[1:]:
        if not file.parent.is_dir():
            raise click.UsageError(f"cannot write '{file}': there is no folder '{file.parent}'")


def _write_json(evaluation: Evaluation, file: Path) -> None:
    file.write_text(json_text(evaluation.to_dict(), indent=1) + "\n", encoding="utf-8")


def _write_submission(evaluation: Evaluation, file: Path) -> None:
    from logo_retrieval.types import OTHER

    rows = [("path", "label"), *((file.path, file.predicted or OTHER) for file in evaluation.files)]
    file.write_text("".join(map(csv_line, rows)), encoding="utf-8", newline="")


def _summary(evaluation: Evaluation) -> Iterator[str]:
    from logo_retrieval.evaluation.result import FIGURES

    asked = [result for result in evaluation.classes if result.support]
    yield (
        f"{shown(evaluation.index.name)}: {len(evaluation.files)} files of {len(asked)} classes, "
        f"{len(evaluation.mistakes)} answered wrongly, {len(evaluation.unreadable)} unreadable"
    )
    yield from (f"note: {shown(note)}" for note in evaluation.notes)
    yield f"\n{'':34}  value  95 % interval"
    for name, figure in evaluation.figures.items():
        if figure is not None:
            yield f"{FIGURES[name]:34}  {figure.value:5.3f}  {figure.low:.3f}-{figure.high:.3f}"
    worst = sorted((one for one in asked if one.f2 < 1), key=lambda one: (one.f2, -one.support, one.name))
    if worst:
        yield f"\n{'worst classes':34}  files  answered  precision  recall     F2"
    for one in worst[:_LISTED]:
        precision = "-" if one.precision is None else f"{one.precision:.3f}"
        scores = f"{precision:>9}  {one.recall:6.3f}  {one.f2:5.3f}"
        yield f"{shown(one.name):34}  {one.support:5}  {one.predicted:8}  {scores}"
    if evaluation.confusions:
        yield f"\n{'commonest confusions':34}  files  answered"
    for pair in evaluation.confusions[:_LISTED]:
        yield f"{shown(pair.expected):34}  {pair.count:5}  {shown(pair.predicted)}"
