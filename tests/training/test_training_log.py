"""The log of a training and what is made of it without TensorFlow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from test_durable import watched

from logo_retrieval.errors import ModelError
from logo_retrieval.training.log import LOG, add_to_log, kept_entry, read_log, shorten_log


def entries(*f2: float | None) -> list[dict[str, Any]]:
    """The first epoch is of the head."""
    return [
        {"epoch": epoch, "phase": "all" if epoch > 1 else "head", "loss": 9.0 - epoch, "learning_rate": 1e-3}
        | ({} if value is None else {"validation_macro_f2": value})
        for epoch, value in enumerate(f2, start=1)
    ]


def test_a_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_log(tmp_path) == []
    for entry in entries(0.1, 0.2):
        add_to_log(tmp_path, entry)
    assert read_log(tmp_path) == entries(0.1, 0.2)


def test_what_a_kill_left_is_taken_out(tmp_path: Path) -> None:
    shorten_log(tmp_path, 0)
    assert not (tmp_path / LOG).exists()
    for entry in entries(0.1, 0.2, 0.3):
        add_to_log(tmp_path, entry)
    with (tmp_path / LOG).open("a") as file:
        file.write('{"epoch": 4, "ph')
    assert len(read_log(tmp_path)) == 3
    shorten_log(tmp_path, 2)
    assert read_log(tmp_path) == entries(0.1, 0.2)


def test_a_log_survives_a_power_cut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else the checkpoint, which does, would be of epochs that the log does not know."""
    first, second, third = entries(0.1, 0.2, 0.3)
    (tmp_path / "work").mkdir()
    with watched(monkeypatch) as disk:
        for entry in (first, second, third):
            add_to_log(tmp_path / "work", entry)
        shorten_log(tmp_path / "work", 2)
        add_to_log(tmp_path / "work", third)
    disk.after_power_cut(tmp_path, tmp_path / "later")
    assert read_log(tmp_path / "later" / "work") == [first, second, third]


@pytest.mark.parametrize("line", ["{", "[1]", "[" * 100_000, ""])
def test_a_line_that_no_training_writes(tmp_path: Path, line: str) -> None:
    add_to_log(tmp_path, {"epoch": 1})
    with (tmp_path / LOG).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ModelError, match=r"a line of '.*log\.jsonl' .*: remove the folder to begin again"):
        read_log(tmp_path)


@pytest.mark.parametrize(
    ("f2", "epoch"), [((0.9, 0.5, 0.7, 0.7), 3), ((None, None, None), 3), ((0.9,), 1), ((0.1, 0.0), 2)]
)
def test_the_best_epoch_is_of_the_second_phase(f2: tuple[float | None, ...], epoch: int) -> None:
    assert kept_entry(entries(*f2))["epoch"] == epoch
    assert kept_entry(entries(*f2), "last")["epoch"] == len(f2)


def test_curves_are_one_svg_and_the_same_for_the_same_log() -> None:
    pytest.importorskip("matplotlib")
    from logo_retrieval.training.curves import curves_svg

    drawn = curves_svg(entries(0.1, 0.2, 0.3))
    assert drawn == curves_svg(entries(0.1, 0.2, 0.3)) != curves_svg(entries(0.1, 0.2, 0.4))
    assert all(f">{title}<" in drawn for title in ("loss", "learning rate", "validation macro F2", "epoch"))
    assert not re.search(r"<dc:date>", drawn) and drawn.rstrip().endswith("</svg>")
    assert ">loss<" in curves_svg(entries(None))
