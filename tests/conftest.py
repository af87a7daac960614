from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawings import lay_classes, lay_queries
from hypothesis import settings

from logo_retrieval import LogoClassifier
from logo_retrieval.embedding import BF16, FP32
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.indexing.build import build_index
from logo_retrieval.models.resolve import starter_model

if TYPE_CHECKING:
    from logobench_data import LogoBench
    from playwright.sync_api import Browser


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]

NOBODY = 65534

settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing on a busy machine
settings.load_profile("untimed")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    from logo_retrieval_cli.main import main

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["logo-retrieval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return Outcome(int(caught.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_classes(tmp_path_factory.mktemp("gallery") / "classes")


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory, classes: Path) -> Path:
    """A small index made by the shipped model; read only."""
    folder = tmp_path_factory.mktemp("indexes") / "small"
    build_index(read_gallery(classes), folder, starter_model())
    return folder


@pytest.fixture
def mine(index: Path, tmp_path: Path) -> Path:
    """A copy of that index, to be changed."""
    return Path(shutil.copytree(index, tmp_path / "mine"))


@pytest.fixture
def classifier(mine: Path) -> Iterator[LogoClassifier]:
    """Has the copy open."""
    with LogoClassifier.open(mine) as classifier:
        yield classifier


@pytest.fixture(scope="module", params=[FP32, BF16])
def runtime(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each that reads graphs in floats."""
    name: str = request.param
    with pytest.MonkeyPatch.context() as patch:
        if name == BF16:
            openvino = pytest.importorskip("openvino", reason="openvino is not installed: pip install '.[openvino]'")
            # on a processor without bfloat16 it computes in another precision, which does for these tests
            patch.setattr(openvino.Core, "get_property", lambda *asked: ["FP32", "BF16"])
        yield name


@pytest.fixture(scope="module")
def address(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a service whose index the tests of a module may change."""
    from browsing import address_of

    mine = shutil.copytree(index, tmp_path_factory.mktemp("served") / "mine")
    with address_of(Path(mine)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from browsing import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_queries(tmp_path_factory.mktemp("queries") / "mixed")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the archives of the benchmark are unpacked once; processes that share the tests share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def bench(cache: Path) -> LogoBench:
    from logobench_data import load

    return load(cache)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def without_root() -> Iterator[None]:
    """With the rights of nobody where the tests run as root, who may read everything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20181)
