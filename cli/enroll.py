"""`logo-retrieval enroll`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import inputs
from .options import (
    EXIT_SOME_UNREADABLE,
    NamedPath,
    changed_index_option,
    class_option,
    index_to_change,
    index_to_write,
)
from .output import shown, warn, warn_unreadable

if TYPE_CHECKING:
    from logo_retrieval.indexing.report import EnrolmentReport


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@class_option("The company that the drawings show.")
@click.option(
    "--name",
    "names",
    metavar="NAME",
    multiple=True,
    help="A name by which the company is known; may come repeatedly, with PATHs or without.",
)
@click.option(
    "--from",
    "data",
    type=NamedPath(exists=True, path_type=Path),
    help="Enrol a folder with one sub-folder a company, or a table, instead of PATHs.",
)
@changed_index_option
@click.option("--force", is_flag=True, help="Also what the index has, the same or nearly, under another class.")
@click.option("--skip-unreadable", is_flag=True, help="Enrol the others where some cannot be read.")
def enroll(
    paths: tuple[str, ...],
    label: str | None,
    names: tuple[str, ...],
    data: Path | None,
    index: Path | None,
    force: bool,
    skip_unreadable: bool,
) -> None:
    """Add drawings and names of a company, new or known, without training.

    PATH is what `classify` takes. One drawing is enough, ten are better. All are added, or nothing changes; they take
    part in the next answer of every process. Drawings and names that the index has already are left out.

    \b
    Examples:
      logo-retrieval enroll --class newco newco.svg newco.png
      logo-retrieval enroll --class newco --name "New Co" --name "New Company"
      logo-retrieval enroll --from new-companies/
    """
    if (data is None) == (label is None) or (data is not None) == bool(paths or names):
        raise click.UsageError("expected --class NAME with PATHs, --name NAME or both, or --from FOLDER alone")
    files = inputs.expand(paths)
    if paths and not files:
        raise click.UsageError(f"no files to enrol in {', '.join(map(repr, paths))}")

    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.errors import EnrolmentError

    try:
        with index_to_change(index) as folder, LogoClassifier.open(folder) as classifier:
            if data is not None:
                report = classifier.enroll_gallery(data, force=force, skip_unreadable=skip_unreadable)
            else:
                report = classifier.enroll(str(label), files, names=names, force=force, skip_unreadable=skip_unreadable)
    except EnrolmentError as error:
        warn("", error.faults, most=None)
        raise click.ClickException(f"nothing was enrolled. {error.advice}") from error
    _show(report, index_to_write(index))
    if report.unreadable:
        sys.exit(EXIT_SOME_UNREADABLE)


def _show(report: EnrolmentReport, folder: Path) -> None:
    warn("", report.remarks)
    warn_unreadable(report.unreadable)
    warn("left out, it is there already: ", (f"{name} = {twin}" for name, twin in report.duplicates))
    warn("kept although ", report.overruled)
    warn(
        "unlike all other drawings of its class: ",
        (f"{name} (similarity {similarity:.2f}): is it theirs?" for name, similarity in report.unlike),
    )
    labels = {"drawing": [label for _, label in report.added], "name": [label for label, _ in report.named]}
    for what, of_added in labels.items():
        for label, size in Counter(of_added).items():
            kind = "new class" if label in report.new_classes else "class"
            amount = f"{size} {what}" if size == 1 else f"{size} {what}s"
            click.echo(f"{shown(str(folder))}: {amount} added to {kind} '{shown(label)}'")
    if not any(labels.values()):
        click.echo(f"{shown(str(folder))}: nothing to add")
