"""What a cold command costs: `python benchmarks/cold_start.py [--output JSON]`.

CPU seconds (user and system, child processes counted) and peak memory (of the largest single process) of whole
commands, interleaved, medians over repeats, each as a ratio to the least that could do the same: a bare interpreter
for `--help`, and one that only imports numpy and ONNX Runtime, loads the same graph and runs it once for `classify`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

from costs import cost_of
from make_samples import SAMPLES
from small import options, parsed
from surroundings import write_result

from logo_retrieval.models.resolve import starter_model

REPEATS = 11
WARM_UP = 2
IMAGES = [SAMPLES / name for name in ("lockup.svg", "transparent.png")]

_BARE_MODEL = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(sys.argv[1], options)
given = session.get_inputs()[0]
session.run(None, {given.name: numpy.zeros((1, *given.shape[1:]), numpy.float32)})
"""


def measure(commands: dict[str, list[str]], repeats: int, warm_up: int) -> dict[str, dict[str, list[float]]]:
    """[low, median, high] of each figure of each command."""
    runs = [{name: cost_of(command) for name, command in commands.items()} for _ in range(warm_up + repeats)]
    return {
        name: {
            figure: [
                round(rank([getattr(run[name], figure) for run in runs[warm_up:]]), 3) for rank in (min, median, max)
            ]
            for figure in ("cpu_s", "peak_mb")
        }
        for name in commands
    }


def main() -> None:
    """Measures, writes the results and shows them."""
    arguments = parsed(options(__doc__, output="cold_start.json"))
    command = [str(Path(sys.executable).with_name("logo-retrieval"))]
    classifying = {f"classify {image.suffix}": [*command, "classify", str(image)] for image in IMAGES}
    commands = {
        "interpreter": [sys.executable, "-c", "pass"],
        "help": [*command, "--help"],
        "bare model": [sys.executable, "-c", _BARE_MODEL, str(starter_model().int8_graphs[0])],
        **classifying,
    }
    repeats, warm_up = (1, 0) if arguments.small else (REPEATS, WARM_UP)
    figures = measure(commands, repeats, warm_up)
    least = {"help": "interpreter", **dict.fromkeys(classifying, "bare model")}
    ratios = {
        f"{name} / {bare}": round(figures[name]["cpu_s"][1] / figures[bare]["cpu_s"][1], 2)
        for name, bare in least.items()
    }
    results = {"repeats": repeats, "warm_up": warm_up, "low_median_high": figures, "cpu_ratios": ratios}
    write_result(arguments.output, "cold start", results)
    for name, found in figures.items():
        print(f"{name:16} {found['cpu_s'][1]:6.3f} CPU s {found['peak_mb'][1]:7.0f} MB")
    for name, ratio in ratios.items():
        print(f"{name:32} {ratio:.2f}")


if __name__ == "__main__":
    main()
