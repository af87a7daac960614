"""What the service does where the system has no file descriptor left to give."""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from drawings import svg
from served import Served, served, wait_for


@contextmanager
def no_file_opens(service: Served) -> Iterator[None]:
    """Meanwhile the service may have no more files open than it has."""
    process = service.process.pid
    soft, hard = resource.prlimit(process, resource.RLIMIT_NOFILE)
    lowest = max(int(each.name) for each in Path(f"/proc/{process}/fd").iterdir()) + 1
    with open_up_to(service, lowest):
        resource.prlimit(process, resource.RLIMIT_NOFILE, (lowest, hard))
        try:
            yield
        finally:
            resource.prlimit(process, resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def open_up_to(service: Served, descriptors: int) -> Iterator[None]:
    """Connections that take every number below."""
    place = urlsplit(service.url)
    folder = Path(f"/proc/{service.process.pid}/fd")
    connections: list[socket.socket] = []
    while len(list(folder.iterdir())) < descriptors:
        before = len(list(folder.iterdir()))
        connections.append(socket.create_connection((str(place.hostname), place.port or 0)))
        wait_for(lambda count=before: len(list(folder.iterdir())) > count)  # type: ignore[misc]
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


def test_without_a_descriptor_one_is_told_to_come_again(index: Path, tmp_path: Path) -> None:
    """Whatever needs one: the index, a file of the page, a decoder."""
    with served(index, tmp_path) as service, service.client() as client:
        asked = (("GET", "/v1/classes"), ("GET", "/main.js"), ("POST", "/v1/classify"))
        sent = [("files", svg("disc"))]
        assert client.get("/healthz").status_code == 200  # the connection stays
        for decoder in service.decoders():
            os.kill(decoder, signal.SIGKILL)
        with no_file_opens(service):
            for method, path in asked:
                answer = client.request(method, path, files=sent if method == "POST" else None)
                assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0, (path, answer.text)
                assert "ulimit -n" in answer.json()["detail"], path
            place = urlsplit(service.url)
            with socket.create_connection((str(place.hostname), place.port or 0)):
                wait_for(lambda: "socket.accept() out of system resource" in service.log_file.read_text())
        for method, path in asked:
            assert client.request(method, path, files=sent if method == "POST" else None).status_code == 200
        plain = [line for line in service.log_file.read_text().splitlines() if not line.startswith("{")]
        assert plain == []
