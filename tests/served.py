"""A service that really runs, for tests that ask it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_START_S = 120


@dataclass
class Served:
    """A running service.

    Attributes:
        url: of its root.
        process: that it is.
        log_file: where its lines go.
    """

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=120, trust_env=False)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_file.read_text().splitlines() if line.startswith("{")]

    def decoders(self) -> list[int]:
        """Its child processes, whichever of its threads started them."""
        children = [file.read_text().split() for file in Path(f"/proc/{self.process.pid}/task").glob("*/children")]
        found = [int(child) for of_thread in children for child in of_thread]
        assert found, "the service has no decoders"
        return found

    def metric(self, name: str) -> float:
        with self.client() as client:
            lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def served(index: Path | None, folder: Path, *options: object, ready: bool = True) -> Iterator[Served]:
    """Starts `logo-retrieval serve` in a folder, on a free port, and ends it."""
    log_file = folder / f"served-{time.monotonic_ns()}.log"
    asked = [] if index is None else ["--index", index]
    command = [sys.executable, "-m", "logo_retrieval", "serve", "--port", "0", *map(str, (*asked, *options))]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LOGO_RETRIEVAL")}
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stderr=log, env=plain)
    try:
        service = Served(_url(process, log_file), process, log_file)
        if ready:
            _wait_until_ready(service)
        yield service
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _url(process: subprocess.Popen[bytes], log_file: Path) -> str:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        for line in log_file.read_text().splitlines():
            if '"listening"' in line:
                return str(json.loads(line)["url"])
        time.sleep(0.05)
    raise AssertionError(f"the service did not start: {log_file.read_text()}")


def _wait_until_ready(service: Served) -> None:
    end = time.monotonic() + _START_S
    with service.client() as client:
        while time.monotonic() < end:
            if client.get("/readyz").status_code == 200:
                return
            time.sleep(0.05)
    raise AssertionError(f"the service is not ready: {service.log_file.read_text()}")


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
