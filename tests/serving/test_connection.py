"""Connections as they come in the wild: slow, half-closed, one request behind another, or not read from."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from drawings import svg
from raw_requests import sent
from served import Served, served, wait_for


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that waits two seconds for a request."""
    with served(index, tmp_path_factory.mktemp("service"), "--request-timeout", 2) as service:
        yield service


def test_empty_lines_before_a_request_are_passed_over(service: Served) -> None:
    """Some clients send one after a body; RFC 9112, section 2.2."""
    get = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    post = b"POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n<svg"
    last = get.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    for request in (b"\r\n" + last, b"\r\n" * 20_000 + last, post + b"\r\n" + last, get + b"\r\n\r\n" + last):
        answer = sent(service, request)
        assert answer.count(b"HTTP/1.1 200 OK") == request.count(b"GET") and b"HTTP/1.1 400" not in answer
    address = httpx.URL(service.url)
    with socket.create_connection((address.host, address.port or 0), timeout=30) as connection:
        for part in (b"\r", b"\n", b"\r\n\r", b"\n" + last):
            connection.sendall(part)
            time.sleep(0.05)
        assert b"".join(iter(lambda: connection.recv(65_536), b"")).startswith(b"HTTP/1.1 200 OK")
    assert sent(service, b"\r" + last).startswith(b"HTTP/1.1 400")


def test_a_whole_address_is_taken_as_its_path_at_its_host(service: Served) -> None:
    """As some proxies send it; RFC 9112, section 3.2.2. What `Host` says does not count beside it."""
    here = httpx.URL(service.url).netloc
    for target, host, status in (
        (b"http://%b/healthz" % here, here, b"200 OK"),
        (b"HTTP://localhost/healthz?", b"elsewhere.example", b"200 OK"),
        (b"https://localhost/v1/classes/disc", here, b"200 OK"),
        (b"http://localhost", here, b"200 OK"),
        (b"http://localhost?a=1", here, b"200 OK"),
        (b"http://localhost/v1/info?a=1", here, b"422 "),
        (b"http://elsewhere.example/healthz", here, b"403 "),
        (b"ftp://localhost/healthz", here, b"404 "),
        (b"http://elsewhere.example@localhost/healthz", here, b"404 "),
    ):
        answer = sent(service, b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % (target, host))
        assert answer.startswith(b"HTTP/1.1 " + status), (target, answer[:300])
    wait_for(lambda: any(line.get("path") == "/v1/classes/disc" for line in service.log()))


def test_another_protocol_that_is_offered_is_passed_over(service: Served) -> None:
    """As by Java and `curl --http2`; the log tells no operator to install something."""
    for kind in (b"h2c", b"websocket"):
        offer = b"Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: %b\r\nHTTP2-Settings: AAMA" % kind
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n%b\r\n\r\n" % offer
        assert sent(service, request).startswith(b"HTTP/1.1 200 OK")
    assert not [line for line in service.log() if "pgrade" in line["message"] or "WebSocket" in line["message"]]


def test_a_body_whose_length_is_said_twice_ends_the_connection(service: Served) -> None:
    """RFC 9112, section 6.1: a proxy before the service may have taken the other length."""
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(svg("disc")), svg("disc"))
    head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/svg+xml\r\n"
    both = b"%bContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%b" % (head, len(chunk), chunk)
    answer = sent(service, both + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1
    assert b"application/problem+json" in answer and b"connection: close" in answer.lower()


def test_it_does_also_when_too_many_are_under_way(index: Path, tmp_path: Path) -> None:
    head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/svg+xml\r\n"
    both = head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with served(index, tmp_path, "--max-requests", 1) as service:
        place = httpx.URL(service.url)
        with socket.create_connection((place.host, place.port or 0)) as first:
            first.sendall(head + b"Content-Length: 5\r\n\r\n<")
            wait_for(lambda: sent(service, b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 429 "))
            assert sent(service, both).startswith(b"HTTP/1.1 400 ")


def test_a_request_whose_headers_do_not_come_is_given_up(service: Served) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for begun in (b"", b"GET /healthz HTTP/1.1\r\nHost: loc", whole + whole[:30]):
        start = time.monotonic()
        assert sent(service, begun).count(b"HTTP/1.1 200 OK") == begun.count(whole)
        assert time.monotonic() - start >= 1


def test_who_ends_one_side_after_the_request_is_answered(service: Served) -> None:
    """As some proxies and `nc -N` do; a line that every client passes over may come before the answer."""
    mark = svg("disc")
    for version, accept in ((b"1.1", b"*/*"), (b"1.1", b"application/x-ndjson"), (b"1.0", b"*/*")):
        request = (
            b"POST /v1/classify HTTP/%b\r\nHost: localhost\r\nAccept: %b\r\nContent-Type: image/svg+xml\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (version, accept, len(mark), mark)
        )
        for times in (1, 3):  # several in one go, too
            answer = sent(service, request * times, half_close=True)
            assert answer.count(b"HTTP/1.1 200 OK\r\n") == (times if version == b"1.1" else 1), answer
            assert b'"disc"' in answer and (version == b"1.1" or b"100 Continue" not in answer)
    begun = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n<svg"
    start = time.monotonic()
    assert sent(service, begun, half_close=True) == b"" and time.monotonic() - start < 1


def test_an_answer_that_nobody_takes_is_given_up(service: Served) -> None:
    """Or else clients that do not read could fill the memory; it is no fault of the service."""
    name = "\u00e9" * 1500  # six bytes each in a line of JSON
    part = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n<svg\r\n'.encode()
    body = part * 700 + b"--x--\r\n"
    lines = (
        b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    wholes = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100
    address = httpx.URL(service.url)
    for request in (lines, wholes):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((address.host, address.port or 0))
            connection.sendall(request)
            port = connection.getsockname()[1]
            wait_for(lambda port=port: is_connected(service, port), 20)  # type: ignore[misc]
            wait_for(lambda port=port: not is_connected(service, port), 20)  # type: ignore[misc]
    assert [line for line in service.log() if line["level"] == "error"] == []


def is_connected(service: Served, client_port: int) -> bool:
    """Whether the service holds a connection from that port; one that it has let go of belongs to no file."""
    here, there = (f":{port:04X}" for port in (httpx.URL(service.url).port or 0, client_port))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(here) and row[2].endswith(there) and row[9] != "0" for row in rows)
