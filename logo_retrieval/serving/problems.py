"""What goes wrong, in one shape: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from logo_retrieval.errors import (
    EnrolmentClash,
    EnrolmentError,
    IndexBusy,
    IndexMissing,
    IndexReadOnly,
    IndexRebuilt,
    LogoRetrievalError,
    NoDescriptors,
    NotEnrolled,
    StorageFull,
    UnreadableImage,
)

MEDIA_TYPE = "application/problem+json"

_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 has them, which Python before 3.13 calls otherwise."""

_NO_DESCRIPTORS = errno.EMFILE, errno.ENFILE


class Problem(Exception):
    """A request that is not answered as it was asked.

    Attributes:
        status: of HTTP.
        detail: what was expected, what came, and what to do.
        facts: further members, such as the fields at fault.
        headers: further headers, such as when to come again.
    """

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **facts: object) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.facts = facts
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """As it is sent."""
        title = _TITLES.get(self.status) or HTTPStatus(self.status).phrase
        content = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.facts}
        return Response(json.dumps(content), self.status, self.headers, MEDIA_TYPE)


def come_again(status: int, detail: str, seconds: int) -> Problem:
    """A problem that passes, and how long that is likely to take."""
    return Problem(status, detail, headers={"Retry-After": str(seconds)})


def faults_of(errors: Sequence[Mapping[str, Any]], *, within: int) -> Problem:
    """What pydantic finds wrong; the first names of a place, such as "query", are left out."""
    return wrong_fields(
        [
            (
                ".".join(map(str, fault["loc"][within:])),
                "there is no such parameter" if fault["type"] == "extra_forbidden" else fault["msg"],
            )
            for fault in errors
        ]
    )


def wrong_fields(errors: Sequence[tuple[str, str]]) -> Problem:
    """Parameters that are not what they must be: the name of each, and a sentence."""
    detail = "; ".join(f"{name}: {message}" for name, message in errors)
    return Problem(422, detail, errors=[{"field": name, "message": message} for name, message in errors])


def lacks_descriptors(error: BaseException | None) -> bool:
    """Whether it came of a file, a socket or a process that had no file descriptor to get."""
    while error is not None:
        if isinstance(error, NoDescriptors) or isinstance(error, OSError) and error.errno in _NO_DESCRIPTORS:
            return True
        error = error.__cause__ or error.__context__
    return False


def without_descriptors() -> Problem:
    """What such an error is over HTTP."""
    return come_again(503, "the service may open no more files now: ask again, or raise its limit with `ulimit -n`", 5)


def problem_of(error: LogoRetrievalError) -> Problem:
    """What an error of the package is over HTTP."""
    match error:
        case _ if lacks_descriptors(error):
            return without_descriptors()
        case UnreadableImage():
            return Problem(422, str(error), reason=str(error))
        case EnrolmentError():
            remedy: dict[str, Any] = {"remedy": error.remedy} if error.remedy else {}
            status = 409 if isinstance(error, EnrolmentClash) else 422
            return Problem(status, str(error), faults=list(error.faults), **remedy)
        case NotEnrolled():
            return Problem(404, str(error))
        case IndexReadOnly():
            return Problem(403, str(error))
        case StorageFull():
            return Problem(507, str(error))
        case IndexBusy() | IndexMissing():
            return come_again(503, str(error), 5)
        case IndexRebuilt():
            return come_again(503, "the index was built anew or replaced, and is being opened: ask again", 2)
        case _:
            return Problem(500, str(error))
