"""Whether the service grows: `python benchmarks/serving_memory.py [--requests N]`.

The service of the shipped index is asked by 8 clients, without a pause, for as many pictures, one a request, as a mail
filter that asks three times a second has in an hour. The memory of its process and of its decoders is read after each
tenth of them. The pictures are those of `serving.py`, again and again.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from itertools import cycle, islice
from pathlib import Path

from logobench_data import default_cache
from serving import Service, chosen
from small import parsed
from surroundings import RESULTS, surroundings

_PICTURES = 160
_CLIENTS = 8
_PARTS = 10
_MEBIBYTE = 1 << 20


def main() -> None:
    """Runs and writes `results/serving_memory.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--output", type=Path, default=RESULTS / "serving_memory.json")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for what can be made again")
    arguments = parsed(parser)

    count, requests = (8, 20) if arguments.small else (_PICTURES, arguments.requests)
    pictures = cycle(chosen(count, arguments.cache))
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        try:
            for part in range(1, _PARTS + 1):
                share = requests * part // _PARTS - requests * (part - 1) // _PARTS
                service.ask_side_by_side(list(islice(pictures, share)), _CLIENTS)
                parts.append({"requests": requests * part // _PARTS, **memory_of(service.process.pid)})
                print(parts[-1], flush=True)
        finally:
            service.end()
    result = {"pictures": count, "clients": _CLIENTS, "after": parts, **surroundings()}
    arguments.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def memory_of(process: int) -> dict[str, int]:
    """Resident memory of a service's own process, and of its decoders together, in MiB."""
    children = " ".join(file.read_text() for file in Path(f"/proc/{process}/task").glob("*/children"))
    return {"service_mb": resident_mb(process), "decoders_mb": sum(map(resident_mb, map(int, children.split())))}


def resident_mb(process: int) -> int:
    """Of one process, in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / _MEBIBYTE)


if __name__ == "__main__":
    main()
