from __future__ import annotations

import os
from pathlib import Path

import pytest

from logo_retrieval.concurrency import cpus


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("1000 100000", 1),
        ("9900000 100000", 8),
        ("junk", 8),
    ],
)
def test_a_quota_bounds_the_cores(quota: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text(quota + "\n")
    monkeypatch.setattr(cpus, "_GROUP", tmp_path)
    assert cpus.usable_cores() == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", 8), ("765000", 8), ("150000", 2), ("1000", 1)])
def test_a_quota_of_the_first_version_of_control_groups(
    quota: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota + "\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    monkeypatch.setattr(cpus, "_GROUP", tmp_path)
    assert cpus.usable_cores() == expected


def test_without_a_quota_the_affinity_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5}, raising=False)
    monkeypatch.setattr(cpus, "_GROUP", tmp_path / "absent")
    assert cpus.usable_cores() == 2


@pytest.mark.parametrize(
    ("facts", "exact"),
    [
        ("flags\t: fpu avx512_vnni fma\n", True),
        ("flags : avx2 avx_vnni", True),
        ("flags : avx2 fma", False),
        (None, False),
    ],
)
def test_what_the_processor_adds_exactly(
    facts: str | None, exact: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if facts is not None:
        (tmp_path / "cpuinfo").write_text(facts)
    monkeypatch.setattr(cpus, "_FACTS", tmp_path / "cpuinfo")
    assert cpus.adds_bytes_exactly() == exact
