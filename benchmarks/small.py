"""The options of the scripts. With `--small` one does everything with hardly any data, to see that it still runs."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path

from logobench_data import OTHER, LogoBench, default_cache, load
from surroundings import RESULTS
from wide_data import WideDrawing, load_generic, load_wide

from logo_retrieval.evaluation import measure

COMPANIES = 6
OTHERS_EVERY = 40
VOUCHING_EVERY = 4
WIDE_EVERY, GENERIC_EVERY = 40, 100
RESAMPLES = 20


def options(
    doc: str | None, *, output: str | None = None, cache: bool = False, **paths: str
) -> argparse.ArgumentParser:
    """A parser with the options that scripts share.

    Args:
        doc: of the script.
        output: file name of its result, which `--output` puts elsewhere.
        cache: whether it makes anything that can be made again.
        paths: its positional arguments, all of them paths, with their help.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, what in paths.items():
        parser.add_argument(name, type=Path, help=what)
    if output is not None:
        parser.add_argument("--output", type=Path, default=RESULTS / output, help="where the result is written")
    if cache:
        parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    return parser


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments, `--small` among them; what is small is never written over the results that are kept."""
    parser.add_argument("--small", action="store_true", help="hardly any data, to see that it runs; needs --output")
    arguments = parser.parse_args()
    output: Path | None = getattr(arguments, "output", Path())
    if arguments.small and (output is None or RESULTS in output.absolute().parents):
        parser.error("--small needs an --output outside the results")
    if arguments.small:
        measure.RESAMPLES = RESAMPLES
    return arguments


def bench_of(arguments: argparse.Namespace) -> tuple[LogoBench, Path]:
    """LogoBench, and the folder for what is made of it; a small one has a folder of its own."""
    bench = load(arguments.cache)
    if not arguments.small:
        return bench, arguments.cache
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return few(bench), arguments.cache / f"small-{digest[:16]}"


def few(bench: LogoBench) -> LogoBench:
    """Some companies, and of `other` few drawings, but so many to validate with that they vouch for a threshold."""
    bench = bench.without(bench.classes[COMPANIES:-1])
    vouching = [part == "val" for part in bench.parts["collection"]]
    others = {
        asked: [row for row, each in enumerate(bench.drawings) if each.label == OTHER and vouching[row] == asked]
        for asked in (True, False)
    }
    kept = sorted(
        {row for row, each in enumerate(bench.drawings) if each.label != OTHER}
        | {*others[True][::VOUCHING_EVERY], *others[False][::OTHERS_EVERY]}
    )
    return replace(
        bench,
        drawings=tuple(bench.drawings[row] for row in kept),
        parts={split: tuple(parts[row] for row in kept) for split, parts in bench.parts.items()},
        groups=tuple(bench.groups[row] for row in kept),
    )


def wide_of(arguments: argparse.Namespace) -> tuple[WideDrawing, ...]:
    """The wide set."""
    wide = load_wide(arguments.cache)
    if not arguments.small:
        return wide
    brands = {*sorted({each.brand for each in wide})[::WIDE_EVERY]}
    return tuple(each for each in wide if each.brand in brands)


def generic_of(arguments: argparse.Namespace) -> tuple[WideDrawing, ...]:
    """The generic icons."""
    icons = load_generic(arguments.cache)
    return icons[::GENERIC_EVERY] if arguments.small else icons
