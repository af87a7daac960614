"""Files per second of the decoder pool, with one process and with all: `python benchmarks/decode.py [--output JSON]`.

The files are drawings of LogoBench. Every second one is an SVG as it lies there; the others are drawn and saved as PNG,
JPEG, ICO, GIF and WebP. Both pools are warm, the repeats interleaved, and medians are reported. Then the same files are
decoded in a process that keeps its memory as decoder processes do, for the CPU of each stage by kind of file.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from costs import cpu_s
from decode_stages import by_kind
from logobench_data import load
from PIL import Image
from small import options, parsed
from surroundings import write_result

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.pool.processes import KEPT_MEMORY
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.svg import SvgPicture

RASTER = (("PNG", 512), ("JPEG", 800), ("ICO", 256), ("GIF", 300), ("WEBP", 600))
FILES, REPEATS = 400, 5
SEED = 0


def lay_out(art: Path, folder: Path, count: int, seed: int) -> list[Path]:
    """Writes the mixed folder.

    Args:
        art: with SVG files, at any depth.
        folder: to write to.
        count: of files.
        seed: of the choice.

    Returns:
        The files.
    """
    drawings = sorted(art.rglob("*.svg"))
    random.Random(seed).shuffle(drawings)
    files = []
    for number, drawing in enumerate(drawings[:count]):
        data, suffix = drawing.read_bytes(), "svg"
        if number % 2:
            kind, longest_px = RASTER[number // 2 % len(RASTER)]
            try:
                data, suffix = encode(SvgPicture.open(data).render(longest_px), kind), kind.lower()
            except UnreadableImage:
                continue
        files.append(folder / f"{number}.{suffix}")
        files[-1].write_bytes(data)
    return files


def encode(picture: Image.Image, kind: str) -> bytes:
    """Saves a picture, on white where the format has no alpha."""
    if kind in ("JPEG", "GIF"):
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def wall_s(pool: DecoderPool, files: list[Path]) -> float:
    """Seconds in which all are decoded."""
    start = time.perf_counter()
    for image in pool.decode(files, all_views=True, lines=True):
        if isinstance(image, UnreadableImage):
            raise SystemExit(f"a drawing cannot be read: {image}")
    return time.perf_counter() - start


def measure(files: list[Path], repeats: int) -> dict[str, Any]:
    """Interleaves passes with one process and with all."""
    every = usable_cores()
    own_before, children_before = cpu_s(), cpu_s(resource.RUSAGE_CHILDREN)
    pools = {processes: DecoderPool(Preparation(), processes=processes) for processes in (1, every)}
    rounds = [{processes: wall_s(pool, files) for processes, pool in pools.items()} for _ in range(1 + repeats)]
    for pool in pools.values():
        pool.close()
    walls = {processes: [one[processes] for one in rounds[1:]] for processes in pools}
    passes = len(pools) * len(rounds) * len(files)
    return {
        "seed": SEED,
        "files": len(files),
        "processes": {
            str(processes): {
                "files_per_s": round(len(files) / median(times), 1),
                "wall_s": [round(time_s, 3) for time_s in times],
            }
            for processes, times in walls.items()
        },
        "speed_up": round(median(walls[1]) / median(walls[every]), 2),
        "cpu_ms_per_file": {
            "workers": round(1000 * (cpu_s(resource.RUSAGE_CHILDREN) - children_before) / passes, 2),
            "parent": round(1000 * (cpu_s() - own_before) / passes, 2),
        },
    }


def stages(folder: str) -> dict[str, Any]:
    """This script once more, for the stages of the files in a folder."""
    command = [sys.executable, *sys.argv, "--stages", folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **KEPT_MEMORY})
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measures, writes the results and shows them."""
    parser = options(__doc__, output="decode.json", cache=True)
    parser.add_argument("--stages", type=Path, help=argparse.SUPPRESS)
    arguments = parsed(parser)
    if arguments.stages:
        print(json.dumps(by_kind(sorted(arguments.stages.iterdir()), 1 if arguments.small else REPEATS)))
        return
    art = load(arguments.cache).drawings[0].path.parents[1]
    count, repeats = (10, 1) if arguments.small else (FILES, REPEATS)
    with tempfile.TemporaryDirectory() as folder:
        files = lay_out(art, Path(folder), count, SEED)
        results = measure(files, repeats) | {"kinds": stages(folder)}
    write_result(arguments.output, "decode", results)
    print(results)


if __name__ == "__main__":
    main()
