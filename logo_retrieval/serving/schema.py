"""What OpenAPI says of bodies and answers, with examples."""

from __future__ import annotations

from typing import Any

MARK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h4v4h-7z"/></svg>'

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "example": "about:blank"},
        "title": {"type": "string", "example": "Content Too Large"},
        "status": {"type": "integer", "example": 413},
        "detail": {"type": "string", "example": "one picture may have 20,000,000 bytes, this one has more"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "reason": {"type": "string", "description": "Why the picture cannot be used, as rows have it."},
        "faults": {
            "type": "array",
            "items": {"type": "string"},
            "description": "A sentence for each drawing, or name, that cannot be enrolled.",
        },
        "remedy": {
            "type": "string",
            "enum": ["force", "skip_unreadable"],
            "description": "The parameter that, set to true, lets the same request be done; absent where none does.",
        },
    },
}

_REASONS = {
    400: "The request is not well-formed, or holds no picture.",
    401: "A token is needed.",
    403: "The token is not good for this, or the index may only be read.",
    404: "It is not in the index.",
    408: "The request took too long to come.",
    409: "The index has the drawing, or a class of nearly that name, already.",
    413: "Too large, or too many.",
    415: "The body is of another type.",
    422: "A parameter is not what it must be, or a picture cannot be used.",
    429: "Too much is waiting; `Retry-After` says when to come again.",
    500: "A fault of the service; its log has the request's id.",
    503: "Not ready, in use, out of descriptors, too late, or shutting down; `Retry-After` says when to come again.",
    507: "The disk is full; `detail` says what is left to do.",
}
_ALWAYS = frozenset((401, 403, 422, 429, 500, 503))
"""Where a token is asked for; a parameter that is not known is a wrong one."""

ROW: dict[str, Any] = {
    "path": "logo.svg",
    "status": "ok",
    "label": "github",
    "probability": 0.998,
    "top": [{"label": "github", "probability": 0.998}, {"label": "other", "probability": 0.001}],
    "neighbours": [{"item": "github/mark.svg", "label": "github", "similarity": 0.97}],
    "reason": None,
    "index": "starter",
    "text": None,
    "settings": "--other-share 0.5 --max-false-accept default --text auto",
}


def pictures(*, fields: dict[str, Any] | None = None, several: bool = True) -> dict[str, Any]:
    """A body of pictures: multipart, or one picture alone.

    Args:
        fields: further fields of the multipart body; with them there need be no picture.
        several: whether it may hold more than one.
    """
    file = {"type": "string", "format": "binary"}
    files = {"type": "array", "items": file} if several else file
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}} if fields else {}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": {"files": files, **(fields or {})}},
                    "encoding": {"files": {"contentType": "image/*, application/octet-stream"}},
                },
                "image/*": {"schema": file, "example": MARK},
                "application/octet-stream": {"schema": file},
                **form,
            },
        }
    }


OF_BODIES = 400, 408, 413, 415
"""The problems that a request with a body may have besides."""

OF_CHANGES = 409, 507
"""Those of a request that changes the index."""

Answers = dict[int | str, dict[str, Any]]
"""What OpenAPI calls responses."""


def answers(example: object, *problems: int, media: str = "application/json", status: int = 200) -> Answers:
    """The answers of an operation of `/v1`: one that is as it should be, and the problems that it may have."""
    found: Answers = {status: {"description": "As asked.", "content": {media: {"example": example}}}}
    return found | problems_of(*_ALWAYS, *problems)


def problems_of(*problems: int) -> Answers:
    """The problems that an operation may have, in ascending order."""
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {problem: {"description": _REASONS[problem], "content": content} for problem in sorted(set(problems))}
