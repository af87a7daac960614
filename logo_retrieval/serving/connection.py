"""One connection: what is no well-formed HTTP gets a problem like any other.

A request has to come, and its answer to be taken, in time.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from logo_retrieval.serving.gate import HEADERS
from logo_retrieval.serving.problems import Problem

_PROBE_S: Final = 1.0
"""Until the second probe: by then the machine of one who went away has answered the first."""

_UNREADABLE: Final = Problem(400, "what came is no well-formed request of HTTP/1.1, or its headers are too long")

_WHOLE_ADDRESS: Final = re.compile(rb"https?://([^/?@]+)([/?].*)?", re.ASCII | re.IGNORECASE)


class _Conversation(h11.Connection):
    """One that passes over empty lines before a request, and takes whole addresses (RFC 9112, sections 2.2, 3.2.2)."""

    def next_event(self) -> Any:  # noqa: ANN401  (as in h11)
        """What comes next of what was received."""
        if self.their_state is h11.IDLE:
            received = self._receive_buffer._data  # nothing public takes from its front
            end = 0
            while received.startswith(b"\r\n", end):
                end += 2
            self._receive_buffer.maybe_extract_at_most(end)
            if received == b"\r":
                return h11.NEED_DATA  # the other half is on its way
        event = super().next_event()
        return _at_its_host(event) if isinstance(event, h11.Request) else event


def _at_its_host(request: h11.Request) -> h11.Request:
    """The same request with a path alone for its target; the host in a whole address counts, and no other."""
    whole = _WHOLE_ADDRESS.fullmatch(request.target)
    if whole is None:
        return request
    host, place = whole.groups(b"")
    return h11.Request(
        method=request.method,
        target=place if place.startswith(b"/") else b"/" + place,
        headers=[(b"host", host), *((name, value) for name, value in request.headers if name != b"host")],
        http_version=request.http_version,
    )


class Connection(H11Protocol):
    """One that ends when the headers of a request do not come, or bytes of an answer are not taken, in time.

    From the headers on the gate counts, until it has given the answer.

    Attributes:
        request_s: so many seconds there are, from the start of the connection or from the answer before; and for what
            is given to be taken.
    """

    request_s: float
    _until_headers: asyncio.TimerHandle | None = None
    _until_taken: asyncio.TimerHandle | None = None
    _has_ended = False

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401  (as in uvicorn)
        super().__init__(*arguments, **named)
        self.conn = _Conversation(h11.SERVER)  # of the longest headers that h11 takes; no option of ours says otherwise

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  (as in uvicorn)
        """Somebody came."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # whatever is not taken at once is told of by `pause_writing`
        self._wait()

    def _should_upgrade(self) -> bool:
        """Never, and nothing is logged of it: Java offers HTTP/2 with its requests, which a server may pass over."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """They went, or were sent away."""
        super().connection_lost(exc)
        _cancel(self._until_headers)
        _cancel(self._until_taken)

    def pause_writing(self) -> None:
        """Some of an answer is not taken yet: it would stay in memory for as long as a client likes."""
        super().pause_writing()
        self._until_taken = self.loop.call_later(self.request_s, self.transport.abort)

    def resume_writing(self) -> None:
        """All of it is taken."""
        super().resume_writing()
        _cancel(self._until_taken)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio lets it say so
        """Nothing more is sent: whoever sent a whole request either waits for its answer, or has gone away.

        Only what is sent to them tells, as the second time it fails if they are gone. It is a line that HTTP has every
        client pass over.

        Returns:
            Whether the connection stays open.
        """
        self._has_ended = True
        if not self._is_answering() or self.cycle.more_body:
            return False
        self._probe()
        self.loop.call_later(_PROBE_S, self._probe)
        return True

    def _probe(self) -> None:
        if self.conn.our_state is h11.SEND_RESPONSE and self.conn.their_http_version != b"1.0":
            line = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            self.transport.write(self.conn.send(line) or b"")

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def on_response_complete(self) -> None:
        """The next request may come, or none does."""
        super().on_response_complete()
        if self._has_ended and not self._is_answering():
            self.transport.close()
        self._wait()

    def send_400_response(self, msg: str) -> None:
        """What came cannot be understood, and the connection ends."""
        answer = _UNREADABLE.response()
        headers = [*answer.raw_headers, *HEADERS, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=answer.status_code, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait(self) -> None:
        _cancel(self._until_headers)
        self._until_headers = self.loop.call_later(self.request_s, self._give_up)

    def _give_up(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def connection_within(request_s: float) -> type[Connection]:
    """Such connections with so many seconds for the headers."""
    return type("ConnectionWithin", (Connection,), {"request_s": request_s})
