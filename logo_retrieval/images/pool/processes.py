"""The decoder processes of a pool: starting, asking, replacing and ending them."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from logo_retrieval.errors import BackendError, UnreadableImage
from logo_retrieval.images.pool.protocol import Want, receive, send
from logo_retrieval.images.preparation import Preparation

_START_LIMIT_S = 60.0
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[3])
_START = """
import gc
gc.disable()
import json, sys
settings = json.loads(sys.argv[1])
sys.path += [entry for entry in settings["path"] if entry not in sys.path]
from logo_retrieval.images.pool.worker import main
main(settings["preparation"], settings["cpu_limit_s"])
"""
"""Modules of Python itself come before the path of the parent: `resource.py` beside a script is not its `resource`.

While modules are imported there is no garbage to look for.
"""

_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")

KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(16 << 20), "MALLOC_MMAP_THRESHOLD_": str(8 << 20)}
"""Has the GNU C library keep so many bytes for the next picture; giving them back after each takes the kernel long."""


def _interpreter() -> str:
    """A Python to run decoder processes with, of this version; the one that `multiprocessing` was told of comes first.

    Where Python is embedded, `sys.executable` may be another program, or nothing.

    Raises:
        BackendError: there is none.
    """
    spawn = sys.modules.get("multiprocessing.spawn")
    told = spawn.get_executable() if spawn is not None else None
    if told and os.fsdecode(told) != sys.executable:
        return os.fsdecode(told)
    if getattr(sys, "frozen", False):
        raise BackendError("pictures are decoded in processes of their own, which a frozen program has no Python for")
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = (Path(sys.prefix, "bin", name), Path(sys.exec_prefix, "bin", name), Path(sys.base_prefix, "bin", name))
    for place in (Path(sys.executable or name), *places):
        if place.name.startswith(("python", "pypy")) and os.access(place, os.X_OK):
            return str(place)
    raise BackendError(
        f"pictures are decoded in processes of their own, and there is no {name} for them: sys.executable is "
        f"'{sys.executable}'; say which with multiprocessing.set_executable"
    )


class DecoderProcesses:
    """Decoder processes that threads borrow for one file at a time. There are never more than threads that ask."""

    def __init__(self, preparation: Preparation, wall_limit_s: float) -> None:
        self._preparation = preparation
        self._wall_limit_s = wall_limit_s
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._dismissed = False

    def decode(self, data: bytes, want: Want) -> tuple[dict[str, Any], bytes]:
        """Has one process decode one file.

        Returns:
            The facts, and the pixels.

        Raises:
            UnreadableImage: whatever became of it; a process that hung or died is gone, the next call starts another.
            BackendError: no process can be started, or the renderer is not installed.
        """
        worker = self._borrow()
        healthy = False
        try:
            answer, pixels = worker.ask({"want": want}, data)
            healthy = True
        except BackendError:
            if not self._dismissed:
                raise
            raise UnreadableImage("crashed", "the pool was closed while its decoder started") from None
        finally:
            self._give_back(worker, healthy)
        if "fault" in answer:
            raise BackendError(answer["fault"])
        if "code" in answer:
            raise UnreadableImage(answer["code"], answer["text"])
        return answer, pixels

    def dismiss(self) -> None:
        """Ends every process, for good; whoever waits for a busy one gets an error."""
        with self._lock:
            self._dismissed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.kill()
        for worker in idle:
            worker.end()

    def _borrow(self) -> WorkerProcess:
        with self._lock:
            if self._dismissed:
                raise UnreadableImage("crashed", "the pool was closed before this file's turn")
            worker = self._living() or WorkerProcess(self._preparation, self._wall_limit_s)
            self._busy.add(worker)
        return worker

    def _living(self) -> WorkerProcess | None:
        """An idle worker that nobody has killed meanwhile."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive():
                return worker
            worker.end()
        return None

    def _give_back(self, worker: WorkerProcess, healthy: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            if healthy and not self._dismissed:
                self._idle.append(worker)
                return
        worker.end()


class WorkerProcess:
    """One child process and the socket to it."""

    def __init__(self, preparation: Preparation, wall_limit_s: float) -> None:
        """Starts the process, without waiting until it is ready.

        Raises:
            BackendError: the system has no process to give, or there is no Python for it.
        """
        settings = {
            "path": [*(entry for entry in sys.path if isinstance(entry, str)), _PACKAGE_PARENT],
            "preparation": preparation.to_dict(),
            "cpu_limit_s": math.ceil(wall_limit_s),
        }
        self._command = [_interpreter(), "-I", "-S", "-c", _START, json.dumps(settings)]
        self._wall_limit_s = wall_limit_s
        self._ready = False
        try:
            self._socket, theirs = socket.socketpair()
        except OSError as fault:
            raise BackendError(f"cannot start a decoder process: {fault}") from fault
        self._stream = self._socket.makefile("rwb")
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**KEPT_MEMORY, **os.environ, **_ONE_THREAD},
                process_group=0,  # Ctrl-C at the terminal is for the parent alone
            )
        except OSError as fault:
            self._hang_up()
            raise BackendError(f"cannot start a decoder process: {fault}") from fault
        finally:
            theirs.close()

    def ask(self, message: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        """Sends one file and waits for the answer.

        Raises:
            UnreadableImage: "timeout" or "crashed"; the process is of no use any more.
            BackendError: it never became ready.
        """
        if not self._ready:
            self._wait_until_ready()
        self._socket.settimeout(self._wall_limit_s)
        try:
            send(self._stream, message, data)
            answer = receive(self._stream)
        except TimeoutError:
            raise UnreadableImage("timeout", f"decoding took more than {self._wall_limit_s:g} s") from None
        except (OSError, ValueError):
            answer = None
        if answer is None:
            raise self._obituary()
        return answer

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kills the process; whoever waits for its answer learns at once."""
        self._process.kill()

    def end(self) -> None:
        """Kills the process and lets go of all that it held."""
        self._process.kill()
        self._process.wait()
        self._hang_up()

    def _wait_until_ready(self) -> None:
        self._socket.settimeout(_START_LIMIT_S)
        try:
            self._ready = receive(self._stream) is not None
        except (OSError, ValueError):
            self._ready = False
        if not self._ready:
            self._process.kill()
            code = self._process.wait()
            was_killed = code == -signal.SIGKILL
            said = f"it took more than {_START_LIMIT_S:g} s, or was killed" if was_killed else self._last_words()
            raise BackendError(f"a decoder process of {self._command[0]} did not start (exit code {code}): {said}")

    def _last_words(self) -> str:
        """The last line of what such a process says when it is started once more without anybody to talk to."""
        try:
            again = subprocess.run(
                self._command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_START_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as fault:
            return str(fault)
        lines = again.stderr.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it says nothing"

    def _obituary(self) -> UnreadableImage:
        """What a process that hung up died of."""
        self._process.kill()
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return UnreadableImage("timeout", f"decoding took more than {math.ceil(self._wall_limit_s)} s of CPU time")
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return UnreadableImage("crashed", f"the decoder died on it ({cause})")

    def _hang_up(self) -> None:
        self._socket.settimeout(0)  # what a dead process has not read must not be waited for
        try:
            self._stream.close()
        except OSError:
            pass
        self._socket.close()
