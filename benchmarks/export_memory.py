"""What the export of a backbone costs: `python benchmarks/export_memory.py [BACKBONE...]`.

Peak memory (of the largest single process), seconds, and what is said on stderr, of whole `build-index` commands over a
small gallery, with weights at random, which take as much as any others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from small import parsed

from logo_retrieval.backbones.catalog import CATALOG

DEFAULT, SMALL = ("resnet50", "inception_resnet_v2"), "mobilenet_v3_small"
DRAWINGS = 12

_DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path d="M{0} 4 36 {0} 20 36 4 20z"/></svg>'


def lay_gallery(folder: Path) -> Path:
    """A gallery of two classes."""
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        for number in range(DRAWINGS):
            (folder / name / f"{number}.svg").write_text(_DRAWING.format(number + (20 if name == "two" else 4)))
    return folder


def cost(backbone: str, scratch: Path) -> tuple[float, float, str]:
    """Peak MB, seconds and stderr of one command."""
    command = [sys.executable, "-m", "logo_retrieval", "build-index", str(scratch / "gallery")]
    options = ["--index", str(scratch / backbone), "--model", backbone, "--weights", "none"]
    began = time.monotonic()
    with (scratch / "stderr").open("w+") as said:
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        stderr = said.read()
    if process.returncode != 0:
        raise SystemExit(f"{backbone} ended with exit code {process.returncode}: {stderr}")
    return usage.ru_maxrss / 1024, time.monotonic() - began, stderr


def main() -> None:
    """Measures one after the other and shows the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backbones", nargs="*", default=DEFAULT, metavar="BACKBONE", help=", ".join(CATALOG))
    arguments = parsed(parser)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        lay_gallery(scratch / "gallery")
        for backbone in (SMALL,) if arguments.small else arguments.backbones:
            peak_mb, seconds, stderr = cost(backbone, scratch)
            print(f"{backbone:20} {peak_mb:6.0f} MB {seconds:5.0f} s, {len(stderr.splitlines())} lines on stderr")


if __name__ == "__main__":
    main()
