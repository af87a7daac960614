"""A changed byte anywhere in an index folder: `verify` names the file, and answers are errors or the same.

A test run tries some; `LOGO_RETRIEVAL_DAMAGE=500 pytest tests/test_damage.py` as many.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Run
from drawings import svg

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import LogoRetrievalError
from logo_retrieval.models.bundle import CONFIG_NAME
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.types import Decision

COUNT = int(os.environ.get("LOGO_RETRIEVAL_DAMAGE", "16"))
SEED = 6 if COUNT == 16 else time.time_ns()
SHAPES = ("bars", "disc", "ärzte", "other")


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with a bit flipped, a byte or a run of bytes overwritten, or its end cut off."""
    spoilt, place = bytearray(content), chance.randrange(len(content))
    match chance.randrange(5):
        case 0 | 1:
            spoilt[place] ^= 1 << chance.randrange(8)
        case 2:
            spoilt[place] ^= chance.randrange(1, 256)
        case 3:
            spoilt[place : place + 600] = chance.randbytes(len(spoilt[place : place + 600]))
        case _:
            del spoilt[place:]
    return bytes(spoilt)


def answers(folder: Path) -> list[Decision]:
    with LogoClassifier.open(folder) as classifier:
        return classifier.classify([svg(shape, 1) for shape in SHAPES], text="never")


def said(folder: Path) -> list[str]:
    """All that the tables say, as SQL."""
    with closing(sqlite3.connect(folder / INDEX_FILE)) as connection:
        return list(connection.iterdump())


def test_every_damaged_file_is_named_and_changes_no_answer(run: Run, mine: Path) -> None:
    chance = random.Random(SEED)
    run("compact", "--index", mine)
    expected, sound = answers(mine), said(mine)
    files = sorted(path for path in mine.rglob("*") if path.is_file())
    assert len(files) > 5
    found = 0
    for round_ in range(COUNT):
        # the tables are more than a checksum: half of the damage is theirs
        file = mine / INDEX_FILE if round_ % 2 else files[round_ // 2 % len(files)]
        whole = file.read_bytes()
        file.write_bytes(damaged(whole, chance))
        outcome = run("verify", "--index", mine)
        if outcome.code == 0:
            # in a gap of the tables, or the end of a line: neither says anything
            assert file.name in (INDEX_FILE, CONFIG_NAME) and said(mine) == sound, (SEED, round_, file)
        else:
            assert outcome.code == 1 and file.name in outcome.err, (SEED, round_, file, outcome.err)
            found += 1
        try:
            assert answers(mine) == expected, (SEED, round_, file)
        except LogoRetrievalError:
            assert outcome.code == 1
        for log in mine.glob(f"{INDEX_FILE}-*"):
            log.unlink()
        file.write_bytes(whole)
    assert found > COUNT / 2
    assert run("verify", "--index", mine).code == 0


@pytest.mark.parametrize("length", [0, 1, 99, 100, 16384])
def test_the_start_of_an_index_alone(run: Run, mine: Path, length: int) -> None:
    file = mine / INDEX_FILE
    file.write_bytes(file.read_bytes()[:length])
    outcome = run("verify", "--index", mine)
    assert outcome.code == 1 and INDEX_FILE in outcome.err
    with pytest.raises(LogoRetrievalError, match=INDEX_FILE):
        LogoClassifier.open(mine)


def test_every_damaged_file_is_named_when_several_are(run: Run, mine: Path) -> None:
    with sqlite3.connect(mine / INDEX_FILE) as connection:
        connection.execute("UPDATE audit SET detail = 'nothing'")
    connection.close()
    (head,) = mine.glob("models/*/head.npz")
    head.write_bytes(head.read_bytes()[:-1])
    outcome = run("verify", "--index", mine)
    assert f"{INDEX_FILE}: the table audit does not have its checksum" in outcome.err
    assert "head.npz must have SHA-256" in outcome.err and "2 fault(s)" in outcome.err


def test_a_damaged_index_is_not_changed_and_can_be_built_anew(run: Run, mine: Path, classes: Path) -> None:
    with sqlite3.connect(mine / INDEX_FILE) as connection:
        connection.execute("UPDATE thumbnails SET webp = x'00' WHERE item_id = 2")
    connection.close()
    for command in (("compact",), ("unenroll", "--class", "disc"), ("enroll", "--class", "disc", "--name", "Disc Ltd")):
        refused = run(*command, "--index", mine)
        assert refused.code == 1 and "the table thumbnails cannot be what was written" in refused.err
    (model,) = mine.glob("models/*/model.onnx")
    model.write_bytes(b"")
    assert run("build-index", classes, "--index", mine).code == 0
    assert run("verify", "--index", mine).code == 0


@pytest.mark.parametrize(
    "change", ["DELETE FROM meta WHERE key = 'seal'", "UPDATE meta SET value = '7' WHERE key = 'generation'"]
)
def test_an_index_without_checksums_of_what_it_says_is_damaged(run: Run, mine: Path, change: str) -> None:
    with sqlite3.connect(mine / INDEX_FILE) as connection:
        connection.execute(change)
    connection.close()
    outcome = run("verify", "--index", mine)
    assert outcome.code == 1 and "the table meta does not have its checksum" in outcome.err
    with pytest.raises(LogoRetrievalError, match="meta.* cannot be what was written"):
        LogoClassifier.open(mine)
    refused = run("compact", "--index", mine)
    assert refused.code == 1 and "meta" in refused.err and "cannot be what was written" in refused.err
