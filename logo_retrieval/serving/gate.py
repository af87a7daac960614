"""What every request passes: limits on its size, time and number, headers of the answer, and a line in the log."""

from __future__ import annotations

import asyncio
import re
import uuid
from contextlib import suppress
from time import perf_counter
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logo_retrieval.serving.access import check_origin
from logo_retrieval.serving.logs import FACTS, LOGGER, AnswerBroken, log
from logo_retrieval.serving.problems import Problem, come_again, lacks_descriptors, without_descriptors
from logo_retrieval.serving.service import Service

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS: Final = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
"""Those of every answer."""

REQUEST_ID: Final = "logo_retrieval.request_id"
"""Under which the scope of a request has its id, for the log."""

_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)

_DRAIN_S: Final = 3.0
_DRAIN_BYTES: Final = 64 << 20

_GONE: Final = 499
"""In the log: whoever asked went away before the answer."""


class Gate:
    """Wraps the application.

    Attributes:
        service: that is asked.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self.service = service
        self._requests = 0
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; other kinds of connection pass, or end."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _Passage(self, scope, receive, send).pass_through()

    async def answer(self, passage: _Passage) -> None:
        """Has the application answer, within the limits."""
        limits = self.service.settings.limits
        passage.check_length()
        if self._requests >= limits.requests:
            raise come_again(429, f"{limits.requests} requests are under way, which is the most", 1)
        self._requests += 1
        try:
            async with asyncio.timeout(limits.request_s):
                check_origin(passage.scope["method"], passage.headers, self.service.settings)
                _check_address(passage.scope)
                passage.check_size(int(passage.headers.get("content-length", 0)))
                await self._app(passage.scope, passage.receive, passage.send)
        finally:
            self._requests -= 1
            self._held_bytes -= passage.held_bytes

    def hold(self, size: int) -> None:
        """Takes so many bytes of a body into memory.

        Raises:
            Problem: 429 when all requests together hold too much.
        """
        limit = self.service.settings.limits.held_bytes
        if self._held_bytes + size > limit:
            raise come_again(429, f"all requests together hold {limit:,} bytes, which is the most", 2)
        self._held_bytes += size


class _Passage:
    """One request on its way.

    Attributes:
        scope: of the request.
        headers: of the request.
        held_bytes: that it has of the memory for bodies.
    """

    def __init__(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        self._method: str = scope["method"]
        self.headers = Headers(scope=scope)
        wished = self.headers.get("x-request-id", "")
        self._id = wished if _ID.fullmatch(wished) else uuid.uuid4().hex
        # HEAD as GET: the server leaves the body out
        self.scope = {**scope, "method": "GET" if self._method == "HEAD" else self._method, REQUEST_ID: self._id}
        self.held_bytes = 0
        self._gate = gate
        self._receive = receive
        self._send = send
        self._limits = gate.service.settings.limits
        self._read_bytes = 0
        self._is_read = "content-length" not in self.headers and "transfer-encoding" not in self.headers
        self._status = 0
        self._start = perf_counter()

    async def pass_through(self) -> None:
        """Answers, whatever happens, and logs it."""
        try:
            await self._gate.answer(self)
        except ClientDisconnect:
            pass  # whoever asked went away, and nobody is there to be answered
        except Problem as problem:
            await self._fail(problem)
        except TimeoutError:
            late = f"the request took more than {self._limits.request_s:g} s"
            await self._fail(Problem(408, late) if not self._is_read else come_again(503, late, 5))
        except Exception as error:
            if lacks_descriptors(error):
                LOGGER.warning("no file can be opened: %s", error, extra={FACTS: {"request": self._id}})
                await self._fail(without_descriptors())
                return
            LOGGER.exception("a fault of the service", extra={FACTS: {"request": self._id}})
            await self._fail(Problem(500, f"a fault of the service, in its log as request {self._id}"))
        finally:
            self._log()

    async def _fail(self, problem: Problem) -> None:
        """Sends a problem; where the answer has begun, the connection ends before it is whole."""
        if self._status:
            LOGGER.warning("an answer broke off: %s", problem.detail, extra={FACTS: {"request": self._id}})
            raise AnswerBroken
        await problem.response()(self.scope, self.receive, self.send)

    def check_length(self) -> None:
        """Refuses a body whose length is said in two ways: a proxy may have taken the other (RFC 9112, section 6.1).

        Raises:
            Problem: 400; the connection ends, as what follows may be no request.
        """
        if "content-length" in self.headers and "transfer-encoding" in self.headers:
            raise Problem(
                400, "expected Content-Length or Transfer-Encoding, got both", headers={"Connection": "close"}
            )

    def check_size(self, size: int) -> None:
        """Refuses a body of so many bytes.

        Raises:
            Problem: 413 when it is too large.
        """
        if size > self._limits.body_bytes:
            raise Problem(413, f"one request may have {self._limits.body_bytes:,} bytes, this one has more")

    async def receive(self) -> Message:
        """The next part of the body, counted."""
        message = await self._receive()
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self._is_read = not message.get("more_body", False)
            self._read_bytes += size
            self.check_size(self._read_bytes)
            self._gate.hold(size)
            self.held_bytes += size
        return message

    async def send(self, message: Message) -> None:
        """Adds the headers that every answer has."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            closing = [] if await self._drain() else [(b"connection", b"close")]
            own = (*HEADERS, (b"x-request-id", self._id.encode()), *closing)
            message["headers"] = [*message.get("headers", ()), *own]
        await self._send(message)

    async def _drain(self) -> bool:
        """Passes over what is left of the body, so that who sends it can read the answer; whether that was all.

        A body that is much too large, or slow, is not waited for: its connection ends.
        """
        if self._is_read:
            return True
        if "expect" in self.headers and not self._read_bytes:
            return False
        passed = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                while not self._is_read and passed <= _DRAIN_BYTES:
                    message = await self._receive()
                    passed += len(message.get("body", b""))
                    self._is_read = not message.get("more_body", False)
        return self._is_read

    def _log(self) -> None:
        seconds = perf_counter() - self._start
        status = self._status or _GONE
        route = getattr(self.scope.get("route"), "path", "none")
        self._gate.service.metrics.request(self._method, route, status, seconds)
        client = self.scope.get("client")
        log(
            "request",
            request=self._id,
            method=self._method,
            path=self.scope["path"],
            status=status,
            ms=round(1000 * seconds, 1),
            bytes=self._read_bytes,
            client=client[0] if client else None,
        )


def _check_address(scope: Scope) -> None:
    """Raises a problem, 400, when an address is not of UTF-8: what is meant would be taken for something else."""
    for part in (scope["raw_path"], scope["query_string"]):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError as error:
            raise Problem(400, f"expected an address of UTF-8, percent-encoded, got {part!r:.200}") from error
