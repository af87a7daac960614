"""`logo-retrieval serve`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .options import DEFAULT_INDEX, FiniteRange, NamedPath, index_option, index_to_read

if TYPE_CHECKING:
    from logo_retrieval.serving.settings import Token

Command = TypeVar("Command", bound=Callable[..., Any])

_VARIABLE = "LOGO_RETRIEVAL_SERVE_"
_MEGABYTE = 1_000_000


def _limit(name: str, default: float, what: str) -> Callable[[Command], Command]:
    """A limit of the service, which the environment may set, too."""
    kind = click.IntRange(min=1) if isinstance(default, int) else FiniteRange(min=0, min_open=True)
    variable = _VARIABLE + name.upper().replace("-", "_")
    return click.option(
        f"--{name}", type=kind, default=default, show_default=True, envvar=variable, show_envvar=True, help=what
    )


@click.command()
@index_option
@click.option("--host", default="127.0.0.1", show_default=True, envvar=_VARIABLE + "HOST", help="Address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    envvar=_VARIABLE + "PORT",
    help="Port to listen at; 0 takes one that is free.",
)
@click.option(
    "--token",
    "secret",
    envvar=_VARIABLE + "TOKEN",
    show_envvar=True,
    help="A secret that every request must bring; better in the environment, where other users do not see it.",
)
@click.option(
    "--tokens",
    "file",
    type=NamedPath(exists=True, dir_okay=False, path_type=Path),
    envvar=_VARIABLE + "TOKENS",
    show_envvar=True,
    help="A file of secrets, a line each: name, scope (read, enrol or admin), secret.",
)
@_limit("max-file-mb", 33, "Of one picture.")
@_limit("max-body-mb", 256, "Of one request.")
@_limit("max-files", 1000, "Pictures in one request.")
@_limit("queue", 2000, "Pictures that may wait for their answer; then requests are told to come again.")
@_limit("max-requests", 256, "Requests under way at once.")
@_limit("memory-mb", 512, "What the bodies of all requests may take at once.")
@_limit("request-timeout", 120.0, "Seconds for one request, and again for its answer to be taken.")
@_limit("decode-timeout", 10.0, "Seconds for decoding one picture.")
def serve(
    index: Path | None,
    host: str,
    port: int,
    secret: str | None,
    file: Path | None,
    max_file_mb: int,
    max_body_mb: int,
    max_files: int,
    queue: int,
    max_requests: int,
    memory_mb: int,
    request_timeout: float,
    decode_timeout: float,
) -> None:
    """Answer over HTTP, with a page for people.

    Without --token only this machine may change the index. The page is at the address that is logged, what programs
    can ask at /docs below it. An enrolment without --index goes to a copy of the starter index, as with `enroll`.

    \b
    Examples:
      logo-retrieval serve
      logo-retrieval serve --index indexes/mine --host 0.0.0.0 --tokens tokens.txt
    """
    try:
        from logo_retrieval.serving.run import serve as run
    except ImportError as error:
        raise click.ClickException(f"serving needs the extra [serve] ({error.name} is missing)") from error
    from logo_retrieval.models.resolve import starter_index
    from logo_retrieval.serving.settings import Limits, Settings

    if not host:
        raise click.UsageError("--host is empty, such as an unset variable: 0.0.0.0 are all addresses of this machine")
    for variable, given in ((_VARIABLE + "TOKEN", secret), (_VARIABLE + "TOKENS", file)):
        if given is None and variable in os.environ:
            raise click.UsageError(f"${variable} is empty: unset it to let everybody ask, or give it a value")
    folder = index_to_read(index, tell=False)  # its log does, of which each line is JSON
    try:
        limits = Limits(
            file_bytes=max_file_mb * _MEGABYTE,
            body_bytes=max_body_mb * _MEGABYTE,
            files=max_files,
            waiting=queue,
            held_bytes=memory_mb * _MEGABYTE,
            request_s=request_timeout,
            requests=max_requests,
            decode_s=decode_timeout,
        )
        tokens = _tokens(secret, file)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    new_index = DEFAULT_INDEX.absolute() if folder == starter_index() else None
    run(Settings(folder.absolute(), new_index, host, port, limits, tokens))


def _tokens(secret: str | None, file: Path | None) -> tuple[Token, ...]:
    from logo_retrieval.serving.settings import read_tokens, token

    tokens = () if secret is None else (token("given at the start", secret, "admin"),)
    if file is None:
        return tokens
    try:
        return (*tokens, *read_tokens(file.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--tokens '{file}': {error}") from error
