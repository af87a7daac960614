"""The committed benchmark data: complete, attributed, unpacked safely, and split without leaks."""

from __future__ import annotations

import csv
import importlib
import os
import re
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
DATA = BENCHMARKS / "data"

Rows = list[dict[str, str]]
Bench = Any  # a LogoBench, whose module is no package that a type checker could find


@pytest.fixture(scope="module")
def modules() -> Iterator[tuple[ModuleType, ModuleType]]:
    """The loader and the maker, imported as the scripts beside them import them."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("logobench_data"), importlib.import_module("make_logobench_data")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def loader(modules: tuple[ModuleType, ModuleType]) -> ModuleType:
    return modules[0]


@pytest.fixture(scope="module")
def maker(modules: tuple[ModuleType, ModuleType]) -> ModuleType:
    return modules[1]


@pytest.fixture(scope="module")
def rows(loader: ModuleType) -> Rows:
    table: Rows = loader.read_rows(DATA / "logobench160.csv")
    return table


@pytest.fixture(scope="module")
def bench(loader: ModuleType, cache: Path) -> Bench:
    return loader.load(cache)


def test_every_drawing_of_the_catalogue_is_unpacked_and_nothing_else(bench: Bench) -> None:
    assert len(bench.drawings) == 5911
    folder = bench.drawings[0].path.parents[2]
    unpacked = {path for path in folder.rglob("*") if path.is_file()}
    assert unpacked == {drawing.path for drawing in bench.drawings}
    assert all(drawing.path.stat().st_size > 0 for drawing in bench.drawings)


def test_classes_are_the_160_and_other(bench: Bench) -> None:
    assert len(bench.classes) == 161
    assert bench.classes[-1] == "other"
    assert {drawing.label for drawing in bench.drawings} == set(bench.classes)


def test_archive_has_no_times_no_owners_and_only_plain_files() -> None:
    with tarfile.open(DATA / "logobench160.tar.xz") as tar:
        members = tar.getmembers()
    assert all(m.isreg() and (m.mtime, m.uid, m.gid, m.uname, m.gname) == (0, 0, 0, "", "") for m in members)
    assert [m.name for m in members] == sorted((m.name for m in members), key=lambda name: (name.split(".")[-1], name))


def test_packing_twice_gives_the_same_bytes_whatever_the_files_say(
    maker: ModuleType, bench: Bench, rows: Rows, tmp_path: Path
) -> None:
    few = [row for row in rows if row["collection"] == "gg"]
    for row, drawing in zip(rows, bench.drawings, strict=True):
        if row["collection"] == "gg":
            copy = tmp_path / row["path"]
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(drawing.path.read_bytes())
    assert maker.pack(few[::-1], tmp_path) == maker.pack(few, bench.drawings[0].path.parents[2])


def test_a_second_load_unpacks_nothing(loader: ModuleType, bench: Bench, cache: Path) -> None:
    folder = bench.drawings[0].path.parents[2]
    before = folder.stat().st_ino
    assert loader.load(cache) == bench
    assert folder.parent == cache and folder.stat().st_ino == before


def test_a_cache_of_another_archive_is_not_used(loader: ModuleType, tmp_path: Path) -> None:
    archive, folders = tmp_path / "art.tar.xz", []
    for content in (b"one", b"two"):
        source = tmp_path / "a.svg"
        source.write_bytes(content)
        with tarfile.open(archive, "w:xz") as tar:
            tar.add(source, "art/a.svg")
        folder = loader.unpacked(archive, "art", tmp_path / "cache")
        assert (folder / "art/a.svg").read_bytes() == content
        folders.append(folder)
        assert sorted((tmp_path / "cache").iterdir()) == sorted(folders)  # and nothing of the unpacking


def test_an_archive_that_breaks_off_leaves_nothing_behind(loader: ModuleType, tmp_path: Path) -> None:
    archive = tmp_path / "art.tar.xz"
    archive.write_bytes((DATA / "logobench160.tar.xz").read_bytes()[:100_000])
    with pytest.raises((EOFError, tarfile.ReadError)):
        loader.unpacked(archive, "art", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_archive_cannot_write_outside_the_cache(loader: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "a.svg"
    source.write_bytes(b"x")
    with tarfile.open(tmp_path / "art.tar.xz", "w:xz") as tar:
        tar.add(source, "../../../escaped.svg")
    with pytest.raises(tarfile.OutsideDestinationError):
        loader.unpacked(tmp_path / "art.tar.xz", "art", tmp_path / "cache")
    assert not list(tmp_path.rglob("escaped.svg"))


def test_the_cache_folder_follows_the_environment(loader: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert loader.default_cache() == Path("/somewhere/logo-retrieval")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert loader.default_cache() == Path.home() / ".cache/logo-retrieval"


def test_split_files_are_what_the_maker_makes(maker: ModuleType, rows: Rows) -> None:
    for name, parts in maker.split_parts(rows).items():
        assert (DATA / "splits" / f"{name}.csv").read_bytes() == maker.parts_csv(rows, parts).encode()


def test_the_readme_states_what_the_splits_hold(maker: ModuleType, bench: Bench, rows: Rows) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for parts in bench.parts.values():
        assert maker.split_table(rows, parts) in readme


@pytest.mark.parametrize("split", ["shape", "collection"])
def test_no_shape_and_no_other_brand_is_on_two_sides(bench: Bench, split: str) -> None:
    sides = [bench.part(split, part) for part in ("train", "val", "test")]
    shapes = [{drawing.dup_group for drawing in side} for side in sides]
    brands = [{d.brand for d in side if d.label == "other" and d.scope == "brand"} for side in sides]
    for left, right in ((0, 1), (0, 2), (1, 2)):
        assert not shapes[left] & shapes[right]
        assert not brands[left] & brands[right]


def test_no_held_out_collection_is_in_training(bench: Bench) -> None:
    sides = [{d.collection for d in bench.part("collection", part)} for part in ("train", "val", "test")]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]


def test_every_class_can_be_learned_and_is_asked(bench: Bench) -> None:
    for split in ("shape", "collection"):
        assert {d.label for d in bench.part(split, "train")} == set(bench.classes)
    for part in ("val", "test"):
        assert {d.label for d in bench.part("shape", part)} == set(bench.classes)
    assert len({d.label for d in bench.part("collection", "test")}) > 150


def test_only_shapes_that_were_seen_are_dropped(bench: Bench) -> None:
    assert "dropped" not in bench.parts["shape"]
    held_out = {d.collection for d in bench.part("collection", "val", "test")}
    kept = bench.part("collection", "train", "val")
    shapes, brands = {d.dup_group for d in kept}, {d.brand for d in kept if d.label == "other"}
    for drawing in bench.part("collection", "dropped"):
        assert drawing.collection in held_out
        assert drawing.dup_group in shapes or (drawing.label == "other" and drawing.brand in brands)


def test_companies_can_be_left_out_altogether(bench: Bench) -> None:
    gone = bench.classes[3:5]
    rest = bench.without(gone)
    assert rest.classes == tuple(name for name in bench.classes if name not in gone)
    assert rest.drawings == tuple(each for each in bench.drawings if each.label not in gone)
    assert len(rest.drawings) == len(rest.groups) == len(rest.parts["shape"]) == len(rest.parts["collection"])
    for split in ("shape", "collection"):
        assert rest.part(split, "test") == tuple(d for d in bench.part(split, "test") if d.label not in gone)


def test_every_drawing_is_attributed(loader: ModuleType, maker: ModuleType, rows: Rows) -> None:
    packages = loader.read_rows(DATA / "packages.csv")
    attribution = maker.attribution(rows, packages, "LogoBench-160", "logobench160.csv")
    assert (DATA / "ATTRIBUTION.md").read_text(encoding="utf-8") == attribution
    named = {(p["collection"], f"{p['package']}@{p['version']}", p["licence"]) for p in packages}
    assert named == {(row["collection"], row["package"], row["licence"]) for row in rows}
    permissive = {"MIT", "ISC", "Apache-2.0", "CC-BY-4.0", "OFL-1.1", "CC0-1.0", "Unlicense"}
    assert {licence for _, _, licence in named} <= permissive


def test_attribution_links_only_to_homes_of_the_artists() -> None:
    hosts = set()
    for name in ("ATTRIBUTION.md", "packages.csv", "README.md"):
        hosts |= set(re.findall(r"https?://([^/\s>,]+)", (DATA / name).read_text(encoding="utf-8")))
    assert not {host for host in hosts if re.search(r"npm|pypi|registry|cdn", host)}


def test_a_table_of_paths_and_labels(loader: ModuleType, bench: Bench, tmp_path: Path) -> None:
    few = bench.part("shape", "test")[:5]
    loader.write_csv(few, tmp_path / "test.csv")
    with (tmp_path / "test.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["path"], row["label"]) for row in table] == [(str(d.path), d.label) for d in few]


@pytest.mark.parametrize("copy", [False, True])
def test_a_folder_of_classes_loses_no_drawing(loader: ModuleType, bench: Bench, tmp_path: Path, copy: bool) -> None:
    held = bench.part("shape", "test")
    loader.as_folder(held, tmp_path / "gallery", copy=copy)
    files = [path for path in (tmp_path / "gallery").rglob("*") if path.is_file()]
    assert Counter(path.parent.name for path in files) == Counter(drawing.label for drawing in held)
    assert all(path.is_symlink() != copy for path in files)
    content = {os.fspath(path): path.read_bytes() for path in files}
    first = held[0]
    target = tmp_path / "gallery" / first.label / f"{first.collection}__{first.path.name}"
    assert content[os.fspath(target)] == first.path.read_bytes()


def test_the_starter_knows_the_reviewed_names(loader: ModuleType) -> None:
    from logo_retrieval.models.resolve import starter_index
    from logo_retrieval.store.index_store import IndexStore

    with IndexStore(starter_index()) as store:
        assert {label: names for label, names in store.class_names().items() if names} == loader.names_by_class()
