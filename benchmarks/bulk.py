"""What a folder of mixed files costs, stage by stage, beside the way of 2018: `python benchmarks/bulk.py [--files N]`.

Half of the files are drawings of LogoBench, which the shipped index holds, half are brands of the wide set, which it
does not; every second one is an SVG as it lies there, the others are PNG, JPEG, ICO, GIF and WebP. Every side runs in a
process of its own, in turn, on the same files, its models loaded and warm; stated is CPU time a file, children counted.

- `classify`: everything, and what of it is decoding (by format), embedding, reading, and the rest.
- the way of 2018: CairoSVG or Pillow, `cv2.resize`, `keras.Model.predict` by 32, with MobileNetV2 at 224 px or
  InceptionResNetV2 at 299; nothing of what it did afterwards. It needs the packages cairosvg and opencv.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from decode import lay_out
from logobench_data import default_cache, load
from small import parsed
from surroundings import RESULTS, surroundings
from wide_data import load_wide

OURS, ORIGIN = "classify", {"MobileNetV2": 224, "InceptionResNetV2": 299}
ROUNDS = 3
WARM_UP = 32
SEED = 19


def spent_s() -> float:
    """CPU of this process and of those that it has ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed_ms(work: Callable[[], object]) -> float:
    """CPU of a piece of work in this process."""
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def classify(files: list[Path]) -> dict[str, Any]:
    """One pass of the classifier, and the parts of its CPU; decoder processes are counted when they end."""
    from logo_retrieval import LogoClassifier
    from logo_retrieval.inference.engine import Engine
    from logo_retrieval.reading.recogniser import Recogniser

    parts: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)

    @contextmanager
    def watched(owner: type, name: str, part: str) -> Iterator[None]:
        plain = getattr(owner, name)

        def watching(self: Any, images: Any) -> Any:  # noqa: ANN401
            start = time.process_time()
            found = plain(self, images)
            parts[part] += time.process_time() - start
            counts[part] += len(images)
            return found

        setattr(owner, name, watching)
        yield
        setattr(owner, name, plain)

    with LogoClassifier.open() as classifier:
        list(classifier.classify(files[:WARM_UP]))
        with (
            watched(Engine, "embed", "embedding"),
            watched(Recogniser, "read", "reading"),
        ):
            start = time.process_time()
            answers = list(classifier.classify(files))
            own_s = time.process_time() - start
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    n, n_decoded = len(files), len(files) + WARM_UP
    stages = {part: 1000 * seconds / n for part, seconds in parts.items()}
    stages["the rest of the main process"] = 1000 * own_s / n - sum(stages.values())
    stages["decoder processes, their start included"] = 1000 * workers_s / n_decoded
    return {
        "ms": sum(stages.values()),
        "stages": stages,
        "share": {"lines read": counts["reading"] / n},
        "named": sum(answer.label not in (None, "other") for answer in answers) / n,
    }


def by_format(files: list[Path]) -> dict[str, float]:
    """Decoding alone, in this process, as the decoder processes do it: ms a file by format."""
    from logo_retrieval.images.decode import decode_views
    from logo_retrieval.images.preparation import Preparation

    found: dict[str, list[float]] = defaultdict(list)
    for file in files:
        work = partial(decode_views, file.read_bytes(), Preparation(), all_views=True, lines=True)
        found[file.suffix[1:]].append(timed_ms(work))
    return {suffix: sum(each) / len(each) for suffix, each in found.items()}


def origin(name: str, files: list[Path]) -> dict[str, Any]:
    """One pass of the way of 2018."""
    import cairosvg
    import cv2
    import keras
    import numpy as np
    from PIL import Image

    size_px = ORIGIN[name]
    network = getattr(keras.applications, name)(include_top=False, pooling="max", weights=None)

    def picture(file: Path) -> np.ndarray:
        data = file.read_bytes()
        png = cairosvg.svg2png(bytestring=data) if file.suffix == ".svg" else data
        with Image.open(io.BytesIO(png)) as image:
            return np.asarray(cv2.resize(np.asarray(image.convert("RGB")), (size_px, size_px)), np.float32) / 127.5 - 1

    def run(files: list[Path]) -> None:
        for batch in (files[start : start + 32] for start in range(0, len(files), 32)):
            network.predict(np.stack([picture(file) for file in batch]), verbose=0)

    run(files[:WARM_UP])
    return {"ms": timed_ms(lambda: run(files)) / len(files)}


def one(side: str, folder: Path) -> dict[str, Any]:
    """A side in this process."""
    files = sorted(folder.iterdir())
    if side == OURS:
        return classify(files) | {"decoding": by_format(files)}
    return origin(side, files)


def in_process(side: str, folder: Path) -> dict[str, Any]:
    """A side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def lay_mixed(count: int, folder: Path, cache: Path) -> None:
    """Half of the files from either set."""
    places = (load(cache).drawings[0].path.parents[1], load_wide(cache)[0].path.parents[1])
    for name, art in zip(("known", "wide"), places, strict=True):
        (folder / name).mkdir()
        for file in lay_out(art, folder / name, count // 2, SEED):
            file.rename(folder / f"{name}-{file.name}")
        (folder / name).rmdir()


def means(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the numbers of several rounds, whatever they are nested in."""
    return {
        name: means([each[name] for each in rounds])
        if isinstance(value, dict)
        else round(median(each[name] for each in rounds), 3)
        for name, value in rounds[0].items()
    }


def main() -> None:
    """Runs, writes, shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1500)
    parser.add_argument("--output", type=Path, default=RESULTS / "bulk.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parsed(parser)
    if arguments.side:
        print(json.dumps(one(arguments.side, arguments.folder)))
        return
    count, n_rounds, sides = (8, 1, [OURS]) if arguments.small else (arguments.files, ROUNDS, [OURS, *ORIGIN])
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as scratch:
        lay_mixed(count, Path(scratch), arguments.cache)
        for _ in range(n_rounds):
            for side in sides:
                found[side].append(in_process(side, Path(scratch)))
                print(side, json.dumps(found[side][-1]), flush=True)
    ours = [each["ms"] for each in found[OURS]]
    results = {
        "benchmark": "a folder of mixed files",
        **surroundings(),
        "files": count,
        "rounds": n_rounds,
        "cpu_ms_a_file": {side: means(rounds) for side, rounds in found.items()},
        "ratios": {
            side: round(median(each["ms"] / own for each, own in zip(found[side], ours, strict=True)), 2)
            for side in sides[1:]
        },
    }
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(results["ratios"])


if __name__ == "__main__":
    main()
