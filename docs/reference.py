"""Writes the reference: `python docs/reference.py`; the commands from their parsers, Python from its docstrings."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path

import click

import logo_retrieval
from logo_retrieval import frames, near_duplicates
from logo_retrieval.evaluation import run as evaluation
from logo_retrieval.reports import explanation
from logo_retrieval_cli.main import commands

FOLDER = Path(__file__).resolve().parent
WIDTH = 110

FURTHER = (
    frames.classify_frame,
    frames.evaluation_frame,
    near_duplicates.find_clusters,
    evaluation.evaluate,
    explanation.write_explanation,
)
"""What belongs to the interface beside the public names of the package."""


class _Plain(str):
    """An annotation that is shown as it is written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def command_page() -> str:
    """Every command with its help, as the program prints it."""
    context = _context(commands, "logo-retrieval", None)
    blocks = [_block("logo-retrieval", commands.get_help(context))]
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        assert command is not None  # noqa: S101
        blocks.append(_block(name, command.get_help(_context(command, name, context))))
    return "# Commands\n\nWhat `--help` says of each. The page is written by `docs/reference.py`.\n" + "".join(blocks)


def python_page() -> str:
    """Every public name with its signature and docstring."""
    parts = ["# Python\n\nThe public names and what they promise. The page is written by `docs/reference.py`.\n"]
    for name in sorted([*logo_retrieval.__all__, "LogoRetrievalClassifier"]):
        parts += _described(getattr(logo_retrieval, name), f"logo_retrieval.{name}")
    for function in FURTHER:
        parts += _described(function, f"{function.__module__}.{function.__name__}")
    return "".join(parts)


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    widths = {"max_content_width": WIDTH, "terminal_width": WIDTH}
    return command.make_context(name, [], parent, resilient_parsing=True, **widths)


def _block(title: str, text: str) -> str:
    return f"\n## {title}\n\n```text\n{text.rstrip()}\n```\n"


def _described(thing: object, name: str) -> Iterator[str]:
    yield f"\n## {name}\n\n```text\n{_documentation(thing)}\n```\n"
    if inspect.isclass(thing) and not dataclasses.is_dataclass(thing):
        for method, function in _methods(thing):
            yield f"\n### {name.rsplit('.', 1)[1]}.{method}\n\n```text\n{method}{_signature(function)}\n\n"
            yield f"{_documentation(function)}\n```\n"


def _methods(kind: type) -> Iterator[tuple[str, object]]:
    for name, member in vars(kind).items():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if not name.startswith("_") and inspect.isfunction(function):
            yield name, function


def _signature(function: object) -> str:
    assert callable(function)
    signature = inspect.signature(function)
    plain = [each.replace(annotation=_Plain(each.annotation)) for each in signature.parameters.values()]
    bare = [each.replace(annotation=each.empty) if each.annotation == str(each.empty) else each for each in plain]
    return str(signature.replace(parameters=bare, return_annotation=_Plain(signature.return_annotation)))


def _documentation(thing: object) -> str:
    text = inspect.getdoc(thing) or ""
    if inspect.isfunction(thing) and not text:
        raise SystemExit(f"{thing.__qualname__} must say what it does: give it a docstring")
    return text


PAGES = {"commands.md": command_page, "python.md": python_page}


def main() -> None:
    """Writes both pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
