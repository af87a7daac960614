"""Bytes to a service, as no client library sends them."""

from __future__ import annotations

import socket
import time

import httpx
from served import Served


def sent(service: Served, request: bytes, *, abort: bool = False, half_close: bool = False) -> bytes:
    """What comes back until the connection ends; or nothing, when it is broken off at once."""
    address = httpx.URL(service.url)
    with socket.create_connection((address.host, address.port or 0), timeout=30) as connection:
        connection.sendall(request)
        if abort:
            time.sleep(0.2)
            return b""
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))
