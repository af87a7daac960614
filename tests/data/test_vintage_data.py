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
    assert len(vintage) == 80 and len({each.key for each in vintage}) == 80
    text = ATTRIBUTIONS[1].read_text(encoding="utf-8")
    for each in vintage:
        assert each.path.read_bytes().lstrip()[:1] == b"<"
        assert each.label in bench.classes[:-1]
        assert f"| {each.key} | {each.package} | {each.licence} |" in text


def test_none_is_a_drawing_of_logobench(vintage: tuple[Drawing, ...], bench: LogoBench) -> None:
    own = {each.path.read_bytes() for each in bench.drawings}
    assert not own & {each.path.read_bytes() for each in vintage}


def test_of_an_artist_who_is_asked_no_earlier_mark_is_learned(vintage: tuple[Drawing, ...], bench: LogoBench) -> None:
    own = set(vintage)
    learned = [each for each, _ in seen(bench, (), vintage=vintage, split="collection").bench if each in own]
    collections = Counter(each.collection for each in learned)
    assert "mdi" not in collections and "simple-icons" not in collections and collections["devicon"] == 13
    everything = seen(bench, (), vintage=vintage, split=None).bench
    assert sum(each in own for each, _ in everything) == 80
