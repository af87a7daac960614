"""The tables of what grows with an index."""

from __future__ import annotations

from typing import Any

from table_rows import result, rows

_EXTRAPOLATED = (10_000_000, 100_000_000)
_DRAWINGS_A_CLASS = 100
_NAMES = ("open to first answer", "an answer", "of it the decision", "`enroll` 5", "the answer after it", "`unenroll`")
_ASKED = ("open to first answer", "an answer", "decision alone")
_CHANGED = ("enroll", "answer after enrolling", "unenroll")


def whole_indexes() -> list[str]:
    """What whole indexes cost, by rows and classes."""
    lines = [["drawings", "companies", "prepared once", *_NAMES[:3], "answers as by exact search", *_NAMES[3:]]]
    lines[0] += ["memory", "mapped besides", "index and cache"]
    for entry in result("growth")["indexes"]:
        cpu = entry["cpu_s"]
        asked, changed = (
            [f"{cpu[what]:.2f} s" if cpu[what] >= 0.1 else f"{1000 * cpu[what]:.1f} ms" for what in some]
            for some in (_ASKED, _CHANGED)
        )
        lines.append(
            [
                f"{entry['rows']:,}",
                f"{entry['classes']:,}",
                f"{entry['prepare']:.1f} s, {entry['peak_mb']:,} MB",
                *asked,
                f"{entry['answers as by exact search']:.3f}",
                *changed,
                f"{entry['memory_mb']} MB",
                f"{entry['mapped_mb']} MB",
                f"{entry['index_mb']:,.0f} and {entry['cache_mb']:,.0f} MB",
            ]
        )
    return rows(*lines)


def fitted() -> list[str]:
    """The fit, and what it says of larger indexes."""
    lines = [["", "any index", "each million drawings", "each thousand companies"]]
    lines[0] += [f"so of {n // 1_000_000} million" for n in _EXTRAPOLATED]
    for what, (any_index, by_rows, by_classes) in result("growth")["fit"].items():
        said = (any_index + by_rows * n / 1_000_000 + by_classes * n / _DRAWINGS_A_CLASS / 1000 for n in _EXTRAPOLATED)
        cells = (f"{each:.3g}" for each in (any_index, by_rows, by_classes))
        lines.append([what, *cells, *(f"{each:,.1f}" for each in said)])
    return rows(*lines)


def search_kinds() -> list[str]:
    """Each kind of search by size."""
    lines = [["vectors", "kind", "built, CPU s", "memory, MB", "on disk, MB", "queries a CPU s, one at a time"]]
    lines[0] += ["256 together", *(f"recall@{rank}: known, unknown" for rank in (1, 10, 100))]
    lines[0] += ["100 appended, ms", "100 removed, ms", "open to first answer, s"]
    for size, found in result("search_at_scale")["sizes"].items():
        for kind, entry in found["kinds"].items():
            recalls = [
                ", ".join(f"{entry['recall'][part][f'@{rank}']:.3f}" for part in ("known", "unknown"))
                for rank in (1, 10, 100)
            ]
            removed = "" if entry["remove_ms"] is None else f"{entry['remove_ms']:,.1f}"
            lines.append(
                [
                    f"{int(size):,}",
                    kind,
                    f"{entry['build_s']:.1f}",
                    str(entry["memory_mb"]),
                    f"{entry['disk_mb']:,.0f}",
                    *(f"{1000 / ms:,.0f}" for ms in entry["cpu_ms_a_query"].values()),
                    *recalls,
                    f"{entry['append_ms']:,.1f}",
                    removed,
                    f"{entry['open_to_first_answer_s']:.3f}",
                ]
            )
    return rows(*lines)


def spreads() -> list[str]:
    """How near neighbours are, in real galleries and widened ones."""
    found = result("search_at_scale")
    lines = [["gallery", "asked", "nearest", "10th", "100th"]]
    galleries: dict[str, Any] = {f"{name}: {found['drawings']:,}": each for name, each in found["spread"].items()}
    galleries |= {f"widened: {int(size):,}": each["near"] for size, each in found["sizes"].items()}
    for gallery, parts in galleries.items():
        for part, ranks in parts.items():
            cells = (f"{each[2]:.2f} ({each[0]:.2f}-{each[4]:.2f})" for each in ranks.values())
            lines.append([gallery, part, *cells])
    return rows(*lines)
