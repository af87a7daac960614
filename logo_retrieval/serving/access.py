"""Who may do what: tokens, and for a service without any the one machine that it listens to."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

from logo_retrieval.serving.problems import Problem
from logo_retrieval.serving.settings import Scope, Settings

_BEARER = "Bearer"


def check_origin(method: str, headers: Headers, settings: Settings) -> None:
    """Keeps the pages of other sites out, which a browser lets send requests to this machine, too.

    Raises:
        Problem: 403 when the host asked for, which every browser names, is not one of this machine (another name was
            bound to it) although only this machine reaches the service, unless tokens say who may ask, as behind a
            proxy; or when a request that may change something, or costs much, comes from a page of another host.
    """
    host = headers.get("host", "")
    if (
        settings.is_loopback
        and not settings.tokens
        and "host" in headers
        and _name_of(host) not in ("localhost", "127.0.0.1", "::1", settings.host)
    ):
        raise Problem(403, f"this service has no tokens, and answers on localhost alone, not as {host!r}")
    if method in ("GET", "HEAD"):
        return  # a link may lead here, and what is answered other pages cannot read
    origin = headers.get("origin")
    if origin is not None and (not host or origin.partition("://")[2].lower() != host.lower()):
        raise Problem(403, f"pages of {origin!r:.200} may not use this service")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "pages of other sites may not use this service")


def check_access(request: Request, settings: Settings, scope: Scope) -> str:
    """Who asks, for the log of changes.

    Raises:
        Problem: 401 without a token that is known, 403 when it is not good for that, or when there are no tokens and
            others than this machine might change the index.
    """
    if not settings.tokens:
        if scope != "read" and not settings.is_loopback:
            raise Problem(
                403,
                f"this service listens at {settings.host} and has no tokens, so that the index cannot be changed "
                "through it: start it with --tokens FILE",
            )
        return "a client of the service"
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    holder = settings.holder(secret.strip()) if kind.lower() == _BEARER.lower() else None
    if holder is None:
        came = "one that is not known" if kind else "none"
        raise Problem(
            401,
            f"expected the header 'Authorization: {_BEARER} TOKEN', got {came}",
            headers={"WWW-Authenticate": _BEARER},
        )
    if not holder.allows(scope):
        raise Problem(403, f"the token '{holder.name}' is for '{holder.scope}', and this needs '{scope}'")
    return f"token '{holder.name}'"


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
