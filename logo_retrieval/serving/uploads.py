"""What comes with a request: pictures with their names, and fields. Limits hold while it streams in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import Message
from email.utils import collapse_rfc2231_value
from urllib.parse import parse_qsl

from multipart import MultipartSegment, ParserError, ParserLimitReached, PushMultipartParser, parse_options_header
from starlette.requests import Request

from logo_retrieval.gallery.records import printable
from logo_retrieval.serving.problems import Problem, wrong_fields
from logo_retrieval.serving.settings import Limits

PICTURES = "files"
"""The multipart field that holds pictures, one or many times."""

_FIELDS = 200
"""Of other fields in one request, at most."""

_FIELD_BYTES = 10_000
_FORM = "application/x-www-form-urlencoded"
"""How clients send fields where there is no file beside them."""

_NAMELESS = "picture"
_PICTURE_TYPE = re.compile(r"image/(\*|[\w.+-]+)|application/octet-stream", re.ASCII)


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


async def read_body(request: Request, limits: Limits, *, with_fields: bool = False) -> Body:
    """The pictures and fields of a request.

    Args:
        request: whose body is `multipart/form-data`, one picture, or fields alone as a form sends them.
        limits: on files and their sizes; that of the whole body is kept before.
        with_fields: whether it may hold other fields than pictures; then it need not hold a picture.

    Raises:
        Problem: 400 when it is not well-formed or there is no picture, 413 when a file is too large or there are too
            many, 415 when it is of another type, or encoded, 422 when there is a field that is not taken.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Problem(415, f"expected a body as it is, without Content-Encoding, got {encoding!r:.80}")
    media_type = request.headers.get("content-type", "")
    kind, _ = parse_options_header(media_type)
    if kind == "multipart/form-data":
        body = await _read_multipart(request.stream(), _boundary(media_type), limits)
    elif _PICTURE_TYPE.fullmatch(kind):
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            _check_file_size(len(data), limits)
        name = _file_name(request.headers.get("content-disposition", "")) or _NAMELESS
        body = Body([Upload(name, bytes(data))])
    elif with_fields and kind == _FORM:
        body = Body(fields=await _read_form(request.stream()))
    elif with_fields and not kind and await _is_empty(request):
        body = Body()
    else:
        raise Problem(
            415,
            "expected pictures as multipart/form-data in the field 'files', or one picture as the body with the type "
            f"image/* or application/octet-stream, got {kind or 'no type'!r}",
        )
    if not with_fields and body.fields:
        raise wrong_fields([(name, "expected as a parameter of the address, got a field") for name in body.fields])
    if not with_fields and not body.pictures:
        raise Problem(400, f"expected one picture at least in the field '{PICTURES}', got none")
    return body


async def _read_form(stream: AsyncIterator[bytes]) -> dict[str, list[str]]:
    """Fields that come without a picture.

    Raises:
        Problem: 400 when they are no text, 413 when they are too many or too long.
    """
    data, most, fields = bytearray(), _FIELDS * _FIELD_BYTES, dict[str, list[str]]()
    async for chunk in stream:
        data += chunk
        if len(data) > most:
            raise Problem(413, f"the fields of a form may have {most:,} bytes, these have more")
    try:
        for name, value in parse_qsl(data.decode(), True, errors="strict", max_num_fields=_FIELDS):
            fields.setdefault(name, []).append(value)
    except UnicodeError as error:
        raise Problem(400, f"the body is not well-formed {_FORM}: {error}") from error
    except ValueError as error:
        raise Problem(413, f"a form may have {_FIELDS} fields, this one has more") from error
    return fields


async def _is_empty(request: Request) -> bool:
    """Whether there is no body; one of no type is no picture, but must not be passed over."""
    async for chunk in request.stream():
        if chunk:
            return False
    return True


def _boundary(media_type: str) -> str:
    """What the parts of a multipart body are parted by, also where it should stand in quotes and does not.

    Raises:
        Problem: 400 when the header does not say it.
    """
    message = Message()
    message["content-type"] = media_type
    try:
        boundary = message.get_boundary("")
    except (TypeError, ValueError):  # it is written as RFC 2231 has it, and wrong
        boundary = ""
    if not boundary:
        raise Problem(
            400, f"expected a boundary in the Content-Type, got {media_type!r:.200}: let the client set that header"
        )
    return boundary


def _file_name(disposition: str) -> str:
    """The file name in a header; `filename*` counts before `filename`, as RFC 6266 has it.

    Raises:
        Problem: 400 when it is no text in its charset, or its parts are not numbered one by one.
    """
    message = Message()
    message["content-disposition"] = _text(disposition)
    try:
        found = [value for name, value in message.get_params([], "content-disposition") if name == "filename"]
        extended = [value for value in found if isinstance(value, tuple)]  # of charset, language and text
        return printable(collapse_rfc2231_value((extended or found or [""])[0]))
    except (TypeError, ValueError) as error:
        raise Problem(400, f"expected one file name as in RFC 6266, got {disposition!r:.200}") from error


def _text(raw: str) -> str:
    """What a header means whose bytes were taken for Latin-1: UTF-8, as browsers send it, or else Latin-1 indeed."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeError:
        return raw


async def _read_multipart(stream: AsyncIterator[bytes], boundary: str, limits: Limits) -> Body:
    body = Body()
    reading = _Reading(body, limits)
    try:
        parser = PushMultipartParser(
            boundary, max_segment_count=limits.files + _FIELDS, header_charset="latin-1", strict=True
        )
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
        return _text(self._part.name) if self._part is not None else ""

    def _is_picture(self) -> bool:
        return self._name() == PICTURES

    def _end(self) -> None:
        if self._part is None:
            return
        if self._is_picture():
            self._body.pictures.append(Upload(_part_name(self._part) or _NAMELESS, bytes(self._data)))
        elif self._part.filename is not None:
            raise Problem(400, f"expected files in the field '{PICTURES}', got one in '{self._name()}'")
        else:
            self._body.fields.setdefault(self._name(), []).append(self._data.decode())
        self._part, self._data = None, bytearray()


def _part_name(part: MultipartSegment) -> str:
    """The file name of a part: as browsers write it, or with `filename*`, as .NET does."""
    disposition = part.header("Content-Disposition", "")
    return _file_name(disposition) if "filename*" in disposition else _text(part.filename or "")


def _check_file_size(size: int, limits: Limits) -> None:
    if size > limits.file_bytes:
        raise Problem(413, f"one picture may have {limits.file_bytes:,} bytes, this one has more")
