"""Results as tables in Markdown."""

from __future__ import annotations

import json
from typing import Any

from surroundings import RESULTS


def result(name: str) -> dict[str, Any]:
    """A results file."""
    values: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return values


def rows(*cells: list[str]) -> list[str]:
    """A table in Markdown, the first row being its head."""
    head, *body = cells
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]


def with_interval(figure: list[float]) -> str:
    """A figure with its 95 % interval."""
    return "{:.3f} ({:.3f}-{:.3f})".format(*figure)
