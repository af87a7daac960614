"""Where the CPU of decoding goes, by kind of file and by stage.

Stages are watched in one process, as the decoder processes work: a stage counts without those that it calls.
"""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from costs import cpu_s

from logo_retrieval.images import decode, svg, views
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.raster import RasterPicture

OPENED, SHRUNK, GUARDED, PARSED = "opened", "shrunk or enlarged", "guarded", "parsed by the renderer"
DRAWN, UNPACKED, PREPARED, LINES, REST = "drawn and packed as PNG", "unpacked", "prepared", "lines", "the rest"
STAGES = (GUARDED, PARSED, DRAWN, UNPACKED, OPENED, SHRUNK, PREPARED, LINES, REST)
"""In the order in which a file passes them; the rest is to tell what it is and to put its pixels together."""

_WATCHED: tuple[tuple[Any, str, str], ...] = (
    (decode, "decode_views", REST),
    (svg, "guard", GUARDED),
    (svg._Resvg, "__init__", PARSED),
    (svg._Resvg, "png", DRAWN),
    (svg.SvgPicture, "render", UNPACKED),
    (RasterPicture, "open", OPENED),
    (RasterPicture, "render", SHRUNK),
    (decode, "draw_views", PREPARED),
    (views, "draw_lines", LINES),
)


class _Clock:
    """CPU seconds of this process by stage; the innermost one that is running gets them."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def within(self, stage: str) -> Iterator[None]:
        """Counts what happens for a stage."""
        self._charge()
        self._running.append(stage)
        try:
            yield
        finally:
            self._charge()
            self._running.pop()

    def _charge(self) -> None:
        now = time.process_time()
        if self._running:
            self.spent_s[self._running[-1]] += now - self._since
        self._since = now

    @contextmanager
    def watching(self, owner: Any, name: str, stage: str) -> Iterator[None]:  # noqa: ANN401 - a module or a class
        """Has each call of a function counted for a stage."""
        kept = vars(owner)[name]
        plain: Callable[..., Any] = getattr(owner, name)

        def watched(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            with self.within(stage):
                return plain(*arguments, **options)

        setattr(owner, name, staticmethod(watched) if isinstance(kept, classmethod) else watched)
        try:
            yield
        finally:
            setattr(owner, name, kept)


def stages_of(files: list[Path], repeats: int) -> dict[str, float]:
    """CPU ms a file of each stage: medians over the repeats, after one pass that does not count."""
    rounds = []
    for _ in range(1 + repeats):
        clock = _Clock()
        with ExitStack() as watches:
            for owner, name, stage in _WATCHED:
                watches.enter_context(clock.watching(owner, name, stage))
            for file in files:
                decode.decode_views(file.read_bytes(), Preparation(), all_views=True, lines=True)
        rounds.append(clock.spent_s)
    return {stage: round(1000 * median(one[stage] for one in rounds[1:]) / len(files), 3) for stage in STAGES}


def first_file_ms(file: Path, repeats: int) -> float:
    """CPU ms of a decoder process that is started for one file and ends: the median."""
    found = []
    for _ in range(repeats):
        before = cpu_s(resource.RUSAGE_CHILDREN)
        with DecoderPool(Preparation(), processes=1) as pool:
            pool.decode_one(file, all_views=True, lines=True)
        found.append(1000 * (cpu_s(resource.RUSAGE_CHILDREN) - before))
    return round(median(found), 1)


def by_kind(files: list[Path], repeats: int) -> dict[str, dict[str, Any]]:
    """Of each kind of file: how many there are, CPU ms a file by stage, and of a process that decodes one alone.

    Args:
        files: of any kinds, told apart by their suffix.
        repeats: of everything.
    """
    kinds: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        kinds[file.suffix[1:]].append(file)
    return {
        kind: {
            "files": len(own),
            "cpu_ms_a_file": stages_of(own, repeats),
            "first_file_cpu_ms": first_file_ms(own[len(own) // 2], repeats),
        }
        for kind, own in sorted(kinds.items())
    }
