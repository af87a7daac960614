"""One JSON object a line on stderr: requests, faults and what the server says of itself. No picture, no secret."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("logo_retrieval.serving")

FACTS = "facts"
"""The name under which a record carries further members."""


class AnswerBroken(ConnectionError):
    """Has the server end a connection whose answer had begun. Why is in the log already."""


class JsonLines(logging.Formatter):
    """A record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level and message, the members of `facts`, and the traceback of a fault."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, FACTS, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_to_stderr() -> None:
    """Sends what this service and its server say to stderr, as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], AnswerBroken)))
    for name in (LOGGER.name, "uvicorn", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)


def log(message: str, **facts: object) -> None:
    """One line."""
    LOGGER.info(message, extra={FACTS: facts})
