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
    400: "The body is not well-formed, or holds no picture.",
    401: "A token is needed.",
    403: "The token is not good for this.",
    404: "It is not in the index.",
    409: "The index has the drawing, or a class of nearly that name, already.",
    413: "Too large, or too many.",
    415: "The body is of another type.",
    422: "A parameter is not what it must be, or a picture cannot be used.",
    429: "Too much is waiting; `Retry-After` says when to come again.",
    503: "Not ready, or shutting down.",
}

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
        fields: further fields of the multipart body.
        several: whether it may hold more than one.
    """
    file = {"type": "string", "format": "binary"}
    files = {"type": "array", "items": file} if several else file
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
            },
        }
    }


def answers(
    example: object, *problems: int, media: str = "application/json", status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """The answers of an operation: one that is as it should be, and the problems that it may have."""
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": "As asked.", "content": {media: {"example": example}}}
    }
    for problem in sorted({401, 403, 503, *problems}):
        content = {"application/problem+json": {"schema": _PROBLEM}}
        found[problem] = {"description": _REASONS[problem], "content": content}
    return found
