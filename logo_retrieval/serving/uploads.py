"""What comes with a request: pictures with their names, and fields. Limits hold while it streams in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message

from multipart import MultipartSegment, ParserError, ParserLimitReached, PushMultipartParser, parse_options_header
from starlette.requests import Request

from logo_retrieval.serving.problems import Problem
from logo_retrieval.serving.settings import Limits

PICTURES = "files"
"""The multipart field that holds pictures, one or many times."""

_FIELDS = 200
"""Of other fields in one request, at most."""

_FIELD_BYTES = 10_000
_NAMELESS = "picture"
_PICTURE_TYPE = re.compile(r"image/[\w.+-]+|application/octet-stream", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upload:
    """One picture.

    Attributes:
        name: the file name as sent; "picture" where none was.
        data: the whole file.
    """

    name: str
    data: bytes


@dataclass(slots=True)
class Body:
    """What came.

    Attributes:
        pictures: in the order sent.
        fields: the values of every other field, by name.
    """

    pictures: list[Upload] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)


async def read_body(request: Request, limits: Limits, *, pictures_needed: bool = True) -> Body:
    """The pictures and fields of a request.

    Args:
        request: whose body is either `multipart/form-data`, or one picture.
        limits: on files and their sizes; that of the whole body is kept before.
        pictures_needed: whether a body without any is wrong.

    Raises:
        Problem: 400 when it is not well-formed or there is no picture, 413 when a file is too large or there are too
            many, 415 when it is of another type, or encoded.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Problem(415, f"expected a body as it is, without Content-Encoding, got {encoding!r:.80}")
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == "multipart/form-data":
        body = await _read_multipart(request.stream(), options.get("boundary", ""), limits)
    elif _PICTURE_TYPE.fullmatch(kind):
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            _check_file_size(len(data), limits)
        body = Body([Upload(_sent_name(request), bytes(data))])
    elif not kind and not pictures_needed:
        body = Body()
    else:
        raise Problem(
            415,
            "expected pictures as multipart/form-data in the field 'files', or one picture as the body with the type "
            f"image/* or application/octet-stream, got {kind or 'no type'!r}",
        )
    if pictures_needed and not body.pictures:
        raise Problem(400, f"expected one picture at least in the field '{PICTURES}', got none")
    return body


def _sent_name(request: Request) -> str:
    """The file name that a body of one picture came with."""
    disposition = request.headers.get("content-disposition")
    if disposition is None:
        return _NAMELESS
    with suppress(UnicodeDecodeError):  # as curl sends it; else as the standard has it
        disposition = disposition.encode("latin-1").decode()
    message = Message()
    message["content-disposition"] = disposition
    return message.get_filename(_NAMELESS) or _NAMELESS


async def _read_multipart(stream: AsyncIterator[bytes], boundary: str, limits: Limits) -> Body:
    body = Body()
    reading = _Reading(body, limits)
    try:
        parser = PushMultipartParser(boundary, max_segment_count=limits.files + _FIELDS, strict=True)
        async for chunk in stream:
            for event in parser.parse(chunk) if chunk else ():
                reading.take(event)
        parser.close()
    except ParserLimitReached as error:
        raise Problem(413, f"the multipart body has more parts, or longer headers, than are taken: {error}") from error
    except (ParserError, UnicodeError) as error:
        raise Problem(400, f"the body is not well-formed multipart/form-data: {error}") from error
    return body


class _Reading:
    """Puts the parts of a multipart body where they belong."""

    def __init__(self, body: Body, limits: Limits) -> None:
        self._body = body
        self._limits = limits
        self._part: MultipartSegment | None = None
        self._data = bytearray()

    def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """A part begins, goes on, or ends."""
        if event is None:
            self._end()
        elif isinstance(event, bytes | bytearray):
            self._data += event
            if self._is_picture():
                _check_file_size(len(self._data), self._limits)
            elif len(self._data) > _FIELD_BYTES:
                raise Problem(413, f"a field may have {_FIELD_BYTES:,} bytes, '{self._name()}' has more")
        else:
            self._part, self._data = event, bytearray()
            if self._is_picture() and len(self._body.pictures) == self._limits.files:
                raise Problem(413, f"one request may hold {self._limits.files} files: send them in several")

    def _name(self) -> str:
        return self._part.name if self._part is not None else ""

    def _is_picture(self) -> bool:
        return self._name() == PICTURES

    def _end(self) -> None:
        if self._part is None:
            return
        if self._is_picture():
            self._body.pictures.append(Upload(self._part.filename or _NAMELESS, bytes(self._data)))
        elif self._part.filename is not None:
            raise Problem(400, f"expected files in the field '{PICTURES}', got one in '{self._name()}'")
        else:
            self._body.fields.setdefault(self._name(), []).append(self._data.decode())
        self._part, self._data = None, bytearray()


def _check_file_size(size: int, limits: Limits) -> None:
    if size > limits.file_bytes:
        raise Problem(413, f"one picture may have {limits.file_bytes:,} bytes, this one has more")
