"""What a second run over the same files costs: `python benchmarks/second_run.py [--files N]`.

`logo-retrieval classify --cache` as a whole command over drawings of LogoBench as files of many formats: with an empty
cache, then with what that run has kept, several times in turn. CPU of the command and its decoder processes.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from logobench_data import default_cache
from serving import chosen
from small import parsed
from surroundings import RESULTS, surroundings

ROUNDS = 3


def cpu_s(folder: Path, cache: Path, answers: Path) -> float:
    """Seconds of CPU of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "logo_retrieval", "classify", folder, "--cache", cache, "--output", answers]
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Runs and writes `results/second_run.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--output", type=Path, default=RESULTS / "second_run.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parsed(parser)

    count, n_rounds = (8, 1) if arguments.small else (arguments.files, ROUNDS)
    first, second = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder, cache = Path(scratch, "files"), Path(scratch, "cache")
        folder.mkdir()
        for place, picture in enumerate(chosen(count, arguments.cache)):
            (folder / f"{place:05}").write_bytes(picture)
        for _ in range(n_rounds):
            shutil.rmtree(cache, ignore_errors=True)
            first.append(cpu_s(folder, cache, Path(scratch, "first.jsonl")))
            second.append(cpu_s(folder, cache, Path(scratch, "second.jsonl")))
            if Path(scratch, "first.jsonl").read_bytes() != Path(scratch, "second.jsonl").read_bytes():
                raise SystemExit("the second run answered otherwise")
    result = {
        "benchmark": "a second run over the same files",
        **surroundings(),
        "files": count,
        "rounds": n_rounds,
        "cpu_s": {"first": round(median(first), 2), "second": round(median(second), 2)},
        "ratio": round(median(one / other for one, other in zip(first, second, strict=True)), 1),
    }
    arguments.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(result["cpu_s"], result["ratio"])


if __name__ == "__main__":
    main()
