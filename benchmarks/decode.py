"""Files per second of the decoder pool, with one process and with all, on a mixed folder made from real logos.

    python benchmarks/decode.py ART_FOLDER [--files 400] [--repeats 5] [--output decode.json]

Every second file is an SVG as it lies in the folder; the others are drawn and saved as PNG, JPEG, ICO, GIF and WebP.
Both pools are warm, the repeats interleaved, and medians are reported.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from small import parsed
from surroundings import RESULTS, surroundings

from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.svg import SvgPicture

RASTER = (("PNG", 512), ("JPEG", 800), ("ICO", 256), ("GIF", 300), ("WEBP", 600))


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


def pass_once(pool: DecoderPool, files: list[Path]) -> tuple[float, int, int]:
    """Decodes all; wall seconds, views and unreadable files."""
    start = time.perf_counter()
    results = list(pool.decode(files, all_views=True))
    wall_s = time.perf_counter() - start
    unreadable = sum(isinstance(result, UnreadableImage) for result in results)
    views = sum(len(result.views) for result in results if not isinstance(result, UnreadableImage))
    return wall_s, views, unreadable


def cpu_s(who: int) -> float:
    """User and system seconds so far."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def measure(files: list[Path], repeats: int) -> dict[str, Any]:
    """Interleaves passes with one process and with all."""
    every = usable_cores()
    walls: dict[int, list[float]] = {1: [], every: []}
    own_before, children_before = cpu_s(resource.RUSAGE_SELF), cpu_s(resource.RUSAGE_CHILDREN)
    pools = {processes: DecoderPool(Preparation(), processes=processes) for processes in walls}
    for pool in pools.values():
        views, unreadable = pass_once(pool, files)[1:]
    for _ in range(repeats):
        for processes, pool in pools.items():
            walls[processes].append(pass_once(pool, files)[0])
    for pool in pools.values():
        pool.close()
    passes = len(pools) * (repeats + 1) * len(files)
    medians = {processes: statistics.median(times) for processes, times in walls.items()}
    return {
        "files": len(files),
        "views": views,
        "unreadable": unreadable,
        "processes": {
            str(processes): {
                "files_per_s": round(len(files) / medians[processes], 1),
                "wall_s": [round(wall_s, 3) for wall_s in times],
            }
            for processes, times in walls.items()
        },
        "speed_up": round(medians[1] / medians[every], 2),
        "cpu_ms_per_file": {
            "workers": round(1000 * (cpu_s(resource.RUSAGE_CHILDREN) - children_before) / passes, 2),
            "parent": round(1000 * (cpu_s(resource.RUSAGE_SELF) - own_before) / passes, 2),
        },
    }


def main() -> None:
    """Runs the benchmark, prints and writes its result."""
    parser = argparse.ArgumentParser(description="Throughput of the decoder pool.")
    parser.add_argument("art", type=Path, help="a folder with SVG files")
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULTS / "decode.json")
    arguments = parsed(parser)
    with tempfile.TemporaryDirectory() as folder:
        count, repeats = (10, 1) if arguments.small else (arguments.files, arguments.repeats)
        files = lay_out(arguments.art, Path(folder), count, arguments.seed)
        result = measure(files, repeats)
    result = {"benchmark": "decode", **surroundings(), "seed": arguments.seed, **result}
    text = json.dumps(result, indent=2)
    print(text)
    arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
