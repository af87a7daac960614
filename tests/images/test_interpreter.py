"""The Python that decodes: where the parent is none, or has modules beside it that are called like Python's own."""

from __future__ import annotations

import multiprocessing.spawn
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawings import svg

from logo_retrieval.errors import BackendError, UnreadableImage
from logo_retrieval.images.pool import processes
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.types import LogoImage

SCRIPT = """
import sys
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
if __name__ == "__main__":
    with DecoderPool(Preparation(size_px=32)) as pool:
        (image,) = pool.decode([open(sys.argv[1], "rb").read()], all_views=False)
    print(image.format)
"""


def decoded() -> object:
    with DecoderPool(Preparation(size_px=32), processes=1) as pool:
        return next(pool.decode([svg("disc")], all_views=False))


@pytest.fixture
def told() -> Iterator[None]:
    before = multiprocessing.spawn.get_executable()
    yield
    multiprocessing.set_executable(before)


def test_modules_beside_a_script_are_not_taken_for_those_of_python(tmp_path: Path) -> None:
    for name in ("resource", "signal", "types", "io", "warnings"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not the one of Python')")
    (tmp_path / "run.py").write_text("import sys; sys.path.append(sys.path.pop(0))\n" + SCRIPT)
    (tmp_path / "disc.svg").write_bytes(svg("disc"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, tmp_path / "run.py", tmp_path / "disc.svg"], env=environment, capture_output=True, text=True
    )
    assert ran.stdout == "svg\n", ran.stderr


def test_an_executable_that_is_no_python(monkeypatch: pytest.MonkeyPatch, told: None) -> None:
    for other in ("/bin/true", "", None):
        monkeypatch.setattr(sys, "executable", other)
        multiprocessing.set_executable(other or "")
        assert isinstance(decoded(), LogoImage)


def test_no_python_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: None) -> None:
    for name in ("prefix", "exec_prefix", "base_prefix"):
        monkeypatch.setattr(sys, name, str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/true")
    multiprocessing.set_executable("/bin/true")
    with pytest.raises(BackendError, match="sys.executable is '/bin/true'; say which"):
        decoded()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(BackendError, match="frozen program"):
        decoded()


def test_what_multiprocessing_was_told_is_taken_and_its_failure_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: None
) -> None:
    python = tmp_path / "my-python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    multiprocessing.set_executable(str(python))
    assert isinstance(decoded(), LogoImage)
    python.write_text("#!/bin/sh\necho no licence for you >&2; exit 7\n")
    with pytest.raises(BackendError, match=r"my-python did not start \(exit code 7\): no licence for you"):
        decoded()


def test_one_that_hangs_at_its_start_is_started_but_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_START", "import time; time.sleep(99)")
    with DecoderPool(Preparation(size_px=32), processes=1) as pool:
        waiting = pool.run(lambda: pool.decode_one(svg("disc"), all_views=False))
        time.sleep(0.5)
        begun = time.monotonic()
        pool.close()
        assert time.monotonic() - begun < 20
    assert isinstance(waiting.result(), UnreadableImage)
    monkeypatch.setattr(processes, "_START_LIMIT_S", 0.5)
    with pytest.raises(BackendError, match="it took more than 0.5 s, or was killed"):
        decoded()
