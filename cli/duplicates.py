"""`logo-retrieval duplicates`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import output
from .options import EXIT_SOME_UNREADABLE, FiniteRange, NamedPath, index_to_read, progress_bar

if TYPE_CHECKING:
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.drawings import Drawings
    from logo_retrieval.near_duplicates import Cluster, Duplicate, Kind

_COLUMNS = ("name", "label", "kind", "similarity", "of", "of_label")


@click.command()
@click.argument("data", type=NamedPath(exists=True, path_type=Path), required=False)
@click.option(
    "--index",
    type=NamedPath(path_type=Path),
    help="Folder of the index whose drawings are compared. Without it, files alone are compared, by the model of the "
    "index that other commands read.",
)
@click.option(
    "--against",
    type=NamedPath(exists=True, path_type=Path),
    help="List the files of DATA that this folder or table has too, such as a test set's that are in training.",
)
@click.option(
    "--threshold",
    type=FiniteRange(-1, 1),
    help="Similarity from which on two drawings are duplicates.  [default: 0.85]",
)
@click.option(
    "--kind",
    "loosest",
    type=click.Choice(("bytes", "picture", "drawing")),
    default="drawing",
    show_default=True,
    help="Which count: files of the same bytes, these and pictures that look the same, or all.",
)
@click.option("--format", "kind", type=click.Choice(output.FORMATS), default="table", show_default=True)
def duplicates(
    data: Path | None, index: Path | None, against: Path | None, threshold: float | None, loosest: Kind, kind: str
) -> None:
    """Find drawings that are there more than once, whatever their format, size and colour.

    DATA is a folder, or a table with the columns path and label; without it the drawings of the index are compared with
    one another, and with both those of DATA are looked up in the index. Duplicates are files of the same bytes,
    pictures that look the same, or drawings of the same logo; each is listed with the one that it repeats.

    \b
    Examples:
      logo-retrieval duplicates my-logos/
      logo-retrieval duplicates --index indexes/mine --format jsonl
      logo-retrieval duplicates test/ --against train/
    """
    if data is None and index is None:
        raise click.UsageError("expected DATA, or --index DIR, or both")
    if against is not None and (data is None or index is not None):
        raise click.UsageError("--against goes with DATA and without --index")

    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.near_duplicates import NEAR_SIMILARITY, find_clusters, find_matches

    limit = NEAR_SIMILARITY if threshold is None else threshold
    gallery = None
    with LogoClassifier.open(index_to_read(index)) as classifier:
        drawings = _read(data, classifier, loosest) if data else classifier.drawings()
        if against is not None:
            gallery = _read(against, classifier, loosest)
        elif data is not None and index is not None:
            gallery = classifier.drawings()
    if gallery is None:
        clusters = find_clusters(drawings, limit, loosest)
        _show_clusters(clusters, kind)
        repeated = sum(len(cluster.others) for cluster in clusters)
        click.echo(f"{repeated} of {len(drawings)} drawings repeat another, in {len(clusters)} clusters", err=True)
    else:
        matches = find_matches(drawings, gallery, limit, loosest)
        _show_matches(matches, kind)
        where = index if against is None else against
        click.echo(f"{len(matches)} of {len(drawings)} drawings are in {output.shown(str(where))} too", err=True)
    if drawings.unreadable or (gallery is not None and gallery.unreadable):
        sys.exit(EXIT_SOME_UNREADABLE)


def _read(data: Path, classifier: LogoClassifier, loosest: Kind) -> Drawings:
    """The drawings of files, or their bytes alone; what cannot be read is named."""
    from logo_retrieval.drawings import digests_of_files, files_of

    with ExitStack() as stack:
        bar: list[Callable[[int, int], None]] = []

        def advance(done: int, total: int) -> None:
            if not bar:
                bar.append(stack.enter_context(progress_bar("duplicates", total)))
            bar[0](done, total)

        only_bytes = loosest == "bytes"
        drawings = digests_of_files(files_of(data)) if only_bytes else classifier.drawings(data, progress=advance)
    output.warn_unreadable(drawings.unreadable)
    return drawings


def _show_clusters(clusters: list[Cluster], kind: str) -> None:
    stream = output.stdout()
    if kind == "jsonl":
        stream.writelines(
            output.json_line({"cluster": place, **cluster.to_dict()}) for place, cluster in enumerate(clusters, 1)
        )
    elif kind == "csv":
        stream.write(output.csv_line(["cluster", *_COLUMNS]))
        for place, cluster in enumerate(clusters, start=1):
            stream.write(output.csv_line([place, cluster.first, cluster.label, "first", "", "", ""]))
            stream.writelines(output.csv_line([place, *other.to_dict().values()]) for other in cluster.others)
    else:
        for cluster in clusters:
            stream.write(f"{_named(cluster.first, cluster.label)}\n")
            stream.writelines(_line(other, other.name, other.label) for other in cluster.others)


def _show_matches(matches: list[Duplicate], kind: str) -> None:
    stream = output.stdout()
    if kind == "jsonl":
        stream.writelines(output.json_line(match.to_dict()) for match in matches)
    elif kind == "csv":
        stream.write(output.csv_line(_COLUMNS))
        stream.writelines(output.csv_line(match.to_dict().values()) for match in matches)
    else:
        for match in matches:
            stream.write(f"{_named(match.name, match.label)}\n")
            stream.write(_line(match, match.of, match.of_label))


def _line(duplicate: Duplicate, name: str, label: str) -> str:
    return f"    {duplicate.kind:8} {duplicate.similarity:.2f}  {_named(name, label)}\n"


def _named(name: str, label: str) -> str:
    return output.shown(f"{name} ({label})" if label else name)
