"""Runs the service until it is told to end."""

from __future__ import annotations

import signal
import socket
from ipaddress import ip_address
from types import FrameType

import uvicorn

from logo_retrieval.errors import BackendError
from logo_retrieval.serving.app import create_app
from logo_retrieval.serving.connection import connection_within
from logo_retrieval.serving.logs import log, log_to_stderr
from logo_retrieval.serving.settings import Settings

_KEEP_ALIVE_S = 15
_BACKLOG = 256


def serve(settings: Settings) -> None:
    """Listens, and answers until SIGTERM or SIGINT; then no more is taken and what is under way is ended first.

    Raises:
        BackendError: the address cannot be listened at.
    """
    listening = _listening(settings)
    log_to_stderr()
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    log("listening", url=f"http://{shown}:{port}", index=str(settings.index), tokens=len(settings.tokens))
    config = uvicorn.Config(
        create_app(settings),
        http=connection_within(settings.limits.request_s),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=round(settings.limits.request_s),
    )
    signal.signal(signal.SIGTERM, _ended_well)
    uvicorn.Server(config).run(sockets=[listening])


def _ended_well(number: int, frame: FrameType | None) -> None:
    """What the signal does when the server has ended by it, and raises it again."""


def _listening(settings: Settings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ip_address(settings.host).version == 6 else socket.AF_INET
    except ValueError:
        family = socket.AF_INET
    # asyncio sends small packets at once only where a socket says that it is TCP
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(_BACKLOG)
    except (OSError, TypeError) as error:  # the second of a name that can be none
        listening.close()
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BackendError(
            f"cannot listen at {settings.host}, port {settings.port}: {why}; give another --host or --port"
        ) from error
    return listening
