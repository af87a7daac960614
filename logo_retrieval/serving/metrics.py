"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)
_SIZES = (1, 2, 4, 8, 16, 32)
_METHODS = frozenset(("GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"))


class Metrics:
    """Counters of one service."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "logo_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "logo_request_seconds", "From the first byte to the last.", ("route",), registry=registry, buckets=_SECONDS
        )
        self._stages = Histogram(
            "logo_stage_seconds",
            "Of a stage: decode is of one picture, answer of one batch.",
            ("stage",),
            registry=registry,
            buckets=_SECONDS,
        )
        self._batches = Histogram(
            "logo_batch_pictures", "Pictures answered together.", registry=registry, buckets=_SIZES
        )
        self._unreadable = Counter(
            "logo_unreadable", "Pictures that could not be used, by reason code.", ("code",), registry=registry
        )
        self._changes = Counter("logo_index_changes", "Changes of the index.", ("action",), registry=registry)

    def watch(self, name: str, description: str, value: Callable[[], float]) -> None:
        """A figure that is asked for when somebody looks."""
        Gauge(name, description, registry=self._registry).set_function(value)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered; methods that nobody knows count together, since each takes memory for good."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def stage(self, name: str, seconds: float) -> None:
        """A stage took so long."""
        self._stages.labels(name).observe(seconds)

    def batch(self, size: int) -> None:
        """Pictures are answered together."""
        self._batches.observe(size)

    def unreadable(self, code: str) -> None:
        """A picture could not be used."""
        self._unreadable.labels(code).inc()

    def change(self, action: str) -> None:
        """The index was changed."""
        self._changes.labels(action).inc()

    def text(self) -> bytes:
        """All of them, in the text format."""
        return generate_latest(self._registry)
