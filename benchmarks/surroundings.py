"""What every result states beside its figures: commit, machine, versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
_DISTRIBUTIONS = ("logo-retrieval", "numpy", "onnxruntime", "openvino", "faiss-cpu", "faiss-gpu", "pillow", "resvg")


def surroundings() -> dict[str, Any]:
    """Commit, machine and versions."""
    return {
        "commit": _commit(),
        "machine": {"system": platform.system(), "cpu": _cpu(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), **_versions()},
    }


def write_result(output: Path, benchmark: str, figures: Mapping[str, Any]) -> None:
    """Writes what a script has found, with its surroundings."""
    result = {"benchmark": benchmark, **surroundings(), **figures}
    output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _commit() -> str | None:
    """The commit, with `-dirty` when the tree holds anything else but results; untracked files count."""
    head, changes = (
        _git("rev-parse", "HEAD"),
        _git("status", "--porcelain", "--", ":/", ":(exclude,top)benchmarks/results"),
    )
    return f"{head}-dirty" if head and changes else head or None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
