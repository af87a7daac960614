"""SIGINT in a training: held back until it does no harm, never lost, and at once when it comes again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawings import lay_classes

from logo_retrieval_cli.interrupt import deferred_interrupt


@pytest.fixture
def attentive() -> Iterator[None]:
    """As in a terminal, even where the tests run in the background and inherit SIGINT as ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("attentive")
def test_it_comes_where_it_is_asked_for_and_not_before() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), deferred_interrupt() as check:
        check()
        os.kill(os.getpid(), signal.SIGINT)
        reached = True
        check()
    assert reached and signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("attentive")
def test_an_error_is_its_consequence_only_after_it() -> None:
    with pytest.raises(OSError, match="full"), deferred_interrupt():
        raise OSError("full")
    with pytest.raises(KeyboardInterrupt), deferred_interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        raise OSError("a decoder process did not start")


def test_where_it_is_ignored_it_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferred_interrupt() as check:
            os.kill(os.getpid(), signal.SIGINT)
            check()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_second_ends_the_process_at_once() -> None:
    code = (
        "import os, signal\n"
        "from logo_retrieval_cli.interrupt import deferred_interrupt\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with deferred_interrupt():\n"
        "    for _ in range(2):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.returncode == -signal.SIGINT
    assert ended.stderr == "stopping at the next step; a second interrupt ends it at once\n"


@pytest.mark.large
def test_a_training_ends_after_its_last_whole_checkpoint(tmp_path: Path) -> None:
    """Interrupted before its first step, then behind its first epoch."""
    data, model = lay_classes(tmp_path / "data", per_class=5), tmp_path / "model"
    options = ("--weights", "none", "--size", "32", "--batch", "4", "--epochs", "1", "--resume")
    command = [sys.executable, "-m", "logo_retrieval_cli", "train", str(data), "--output", str(model), *options]

    def ended(after: str) -> list[str]:
        """What it says when it is interrupted as soon as a line begins so."""
        with subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process:
            assert process.stderr is not None
            said = [next(line for line in process.stderr if line.startswith(after))]
            process.send_signal(signal.SIGINT)
            said += process.stderr.read().splitlines()
        assert process.returncode == 130
        return said

    assert ended("efficientnet_lite0: ")[-1] == "stopped (epochs done: 0): the same command with --resume goes on"
    assert ended("epoch 1 of 3")[-1] == "stopped (epochs done: 1): the same command with --resume goes on"
    assert not model.exists()
