"""What a cold command costs: `python benchmarks/cold_start.py IMAGE... [--output JSON]`.

CPU seconds (user and system, child processes counted) and peak memory (of the largest single process) of whole
commands, interleaved, medians over repeats, each as a ratio to the least that could do the same: a bare interpreter
for `--help`, and one that only imports numpy and ONNX Runtime, loads the same graph and runs it once for `classify`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from small import parsed
from surroundings import RESULTS, surroundings

from logo_retrieval.models.bundle import MODEL_FILE
from logo_retrieval.models.resolve import starter_model

REPEATS = 11
WARM_UP = 2
TARGETS = {"help_cpu_s": 0.25, "classify_cpu_s": 1.0, "classify_peak_mb": 400}

_BARE_MODEL = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(sys.argv[1], options)
given = session.get_inputs()[0]
session.run(None, {given.name: numpy.zeros((1, *given.shape[1:]), numpy.float32)})
"""


def cost(command: list[str]) -> dict[str, float]:
    """CPU seconds and peak MB of one run of a command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with exit code {process.returncode}")
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


def measure(commands: dict[str, list[str]], repeats: int, warm_up: int) -> dict[str, dict[str, list[float]]]:
    """[low, median, high] of each figure of each command."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for repeat in range(warm_up + repeats):
        for name, command in commands.items():
            figures = cost(command)
            if repeat >= warm_up:
                runs[name].append(figures)
    return {
        name: {
            figure: [round(rank([each[figure] for each in figures]), 3) for rank in (min, statistics.median, max)]
            for figure in figures[0]
        }
        for name, figures in runs.items()
    }


def main() -> None:
    """Measures, writes the results and shows them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--output", type=Path, default=RESULTS / "cold_start.json")
    arguments = parsed(parser)
    command = [str(Path(sys.executable).with_name("logo-retrieval"))]
    commands = {
        "interpreter": [sys.executable, "-c", "pass"],
        "help": [*command, "--help"],
        "bare model": [sys.executable, "-c", _BARE_MODEL, str(starter_model().path(MODEL_FILE))],
    } | {f"classify {Path(image).suffix}": [*command, "classify", image] for image in arguments.images}
    repeats, warm_up = (1, 0) if arguments.small else (REPEATS, WARM_UP)
    figures = measure(commands, repeats, warm_up)
    medians = {name: {figure: values[1] for figure, values in each.items()} for name, each in figures.items()}
    ratios = {"help / interpreter": medians["help"]["cpu_s"] / medians["interpreter"]["cpu_s"]}
    for name in medians:
        if name.startswith("classify"):
            ratios[f"{name} / bare model"] = medians[name]["cpu_s"] / medians["bare model"]["cpu_s"]
    results: dict[str, Any] = {
        "benchmark": "cold start",
        **surroundings(),
        "repeats": repeats,
        "warm_up": warm_up,
        "low_median_high": figures,
        "cpu_ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
        "targets": TARGETS,
    }
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, each in medians.items():
        print(f"{name:16} {each['cpu_s']:6.3f} CPU s {each['peak_mb']:7.0f} MB")
    for name, ratio in ratios.items():
        print(f"{name:32} {ratio:.2f}")


if __name__ == "__main__":
    main()
