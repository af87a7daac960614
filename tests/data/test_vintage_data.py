"""The earlier marks beside LogoBench."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from logobench_data import ATTRIBUTIONS, Drawing, LogoBench, load_vintage
from starter_data import seen


@pytest.fixture(scope="module")
def vintage(cache: Path) -> tuple[Drawing, ...]:
    return load_vintage(cache)


def test_every_drawing_is_there_of_a_known_company_and_attributed(
    vintage: tuple[Drawing, ...], bench: LogoBench
) -> None:
    assert len(vintage) == 80 and len({drawing.key for drawing in vintage}) == 80
    text = ATTRIBUTIONS[1].read_text(encoding="utf-8")
    for drawing in vintage:
        assert drawing.path.read_bytes().lstrip()[:1] == b"<"
        assert drawing.label in bench.classes[:-1]
        assert f"| {drawing.key} | {drawing.package} | {drawing.licence} |" in text


def test_none_is_a_drawing_of_logobench(vintage: tuple[Drawing, ...], bench: LogoBench) -> None:
    own = {drawing.path.read_bytes() for drawing in bench.drawings}
    assert not own & {drawing.path.read_bytes() for drawing in vintage}


def test_of_an_artist_who_is_asked_no_earlier_mark_is_learned(vintage: tuple[Drawing, ...], bench: LogoBench) -> None:
    own = set(vintage)
    learned = [drawing for drawing, _ in seen(bench, (), vintage=vintage, split="collection").bench if drawing in own]
    collections = Counter(drawing.collection for drawing in learned)
    assert "mdi" not in collections and "simple-icons" not in collections and collections["devicon"] == 13
    everything = seen(bench, (), vintage=vintage, split=None).bench
    assert sum(drawing in own for drawing, _ in everything) == 80
