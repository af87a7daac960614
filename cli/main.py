"""The command `logo-retrieval`."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

import click

EXIT_INTERRUPTED = 130

COMMANDS = (
    "build-index",
    "classify",
    "similar",
    "duplicates",
    "enroll",
    "unenroll",
    "train",
    "evaluate",
    "info",
    "verify",
    "compact",
    "serve",
)
"""Each in the module of its name."""


class Commands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, or None."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f".{name}", __package__), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="logo-retrieval")
def commands() -> None:
    """Says which company's logo an image shows.

    \b
    Examples:
      logo-retrieval classify image.svg
      logo-retrieval classify folder/ --format csv --output answers.csv
      logo-retrieval build-index my-logos/ --index indexes/mine
      logo-retrieval enroll --class newco newco.svg newco.png

    Exit codes: 0 every input was answered, 3 finished with some inputs unreadable, 2 wrong usage, 1 failed.
    """


def _fill_closed_streams() -> None:
    """A closed stream's number must not go to the next file; stdin is then empty, and what is said on stderr lost."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - until the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    sys.stderr = cast("TextIO", _Remarks(sys.stderr))


class _Remarks:
    """Standard error, of which what cannot be written is lost: the rows and the exit code are the answer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a stream has
        return getattr(self._stream, name)


def _write_utf8() -> None:
    """Standard output is UTF-8, whatever the locale says, whose charset may lack letters of a name."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def _called() -> int | str | None:
    """The exit code of the command, once all that it wrote is on its way.

    Raises:
        OSError: it cannot go there; Python would find so when nobody can say it any more.
    """
    try:
        code: int | str | None = commands(standalone_mode=False)
    except SystemExit as ended:
        code = ended.code
    if sys.stdout is not None:
        sys.stdout.flush()
    return code


def _settle_stdout() -> None:
    """What nobody reads, or cannot be written, is given up, so that the flush at exit does not fail."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> NoReturn:
    """Ends with a message, behind all that was written; its lines stay, and names in it steer no terminal."""
    from .output import shown

    _settle_stdout()
    click.echo("\n".join(map(shown, message.split("\n"))), err=True)
    sys.exit(code)


def main() -> None:
    """Runs the command line; every error of the package is one sentence on stderr and exit code 1."""
    # What numpy multiplies here is small: a second BLAS thread spins while it waits for a core, and takes more than it
    # gives. Large galleries are searched by FAISS, which has threads of its own.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _fill_closed_streams()
    _write_utf8()
    try:
        sys.exit(_called())
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        _fail(said.getvalue().rstrip("\n"), error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        _fail(str(error) or "interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:  # whoever read has gone, as `head` does
        _settle_stdout()
        sys.exit(1)
    except OSError as error:
        place = f" '{error.filename}'" if error.filename else ""
        _fail(f"Error: cannot read or write{place}: {error.strerror or error}", 1)
    except Exception as error:
        from logo_retrieval.errors import LogoRetrievalError

        if not isinstance(error, LogoRetrievalError):
            raise
        _fail(f"Error: {error}", 1)
