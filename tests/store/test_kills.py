"""Processes that change an index are killed at any moment: what they have said is done stays, and nothing is half done.

A test run kills some; `LOGO_RETRIEVAL_KILLS=500 pytest tests/store/test_kills.py` as many.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

from changing import Change, State, keep_changing, mark, next_change, state_of

from logo_retrieval.store.cache import CACHE_FILE
from logo_retrieval.store.changes import compact
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE

COUNT = int(os.environ.get("LOGO_RETRIEVAL_KILLS", "20"))
SEED = 4 if COUNT == 20 else time.time_ns()
LONGEST_WAIT_S = 0.15
"""Some changes long; where in one of them a kill strikes is chance."""


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["changing"])


def killed(folder: Path, state: State, chance: random.Random) -> tuple[list[Change], Change | None]:
    """The changes that a process had made when it was killed, and the one that it was making."""
    told, tells = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=keep_changing, args=(folder, state, chance.getrandbits(60), tells))
    process.start()
    tells.close()
    assert told.poll(60)
    time.sleep(chance.uniform(0, LONGEST_WAIT_S))
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    said = []
    with told, contextlib.suppress(EOFError):
        while True:
            said.append(told.recv())
    begun = [each for each in said if each is not None]
    return (begun[:-1], begun[-1]) if said[-1] is not None else (begun, None)


def test_an_index_outlives_the_processes_that_change_it(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    struck = 0
    for round_ in range(COUNT):
        if round_ == 0 or chance.random() < 0.1:  # builds where there is no index yet are struck too
            folder, state, seen = tmp_path / f"index {round_}", State(), set[str]()
            folder.mkdir()
        done, pending = killed(folder, state, chance)
        for change in done:
            state = change.after(state)
        found = state_of(folder)
        assert found == state or (pending and found == pending.after(state)), (SEED, round_, pending)
        assert not (folder / INDEX_FILE).exists() or faults(folder) == [], (SEED, round_, pending)
        further = next_change(found, chance)
        further.make(folder)
        state = further.after(found)
        assert state_of(folder) == state and faults(folder) == [], (SEED, round_, further)
        assert names_in(folder) <= {INDEX_FILE, CACHE_FILE, f"{CACHE_FILE}.new"}, (SEED, round_)
        seen.update(*(change.items for change in (*done, *([pending] if pending else []), further)))
        struck += pending is not None
        if chance.random() < 0.3:
            compact(folder)
            content = (folder / INDEX_FILE).read_bytes()
            assert names_in(folder) == {INDEX_FILE}
            assert not [name for name in seen - state.items.keys() if mark(name) in content], (SEED, round_)
    assert struck > COUNT / 2


def faults(folder: Path) -> list[str]:
    with IndexStore(folder) as store:
        return store.faults()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
