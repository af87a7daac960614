"""Whether the service grows: `python benchmarks/serving_memory.py [--output JSON]`.

The service of the shipped index is asked by 8 clients, without a pause, for as many pictures, one a request, as a mail
filter that asks three times a second has in an hour. The memory of its process and of its decoders is read after each
tenth of them. The pictures are those of `serving.py`, again and again.
"""

from __future__ import annotations

import resource
import tempfile
from itertools import cycle, islice
from pathlib import Path

from serving import Service, chosen
from small import options, parsed
from surroundings import write_result

_PICTURES, _REQUESTS = 160, 10_000
_CLIENTS = 8
_PARTS = 10
_MEBIBYTE = 1 << 20


def main() -> None:
    """Asks, watches, writes."""
    arguments = parsed(options(__doc__, output="serving_memory.json", cache=True))
    count, requests = (8, 20) if arguments.small else (_PICTURES, _REQUESTS)
    pictures = cycle(chosen(count, arguments.cache))
    parts = []
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder)) as service:
        for part in range(1, _PARTS + 1):
            service.ask_side_by_side(list(islice(pictures, requests // _PARTS)), _CLIENTS)
            parts.append({"requests": requests // _PARTS * part, **memory_of(service.process.pid)})
            print(parts[-1], flush=True)
    results = {"pictures": count, "clients": _CLIENTS, "after": parts}
    write_result(arguments.output, "memory of the service", results)


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
