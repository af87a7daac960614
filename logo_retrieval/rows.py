"""The row of an answered input: the contract of `classify --format jsonl`, and the same as columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logo_retrieval.inference.predict import Auto
    from logo_retrieval.types import Decision


def decision_row(path: str, decision: Decision, index: str, settings: str) -> dict[str, object]:
    """One answered input as a JSON object.

    Args:
        path: what the input is called.
        decision: the answer.
        index: that answered.
        settings: by `settings_text`.
    """
    answer = decision.to_dict()
    text = answer.pop("text")
    return {"path": path, **answer, "index": index, "text": text, "settings": settings}


def settings_text(other_share: float | Auto, max_false_accept: float | None, text: str) -> str:
    """The settings that an answer depends on, as options of `classify`."""
    return f"--other-share {other_share} --max-false-accept {max_false_accept or 'default'} --text {text}"


def flattened(row: Mapping[str, object], top: int) -> dict[str, object]:
    """The row of a table: lists become the columns top_1_label, ..., neighbour_1_item, ..., text one.

    Args:
        row: an answer as `Decision.to_dict` gives it, and what else is known of the input.
        top: how many labels and neighbours get columns.
    """
    flat: dict[str, object] = {}
    for key, value in row.items():
        if key == "text":
            flat[key] = "\n".join(line["text"] for line in value) if isinstance(value, list) else None
        elif not isinstance(value, list):
            flat[key] = value
        else:
            flat |= columns(key, value, top)
    return flat


def columns(key: str, value: Sequence[Mapping[str, object]], top: int) -> dict[str, object]:
    """A list of labels or neighbours as columns, those that it lacks empty.

    Args:
        key: "top" or "neighbours".
        value: the list.
        top: for how many there are columns.
    """
    names = ("label", "probability") if key == "top" else ("item", "label", "similarity")
    return {
        f"{key.removesuffix('s')}_{place + 1}_{name}": value[place].get(name) if place < len(value) else None
        for place in range(top)
        for name in names
    }
