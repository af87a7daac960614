"""What a command says is done survives a power cut: a model of a disk that keeps only what was synced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import without_root
from drawings import ring

from logo_retrieval import LogoClassifier
from logo_retrieval.durable import sync_all, take_place, write_synced
from logo_retrieval.models.bundle import read_bundle, write_bundle
from logo_retrieval.models.resolve import changed_starter
from logo_retrieval.store.changes import replace_index
from logo_retrieval.store.index_store import IndexStore


class Disk:
    """Notes for every inode what of it was synced: of a file its content, of a folder its names."""

    def __init__(self) -> None:
        self.files: dict[int, bytes] = {}
        self.folders: dict[int, dict[str, int]] = {}

    def sync(self, handle: int) -> None:
        status = os.fstat(handle)
        path = Path(f"/proc/self/fd/{handle}").resolve()
        if path.is_dir():
            self.folders[status.st_ino] = {entry.name: entry.stat().st_ino for entry in path.iterdir()}
        else:
            self.files[status.st_ino] = path.read_bytes()

    def after_power_cut(self, folder: Path, target: Path) -> None:
        """Lays out what is certain to be there."""
        self._lay(folder.stat().st_ino, target)

    def _lay(self, folder: int, target: Path) -> None:
        target.mkdir()
        for name, inode in self.folders.get(folder, {}).items():
            if inode in self.folders:
                self._lay(inode, target / name)
            elif inode in self.files:
                (target / name).write_bytes(self.files[inode])


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk, sync = Disk(), os.fsync

    def fsync(file: int) -> None:
        handle = file if isinstance(file, int) else file.fileno()
        sync(handle)
        disk.sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        yield disk


def test_a_model_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tiny = read_bundle(Path(__file__).parent / "embedding/data/tiny")
    files = {name: (tiny.folder / name).read_bytes() for name in tiny.config.files}
    with watched(monkeypatch) as disk:
        write_bundle(tmp_path / "models" / "mine", tiny.config, files)
        write_bundle(tmp_path / "models" / "mine", tiny.config, files)
    disk.after_power_cut(tmp_path, tmp_path / "later")
    assert read_bundle(tmp_path / "later" / "models" / "mine").digest == tiny.digest


def test_a_copy_of_the_starter_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with watched(monkeypatch) as disk, changed_starter(tmp_path / "indexes" / "default") as copy:
        with LogoClassifier.open(copy) as classifier:
            classifier.enroll("ring", [ring()])
    disk.after_power_cut(tmp_path, tmp_path / "later")
    with LogoClassifier.open(tmp_path / "later" / "indexes" / "default") as classifier:
        assert classifier.classify([ring(1)])[0].label == "ring"
        assert classifier.store.faults() == []


def test_a_new_index_has_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index: Path) -> None:
    """SQLite syncs the content of its file by itself, out of sight; that it has its name is for us."""
    with IndexStore(index) as store:
        manifest = store.manifest
    (tmp_path / "indexes").mkdir()
    with watched(monkeypatch) as disk:
        (tmp_path / "indexes" / "mine").mkdir()
        replace_index(tmp_path / "indexes" / "mine", manifest, ["other"], [])
    names = disk.folders[(tmp_path / "indexes" / "mine").stat().st_ino]
    assert names["index.sqlite"] == (tmp_path / "indexes" / "mine" / "index.sqlite").stat().st_ino
    assert "mine" in disk.folders[(tmp_path / "indexes").stat().st_ino]


def test_the_model_of_a_disk_forgets_what_was_not_synced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with watched(monkeypatch) as disk:
        (tmp_path / "there").mkdir()
        (tmp_path / "there" / "written").write_bytes(b"only")
        write_synced(tmp_path / "there" / "synced", b"but without a name")
        shutil.copytree(tmp_path / "there", tmp_path / "fresh")
        sync_all(tmp_path / "fresh")
        take_place(tmp_path / "fresh", tmp_path / "place")
        (tmp_path / "place" / "synced").write_bytes(b"changed since")
    disk.after_power_cut(tmp_path, tmp_path / "later")
    later = {path.relative_to(tmp_path / "later").as_posix(): path for path in (tmp_path / "later").rglob("*")}
    assert sorted(later) == ["place", "place/synced", "place/written"]
    assert later["place/synced"].read_bytes() == b"but without a name"


def test_a_folder_that_may_not_be_listed(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    with without_root():
        homes = open_folder / "homes"
        home = homes / "mine"
        home.mkdir(parents=True)
        write_synced(home / "fresh", b"content")
        homes.chmod(0o311)
        try:
            take_place(home / "fresh", home / "place")
            assert (home / "place").read_bytes() == b"content"
        finally:
            homes.chmod(0o755)
