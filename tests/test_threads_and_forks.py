"""One classifier for many threads, and for no process but its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from drawings import ring, svg

from logo_retrieval import LogoClassifier
from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.errors import BackendError


@pytest.fixture
def mine(index: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(index, tmp_path / "mine"))


def test_many_threads_ask_one_classifier_while_another_enrols(mine: Path) -> None:
    faults: list[BaseException] = []
    shapes = ("bars", "disc", "ärzte")
    with LogoClassifier.open(mine) as classifier:
        expected = {shape: classifier.classify([svg(shape)])[0].label for shape in shapes}

        def ask(turn: int) -> None:
            try:
                for number in range(12):
                    shape = shapes[(turn + number) % 3]
                    first, second = classifier.classify([svg(shape), b"broken"])
                    assert (first.label, second.status) == (expected[shape], "unreadable")
                    assert len(classifier.similar(svg(shape), k=2)) == 2 and classifier.classes
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(6)]
        for thread in threads:
            thread.start()
        for place in range(5):
            classifier.enroll(f"ring {place}", [ring(place)], force=True)
            classifier.unenroll(f"ring {place}")
        for thread in threads:
            thread.join()
        assert not faults
        assert classifier.classify([svg(shape) for shape in shapes])[0].label == expected[shapes[0]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_is_told_at_once_and_leaves_its_parent_alone(mine: Path) -> None:
    with LogoClassifier.open(mine) as classifier:
        before = classifier.classify([svg("disc")])
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            said = b"no error"
            try:
                classifier.classify([svg("disc")])
            except BackendError as fault:
                said = str(fault).encode()
            classifier.close()
            os.write(writing, said)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        assert b"opened before the process forked" in said
        assert classifier.classify([svg("disc")]) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("last", ["del classifier", "sys.exit()"])
def test_a_forked_process_ends(mine: Path, tmp_path: Path, last: str) -> None:
    """It has none of the threads that what it inherits waits for; nor does anybody keep a diary of it."""
    code = (
        "import os, sys, time\n"
        "from logo_retrieval import LogoClassifier\n"
        f"classifier = LogoClassifier.open({str(mine)!r})\n"
        f"assert classifier.classify([{svg('disc')!r}])[0].status == 'ok'\n"
        "time.sleep(0.1)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        f"    {last}\n"
        "    sys.exit()\n"
        "sys.exit(os.waitpid(child, 0)[1])\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    assert subprocess.run([sys.executable, "-c", code], timeout=60, env=environment).returncode == 0
    assert not (tmp_path / "home").exists()


def test_a_daemon_thread_may_be_in_the_middle_of_it_when_the_process_ends(mine: Path) -> None:
    code = (
        "import sys, threading\nfrom logo_retrieval import LogoClassifier\n"
        f"classifier, begun = LogoClassifier.open({str(mine)!r}), threading.Event()\n"
        f"images = list(classifier.engine.decoded([{svg('bars')!r}] * 32))[0]\n"
        "def work():\n    while True:\n        begun.set()\n        classifier.engine.embed(images)\n"
        "threading.Thread(target=work, daemon=True).start()\nbegun.wait()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.skipif(usable_cores() < 2, reason="with one core there is nobody to wait")
def test_what_has_nothing_to_multiply_takes_no_core() -> None:
    """By itself a thread of OpenBLAS spins for some 25 ms after each product."""
    code = (
        "import sys, time\nimport logo_retrieval\nimport numpy as np\n"
        "many = np.ones((999, 999), np.float32)\nmany @ many\n"
        "start = time.process_time()\ntime.sleep(0.2)\nsys.exit(time.process_time() - start > 0.01)\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS")}
    assert subprocess.run([sys.executable, "-c", code], timeout=60, env=environment).returncode == 0
