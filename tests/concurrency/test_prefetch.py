"""Work ahead of its use, also when no thread takes any more."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from logo_retrieval.concurrency.prefetch import results_ahead, submitted


def test_results_come_in_order_and_no_more_is_taken_than_asked_for() -> None:
    taken: list[int] = []

    def noted(number: int) -> int:
        taken.append(number)
        return -number

    with ThreadPoolExecutor(2) as threads:
        results = results_ahead(threads, noted, range(9), 3)
        assert next(results) == 0
        assert max(taken) <= 2
        assert list(results) == [-number for number in range(1, 9)]


def test_threads_that_take_nothing_more_leave_the_work_to_who_asks() -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    assert submitted(threads, lambda: 7).result() == 7
    assert list(results_ahead(threads, str, [1, 2, 3], 2)) == ["1", "2", "3"]
    with pytest.raises(ZeroDivisionError):
        submitted(threads, lambda: 1 // 0).result()


AFTER_MAIN = """
import threading, time
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation

pool = DecoderPool(Preparation(size_px=32), processes=1)
drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z" fill="red"/></svg>'

def late():
    threading.main_thread().join()
    time.sleep(0.2)
    print([image.format for image in pool.decode([drawing, drawing], all_views=True)])

threading.Thread(target=late).start()
{before}
"""


@pytest.mark.parametrize("before", ["", "print(next(pool.decode([drawing], all_views=True)).format)"])
def test_a_thread_decodes_when_the_main_thread_has_ended(before: str) -> None:
    script = AFTER_MAIN.replace("{before}", before)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("['svg', 'svg']\n") and not ran.stderr
