from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from rasters import saved

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.decode import decode
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.types import LogoImage

SMALL = Preparation(size_px=32)


def logo(number: int = 0) -> bytes:
    """A PNG that tells its number by its width."""
    image = Image.new("RGB", (40 + number, 60), "white")
    ImageDraw.Draw(image).ellipse((5, 5, 30, 50), fill=(200, 30, 30))
    return saved(image)


def slow(side: int = 6200) -> bytes:
    """A JPEG within every limit that still keeps a decoder busy: a hundred refinement scans over all its pixels."""
    image = Image.new("L", (side, side), 255)
    ImageDraw.Draw(image).ellipse((9, 9, side - 9, side - 9), fill=0)
    data = saved(image, "JPEG", progressive=True, quality=30)
    scans = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    return data[: scans[-1]] + data[scans[-1] : -2] * 800 + data[-2:]


def widths(results: Iterator[LogoImage | UnreadableImage]) -> list[int | str]:
    return [result.width if isinstance(result, LogoImage) else result.code for result in results]


def children() -> set[int]:
    """The pids of this process's children, zombies too."""
    while True:
        try:
            lists = [(task / "children").read_text().split() for task in Path("/proc/self/task").iterdir()]
        except (FileNotFoundError, ProcessLookupError):  # a thread ended, and its children passed to another
            continue
        return {int(pid) for each in lists for pid in each}


def wait_for_children(before: set[int]) -> set[int]:
    deadline = time.monotonic() + 20
    while not (started := children() - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    return started


@pytest.fixture(scope="module")
def slow_file() -> bytes:
    return slow()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(SMALL, processes=2) as pool:
        yield pool


def test_results_come_in_order_whatever_becomes_of_each(pool: DecoderPool, tmp_path: Path) -> None:
    sources: list[bytes | Path] = []
    wanted: list[int | str] = []
    for number in range(40):
        path = tmp_path / f"{number}.svg"
        path.write_bytes(logo(number))
        sources += [path, logo(number + 100), b"junk", tmp_path / "none", logo(number)[:-40]]
        wanted += [40 + number, 140 + number, "unknown-format", "missing", "corrupt"]
    assert widths(pool.decode(sources, all_views=True)) == wanted


def test_a_pool_shows_what_decode_shows(pool: DecoderPool) -> None:
    data = logo()
    (result,) = pool.decode([data], all_views=True)
    alone = decode(data, SMALL, all_views=True)
    assert isinstance(result, LogoImage)
    assert (result.format, result.width, result.height) == (alone.format, alone.width, alone.height)
    np.testing.assert_array_equal(result.views, alone.views)


def test_sources_are_taken_only_a_little_ahead(pool: DecoderPool) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield logo()

    results = pool.decode(endless(), all_views=False)
    for _ in range(5):
        next(results)
    assert taken <= 5 + 4 * 2
    results.close()  # type: ignore[attr-defined]


def test_no_source_starts_no_process_and_one_starts_one() -> None:
    before = children()
    with DecoderPool(SMALL, processes=8) as pool:
        assert list(pool.decode([], all_views=True)) == []
        assert children() == before
        list(pool.decode([logo()], all_views=True))
        list(pool.decode([logo()], all_views=True))
        assert len(children() - before) == 1
    assert children() == before


def test_a_file_that_takes_too_long_is_ended_alone(slow_file: bytes) -> None:
    before = children()
    with DecoderPool(SMALL, processes=2, wall_limit_s=2) as pool:
        assert widths(pool.decode([logo(1), slow_file, logo(2), logo(3)], all_views=True)) == [41, "timeout", 42, 43]
    assert children() == before


def test_a_killed_process_costs_one_file_and_is_replaced(slow_file: bytes) -> None:
    before = children()
    with DecoderPool(SMALL, processes=1, wall_limit_s=60) as pool:
        assert widths(pool.decode([logo()], all_views=True)) == [40]
        (worker,) = children() - before
        results = pool.decode([slow_file, logo(5)], all_views=True)
        killer = threading.Timer(0.3, os.kill, (worker, signal.SIGKILL))
        killer.start()
        assert widths(results) == ["crashed", 45]
        killer.join()


def test_a_process_killed_while_idle_costs_nothing() -> None:
    before = children()
    with DecoderPool(SMALL, processes=1) as pool:
        list(pool.decode([logo()], all_views=True))
        (worker,) = children() - before
        os.kill(worker, signal.SIGKILL)
        os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
        assert widths(pool.decode([logo(1), logo(2)], all_views=True)) == [41, 42]


def test_workers_are_limited() -> None:
    before = children()
    with DecoderPool(SMALL, processes=1, wall_limit_s=7) as pool:
        list(pool.decode([logo()], all_views=True))
        (worker,) = children() - before
        lines = Path(f"/proc/{worker}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in lines}
    assert soft["Max address space"] == "1500000000"
    assert soft["Max core file size"] == "0"
    assert 8 <= int(soft["Max cpu time"]) <= 30


def test_two_threads_share_a_pool(pool: DecoderPool) -> None:
    answers: dict[int, list[int | str]] = {}

    def work(first: int) -> None:
        answers[first] = widths(pool.decode([logo(first + number) for number in range(30)], all_views=False))

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {first: [40 + first + number for number in range(30)] for first in (0, 100, 200)}


def test_nothing_is_left_behind() -> None:
    list_descriptors = Path("/proc/self/fd")
    processes, descriptors = children(), len(list(list_descriptors.iterdir()))
    for _ in range(3):
        with DecoderPool(SMALL, processes=2) as pool:
            list(pool.decode([logo()] * 6, all_views=True))
    forgotten = DecoderPool(SMALL, processes=2)
    next(forgotten.decode([logo()] * 6, all_views=True))
    del forgotten
    gc.collect()
    assert children() == processes
    assert len(list(list_descriptors.iterdir())) == descriptors


def test_a_pool_is_there_for_as_long_as_its_results_are_fetched() -> None:
    before = children()
    assert widths(DecoderPool(SMALL, processes=1).decode([logo(3)] * 9, all_views=True)) == [43] * 9
    assert children() == before


def test_closing_ends_a_busy_process_at_once(slow_file: bytes) -> None:
    before = children()
    pool = DecoderPool(SMALL, processes=1, wall_limit_s=60)
    with ThreadPoolExecutor(2) as threads:
        busy = threads.submit(list, pool.decode([slow_file], all_views=True))
        assert wait_for_children(before)
        behind = threads.submit(list, pool.decode([logo()], all_views=True))
        pool.close()
        for waiting in (busy, behind):
            with pytest.raises(ValueError, match="closed"):
                waiting.result(timeout=20)
    assert children() == before
    pool.close()
    with pytest.raises(ValueError, match="closed"):
        pool.decode([logo()], all_views=True)


@pytest.mark.parametrize("options", [{"processes": 0}, {"wall_limit_s": 0}, {"wall_limit_s": float("inf")}])
def test_options_are_checked(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        DecoderPool(SMALL, **options)  # type: ignore[arg-type]


_IMPORTS = """
from pathlib import Path
from logo_retrieval.images.pool import processes
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
"""


def script(folder: Path, body: str) -> list[str]:
    path = folder / "user script.py"
    path.write_text(_IMPORTS + textwrap.dedent(body))
    (folder / "a.png").write_bytes(logo(7))
    return [sys.executable, str(path)]


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    command = script(
        tmp_path,
        """
        print("once")
        pool = DecoderPool(Preparation(), processes=2)
        print([image.width for image in pool.decode([Path("a.png")] * 5, all_views=True)])
        """,
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "once\n[47, 47, 47, 47, 47]\n"
    assert done.stderr == ""


def test_workers_leave_the_standard_streams_of_their_parent_alone(tmp_path: Path) -> None:
    """The parent is killed without a chance to clean up; its output must end all the same."""
    command = script(
        tmp_path,
        """
        import os, signal
        pool = DecoderPool(Preparation(), processes=2)
        list(pool.decode([Path("a.png")] * 9, all_views=True))
        print("ready", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    done = subprocess.run(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=b"for the script", timeout=60
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"ready\n")


def test_interrupt_ends_script_and_workers(tmp_path: Path, slow_file: bytes) -> None:
    (tmp_path / "slow.jpg").write_bytes(slow_file)
    command = script(
        tmp_path,
        """
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits it as ignored
        with DecoderPool(Preparation(), processes=2, wall_limit_s=50) as pool:
            results = pool.decode([Path("a.png")] + [Path("slow.jpg")] * 4, all_views=True)
            next(results)
            print("ready", flush=True)
            next(results)
        """,
    )
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        workers = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert errors.rstrip().endswith(b"KeyboardInterrupt")
    for pid in workers:
        assert not Path(f"/proc/{pid}").exists()


def test_a_worker_ignores_interrupts() -> None:
    before = children()
    with DecoderPool(SMALL, processes=1) as pool:
        list(pool.decode([logo()], all_views=True))
        (worker,) = children() - before
        os.kill(worker, signal.SIGINT)
        assert widths(pool.decode([logo(3)], all_views=True)) == [43]
