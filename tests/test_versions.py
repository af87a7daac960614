from __future__ import annotations

import importlib.metadata
from pathlib import Path

import onnxruntime
import pytest

from logo_retrieval.store.manifest import library_versions
from logo_retrieval.versions import installed_version


def test_without_a_distribution_of_its_name_a_module_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bare_module.py").write_text("__version__ = '1.2'\n")
    (tmp_path / "silent_module.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert (installed_version("bare-module"), installed_version("silent-module")) == ("1.2", "unknown")
    assert installed_version("numpy") == importlib.metadata.version("numpy")
    with pytest.raises(ModuleNotFoundError):
        installed_version("absent-module")


def test_onnxruntime_may_come_from_a_distribution_of_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.metadata.version

    def as_with_onnxruntime_gpu(name: str) -> str:
        if name == "onnxruntime":
            raise importlib.metadata.PackageNotFoundError(name)
        return there(name)

    expected = library_versions()
    monkeypatch.setattr(importlib.metadata, "version", as_with_onnxruntime_gpu)
    assert library_versions() == {**expected, "onnxruntime": onnxruntime.__version__}
