"""Spoiled files of every format: an answer or a documented reason, soon, and nothing else.

A test run tries some thousands; `LOGO_RETRIEVAL_FUZZ=1000000 pytest tests/images/test_fuzz.py` as many as that.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest
from drawn import guarded
from fuzzing import rasters, spoiled, vectors

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.sniff import sniff

COUNT = int(os.environ.get("LOGO_RETRIEVAL_FUZZ", "4000"))
SEED = 20 if COUNT == 4000 else time.time_ns()
CODES = {"missing", "denied", "too-large", "unknown-format", "corrupt", "unsafe", "empty", "timeout", "crashed"}
LONGEST_S = 3.0
"""Of CPU time for one of these files, most of which take a millisecond."""


def test_seeds_are_read() -> None:
    with DecoderPool(Preparation(size_px=64)) as pool:
        answers = list(pool.decode([*vectors(), *rasters()], all_views=True, lines=True))
    faults = [each for each in answers if isinstance(each, UnreadableImage) and each.code != "empty"]
    assert not faults and len(answers) == len(vectors()) + len(rasters())


def test_sniffing_spoiled_files() -> None:
    for data in spoiled([*vectors(), *rasters()], COUNT, SEED):
        try:
            assert sniff(data)
        except UnreadableImage as fault:
            assert fault.code in CODES, (SEED, data)


def test_guarding_spoiled_drawings() -> None:
    passed = 0
    for data in spoiled(vectors(), COUNT, SEED):
        began = time.process_time()
        try:
            guarded(data)
            passed += 1
        except UnreadableImage as fault:
            assert fault.code in CODES, (SEED, data)
        assert time.process_time() - began < LONGEST_S, (SEED, data)
    assert passed > COUNT / 50  # the guard itself is tried, not its parser alone


@pytest.mark.parametrize("seeds", [vectors, rasters])
def test_decoding_spoiled_files(seeds: object) -> None:
    assert callable(seeds)
    files = list(spoiled(seeds(), COUNT // 4, SEED))
    with DecoderPool(Preparation(size_px=64)) as pool:
        answers = list(pool.decode(files, all_views=True, lines=True))
    assert len(answers) == len(files)
    codes = Counter(each.code for each in answers if isinstance(each, UnreadableImage))
    assert codes.keys() <= CODES
    bad = [
        data for data, each in zip(files, answers, strict=True) if getattr(each, "code", "") in ("crashed", "timeout")
    ]
    assert not bad, (SEED, bad[0])
    assert codes.total() < len(files)  # some are read in spite of it
