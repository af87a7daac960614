"""What HTTP costs: `OPENBLAS_NUM_THREADS=1 python benchmarks/serving.py`.

The service of the shipped index, asked for one picture a request by 1, 8 and 64 clients on connections that stay open,
against the library, which answers the same pictures in this process: all of them in one call (throughput), and one
after another (latency). Library and service take turns, several times over, on the same cores, which the clients need
a share of, too. Every picture is asked for once a round by each side; they are drawings of LogoBench as files of many
formats. BLAS is given one thread, as the service gives it wherever it runs, so that both sides have the same.
"""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import numpy as np
from embedded import sources_of
from logobench_data import load
from small import options, parsed
from surroundings import write_result

from logo_retrieval import LogoClassifier

PICTURES, ROUNDS = 160, 11
CLIENTS = (1, 8, 64)
_SEED = 18


class Service:
    """One that runs in a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Starts it on a free port and waits until it answers."""
        self._log = folder / "log"
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "logo_retrieval", "serve", "--port", "0"]
            self.process = subprocess.Popen(command, cwd=folder, stderr=log)
        lines: list[str] = []
        while not lines:
            time.sleep(0.1)
            lines = [line for line in self._log.read_text().splitlines() if '"listening"' in line]
        self._place = urlsplit(json.loads(lines[0])["url"]).netloc
        while self.connect("GET", "/readyz")[0] != 200:
            time.sleep(0.1)

    def connect(self, method: str, path: str) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self._place, timeout=120)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def ask(self, pictures: Sequence[bytes]) -> list[float]:
        """Seconds of each request of one client, one after another."""
        connection = http.client.HTTPConnection(self._place, timeout=300)
        seconds = []
        for picture in pictures:
            start = time.perf_counter()
            connection.request("POST", "/v1/classify", picture, {"Content-Type": "application/octet-stream"})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise SystemExit(f"the service answered {answer.status}: {content[:200]!r}")
            seconds.append(time.perf_counter() - start)
        return seconds

    def ask_side_by_side(self, pictures: Sequence[bytes], clients: int) -> tuple[float, list[float]]:
        """Seconds in all, and of each request, of so many clients."""
        start = time.perf_counter()
        with ThreadPoolExecutor(clients) as threads:
            shares = [pictures[first::clients] for first in range(clients)]
            seconds = [second for found in threads.map(self.ask, shares) for second in found]
        return time.perf_counter() - start, seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.process.send_signal(signal.SIGTERM)  # as an operator would end it
        self.process.wait()


def main() -> None:
    """Asks both sides, writes the results and shows them."""
    arguments = parsed(options(__doc__, output="serving.json", cache=True))
    count, n_rounds = (8, 1) if arguments.small else (PICTURES, ROUNDS)
    pictures = chosen(count, arguments.cache)
    with (
        tempfile.TemporaryDirectory() as folder,
        LogoClassifier.open() as classifier,
        Service(Path(folder)) as service,
    ):
        classifier.classify(pictures[:32])
        rounds = [one_round(service, classifier, pictures) for _ in range(n_rounds)]
    results = {"pictures": count, "rounds": n_rounds, **summed_up(rounds)}
    write_result(arguments.output, "the service", results)
    print(json.dumps(results["clients"], indent=1))


def chosen(count: int, cache: Path) -> list[bytes]:
    """Files of many formats, each of them another drawing."""
    bench = load(cache)
    rows = np.random.default_rng(_SEED).permutation(len(bench.drawings))[:count]
    plain, worn = rows[: count // 2], rows[count // 2 :]
    sources = [*sources_of(bench, plain, None), *sources_of(bench, worn, "serving")]
    return [source if isinstance(source, bytes) else source.read_bytes() for source in sources]


class Round(NamedTuple):
    """Seconds of both sides.

    Attributes:
        batch: of the library for all pictures in one call.
        singles: of the library for each picture.
        served: by the number of clients, those for all pictures, and for each request.
    """

    batch: float
    singles: list[float]
    served: dict[int, tuple[float, list[float]]]


def one_round(service: Service, classifier: LogoClassifier, pictures: Sequence[bytes]) -> Round:
    """All pictures by both sides; the readers of both have met the same lines before."""
    start = time.perf_counter()
    classifier.classify(pictures)
    batch = time.perf_counter() - start
    singles = []
    for picture in pictures:
        start = time.perf_counter()
        classifier.classify([picture])
        singles.append(time.perf_counter() - start)
    return Round(batch, singles, {count: service.ask_side_by_side(pictures, count) for count in CLIENTS})


def summed_up(rounds: Sequence[Round]) -> dict[str, Any]:
    """Medians over rounds of ratios within one, and percentiles of all requests."""
    clients = {
        str(count): {
            "share_of_library": round(median(one.batch / one.served[count][0] for one in rounds), 3),
            "files_a_second": round(median(len(one.singles) / one.served[count][0] for one in rounds), 1),
            **percentiles([second for one in rounds for second in one.served[count][1]]),
        }
        for count in CLIENTS
    }
    library = {
        "files_a_second": round(median(len(one.singles) / one.batch for one in rounds), 1),
        **percentiles([second for one in rounds for second in one.singles]),
    }
    return {"library": library, "clients": clients}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    half, most = np.percentile(seconds, (50, 99))
    return {"p50_ms": round(1000 * float(half), 1), "p99_ms": round(1000 * float(most), 1)}


if __name__ == "__main__":
    main()
