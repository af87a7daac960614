"""`logo-retrieval build-index`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from .options import EXIT_SOME_UNREADABLE, POOLINGS, NamedPath, index_to_write, new_index_option, progress_bar
from .output import shown, warn, warn_unreadable
from .tensorflow_start import load_exporter

if TYPE_CHECKING:
    from logo_retrieval.models.bundle import ModelBundle

_RUNTIMES = ("onnxruntime-int8", "onnxruntime-fp32", "openvino-bf16")
_RENDERERS = ("resvg", "cairosvg")
_PUBLISHED = "imagenet"


@click.command("build-index")
@click.argument("data", type=NamedPath(exists=True, path_type=Path))
@new_index_option
@click.option(
    "--model",
    default="starter",
    show_default=True,
    help="A model bundle, a folder of them (an ensemble), an index that holds one, or a backbone.",
)
@click.option("--weights", default=_PUBLISHED, show_default=True, help="Of a backbone: imagenet, none or a Keras file.")
@click.option("--pooling", type=click.Choice(POOLINGS), default=POOLINGS[0], show_default=True, help="Of a backbone.")
@click.option(
    "--runtime",
    type=click.Choice(_RUNTIMES),
    show_default="in 8-bit integers if the model can, else in 32-bit floats",
    help="What embeds, and how exactly.",
)
@click.option("--replace", is_flag=True, help="Also an index with enrolments, or a folder that holds something else.")
@click.option("--renderer", type=click.Choice(_RENDERERS), default=_RENDERERS[0], show_default=True, help="Of SVG.")
def build_index(
    data: Path,
    index: Path | None,
    model: str,
    weights: str,
    pooling: str,
    runtime: str | None,
    renderer: Literal["resvg", "cairosvg"],
    replace: bool,
) -> None:
    """Build the index of a folder of classes or of a table.

    DATA is a folder with one sub-folder a class, or a .csv, .tsv or .parquet with the columns path and label. A class
    called "other" holds drawings of no company to be known. Files that cannot be read are named, and the rest goes on;
    the exit code is then 3. A build that was interrupted goes on where it was when called again. An index that was
    built before is replaced, but one with enrolments only with --replace.

    \b
    Example:
      logo-retrieval build-index my-logos/ --index indexes/mine
    """
    from logo_retrieval.gallery.records import read_gallery
    from logo_retrieval.indexing.build import build_index as build
    from logo_retrieval.indexing.build import check_replaceable
    from logo_retrieval.types import OTHER

    folder = index_to_write(index)
    if not replace:
        check_replaceable(folder)
    gallery = read_gallery(data)
    with (
        _opened(model, weights, pooling) as bundle,
        progress_bar("build-index", len(gallery.records)) as progress,
    ):
        report = build(
            gallery,
            folder,
            bundle,
            runtime=runtime,
            renderer=renderer,
            progress=progress,
            keep_enrolments=not replace,
        )
    warn("", report.remarks)
    warn_unreadable(report.unreadable)
    warn("left out, same bytes in the same class: ", [f"{name} = {twin}" for name, twin in report.duplicates])
    warn("same bytes in two classes, both kept: ", [f"{name} = {twin}" for name, twin in report.conflicts])
    resumed = f" ({report.resumed} embedded by an earlier run)" if report.resumed else ""
    among = f", {OTHER!r} of no company among them" if OTHER in gallery.classes else ""
    click.echo(f"{shown(str(folder))}: {report.indexed} drawings of {report.classes} classes{among}{resumed}")
    click.echo(
        f"{len(report.unreadable)} unreadable, {len(report.duplicates)} duplicates left out, "
        f"{len(report.conflicts)} with the same bytes as a file of another class"
    )
    if report.unreadable:
        sys.exit(EXIT_SOME_UNREADABLE)


@contextmanager
def _opened(model: str, weights: str, pooling: str) -> Iterator[ModelBundle]:
    """The model for as long as the block lasts; the export of a backbone has a bar of its own."""
    from logo_retrieval.models.resolve import is_backbone, opened_model

    if not is_backbone(model):
        with opened_model(model) as bundle:
            if (weights, pooling) != (_PUBLISHED, POOLINGS[0]):
                raise click.UsageError(
                    f"--weights and --pooling are of a backbone, and --model '{model}' is none: name one, or leave "
                    "them out"
                )
            yield bundle
        return
    load_exporter()
    from logo_retrieval.backbones.export import EXPORT_STEPS

    with ExitStack() as until_used:
        with progress_bar(f"export {model}", EXPORT_STEPS) as progress:
            exported = opened_model(model, weights=weights, pooling=pooling, progress=progress)
            bundle = until_used.enter_context(exported)
        yield bundle
