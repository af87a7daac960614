"""Commands that change an index are killed at any moment; `tests/store/test_kills.py` strikes far more often, at less.

A test run kills some; `LOGO_RETRIEVAL_KILLS=500` a tenth as many of each command.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Run
from drawings import svg

from logo_retrieval.store.index_store import IndexStore

COUNT = int(os.environ.get("LOGO_RETRIEVAL_KILLS", "20")) // 10
SEED = 5 if COUNT == 2 else time.time_ns()
TINY = Path(__file__).parents[1] / "embedding" / "data" / "tiny"
LONGEST_S = 60.0
KILLED = -signal.SIGKILL


@pytest.fixture
def chance() -> random.Random:
    return random.Random(SEED)


@pytest.fixture
def small(run: Run, classes: Path, tmp_path: Path) -> Path:
    """An index of a tiny model, to be changed."""
    assert run("build-index", classes, "--index", tmp_path / "small", "--model", TINY).code == 0
    return tmp_path / "small"


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Three drawings of a company that the index does not know."""
    folder = tmp_path / "marks"
    folder.mkdir()
    for place in range(3):
        (folder / f"{place}.svg").write_bytes(svg("bars", place).replace(b"z", b"zM0 0h99v9h-99z"))
    return folder


def killed(place: Path, chance: random.Random, *arguments: object) -> int:
    """The exit code of a command that is killed soon after something below a folder has changed, if it still runs."""
    before = looks(place)
    with subprocess.Popen(
        [sys.executable, "-m", "logo_retrieval", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=place,
    ) as process:
        until = time.monotonic() + LONGEST_S
        while looks(place) == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(chance.choice((0, 0.003, 0.03, 0.3)) * chance.random())
        process.kill()
    return process.returncode


def looks(place: Path) -> dict[str, int]:
    """What lies below a folder, and when it changed."""
    found = {}
    for folder, _, names in os.walk(place):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            try:
                found[str(path)] = path.stat().st_mtime_ns
            except FileNotFoundError:
                continue
    return found


def sizes(index: Path) -> dict[str, int]:
    with IndexStore(index) as store:
        return store.class_sizes()


def test_build_index(run: Run, chance: random.Random, classes: Path, tmp_path: Path) -> None:
    place, index = tmp_path / "place", tmp_path / "place" / "index"
    place.mkdir()
    for _ in range(COUNT):
        code = killed(place, chance, "build-index", classes, "--index", index, "--model", TINY)
        assert code in (0, KILLED)
        if code == 0 or (index / "index.sqlite").exists():
            assert run("verify", "--index", index).code == 0 and sum(sizes(index).values()) == 12
    assert run("build-index", classes, "--index", index, "--model", TINY).code == 0
    assert run("verify", "--index", index).code == 0 and sum(sizes(index).values()) == 12
    assert [path.name for path in place.iterdir()] == ["index"]
    assert {path.name for path in index.iterdir()} == {"index.sqlite", "models"}
    assert len(list((index / "models").iterdir())) == 1


def test_enroll_and_unenroll(run: Run, chance: random.Random, small: Path, marks: Path) -> None:
    before = sizes(small)
    add = ("enroll", "--class", "glass", "--name", "Glass Ltd", marks, "--force", "--index", small)
    remove = ("unenroll", "--class", "glass", "--index", small)
    for _ in range(COUNT):
        code = killed(small, chance, *add)
        assert code in (0, KILLED) and run("verify", "--index", small).code == 0
        assert sizes(small) in ([before | {"glass": 3}] if code == 0 else [before, before | {"glass": 3}])
        assert run(*add).code == 0 and sizes(small) == before | {"glass": 3}
        with IndexStore(small) as store:
            held = list(store.thumbnails(f"glass/{place}.svg" for place in range(3)).values())
        code = killed(small, chance, *remove)
        assert code in (0, KILLED) and run("verify", "--index", small).code == 0
        assert sizes(small) in ([before] if code == 0 else [before, before | {"glass": 3}])
        again = run(*remove)
        assert again.code == 0 or "there is no class 'glass'" in again.err
        assert sizes(small) == before
        assert {path.name for path in small.iterdir()} == {"index.sqlite", "models"}
        content = (small / "index.sqlite").read_bytes()
        assert len(held) == 3 and not [each for each in held if each in content]


def test_compact(run: Run, chance: random.Random, small: Path, marks: Path) -> None:
    assert run("enroll", "--class", "glass", marks, "--force", "--index", small).code == 0
    before = sizes(small)
    for _ in range(COUNT):
        assert killed(small, chance, "compact", "--index", small) in (0, KILLED)
        assert run("verify", "--index", small).code == 0 and sizes(small) == before
    assert run("compact", "--index", small).code == 0
    assert {path.name for path in small.iterdir()} == {"index.sqlite", "models"}


def test_the_first_enrolment(
    run: Run, chance: random.Random, marks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It copies the starter; copies that kills leave do not gather."""
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.delenv("LOGO_RETRIEVAL_INDEX", raising=False)
    add = ("enroll", "--class", "glass", marks, "--force")
    for _ in range(max(COUNT // 4, 2)):
        code = killed(place, chance, *add)
        assert code in (0, KILLED)
        if code == 0 or (place / "indexes" / "default").exists():
            break
        assert len(list((place / "indexes").iterdir())) <= 1
    assert run(*add).code == 0 and sizes(place / "indexes" / "default")["glass"] == 3
    assert [path.name for path in (place / "indexes").iterdir()] == ["default"]
