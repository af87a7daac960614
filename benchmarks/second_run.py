"""What a second run over the same files costs: `python benchmarks/second_run.py [--output JSON]`.

`logo-retrieval classify --cache` as a whole command over drawings of LogoBench as files of many formats: with an empty
cache, then with what that run has kept, several times in turn. CPU of the command and its decoder processes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from costs import cost_of
from serving import chosen
from small import options, parsed
from surroundings import write_result

FILES, ROUNDS = 500, 3
SOME_UNREADABLE = 3
"""Exit code of `classify`."""


def main() -> None:
    """Measures, writes the results and shows them."""
    arguments = parsed(options(__doc__, output="second_run.json", cache=True))
    count, n_rounds = (8, 1) if arguments.small else (FILES, ROUNDS)
    first: list[float] = []
    second: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder, cache = Path(scratch, "files"), Path(scratch, "cache")
        folder.mkdir()
        for place, picture in enumerate(chosen(count, arguments.cache)):
            (folder / f"{place:05}").write_bytes(picture)
        for _ in range(n_rounds):
            shutil.rmtree(cache, ignore_errors=True)
            answers = []
            for times in (first, second):
                output = Path(scratch, "answers.jsonl")
                files = ("classify", folder, "--cache", cache, "--output", output)
                command = [sys.executable, "-m", "logo_retrieval", *map(str, files)]
                times.append(cost_of(command, fine=(0, SOME_UNREADABLE)).cpu_s)
                answers.append(output.read_bytes())
            if answers[0] != answers[1]:
                raise SystemExit("the second run answered otherwise")
    results = {
        "files": count,
        "rounds": n_rounds,
        "cpu_s": {"first": round(median(first), 2), "second": round(median(second), 2)},
        "ratio": round(median(one / other for one, other in zip(first, second, strict=True)), 1),
    }
    write_result(arguments.output, "a second run over the same files", results)
    print(results)


if __name__ == "__main__":
    main()
