"""`logo-retrieval train`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from logo_retrieval.concurrency.locks import locked
from logo_retrieval.training.log import F2, LOG, kept_entry, read_log
from logo_retrieval.training.recipe import Recipe

from .interrupt import deferred_interrupt
from .options import EXIT_SOME_UNREADABLE, POOLINGS, NamedPath, progress_bar
from .output import shown, stdout, warn, warn_unreadable
from .tensorflow_start import load_tensorflow
from .train_tables import say_how_to_test, write_tables

if TYPE_CHECKING:
    from logo_retrieval.gallery.records import Gallery
    from logo_retrieval.models.bundle import ModelBundle
    from logo_retrieval.training.records import Prepared

_DEFAULTS = Recipe()
_HEADS = ("cosine", "origin")
_ART_PX = 256


def _fold(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Reads "2/5"."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)
    fold, folds = (int(number) for number in match.groups()) if match else (0, 0)
    if folds < 3 or not 1 <= fold <= folds:
        raise click.BadParameter(f"expected one of at least 3 parts, such as 1/5, got '{text}'")
    return fold, folds


@click.command()
@click.argument("data", type=NamedPath(exists=True, path_type=Path))
@click.option(
    "--output", required=True, metavar="MODEL", type=NamedPath(file_okay=False, path_type=Path), help="Folder to make."
)
@click.option(
    "--backbone",
    "backbones",
    metavar="NAME",
    multiple=True,
    show_default=f"that of the model in --weights, else {_DEFAULTS.backbone}",
    help="Of the catalogue; given several times, one each for the members of an ensemble, in sub-folders of MODEL.",
)
@click.option("--resume", is_flag=True, help="Go on where an earlier call with the same options was stopped.")
@click.option("--head", type=click.Choice(_HEADS), default=_DEFAULTS.head, show_default=True)
@click.option(
    "--weights",
    default=_DEFAULTS.weights,
    show_default=True,
    help="To begin with: imagenet, none, starter or a model bundle of the same backbone, or a Keras weights file.",
)
@click.option("--pooling", type=click.Choice(POOLINGS), default=_DEFAULTS.pooling, show_default=True)
@click.option(
    "--size",
    "size_px",
    type=click.IntRange(32, 1024),
    default=_DEFAULTS.size_px,
    show_default=True,
    help="Side of the pictures, in pixels.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    default=_DEFAULTS.epochs,
    show_default=True,
    help="At most, beside the two in which only the head learns.",
)
@click.option(
    "--batch", type=click.IntRange(2), default=_DEFAULTS.batch, show_default=True, help="Pictures in one step."
)
@click.option("--fold", metavar="I/K", callback=_fold, help="Test the I-th of K equal parts, ask the next one.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=_DEFAULTS.seed, show_default=True, help="Of all chance."
)
def train(
    data: Path,
    output: Path,
    backbones: tuple[str, ...],
    resume: bool,
    head: Literal["cosine", "origin"],
    weights: str,
    pooling: str,
    size_px: int,
    epochs: int,
    batch: int,
    fold: tuple[int, int] | None,
    seed: int,
) -> None:
    """Train a model on a folder of classes or on a table.

    DATA is a folder with one sub-folder a class, or a .csv, .tsv or .parquet with the columns path and label. A class
    called "other" holds drawings of no company to be known, those of one brand in a sub-folder of it. A table may have
    the further columns group (of "other": the brand), part (train, val or test) and colour (of the brand, as #1db954).

    Where there is no column part, a fifth of the drawings is asked after each epoch and a tenth is kept for a test,
    near-identical ones together, as are those of one brand in "other"; five trainings with --fold 1/5 to 5/5 test every
    drawing once. What is needed to go on after a stop lies in MODEL.training. Files that cannot be read are named, and
    the rest goes on; the exit code is then 3.

    \b
    Example:
      logo-retrieval train my-logos/ --output models/mine
      logo-retrieval build-index my-logos/ --model models/mine --index indexes/mine
    """
    recipes = [
        Recipe(
            backbone=name,
            head=head,
            weights=weights,
            pooling=pooling,
            size_px=size_px,
            epochs=epochs,
            batch=batch,
            seed=seed,
        )
        for name in backbones or [_backbone_of(weights)]
    ]
    _check_options(recipes)
    output = output if output.name not in ("", "..") else output.resolve()
    if not output.name:
        raise click.UsageError(f"--output makes a folder, and '{output}' is the root of all: name one in it")
    work = output.with_name(f"{output.name}.training")
    members = [Path(recipe.backbone) if len(recipes) > 1 else Path() for recipe in recipes]
    _check_places(output, members, work, resume)
    from logo_retrieval.gallery.records import read_gallery

    gallery = read_gallery(data)
    warn("", gallery.remarks)
    try:
        with deferred_interrupt() as check:
            load_tensorflow()  # what is not installed is told before any work
            check()
            work.mkdir(parents=True, exist_ok=True)
            with _alone_in(work):
                prepared = _prepared(gallery, work, recipes[0], fold, check)
                for recipe, member in zip(recipes, members, strict=True):
                    name = "-".join((output.name, *member.parts))
                    bundle, f2 = _trained(prepared, recipe, work / member, output / member, name, check)
                    quality = "not validated" if f2 is None else f"validation macro F2 {f2:.3f}"
                    stdout().write(shown(f"{bundle.folder}: {bundle.config.weights}, {quality}") + "\n")
                    check()
                write_tables(prepared, work)  # not before what was trained is known to be of this division
    except KeyboardInterrupt:
        done = sum(len(read_log(log.parent)) for log in work.rglob(LOG))
        raise click.Abort(f"stopped (epochs done: {done}): the same command with --resume goes on") from None
    except OSError as error:
        raise click.ClickException(f"cannot write '{error.filename or work}': {error.strerror or error}") from error
    say_how_to_test(prepared, output, work)
    warn_unreadable(prepared.unreadable)
    if prepared.unreadable:
        sys.exit(EXIT_SOME_UNREADABLE)


def _backbone_of(weights: str) -> str:
    """Which is trained where none is named."""
    from logo_retrieval.models.resolve import model_of_weights

    model = model_of_weights(weights)
    return _DEFAULTS.backbone if model is None else model.config.backbone


def _check_options(recipes: Sequence[Recipe]) -> None:
    from logo_retrieval.backbones.catalog import find_backbone
    from logo_retrieval.models.resolve import model_to_begin_with

    names = [find_backbone(recipe.backbone).name for recipe in recipes]
    if len(set(names)) < len(names):
        raise click.UsageError(f"a backbone can be given once, got {', '.join(names)}")
    weights = recipes[0].weights
    if weights in ("imagenet", "none"):
        return
    if len(names) > 1:
        raise click.UsageError("weights of a model or a file are of one backbone: give one --backbone")
    if model_to_begin_with(weights, names[0]) is None and not Path(weights).is_file():
        raise click.UsageError(
            f"--weights takes imagenet, none, starter, a model bundle or a file, and there is no file '{weights}'"
        )


def _check_places(output: Path, members: Sequence[Path], work: Path, resume: bool) -> None:
    """Hours of work must neither be lost nor be found impossible to keep."""
    from logo_retrieval.models.bundle import check_replaceable

    if work.is_dir():
        with _alone_in(work):
            pass
    if not resume and any(work.rglob(LOG)):
        raise click.UsageError(
            f"a training was begun in '{work}': go on with it by --resume, or remove that folder to begin again"
        )
    if not resume and output.exists() and any(output.iterdir()):
        raise click.UsageError(f"'{output}' exists: remove it, or take another name")
    for member in members:
        check_replaceable(output / member)


@contextmanager
def _alone_in(work: Path) -> Iterator[None]:
    """Two trainings in one folder would overwrite each other's checkpoints."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(work, wait=False))
        except BlockingIOError:
            raise click.UsageError(
                f"another training is under way in '{work}': wait until it ends, or take another --output"
            ) from None
        yield


def _prepared(
    gallery: Gallery, work: Path, recipe: Recipe, fold: tuple[int, int] | None, check: Callable[[], None]
) -> Prepared:
    """The drawings, divided."""
    from logo_retrieval.training.records import training_set

    with progress_bar("prepare", len(gallery.records)) as advance:

        def progress(done: int, total: int) -> None:
            check()
            advance(done, total)

        art_px = max(_ART_PX, recipe.size_px)
        prepared = training_set(gallery, work, art_px=art_px, seed=recipe.seed, fold=fold, progress=progress)
    warn("", prepared.remarks)
    return prepared


def _trained(
    prepared: Prepared, recipe: Recipe, work: Path, output: Path, name: str, check: Callable[[], None]
) -> tuple[ModelBundle, float | None]:
    """One backbone from its start, or from where it stands, to its bundle; with the macro F2 of its best epoch."""
    from logo_retrieval.training.curves import curves_svg
    from logo_retrieval.training.export import CURVES_FILE, export_trained
    from logo_retrieval.training.fit import fit

    data = prepared.data
    asked = int(data.validation.sum())
    done = len(read_log(work))
    click.echo(
        f"{recipe.backbone}: {len(data.art) - asked:,} drawings of {len(data.classes):,} classes, "
        f"{asked:,} for validation, {len(prepared.parts['test']):,} for a test"
        + (f"; epochs done: {done}" if done else ""),
        err=True,
    )
    show = _epoch_printer(recipe)

    def report(entry: dict[str, Any]) -> None:
        show(entry)
        (work / CURVES_FILE).write_text(curves_svg(read_log(work)), encoding="utf-8")

    network = fit(data, recipe, work, report=report, before_step=check)
    check()
    log = read_log(work)
    bundle = export_trained(network, recipe, data, output, name=name, log=log)
    return bundle, kept_entry(log, recipe.keep).get(F2)


def _epoch_printer(recipe: Recipe) -> Callable[[dict[str, Any]], None]:
    total = recipe.head_epochs + recipe.epochs

    def show(entry: dict[str, Any]) -> None:
        f2 = f"  F2 {entry[F2]:.4f}" if F2 in entry else ""
        left = (total - entry["epoch"]) * entry["wall_s"]
        click.echo(
            f"epoch {entry['epoch']:{len(str(total))}} of {total}  {entry['phase']:4}  loss {entry['loss']:.4f}{f2}  "
            f"{entry['wall_s']:.0f} s" + (f", at most {_duration(left)} left" if left else ""),
            err=True,
        )

    return show


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
